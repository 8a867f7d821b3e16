package interrupt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"fastcount/internal/testing/patience"
)

// waiting returns a file that the poller of the runtime accepts, and for which
// it waits after EAGAIN, as for some files of /proc and FUSE.
func waiting(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	check(t, err)
	t.Cleanup(func() { check(t, errors.Join(r.Close(), w.Close())) })
	if r.SetReadDeadline(time.Time{}) != nil {
		t.Skip("the system has no deadlines for pipes")
	}
	return r, w
}

// A read without data returns an error after the time limit.
func TestReadThatWaitsForEver(t *testing.T) {
	patience.Retry(t, func(scale time.Duration) error {
		file, w := waiting(t)
		_, err := io.WriteString(w, "P1")
		check(t, err)
		r := NewFile(t.Context(), file)
		defer r.Close()
		r.silence = 10 * time.Millisecond * scale * scale
		if got, err := io.ReadAll(r); string(got) != "P1" || !errors.Is(err, errSilent) {
			return fmt.Errorf("got %q, %w", got, err)
		}
		_, err = io.WriteString(w, "P2")
		check(t, err)
		buf := make([]byte, 9) // the limit applies to each read
		if n, err := r.Read(buf); string(buf[:n]) != "P2" || err != nil {
			return fmt.Errorf("got %q, %w", buf[:n], err)
		}
		return nil
	})
}

// The end of the context interrupts a blocked read.
func TestReadThatIsCancelled(t *testing.T) {
	file, _ := waiting(t)
	ctx, cancel := context.WithCancel(t.Context())
	r := NewFile(ctx, file)
	defer r.Close()
	time.AfterFunc(5*time.Millisecond, cancel)
	for range 2 {
		if n, err := r.Read(make([]byte, 9)); n != 0 || !errors.Is(err, context.Canceled) {
			t.Errorf("got %d, %v", n, err)
		}
	}
}

// Close releases the context: the file may be in use elsewhere.
func TestReadAfterTheContext(t *testing.T) {
	file, w := waiting(t)
	ctx, cancel := context.WithCancel(t.Context())
	r := NewFile(ctx, file)
	check(t, r.Close())
	check(t, file.SetReadDeadline(time.Time{}))
	cancel()
	time.Sleep(time.Millisecond)
	_, err := io.WriteString(w, "P1")
	check(t, err)
	buf := make([]byte, 9)
	if n, err := file.Read(buf); string(buf[:n]) != "P1" || err != nil {
		t.Errorf("got %q, %v", buf[:n], err)
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
