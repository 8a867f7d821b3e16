// Package check holds the manifests in the folders beside it to the types of the systems that read them, and runs their
// commands. It is a module of its own, so that fastcount does not depend on those types.
package check
