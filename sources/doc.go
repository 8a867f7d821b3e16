// Package sources turns what a user names into the parts that an engine counts: files, globs, standard input, the URL
// of a CSV, the downloads of an export.
//
// Resolve tells sources apart and finds the local ones; a Client reads the remote ones over HTTP. What all of them share is
// the care about ends: a stream of this package ends in io.EOF only if everything underneath (the file, the
// transport, each layer of compression) came to its own proper end, and every other way to stop is an error that says
// what happened. Whether that is worth another attempt is decided here as well, by Retry; that attempt is the engine's.
package sources
