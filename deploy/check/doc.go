// Package check validates the manifests in the neighbouring directories against
// the types of the systems that read them, and runs their commands. It is a
// separate module, so that fastcount does not depend on those types.
package check
