// Package check validates the manifests in the neighbouring directories and in
// docs/operations.md against the types of the systems that read them, and runs
// their commands. It parses the metrics of fastcount with the parser of
// Prometheus. It is a separate module, so that fastcount does not depend on
// those types and parsers.
package check
