// Package mockserver implements the export API with synthetic data, and with
// faults on demand. Each stream of a built-in export is byte for byte what the
// reference server, a program in Python, sends. Published counts can therefore
// be verified without access to a real server.
//
// [New] returns a server as an [http.Handler]. By default it serves the exports
// that [Builtin] returns, whose rows are generated while they are read. With
// Options.Data it serves files that [Generate] wrote. Tests of clients define
// exports of their own in Options.Exports, including their metadata.
//
// # Faults
//
// Options.Faults makes the server misbehave. A [Fault] selects requests, by
// kind, export, download and attempt, and holds an [Action] on the response: a
// delay, another status or body, a connection that is cut, and so on.
// [ParseFault] reads a fault from text, as for a flag.
//
// A response is prepared completely before it is sent, and a fault changes it
// in between. A body that cannot be completed is cut and never ended properly,
// so that a client can detect it.
package mockserver
