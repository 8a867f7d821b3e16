package sources

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"fastcount/engine"
	"fastcount/internal/testing/patience"
)

// needCommands skips a test of commands that this system does not have.
func needCommands(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := exec.LookPath(name); err != nil {
			t.Skip(err)
		}
	}
}

// preParts returns parts of every kind that hold the same data, which a command
// is to be applied to.
func preParts(t *testing.T, data []byte, o LocalOptions) map[string]engine.Part {
	t.Helper()
	file, err := NewFile(tempFile(t, "a.csv", data), o)
	check(t, err)
	pipe, w, err := os.Pipe()
	check(t, err)
	t.Cleanup(func() { check(t, pipe.Close()) })
	go func() {
		_, _ = w.Write(data) // the command may have left
		_ = w.Close()
	}()
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(data) })
	return map[string]engine.Part{
		"file":   file,
		"reader": NewStdin(strings.NewReader(string(data)), o),
		"pipe":   NewStdin(pipe, o),
		"URL":    urlPart(t, Options{Pre: o.Pre, IdleTimeout: o.IdleTimeout}, server.URL),
	}
}

func TestPre(t *testing.T) {
	needCommands(t, "cat", "tr", "gzip", "head", "true", "false", "sh")
	large := "patient_id,event_type\n" + strings.Repeat("P1,hr\n", 100_000)
	for _, test := range []struct {
		pre, data, want string
		err             error
	}{
		{"cat", csvText, csvText, nil},
		{"cat", large, large, nil},
		{"tr ';' ,", strings.ReplaceAll(csvText, ",", ";"), csvText, nil},
		{"gzip -dc", string(gz(t, csvText)), csvText, nil},
		{"gzip -dc", csvText, "", ErrCommand},
		{"cat", string(gz(t, csvText)), csvText, nil}, // the output is decoded
		{"gzip -c", large, large, nil},
		{"head -n 1", large, "patient_id,event_type\n", nil},
		{"true", large, "", nil},
		{"false", large, "", ErrCommand},
		{"sh -c 'cat; exit 7'", csvText, csvText, ErrCommand},
		{"cat", string(zipOf(t, "a.csv", csvText)), "", ErrContent},
	} {
		for kind, part := range preParts(t, []byte(test.data), LocalOptions{Pre: test.pre}) {
			got, err := readPart(t, part)
			if got != test.want || !errors.Is(err, test.err) {
				t.Errorf("%s, %s: got %d bytes, %v, want %d bytes, %v", kind, test.pre, len(got), err, len(test.want), test.err)
			}
			if r, ok := part.(engine.Retrier); ok && test.err != nil {
				if _, again := r.Retry(1, err); !again {
					t.Errorf("%s: not tried again", kind)
				}
				if _, again := r.Retry(2, err); again {
					t.Errorf("%s: tried more than once again", kind)
				}
			}
		}
	}
}

func TestPreInfo(t *testing.T) {
	needCommands(t, "cat", "gzip")
	for _, test := range []struct {
		pre  string
		want engine.Proof
	}{{"cat", engine.ProofFraming}, {"gzip -c", engine.ProofChecksum}} {
		for kind, part := range preParts(t, []byte(csvText), LocalOptions{Pre: test.pre}) {
			s, err := part.Open(t.Context())
			check(t, err)
			got, err := drain(s)
			info := s.(*stream).Info()
			if got != csvText || err != nil || info.Proof != test.want || !info.Checked || info.RawBytes != int64(len(csvText)) {
				t.Errorf("%s, %s: got %q, %v, %+v", kind, test.pre, got, err, info)
			}
			check(t, s.Close())
		}
	}
}

// A file that a command reads is not split, whatever its format.
func TestPreIsNotSplit(t *testing.T) {
	needCommands(t, "cat")
	for _, data := range [][]byte{[]byte(csvText), gz(t, csvText), zipOf(t, "a.csv", csvText)} {
		f, err := NewFile(tempFile(t, "a.csv", data), LocalOptions{Pre: "cat"})
		check(t, err)
		if at, err := f.Boundary(t.Context(), 1); at != int64(len(data)) || err != nil || f.Plain() || f.Err() != nil {
			t.Errorf("got %d, %v", at, err)
		}
	}
}

// A cut transfer is one although the command takes its end for a good one.
func TestPreOfCutTransfer(t *testing.T) {
	needCommands(t, "cat", "true")
	server := serve(t, raw(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(csvText)+1, csvText)))
	_, err := readPart(t, urlPart(t, Options{Pre: "cat"}, server.URL))
	if !errors.Is(err, ErrExhausted) || errors.Is(err, ErrCommand) || judge(err) != always {
		t.Errorf("got %v", err)
	}
}

func TestPreOfChangedFile(t *testing.T) {
	needCommands(t, "cat")
	path := tempFile(t, "a.csv", []byte(strings.Repeat(csvText, 100_000)))
	f, err := NewFile(path, LocalOptions{Pre: "cat"})
	check(t, err)
	s, err := f.Open(t.Context())
	check(t, err)
	_, err = io.CopyN(io.Discard, s, 100)
	check(t, err)
	appendTo(t, path, "P9,t,a,1\n")
	_, err = drain(s)
	if err = errors.Join(err, s.Close()); !errors.Is(err, ErrChanged) {
		t.Errorf("got %v", err)
	}
}

// A command that hangs stalls, or ends with the context.
func TestPreHangs(t *testing.T) {
	needCommands(t, "sleep")
	data := []byte(strings.Repeat(csvText, 10_000)) // more than a pipe holds
	patience.Retry(t, func(scale time.Duration) error {
		var all error
		for kind, part := range preParts(t, data, LocalOptions{Pre: "sleep 60", IdleTimeout: 100 * time.Millisecond * scale}) {
			_, err := readPart(t, part)
			// The response of a server may have stalled first.
			if !errors.Is(err, ErrStalled) || !errors.Is(err, ErrCommand) || errors.Is(err, ErrExhausted) {
				all = errors.Join(all, fmt.Errorf("%s: got %w", kind, err))
			}
		}
		return all
	})
	for kind, part := range preParts(t, data, LocalOptions{Pre: "sleep 60"}) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		begin := time.Now()
		_, err := readPartCtx(t, ctx, part)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) > 50*time.Second {
			t.Errorf("%s: got %v after %v", kind, err, time.Since(begin))
		}
		cancel()
	}
}

func TestPreArgument(t *testing.T) {
	for _, pre := range []string{"no-such-command", "cat | cat", "'cat", " "} {
		_, fileErr := NewFile(tempFile(t, "a.csv", nil), LocalOptions{Pre: pre})
		_, clientErr := NewClient(Options{Pre: pre})
		_, stdinErr := readPart(t, NewStdin(strings.NewReader(csvText), LocalOptions{Pre: pre}))
		for _, err := range []error{fileErr, clientErr, stdinErr} {
			if !errors.Is(err, ErrArgument) {
				t.Errorf("%q: got %v", pre, err)
			}
		}
	}
}
