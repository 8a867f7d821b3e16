package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"fastcount/engine"
	"fastcount/internal/checkpoint"
	"fastcount/internal/cli"
	"fastcount/internal/console"
	"fastcount/internal/merge"
	"fastcount/internal/outfile"
	"fastcount/internal/resources"
	"fastcount/internal/signals"
	"fastcount/internal/stdout"
	"fastcount/parser"
	"fastcount/sources"
)

func syntax(err error) error { return &parser.SyntaxError{Line: 1, Column: 1, Err: err} }

// TestFailures checks, for each kind of failure, the exit code and a part of
// the hint. "" means that there is no hint.
func TestFailures(t *testing.T) {
	p := new(program)
	for _, c := range []struct {
		name string
		err  error
		code int
		hint string
	}{
		{"anything", errors.New("x"), exitFailure, ""},
		{"usage", cli.Usagef("x"), exitUsage, ""},
		{"argument", sources.ErrArgument, exitUsage, ""},
		{"output that looks complete", outfile.ErrUnmarked, exitUsage, ""},
		{"not found", sources.ErrNotFound, exitNotFound, ""},
		{"404", &sources.StatusError{Code: 404}, exitNotFound, ""},
		{"503", &sources.StatusError{Code: 503}, exitRetries, "--retries"},
		{"refused", errors.Join(sources.ErrExhausted, syscall.ECONNREFUSED), exitRetries, "nothing listens there"},
		{"connection broken", errors.Join(sources.ErrExhausted, syscall.EPIPE), exitRetries, "--retries"},
		{"stalled", errors.Join(sources.ErrExhausted, sources.ErrStalled), exitRetries, "--idle-timeout"},
		{"timeout", errors.Join(sources.ErrExhausted, sources.ErrTimeout), exitRetries, "--connect-timeout"},
		{"truncated transfer", errors.Join(sources.ErrExhausted, sources.ErrTruncated), exitRetries, "--retries"},
		{"truncated file", sources.ErrTruncated, exitData, "copy the file again"},
		{"damaged file", sources.ErrCorrupt, exitData, "copy the file again"},
		{"page", sources.ErrContent, exitData, "URL of a CSV"},
		{"metadata", sources.ErrMetadata, exitData, "export API"},
		{"syntax", syntax(parser.ErrBareQuote), exitData, "help csv"},
		{"column", syntax(parser.ErrMissingColumn), exitData, "--patient-column"},
		{"neither a header nor rows", syntax(parser.ErrEmptyInput), exitData, "no header and no rows"},
		{"encoding", syntax(parser.ErrUnsupportedEncoding), exitData, "iconv"},
		{"401", &sources.StatusError{Code: 401}, exitNotAllowed, "--token-file"},
		{"401, Basic", &sources.StatusError{Code: 401, Basic: true}, exitNotAllowed, "Authorization: Basic "},
		{"an expired signature", &sources.StatusError{Code: 403, Expired: true}, exitNotAllowed, "sign the URL again"},
		{"an expired signature, 400", &sources.StatusError{Code: 400, Expired: true}, exitNotAllowed, "sign the URL again"},
		{"202", &sources.StatusError{Code: 202}, exitFailure, "preparing"},
		{"204", &sources.StatusError{Code: 204}, exitFailure, "has no data"},
		{"206", &sources.StatusError{Code: 206}, exitFailure, "a part of the data"},
		{"http to TLS", errors.Join(sources.ErrDenied, sources.ErrRequiresTLS), exitNotAllowed, "https://"},
		{"no such host", errors.Join(sources.ErrExhausted, sources.ErrUnknownHost), exitRetries, "name of the host"},
		{"brotli", errors.Join(sources.ErrContent, sources.ErrEncoding), exitData, "--compressed"},
		{"not gzip", errors.Join(sources.ErrCorrupt, sources.ErrMislabeled), exitData, "Content-Encoding"},
		{"403", &sources.StatusError{Code: 403}, exitNotAllowed, "access"},
		{"407", &sources.StatusError{Code: 407, Proxy: "http://proxy.test"}, exitNotAllowed, "proxy"},
		{"certificate", errors.Join(sources.ErrDenied, sources.ErrCertificate), exitNotAllowed, "--ca-file"},
		{"no TLS", errors.Join(sources.ErrDenied, sources.ErrPlainHTTP), exitNotAllowed, "http://"},
		{"TLS versions", errors.Join(sources.ErrDenied, sources.ErrTLS), exitNotAllowed, "TLS 1.2"},
		{"a proxy's rules", errors.Join(sources.ErrDenied, sources.ErrProxy), exitNotAllowed, "NO_PROXY"},
		{"403 of a proxy", &sources.StatusError{Code: 403, Proxy: "http://proxy.test"}, exitNotAllowed, "NO_PROXY"},
		{"secret in the clear", sources.ErrDenied, exitNotAllowed, "--allow-http-token"},
		{"redirect", sources.ErrRedirect, exitNotAllowed, "other place"},
		{"limit", engine.ErrTooManyPairs, exitLimit, "--max-pairs"},
		{"limit at a place", syntax(engine.ErrIDTooLong), exitLimit, "--max-id"},
		{"record", syntax(fmt.Errorf("%w: 1", parser.ErrRecordTooLong)), exitLimit, "--max-record"},
		{"lines", syntax(fmt.Errorf("%w: 1", parser.ErrTooManyLines)), exitLimit, "--max-record-lines"},
		{"quoted field over the limit", syntax(fmt.Errorf("%w: its quoted field", parser.ErrRecordTooLong)), exitLimit, "--max-record"},
		{"all names", engine.ErrNamesTooLarge, exitLimit, "--max-names-size"},
		{"columns", syntax(parser.ErrTooManyColumns), exitLimit, "--max-columns"},
		{"window", sources.ErrWindow, exitLimit, "--max-window"},
		{"overflow", engine.ErrOverflow, exitLimit, "several runs"},
		{"memory", resources.ErrMemory, exitLimit, "--max-memory"},
		{"descriptors", resources.ErrDescriptors, exitLimit, "ulimit -n"},
		{"too many open files", &fs.PathError{Op: "open", Path: "x", Err: syscall.EMFILE}, exitLimit, "ulimit -n"},
		{"no socket for a download", errors.Join(sources.ErrExhausted, os.NewSyscallError("socket", syscall.EMFILE)), exitLimit, "ulimit -n"},
		{"system's table of files", syscall.ENFILE, exitLimit, "this machine"},
		{"no memory for a mapping", syscall.ENOMEM, exitLimit, "--jobs"},
		{"mismatch", engine.ErrMismatch, exitMismatch, "metadata"},
		{"expected rows", engine.ErrExpectedRows, exitMismatch, "--expect-rows"},
		{"weak proof", engine.ErrWeakProof, exitMismatch, "--expect-rows N"},
		{"time up", errTimeUp, exitTimeUp, "--max-duration"},
		{"changed", sources.ErrChanged, exitFailure, "copy"},
		{"interrupted", signals.Interrupted{Signal: os.Interrupt}, exitInterrupted, ""},
		{"hung up", signals.Interrupted{Signal: syscall.SIGHUP}, exitHungUp, ""},
		{"terminated", signals.Interrupted{Signal: syscall.SIGTERM}, exitTerminated, ""},
		{"closed pipe", stdout.ErrClosed, exitBrokenPipe, ""},
	} {
		err := fmt.Errorf("output: %w", c.err)
		if got := exitCode(err); got != c.code {
			t.Errorf("%s: exit code %d, want %d", c.name, got, c.code)
		}
		if got := strings.Join(p.hints(err), "\n"); !strings.Contains(got, c.hint) || c.hint == "" && got != "" {
			t.Errorf("%s: hint %q, want %q", c.name, got, c.hint)
		}
	}
	if exitCode(nil) != exitDone {
		t.Error("success is a failure")
	}
}

// TestHintsFitTheSubcommand checks that the hints of a subcommand name no flag
// that it does not have, and those of a shard none that it refuses.
func TestHintsFitTheSubcommand(t *testing.T) {
	p := testProgram()
	p.root = newRoot(p)
	for _, c := range cli.Subcommands(p.root) {
		p.flags = c.Flags()
		for _, f := range failures {
			for _, name := range cli.FlagNames(commandText.ReplaceAllString(p.offered(f.hint), "")) {
				if p.isForeign(name) {
					t.Errorf("%s has no flag --%s: %s", c.Name(), name, f.hint)
				}
			}
		}
	}
	for _, c := range []struct {
		command string
		args    []string
		err     error
		want    string
	}{
		{"count", nil, parser.ErrFieldCount, "check the field separator (--delimiter), allow such rows with --ragged, or leave them out with --max-bad-rows N"},
		{"count", []string{"--plan=p"}, parser.ErrFieldCount, "make the plan again, and check the field separator (--delimiter), or allow such rows with --ragged"},
		{"count", []string{"--plan=p"}, parser.ErrInvalidTime, "count without a plan, and leave out such rows with --max-bad-rows N; 'fastcount help csv' describes the times that are accepted"},
		{"count", []string{"--plan=p"}, engine.ErrWeakProof, "accept a weaker proof, which 'fastcount help stats' lists, with --require"},
		{"count", []string{"--plan=p"}, engine.ErrTooManyPairs, "raise the limit with --max-pairs"},
		{"count", []string{"--plan=p"}, &parser.SyntaxError{Try: &parser.Dialect{Trim: true}, Err: parser.ErrBareQuote}, "make the plan again, and remove blanks around fields with --trim"},
		{"merge", nil, engine.ErrWeakProof, "prove the result by its number of rows with --expect-rows N, or accept a weaker proof, which 'fastcount help stats' lists, with --require"},
		{"merge", nil, merge.ErrMisaligned, "make a plan with 'fastcount plan --scan', which does not cut files inside quotes, and count its shards"},
		{"merge", nil, resources.ErrMemory, ""},
		{"generate", nil, resources.ErrDescriptors, "raise the limit, such as with: ulimit -n 1024"},
		{"plan", nil, parser.ErrRecordTooLong, "look for a quote that is never closed, or raise the limit with --max-record"},
		{"plan", nil, sources.ErrWindow, ""},
		{"exports", nil, sources.ErrRedirect, "name the other place instead, as a URL or with --server"},
		{"diff", nil, stdout.ErrLost, "redirect standard output, with >FILE, or >" + os.DevNull + " to discard the result"},
	} {
		flags, err := parse(c.command, c.args, nil)
		if err != nil {
			t.Fatal(err)
		}
		p.flags = flags
		if got := strings.Join(p.hints(c.err), "\n"); got != c.want {
			t.Errorf("%s %q: %v: got %q, want %q", c.command, c.args, c.err, got, c.want)
		}
	}
}

// TestSeveralFailures checks that all failures are listed, that no hint is
// repeated, and that the first failure determines the exit code.
func TestSeveralFailures(t *testing.T) {
	err := failed(
		engine.PartReport{Name: "a", Attempts: 1, Err: syntax(parser.ErrBareQuote)},
		engine.PartReport{Name: "b", Attempts: 8, Err: &sources.StatusError{Code: 503}},
		engine.PartReport{Name: "c", Attempts: 1, Err: syntax(parser.ErrBareQuote)},
	)
	if got := exitCode(err); got != exitData {
		t.Errorf("exit code %d", got)
	}
	if got := cli.Messages(err); len(got) != 3 || !strings.HasPrefix(got[1], "b: ") || !strings.HasSuffix(got[1], "(attempt 8)") {
		t.Errorf("messages %q", got)
	}
	if got := new(program).hints(err); len(got) != 2 || !strings.Contains(got[1], "--retries") {
		t.Errorf("hints %q", got)
	}
}

func TestMessageBeginsWithTheFile(t *testing.T) {
	missing := &fs.PathError{Op: "stat", Path: "x.csv", Err: fs.ErrNotExist}
	for _, c := range []struct {
		err  error
		want string
	}{
		{missing, "x.csv: file does not exist"},
		{&engine.PartError{Part: "x.csv", Attempts: 1, Err: missing}, "x.csv: file does not exist"},
		{fmt.Errorf("--token-file: %w", missing), "--token-file: x.csv: file does not exist"},
		{errors.New("plain"), "plain"},
	} {
		if got := cli.Messages(c.err); !slices.Equal(got, []string{c.want}) {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestNothingControlsTheTerminal(t *testing.T) {
	var b strings.Builder
	u := console.New(&b)
	report(u, &engine.PartError{Part: "a\x1b[2J\r.csv", Attempts: 1, Err: errors.New("x")}, nil)
	if got, want := b.String(), "fastcount: a\\x1b[2J\\r.csv: x\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestMessagesFollowTheStructure checks that joined errors become several
// lines, and that a line break in a text does not begin a line.
func TestMessagesFollowTheStructure(t *testing.T) {
	a, b := errors.New("a\nfastcount: b"), errors.New("c")
	for _, c := range []struct {
		err  error
		want []string
	}{
		{a, []string{"a\nfastcount: b"}},
		{errors.Join(a, b), []string{"a\nfastcount: b", "c"}},
		{errors.Join(a, errors.Join(b, a)), []string{"a\nfastcount: b", "c", "a\nfastcount: b"}},
		{fmt.Errorf("x: %w", errors.Join(a, b)), []string{"x: a\nfastcount: b", "c"}},
		{fmt.Errorf("x: %w (y)", errors.Join(a, b)), []string{"x: a\nfastcount: b", "c (y)"}},
		{fmt.Errorf("x: %w", fmt.Errorf("y: %w", a)), []string{"x: y: a\nfastcount: b"}},
		{fmt.Errorf("%w: %w", a, b), []string{"a\nfastcount: b: c"}},
		{cli.Usage(errors.Join(a, b)), []string{"a\nfastcount: b", "c"}},
		{failed(engine.PartReport{Name: "p\nq", Err: errors.Join(a, b)}, engine.PartReport{Name: "r", Attempts: 2, Err: b}),
			[]string{"p\nq: a\nfastcount: b", "c", "r: c (attempt 2)"}},
		{&incompleteError{[]*engine.PartError{{Part: "p\nq", Err: a}, {Part: "r", Err: b}}},
			[]string{"the result is incomplete: p\nq: a\nfastcount: b", "the result is incomplete: r: c"}},
		{fmt.Errorf("--state: %w", &checkpoint.DifferentError{Dir: "d\ne", Differences: []string{"f\ng", "h"}}),
			[]string{"--state: d\ne: checkpoint of another run:", "f\ng", "h"}},
	} {
		if got := cli.Messages(c.err); !slices.Equal(got, c.want) {
			t.Errorf("messages(%q) = %q, want %q", c.err, got, c.want)
		}
	}
}

// failed returns the error of a run of which these parts failed.
func failed(parts ...engine.PartReport) error {
	for i := range parts {
		parts[i].Failed = true
	}
	return (&engine.Report{Parts: parts}).ExpectRows(0)
}
