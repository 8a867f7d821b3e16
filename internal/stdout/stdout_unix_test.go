//go:build unix

package stdout

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x")
	for _, c := range []struct {
		name string
		flag int
		lost bool
	}{
		{name, os.O_CREATE | os.O_WRONLY, false},
		{name, os.O_RDWR, false},
		{name, os.O_RDONLY, true},
		{os.DevNull, os.O_WRONLY, false},
		{os.DevNull, os.O_RDWR, true}, // as the runtime opens it for ">&-"
	} {
		f, err := os.OpenFile(c.name, c.flag, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if err := Check(f); errors.Is(err, ErrLost) != c.lost {
			t.Errorf("%s opened with %#x: got %v, want lost: %t", c.name, c.flag, err, c.lost)
		}
		f.Close()
	}
	if err := Check(new(strings.Builder)); err != nil {
		t.Errorf("a writer that is no file: %v", err)
	}
}

// TestReaderThatLeft checks the error of a pipe that is closed at its other
// end.
func TestReaderThatLeft(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	r.Close()
	if _, err := io.WriteString(NewWriter(w), "x"); err != ErrClosed {
		t.Errorf("got %v, want %v", err, ErrClosed)
	}
}
