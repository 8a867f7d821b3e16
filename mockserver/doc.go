// Package mockserver is an export server without a hospital behind it: the same API, synthetic data, and faults on
// demand. The data are not merely similar from run to run: each stream is, byte for byte, what the reference server in
// Python sends, so that the published counts can be checked anywhere.
//
// It has three users:
//
//   - The command line counts the built-in exports on it where no server is named, and 'fastcount serve' is little
//     more than New and a listener.
//   - 'fastcount generate' writes the streams as files with Generate; New with Options.Data serves such files.
//   - Tests of clients define exports of their own in Options.Exports, bytes, metadata and all, and break them with
//     Options.Faults.
//
// # A tour
//
// registry.go draws the exports and their downloads, stream.go the rows of a download; event.go and clock.go are the
// fields of a row. Rows are made while they are read. The generator below is internal/pyrandom.
//
// options.go has New and the handler. A request becomes a target (route.go), the target an answer (answer.go, and
// json.go for its JSON), and the answer is sent. It is a value until then: a fault (fault.go; faultspec.go reads it
// from a command line) is nothing but a change to that value. What cannot be finished is cut, never ended in good
// order, so that a client can tell.
//
// data.go and generate.go are about files.
package mockserver
