package filter_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"fastcount/internal/filter"
	"fastcount/internal/testing/patience"
)

// command returns a helper command.
func command(t *testing.T, args string) *filter.Command {
	t.Helper()
	c, err := filter.Parse("'" + os.Args[0] + "' helper " + args)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// run returns the output of a helper command and the error that ended it.
func run(t *testing.T, args string, in io.Reader, idle time.Duration) (string, error) {
	t.Helper()
	p, err := command(t, args).Start(t.Context(), in, idle)
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(p)
	if err := p.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	return string(out), err
}

func TestOutput(t *testing.T) {
	t.Setenv("FASTCOUNT_TOKEN", "secret")
	t.Setenv("OTHER", "kept")
	large := strings.Repeat("patient_id,event_type\n", 100_000)
	for _, c := range []struct{ args, in, want string }{
		{"cat", "", ""},
		{"cat", "a,b\n", "a,b\n"},
		{"cat", large, large},
		{"print 'a,b\n'", "ignored", "a,b\n"},
		{"print 'a,b\n'", large, "a,b\n"},
		{"env", "", "kept"},
	} {
		got, err := run(t, c.args, strings.NewReader(c.in), time.Minute)
		if err != nil || got != c.want {
			t.Errorf("%s: got %d bytes, %v, want %d bytes", c.args, len(got), err, len(c.want))
		}
	}
}

// A command that makes progress in each interval of the limit does not stall,
// however long it takes in total.
func TestSlowCommand(t *testing.T) {
	large := strings.Repeat("patient_id,event_type\n", 100_000)
	for _, c := range []struct {
		args, in, want string
		step           time.Duration
	}{
		{"drip", "", "row\nrow\nrow\nrow\nrow\n", 150 * time.Millisecond},
		{"sip", large, "end", 20 * time.Millisecond}, // 34 steps
	} {
		patience.Retry(t, func(scale time.Duration) error {
			got, err := run(t, fmt.Sprint(c.args, " ", c.step*scale), strings.NewReader(c.in), 500*time.Millisecond*scale)
			if err != nil || got != c.want {
				return fmt.Errorf("%s: got %d bytes, %v, want %d bytes", c.args, len(got), err, len(c.want))
			}
			return nil
		})
	}
}

func TestConsumed(t *testing.T) {
	p, err := command(t, "cat").Start(t.Context(), strings.NewReader("a,b\n"), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if _, err := io.ReadAll(p); err != nil || p.Consumed() != 4 {
		t.Errorf("consumed %d bytes, error %v", p.Consumed(), err)
	}
	if n, err := p.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("after the end: got %d, %v", n, err)
	}
}

func TestStatus(t *testing.T) {
	got, err := run(t, `fail 'gpg: decryption failed: `+"\x1b[31m"+`No secret key
next line'`, strings.NewReader("a,b\n"), time.Minute)
	if got != "a,b\n" || !errors.Is(err, filter.ErrFailed) || errors.Is(err, filter.ErrStalled) {
		t.Fatalf("got %q, %v", got, err)
	}
	want := `" failed: exit status 3: "gpg: decryption failed: \x1b[31mNo secret key"`
	if !strings.HasSuffix(err.Error(), want) || strings.Contains(err.Error(), "next") {
		t.Errorf("got error %v, want %s", err, want)
	}
	if _, err := run(t, "fail ''", strings.NewReader(""), time.Minute); err == nil || !strings.HasSuffix(err.Error(), "exit status 3") {
		t.Errorf("without a message: got error %v", err)
	}
}

func TestStall(t *testing.T) {
	for _, args := range []string{"hang", "slurp", "close"} {
		begin := time.Now()
		_, err := run(t, args, strings.NewReader(strings.Repeat("x", 1<<20)), 200*time.Millisecond)
		if !errors.Is(err, filter.ErrStalled) || !errors.Is(err, filter.ErrFailed) || time.Since(begin) > time.Minute {
			t.Errorf("%s: got error %v after %v", args, err, time.Since(begin))
		}
	}
}

// Waiting for the input is not a stall of the command.
func TestSlowInput(t *testing.T) {
	patience.Retry(t, func(scale time.Duration) error {
		limit := 200 * time.Millisecond * scale
		r, w := io.Pipe()
		go func() {
			time.Sleep(3 * limit)
			io.WriteString(w, "a,b\n")
			w.Close()
		}()
		defer r.Close()
		if got, err := run(t, "cat", r, limit); got != "a,b\n" || err != nil {
			return fmt.Errorf("got %q, %v", got, err)
		}
		return nil
	})
}

// A command that takes the end of a failed input for a good one must not
// succeed.
func TestInputFails(t *testing.T) {
	broken := errors.New("connection reset")
	for _, args := range []string{"cat", "slurp", "fail x"} {
		in := io.MultiReader(strings.NewReader("a,b\n"), iotest.ErrReader(broken))
		if got, err := run(t, args, in, time.Minute); !errors.Is(err, broken) {
			t.Errorf("%s: got %q, %v, want %v", args, got, err, broken)
		}
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p, err := command(t, "hang").Start(ctx, bytes.NewReader(make([]byte, 1<<20)), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(50*time.Millisecond, cancel)
	begin := time.Now()
	if _, err := p.Read(make([]byte, 1)); !errors.Is(err, context.Canceled) || time.Since(begin) > time.Minute {
		t.Errorf("got error %v after %v", err, time.Since(begin))
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if _, err := command(t, "cat").Start(ctx, strings.NewReader(""), time.Minute); !errors.Is(err, context.Canceled) {
		t.Errorf("started after the end: %v", err)
	}
}

func TestCloseEarly(t *testing.T) {
	for _, args := range []string{"cat", "hang", "slurp", "print x"} {
		p, err := command(t, args).Start(t.Context(), strings.NewReader(strings.Repeat("x", 1<<20)), time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Close(); err != nil {
			t.Errorf("%s: %v", args, err)
		}
	}
}

func TestCannotStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "not-a-program.exe")
	if err := os.WriteFile(path, []byte{0x7f}, 0o700); err != nil {
		t.Fatal(err)
	}
	c, err := filter.Parse("'" + path + "'")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Start(t.Context(), strings.NewReader(""), time.Minute); !errors.Is(err, filter.ErrFailed) {
		t.Errorf("got error %v", err)
	}
}
