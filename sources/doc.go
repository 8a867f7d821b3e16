// Package sources opens the inputs of a count: files, members of zip archives,
// standard input, CSV files at URLs, and the downloads of an export API.
//
// [Resolve] converts command-line arguments, including globs, to sources. A
// [Client] reads URLs and exports over HTTP. Each input is an [engine.Part],
// which opens a new stream for every attempt. A stream decodes gzip, zstd and
// bzip2, recognized by their first bytes, and returns [io.EOF] only if the file
// or response and every layer of compression ended properly.
//
// Data in another format is refused with a [FormatError] that names it. Text
// may be CSV whatever it begins with, but if it cannot be parsed and resembles
// JSON or HTML, the error of the part reports that.
//
// # Commands
//
// LocalOptions.Pre and Options.Pre name a command that the data of each source
// is piped through. A goroutine feeds the command; it ends when the stream is
// closed. The exit status of the command is the proof of completeness.
//
// # Parts
//
// Files, and the byte ranges that [File.Section] returns, implement
// [engine.Splitter]. Regular files must not change between NewFile and the end
// of the count. [URL] and [Download] implement [engine.Retrier]. Standard input
// can be read only once. [Identify] returns what distinguishes a part from
// others in later runs. All streams report an [engine.StreamInfo].
//
// # Connections
//
// A client keeps HTTP/1.1 connections until they have been idle for 30 seconds,
// also through proxies of http and https. If a server closes one instead of
// answering, the request is repeated once, on a new connection; that is not
// another attempt. Requests over HTTP/2, which is used only if a server refuses
// HTTP/1.1, and through SOCKS proxies have a connection each.
//
// # Errors
//
// Errors match the sentinels of this package with [errors.Is]. [ErrExhausted]
// is the class of errors that another attempt may avoid. More specific errors
// match their class as well: [ErrTimeout] and [ErrStalled] match ErrExhausted,
// [ErrCertificate] and [ErrProxy] match [ErrDenied], and the limits on
// responses of the API match [ErrMetadata]. A [StatusError] holds the status of
// a response.
//
// No error contains a token, the value of a secret header, the query of a URL,
// or text of a server that repeats one of them.
package sources
