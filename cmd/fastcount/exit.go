package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"syscall"

	"fastcount/engine"
	"fastcount/internal/checkpoint"
	"fastcount/internal/cli"
	"fastcount/internal/console"
	"fastcount/internal/diff"
	"fastcount/internal/merge"
	"fastcount/internal/outfile"
	"fastcount/internal/partial"
	"fastcount/internal/plan"
	"fastcount/internal/resources"
	"fastcount/internal/result"
	"fastcount/internal/signals"
	"fastcount/internal/stdout"
	"fastcount/parser"
	"fastcount/sinks"
	"fastcount/sources"
)

// The exit codes. Their meanings are in exitCodes.
const (
	exitDone        = 0
	exitFailure     = 1
	exitUsage       = 2
	exitIncomplete  = 3
	exitNotFound    = 4
	exitRetries     = 5
	exitData        = 6
	exitNotAllowed  = 7
	exitLimit       = 8
	exitMismatch    = 9
	exitTimeUp      = 10
	exitMerge       = 11
	exitDiffer      = 12
	exitHungUp      = 129
	exitInterrupted = 130
	exitBrokenPipe  = 141 // what a shell reports for cat; the only failure without a message
	exitTerminated  = 143
)

// exitCodes explains each exit code, in the order of the help.
var exitCodes = []struct {
	code    int
	class   string // of the error, in statistics and metrics
	meaning string
}{
	{exitDone, "none", "done: every source was read to its end, no row was left out, and all declared row counts matched"},
	{exitFailure, "other", "another failure"},
	{exitUsage, "usage", "usage error, or --state belongs to another run"},
	{exitIncomplete, "incomplete", "an incomplete result was written and is marked as such, as --allow-partial, --max-bad-rows or --verify warn allows"},
	{exitNotFound, "not_found", "a source was not found"},
	{exitRetries, "retries", "all attempts failed; trying again later may help"},
	{exitData, "data", "the data was refused: malformed CSV, a missing column, invalid UTF-8, corrupt compressed data, another format, a failed --pre command"},
	{exitNotAllowed, "not_allowed", "not allowed: 401, 403, TLS, a redirect to another origin, a secret over plain http"},
	{exitLimit, "limit", "a limit was reached, or memory or file descriptors ran out; the message names the flag or the limit of the system"},
	{exitMismatch, "mismatch", "the counts disagree with the server's metadata or --expect-rows, an input changed after its plan was made, or the proof is weaker than --require"},
	{exitTimeUp, "time_limit", "--max-duration: time limit exceeded"},
	{exitMerge, "partial_results", "partial results are missing, overlap, do not belong together, or are corrupt"},
	{exitDiffer, "differs", "the results differ by more than --allow"},
	{exitHungUp, "hung_up", "hung up: the terminal was closed"},
	{exitInterrupted, "interrupted", "interrupted (Ctrl-C)"},
	{exitBrokenPipe, "broken_pipe", "standard output was closed by its reader"},
	{exitTerminated, "terminated", "terminated"},
}

// errTimeUp is matched by the error for the end of --max-duration.
var errTimeUp = errors.New("--max-duration: time limit exceeded")

// failure is a kind of error.
type failure struct {
	is   func(error) bool
	code int    // exit code; 0 if a later entry determines it
	hint string // alternatives, one per line; "" if a later entry has it, or none
}

// failures lists the kinds of errors. An error may be of several kinds: a
// *parser.SyntaxError may wrap one about a limit, and a transfer that was given
// up may have been cut short. The first entry with a code determines the
// exit code, and the first with a hint the hint.
var failures = []failure{
	{is: signaled(exitHungUp), code: exitHungUp},
	{is: signaled(exitInterrupted), code: exitInterrupted},
	{is: signaled(exitTerminated), code: exitTerminated},
	{is: as[*cli.UsageError], code: exitUsage},
	{matches(errDiffer), exitDiffer, allowHint},
	{matches(sinks.ErrCountColumn), exitUsage, countHint},

	{matches(engine.ErrIDTooLong), exitLimit, "raise the limit with --max-id"},
	{matches(engine.ErrTooManyPatients), exitLimit, "raise the limit with --max-patients"},
	{matches(engine.ErrTooManyEvents), exitLimit, "raise the limit with --max-events"},
	{matches(engine.ErrTooManyValues), exitLimit, "raise the limit with --max-values"},
	{matches(engine.ErrTooManyPairs), exitLimit, "raise the limit with --max-pairs"},
	{matches(engine.ErrNamesTooLarge), exitLimit, "raise the limit with --max-names-size"},
	{matches(engine.ErrOverflow), exitLimit, "count the sources in several runs or plans, each with a result of its own"},
	{matches(syscall.ENOMEM), exitLimit, "use less memory with fewer --jobs and --transfers"},
	{matches(resources.ErrDescriptors), exitLimit, descriptorHint},
	{matches(syscall.EMFILE), exitLimit, descriptorHint},
	{matches(syscall.ENFILE), exitLimit, "try again later: too many files are open on this machine"},
	{matches(parser.ErrRecordTooLong), exitLimit, "look for a quote that is never closed\nraise the limit with --max-record"},
	{matches(parser.ErrTooManyLines), exitLimit, "look for a stray quote on that line\nuse --quote none if quotes are data\nraise the limit with --max-record-lines"},
	{matches(parser.ErrTooManyColumns), exitLimit, "raise the limit with --max-columns"},
	{matches(sources.ErrWindow), exitLimit, "raise the limit with --max-window"},
	{matches(sources.ErrResponseTooLarge), exitLimit, "raise the limit with --max-json"},
	{matches(sources.ErrTooManyIDs), exitLimit, "raise the limit with --max-downloads"},
	{matches(sources.ErrTooManyMembers), exitLimit, "raise the limit with --max-members"},
	{matches(sources.ErrTooManyNames), exitLimit, "raise the limit with --max-declared-names"},
	{matches(resources.ErrMemory), exitLimit, "use less memory with fewer --jobs and --transfers\nraise the limit with --max-memory"},

	{matches(engine.ErrExpectedRows), exitMismatch, "check whether the sources are complete, and whether --expect-rows is right"},
	{matches(engine.ErrMismatch), exitMismatch, "try again later, or ask the operator of the server: its data and metadata disagree"},
	{matches(engine.ErrWeakProof), exitMismatch, "prove the result by its number of rows with --expect-rows N\naccept a weaker proof, which 'fastcount help stats' lists, with --require"},
	{matches(errTimeUp), exitTimeUp, "allow more time with --max-duration; nothing was printed"},
	{is: matches(stdout.ErrClosed), code: exitBrokenPipe},
	{matches(stdout.ErrLost), exitUsage, "redirect standard output, with >FILE, or >" + os.DevNull + " to discard the result\nname a file with --output FILE"},

	{matches(outfile.ErrUnmarked), exitUsage, ""},
	{matches(sources.ErrTwoForms), 0, "name one of the two; if they hold different data, rename one"},
	{matches(sources.ErrNotRegular), 0, "use a glob that does not match it; to read it, name it as a source of its own"},
	{matches(sources.ErrClientCertificate), exitUsage, "name a PEM certificate that is in force with --client-cert, and its private key without a passphrase with --client-key; 'openssl pkey -in KEY -out FILE' removes one"},
	{is: matches(sources.ErrArgument), code: exitUsage},
	{matches(checkpoint.ErrDirectory), exitUsage, "repeat the command that --state belongs to, or name a new directory; to start over, delete the directory first"},
	{matches(checkpoint.ErrNotPrivate), exitUsage, "make it yours alone with chown and chmod go-w, or name a directory that does not exist yet"},
	{matches(checkpoint.ErrLocked), 0, "wait until the other run has ended, or name another directory"},

	{is: matches(merge.ErrIncomplete), code: exitMerge},
	{is: matches(merge.ErrOverlap), code: exitMerge},
	{is: matches(merge.ErrOtherJob), code: exitMerge},
	{is: matches(merge.ErrOtherKeys), code: exitMerge},
	{matches(merge.ErrMixed), exitMerge, "count the shards again with one version of the plan, or add them up nevertheless with --allow-mixed"},
	{matches(merge.ErrMisaligned), exitMerge, "make a plan with 'fastcount plan --scan', which does not cut files inside quotes, and count its shards"},
	{is: matches(merge.ErrNotShard), code: exitMerge},
	{is: matches(merge.ErrNotFound), code: exitMerge},
	{is: matches(partial.ErrCorrupt), code: exitMerge},
	{is: matches(partial.ErrVersion), code: exitMerge},
	{is: matches(plan.ErrDuplicate), code: exitUsage},
	{matches(plan.ErrChanged), exitMismatch, "make the plan again, and count all of its shards; nothing should change its inputs until the last one is counted"},
	{matches(plan.ErrOtherCommand), exitUsage, "give the command of the plan with --pre; a plan never makes a worker run a command"},
	{is: matches(plan.ErrCorrupt), code: exitData},
	{is: matches(plan.ErrVersion), code: exitData},

	{matches(sources.ErrRange), exitRetries, "try again later, or count the URL without a plan, which does not need byte ranges"},
	{matches(sources.ErrChanged), 0, "try again when nothing changes the data, or use a copy of it"},
	{matches(sources.ErrStalled), 0, "try again later, or wait longer with --idle-timeout"},
	{matches(sources.ErrCommand), exitData, "run the command by itself to see all of its messages"},
	{matches(sources.ErrTimeout), 0, "try again later, or wait longer with --connect-timeout, --tls-timeout and --header-timeout"},
	{matches(syscall.ECONNREFUSED), 0, "check the address and whether the server is running: nothing listens there"},
	{matches(sources.ErrUnknownHost), 0, "check the name of the host, in the URL or in HTTPS_PROXY and HTTP_PROXY"},
	{matches(syscall.EADDRINUSE), 0, "stop the program that listens there, or take a free port with --listen 127.0.0.1:0"},
	{matches(sources.ErrExhausted), exitRetries, "try again later, or make more attempts with --retries"},
	{matches(sources.ErrNoMember), exitNotFound, "choose members with --member GLOB; without a / it matches the last element of a name"},
	{is: matches(sources.ErrNotFound), code: exitNotFound},

	{proxyStatus, exitNotAllowed, proxyHint},
	{statusWith(func(s *sources.StatusError) bool { return s.Expired }), exitNotAllowed, "sign the URL again"},
	{statusWith(func(s *sources.StatusError) bool { return s.Basic }), exitNotAllowed, basicHint},
	{status(http.StatusAccepted), 0, "try again later: the server is still preparing the data"},
	{status(http.StatusNoContent), 0, "check the URL: the server has no data there"},
	{status(http.StatusPartialContent), 0, "ask the operator of the server, or of a cache in between: it sent a part of the data although all was requested"},
	{status(http.StatusUnauthorized), exitNotAllowed, "set a valid token with --token-file FILE or FASTCOUNT_TOKEN; only the server of --server is sent it"},
	{status(http.StatusForbidden), exitNotAllowed, "ask the operator of the server for access: it denies access with these credentials"},
	{denied(sources.ErrCertificate), exitNotAllowed, "trust another certificate authority with --ca-file FILE"},
	{denied(sources.ErrPlainHTTP), exitNotAllowed, "check the URL, and whether it should begin with http://"},
	{denied(sources.ErrRequiresTLS), exitNotAllowed, "check the URL, and whether it should begin with https://"},
	{denied(sources.ErrTLS), exitNotAllowed, tlsHint},
	{denied(sources.ErrProxy), exitNotAllowed, proxyHint},
	{matches(sources.ErrDenied), exitNotAllowed, "use https, or allow it with --allow-http-token if the network in between is trusted"},
	{matches(sources.ErrRedirect), exitNotAllowed, "name the other place instead, as a URL or with --server\nif it can be trusted, allow data to come from it with --allow-redirect HOST"},

	{matches(parser.ErrNotHeader), exitData, "if the first record is data, use --no-header, or name its columns with --columns; " + columnsHint},
	{matches(parser.ErrMissingFact), exitData, "name files with their directory, such as data/a.csv: standard input has no @name, @dir and @path, and a.csv alone has no @dir"},
	{matches(parser.ErrMissingColumn), exitData, columnsHint},
	{matches(parser.ErrDuplicateColumn), exitData, "choose columns by number with --patient-column and --event-column, or with --by"},
	{matches(parser.ErrRepeatedHeader), exitData, "name each file instead, as two files seem to be pasted together\nleave such rows out with --repeated-headers skip"},
	{matches(parser.ErrByteOrderMark), exitData, "name each file instead: files with byte order marks seem to be pasted together"},
	{matches(parser.ErrUnexpectedHeader), exitData, "leave out --no-header if the first record is the header; a later one is that of an appended file"},
	{matches(parser.ErrUnsupportedEncoding), exitData, "convert it on the way with --pre 'iconv -f UTF-16 -t UTF-8'"},
	{matches(parser.ErrInvalidTimeFact), exitData, "rename the file or directory after a date, or count by it without a unit of time"},
	{matches(parser.ErrInvalidTime), exitData, "leave out such rows with --max-bad-rows N; 'fastcount help csv' describes the times that are accepted"},
	{matches(parser.ErrFieldCount), exitData, "check the field separator (--delimiter)\nallow such rows with --ragged\nleave them out with --max-bad-rows N"},
	{matches(parser.ErrEmptyInput), exitData, "leave the source out, or check whether it is complete: it has no header and no rows"},
	{matches(parser.ErrTooFewRecords), exitData, "check whether the file is complete, and --skip-lines, --skip-rows and --skip-footer"},
	{matches(parser.ErrUnfinishedEscape), exitData, "check whether the file is complete, and --escape"},
	{matches(parser.ErrInvalidUTF8), exitData, "convert it on the way, such as with --pre 'iconv -f WINDOWS-1252 -t UTF-8'\ncount such ids as they are with --invalid-utf8 escape"},
	{matches(parser.ErrBareQuote), exitData, csvHint},
	{matches(parser.ErrQuote), exitData, csvHint},
	{matches(parser.ErrUnclosedQuote), exitData, csvHint},
	{matches(parser.ErrBareCR), exitData, crHint},
	{matches(sources.ErrTruncated), exitData, "copy the file again from its origin: it is incomplete"},
	{matches(sources.ErrMislabeled), exitData, "ask the operator of the server to correct the header Content-Encoding; until then, download the file and count it"},
	{matches(sources.ErrCorrupt), exitData, "copy the file again from its origin: it is corrupt"},
	{matches(sources.ErrEncoding), exitData, "decompress it on the way, such as with: curl -s --compressed URL | fastcount -"},
	{matches(sources.ErrContent), exitData, "check that this is the URL of a CSV"},
	{matches(sources.ErrMetadata), exitData, "check that --server is the base URL of an export API, as 'fastcount help api' describes it"},
	{is: as[*parser.SyntaxError], code: exitData},
	{matches(engine.ErrOnlyBadRows), exitData, "set the delimiter with --delimiter\nleave out --max-bad-rows to see where the first of these rows is"},
	{matches(engine.ErrTooManyBadRows), exitData, "leave out more rows with --max-bad-rows"},
	{is: matches(engine.ErrBadRows), code: exitData},
	{matches(diff.ErrColumn), exitUsage, "choose another format with --sink json"},
	{is: as[*result.NotResultError], code: exitData},
	{matches(result.ErrEscaped), exitData, "write it in another format first, with: fastcount merge -o FILE.csv PART..."},
	{matches(result.ErrMalformed), exitData, "write the result again with fastcount, sorted by name and without --top"},

	{is: as[*incompleteError], code: exitIncomplete}, // the result was written, so every other failure is worse
}

// Hints of several failures.
const (
	descriptorHint = "raise the limit, such as with: ulimit -n 1024\nopen fewer files with fewer --jobs and --transfers"
	tlsHint        = "ask the operator of the server for the TLS versions and client certificates that it requires; " +
		"fastcount uses TLS 1.2 and 1.3, and the client certificate of --client-cert and --client-key"
	basicHint = "store the header in a file that only you can read, and name it with --header-file FILE; " +
		"it is a line 'Authorization: Basic ' and the base64 of name:password"
	proxyHint = "set the proxy, with its name and password, in HTTPS_PROXY and HTTP_PROXY; " +
		"to connect without it, add the host of the server to NO_PROXY"
	columnsHint = "choose the columns with --patient-column and --event-column, or with --by, and the field separator with --delimiter; --show-data shows the names"
	csvHint     = "see 'fastcount help csv' for the CSV that is accepted"
	crHint      = `if lines end in CR alone, convert them: tr '\r' '\n' <FILE | fastcount -`
)

// matches returns a function that reports whether an error matches target.
func matches(target error) func(error) bool {
	return func(err error) bool { return errors.Is(err, target) }
}

// as reports whether an error wraps one of type E.
func as[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// denied returns a function that reports whether an error matches target and is
// one for denied access.
func denied(target error) func(error) bool {
	return func(err error) bool { return errors.Is(err, sources.ErrDenied) && errors.Is(err, target) }
}

// proxyStatus reports whether err is an answer of a proxy, not of the server.
func proxyStatus(err error) bool {
	s, ok := errors.AsType[*sources.StatusError](err)
	return ok && s.Proxy != "" && errors.Is(err, sources.ErrProxy)
}

// status returns a function that reports whether an error is an answer with an
// HTTP status.
func status(code int) func(error) bool {
	return func(err error) bool {
		s, ok := errors.AsType[*sources.StatusError](err)
		return ok && s.Code == code
	}
}

// statusWith returns a function that reports whether an error is an answer with
// an HTTP status that has a property.
func statusWith(has func(*sources.StatusError) bool) func(error) bool {
	return func(err error) bool {
		s, ok := errors.AsType[*sources.StatusError](err)
		return ok && has(s)
	}
}

// signaled returns a function that reports whether an error is a signal for
// which the program exits with code.
func signaled(code int) func(error) bool {
	return func(err error) bool {
		i, ok := errors.AsType[signals.Interrupted](err)
		return ok && i.Code() == code
	}
}

// exitCode returns the exit code for err.
func exitCode(err error) int {
	if err == nil {
		return exitDone
	}
	for _, f := range failures {
		if f.code != 0 && f.is(err) {
			return f.code
		}
	}
	return exitFailure
}

// errorClass returns the word for an exit code.
func errorClass(code int) string {
	for _, c := range exitCodes {
		if c.code == code {
			return c.class
		}
	}
	panic(fmt.Sprintf("exit code %d is not in the table", code))
}

// incompleteError is the error for a result that was written although something
// is missing from it, as the flags allow.
type incompleteError struct {
	missing []*engine.PartError
}

func (e *incompleteError) Error() string { return strings.Join(e.Lines(), "\n") }

// Lines returns a line for each thing that is missing.
func (e *incompleteError) Lines() []string {
	lines := make([]string, len(e.missing))
	for i, s := range e.missing {
		lines[i] = fmt.Sprintf("the result is incomplete: %s: %v", s.Part, s.Err)
	}
	return lines
}

// report writes what went wrong and what to do about it. A standard output that
// its reader closed is not reported.
func report(u *console.Console, err error, hints []string) {
	code := exitCode(err)
	if code == exitBrokenPipe {
		return
	}
	for _, text := range cli.Messages(err) {
		u.Line(slog.LevelError, "fastcount: ", text, "exit_code", code)
	}
	for _, h := range hints {
		u.Hint(h)
	}
}
