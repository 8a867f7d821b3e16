package main

import (
	"errors"
	"net/http"
	"slices"
	"syscall"

	"fastcount/engine"
	"fastcount/internal/state"
	"fastcount/parser"
	"fastcount/sinks"
	"fastcount/sources"
)

// hints says what can be done about err. A run in which several parts failed may need several hints.
func hints(err error) []string {
	if parts, ok := errors.AsType[engine.PartErrors](err); ok {
		var all []string
		for _, p := range parts {
			for _, h := range hints(p.Err) {
				if !slices.Contains(all, h) {
					all = append(all, h)
				}
			}
		}
		return all
	}
	if h, ok := errors.AsType[*hintedError](err); ok {
		return h.hints
	}
	if limit, ok := errors.AsType[*engine.LimitError](err); ok {
		return []string{"--max-" + limit.What + " sets the limit"}
	}
	if i, ok := errors.AsType[*incompleteError](err); ok {
		return shortfallHints(i)
	}
	if h := deniedHint(err); h != "" {
		return []string{h}
	}
	for _, known := range knownHints {
		if errors.Is(err, known.err) {
			return []string{known.hint}
		}
	}
	if b, ok := errors.AsType[*engine.BadRowsError](err); ok && b.Limit > 0 {
		return []string{"--max-bad-rows sets how many are left out"}
	}
	if m, ok := errors.AsType[*engine.MismatchError](err); ok {
		return []string{mismatchHint(m)}
	}
	if _, ok := errors.AsType[*engine.ProofError](err); ok {
		return []string{"--expect-rows N proves the result by its number of rows; 'fastcount help stats' lists the proofs"}
	}
	return nil
}

func mismatchHint(m *engine.MismatchError) string {
	if m.What == engine.MismatchExpected {
		return "find out whether the sources are complete, or whether --expect-rows is wrong"
	}
	return "the server's data and metadata disagree; try again later, or ask whoever runs the server"
}

// shortfallHints says what can be done to get a complete result.
func shortfallHints(e *incompleteError) (all []string) {
	for _, s := range e.shortfalls {
		for _, h := range hints(s.Err) {
			if !slices.Contains(all, h) {
				all = append(all, h)
			}
		}
	}
	return all
}

// deniedHint tells the reasons for which access is refused apart.
func deniedHint(err error) string {
	if status, ok := errors.AsType[*sources.StatusError](err); ok {
		if status.Proxy != "" && errors.Is(err, sources.ErrProxy) {
			return proxyHint
		}
		switch status.Code {
		case http.StatusUnauthorized:
			return "name a token with --token-file FILE or FASTCOUNT_TOKEN"
		case http.StatusForbidden:
			return "the server knows who asks and says no; ask whoever runs it for access"
		}
		return ""
	}
	switch {
	case !errors.Is(err, sources.ErrDenied):
		return ""
	case errors.Is(err, sources.ErrCertificate):
		return "--ca-file FILE trusts another certificate authority"
	case errors.Is(err, sources.ErrPlainHTTP):
		return "check the URL; is it meant to begin with http://?"
	case errors.Is(err, sources.ErrTLS):
		return "ask whoever runs the server which TLS versions and client certificates it requires; " +
			"fastcount uses TLS 1.2 and 1.3 and has no client certificate"
	case errors.Is(err, sources.ErrProxy):
		return proxyHint
	}
	return "use https, or --allow-http-token if the network in between is trusted"
}

const proxyHint = "HTTPS_PROXY and HTTP_PROXY set the proxy, with its name and password; " +
	"to connect without it, add the host of the server to NO_PROXY"

const descriptorHint = "raise the limit, such as with: ulimit -n 1024; fewer --jobs and --transfers open fewer files"

// knownHints belong to failures that are known by a value; the first that fits is given.
var knownHints = []struct {
	err  error
	hint string
}{
	{syscall.ENOMEM, "fewer --jobs and --transfers need less memory"},
	{errDescriptors, descriptorHint},
	{syscall.EMFILE, descriptorHint},
	{syscall.ENFILE, "too many files are open on this machine; try again later"},
	{parser.ErrRecordTooLong, "--max-record sets the limit; a quote that is never closed also makes a long record"},
	{parser.ErrTooManyLines, "look for a stray quote on that line; --max-record-lines sets the limit"},
	{parser.ErrTooManyColumns, "--max-columns sets the limit"},
	{sources.ErrWindow, "--max-window sets the limit"},
	{sources.ErrAnswer, "--max-json sets the limit"},
	{sources.ErrIDs, "--max-downloads sets the limit"},
	{sources.ErrNames, "--max-declared-names sets the limit"},
	{parser.ErrNotHeader, "--no-header if the first record is data; --patient-column and --event-column choose the columns, " +
		"--delimiter what is between them"},
	{parser.ErrMissingColumn, "--patient-column and --event-column choose the columns, --delimiter what is between them"},
	{parser.ErrDuplicateColumn, "--patient-column and --event-column also take a column's number"},
	{parser.ErrRepeatedHeader, "two files seem to be pasted together; name each of them instead"},
	{parser.ErrByteOrderMark, "files with byte order marks seem to be pasted together; name each of them instead"},
	{parser.ErrUnexpectedHeader, "leave out --no-header if the first record is the header; a later one is that of a file that was appended"},
	{parser.ErrUnsupportedEncoding, "convert it to UTF-8 first, such as with: iconv -f UTF-16 -t UTF-8"},
	{parser.ErrFieldCount, "--delimiter says what is between two fields; --max-bad-rows N leaves out N such rows"},
	{parser.ErrInvalidUTF8, "--invalid-utf8=escape counts such ids"},
	{parser.ErrBareQuote, "'fastcount help csv' says what CSV means here"},
	{parser.ErrQuote, "'fastcount help csv' says what CSV means here"},
	{parser.ErrUnclosedQuote, "'fastcount help csv' says what CSV means here"},
	{parser.ErrBareCR, "'fastcount help csv' says what CSV means here"},
	{sources.ErrTwoForms, "name one of the two; if they hold different data, rename one"},
	{sources.ErrNotRegular, "use a glob that does not match it; to read it, name it as a source of its own"},
	{sources.ErrChanged, "count a file when nobody writes to it, or count a copy"},
	{sources.ErrStalled, "try again later; --idle-timeout sets how long a silence is waited for"},
	{sources.ErrTimeout, "try again later; --connect-timeout, --tls-timeout and --header-timeout set how long is waited"},
	{syscall.ECONNREFUSED, "nothing listens there; is the address right and the server up?"},
	{sources.ErrExhausted, "try again later; --retries sets how many attempts are made"},
	{sources.ErrRedirect, "if the other place can be trusted, name its URL instead"},
	{sources.ErrTruncated, "the file is not whole; copy it again from where it came"},
	{sources.ErrCorrupt, "the file is damaged; copy it again from where it came"},
	{sources.ErrContent, "is this the URL of a CSV?"},
	{sources.ErrMetadata, "is --server the base URL of an export API? 'fastcount help api' says what that is"},
	{sinks.ErrSameFile, "give each output a file of its own: --sink FORMAT=FILE"},
	{state.ErrFolder, "repeat the command that the state is of, or name a new folder; to start over, delete the folder first"},
	{state.ErrNotPrivate, "make it yours alone with chown and chmod go-w, or name a directory that does not exist yet"},
	{state.ErrLocked, "wait until that one has ended, or name another folder"},
	{errMemory, "fewer --jobs and --transfers need less memory; --max-memory sets the limit"},
	{errTimeUp, "nothing was printed; --max-duration sets the time"},
	{syscall.EADDRINUSE, "another program listens there; --listen 127.0.0.1:0 takes a free port"},
}
