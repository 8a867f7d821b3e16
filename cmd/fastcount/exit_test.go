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
	"fastcount/internal/cli"
	"fastcount/internal/console"
	"fastcount/internal/outfile"
	"fastcount/internal/resources"
	"fastcount/internal/signals"
	"fastcount/internal/stdout"
	"fastcount/parser"
	"fastcount/sources"
)

func syntax(err error) error { return &parser.SyntaxError{Line: 1, Column: 1, Err: err} }

// TestFailures says for each kind of failure the exit code and a word of its hint, "" for no hint.
func TestFailures(t *testing.T) {
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
		{"encoding", syntax(parser.ErrUnsupportedEncoding), exitData, "iconv"},
		{"401", &sources.StatusError{Code: 401}, exitNotAllowed, "--token-file"},
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
		{"terminated", signals.Interrupted{Signal: syscall.SIGTERM}, exitTerminated, ""},
		{"closed pipe", stdout.ErrClosed, exitBrokenPipe, ""},
	} {
		err := fmt.Errorf("output: %w", c.err)
		if got := exitCode(err); got != c.code {
			t.Errorf("%s: exit code %d, want %d", c.name, got, c.code)
		}
		if got := strings.Join(hints(err), "\n"); !strings.Contains(got, c.hint) || c.hint == "" && got != "" {
			t.Errorf("%s: hint %q, want %q", c.name, got, c.hint)
		}
	}
	if exitCode(nil) != exitDone {
		t.Error("success is a failure")
	}
}

// TestSeveralFailures: all are listed, each hint is given once, and the first decides.
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
	if got := hints(err); len(got) != 2 || !strings.Contains(got[1], "--retries") {
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
	report(u, &engine.PartError{Part: "a\x1b[2J\r.csv", Attempts: 1, Err: errors.New("x")})
	if got, want := b.String(), "fastcount: a\\x1b[2J\\r.csv: x\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
