package sources

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"fastcount/engine"
)

func newFile(t testing.TB, path string) *File {
	t.Helper()
	f, err := NewFile(path, LocalOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFileByMagic(t *testing.T) {
	tests := []struct {
		name, file string
		data       []byte
		checked    bool
	}{
		{"plain", "a.csv", []byte(csvText), false},
		{"plain named gz", "a.csv.gz", []byte(csvText), false},
		{"gzip named csv", "a.csv", gz(t, csvText), true},
		{"zstd named gz", "a.csv.gz", zst(t, csvText), true},
		{"bzip2 named csv", "a.csv", bz(t), true},
		{"skippable frame", "a", join(skippable, zst(t, csvText)), true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newFile(t, tempFile(t, test.file, test.data))
			if info := f.Info(); info.Size != int64(len(test.data)) || !info.SizeKnown {
				t.Errorf("got %+v", info)
			}
			s, err := f.Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got, err := drain(s); got != csvText || err != nil {
				t.Errorf("got %q, %v", got, err)
			}
			info := s.(*stream).Info()
			if info.Checked != test.checked || info.Proof != engine.ProofLength || info.RawBytes != int64(len(test.data)) {
				t.Errorf("got %+v", info)
			}
			check(t, s.Close())
		})
	}
}

// TestFileChanged changes a file before it is opened, while it is read, and
// between the end and the check.
func TestFileChanged(t *testing.T) {
	old := time.Now().Add(-time.Hour)
	changes := map[string]func(t *testing.T, path string){
		"shorter":      func(t *testing.T, path string) { check(t, os.Truncate(path, 9)) },
		"empty":        func(t *testing.T, path string) { check(t, os.Truncate(path, 0)) },
		"longer":       func(t *testing.T, path string) { appendTo(t, path, "P9,t,a,1\n") },
		"other bytes":  func(t *testing.T, path string) { write(t, path, []byte(strings.ToUpper(csvText))) },
		"another file": func(t *testing.T, path string) { replace(t, path) },
		"gone":         func(t *testing.T, path string) { check(t, os.Remove(path)) },
	}
	for name, change := range changes {
		for _, data := range [][]byte{[]byte(csvText), gz(t, csvText)} {
			found := func(t *testing.T) (*File, string) {
				path := tempFile(t, "a.csv", data)
				check(t, os.Chtimes(path, old, old))
				return newFile(t, path), path
			}
			t.Run(name+" before", func(t *testing.T) {
				t.Parallel()
				f, path := found(t)
				change(t, path)
				if _, err := readPart(t, f); !errors.Is(err, ErrChanged) {
					t.Errorf("got %v", err)
				}
			})
			t.Run(name+" during", func(t *testing.T) {
				t.Parallel()
				if runtime.GOOS == "windows" {
					t.Skip("an open file cannot be replaced or removed on Windows")
				}
				f, path := found(t)
				s, err := f.Open(t.Context())
				check(t, err)
				change(t, path)
				_, err = drain(s)
				if err := errors.Join(err, s.Close()); !errors.Is(err, ErrChanged) {
					t.Errorf("got %v", err)
				}
			})
			t.Run(name+" after", func(t *testing.T) {
				t.Parallel()
				f, path := found(t)
				if _, err := readPart(t, f); err != nil {
					t.Fatal(err)
				}
				change(t, path)
				if _, err := readPart(t, f); !errors.Is(err, ErrChanged) {
					t.Errorf("got %v", err)
				}
			})
		}
	}
}

// TestFileChangesUnderTheReader uses the stream alone, without Check: it
// detects the change by the bytes read.
func TestFileChangesUnderTheReader(t *testing.T) {
	for text, change := range map[string]func(path string){
		"ends at byte 50": func(path string) { check(t, os.Truncate(path, 50)) },
		"is larger":       func(path string) { appendTo(t, path, "more") },
	} {
		path := tempFile(t, "a.csv", []byte(csvText))
		s, err := newFile(t, path).Open(t.Context())
		check(t, err)
		if _, err := s.Read(make([]byte, 10)); err != nil {
			t.Fatal(err)
		}
		change(path)
		if _, err := drain(s); !errors.Is(err, ErrChanged) || !strings.Contains(err.Error(), text) {
			t.Errorf("%s: got %v", text, err)
		}
		if err := s.Close(); !errors.Is(err, ErrChanged) {
			t.Errorf("%s: Close: got %v", text, err)
		}
	}
}

func TestFileErrors(t *testing.T) {
	dir := t.TempDir()
	if _, err := NewFile(filepath.Join(dir, "none.csv"), LocalOptions{}); !errors.Is(err, ErrNotFound) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	if runtime.GOOS != "windows" && os.Getuid() != 0 {
		path := tempFile(t, "secret.csv", []byte(csvText))
		check(t, os.Chmod(path, 0))
		if _, err := NewFile(path, LocalOptions{}); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("no permission: %v", err)
		}
	}
}

func TestFileContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s, err := newFile(t, tempFile(t, "a.csv", []byte(csvText))).Open(ctx)
	check(t, err)
	cancel()
	if _, err := drain(s); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	check(t, s.Close())
}

func TestFileWindow(t *testing.T) {
	f := newFile(t, tempFile(t, "a.zst", bigWindow))
	if _, err := readPart(t, f); !errors.Is(err, ErrWindow) {
		t.Errorf("got %v", err)
	}
	f, err := NewFile(f.path, LocalOptions{MaxWindow: 1 << 30})
	check(t, err)
	if _, err := readPart(t, f); err != nil {
		t.Errorf("with a larger limit: %v", err)
	}
}

func TestFileGone(t *testing.T) {
	path := tempFile(t, "a.csv", []byte(csvText))
	f := newFile(t, path)
	check(t, os.Remove(path))
	if s, err := f.OpenRange(t.Context(), 9, 12); s != nil || !errors.Is(err, ErrChanged) {
		t.Errorf("got %v, %v", s, err)
	}
}

// TestImpossibleWindow sets a limit below the minimum window of zstd.
func TestImpossibleWindow(t *testing.T) {
	f, err := NewFile(tempFile(t, "a.zst", zst(t, csvText)), LocalOptions{MaxWindow: 1})
	check(t, err)
	if s, err := f.Open(t.Context()); s != nil || err == nil {
		t.Errorf("got %v, %v", s, err)
	}
}

// checkInterrupted reads "patient_id" from s, which then waits for more, and
// cancels its context.
func checkInterrupted(t *testing.T, s io.Reader, cancel func()) {
	t.Helper()
	got := make([]byte, len("patient_id"))
	if _, err := io.ReadFull(s, got); err != nil || string(got) != "patient_id" {
		t.Errorf("got %q, %v", got, err)
	}
	time.AfterFunc(5*time.Millisecond, cancel)
	if got, err := drain(s); !errors.Is(err, context.Canceled) || got != "" {
		t.Errorf("after the interruption: got %q, %v", got, err)
	}
}

func TestStdinCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := readPartCtx(t, ctx, NewStdin(strings.NewReader(csvText), LocalOptions{})); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestStdin(t *testing.T) {
	for name, data := range map[string][]byte{"plain": []byte(csvText), "gzip": gz(t, csvText), "zstd": zst(t, csvText)} {
		p := NewStdin(strings.NewReader(string(data)), LocalOptions{})
		if got, err := readPart(t, p); got != csvText || err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if _, err := p.Open(t.Context()); err == nil {
			t.Errorf("%s: opened twice", name)
		}
	}
}

// TestPipeInterrupted interrupts a read that blocks forever.
func TestPipeInterrupted(t *testing.T) {
	r, w, err := os.Pipe()
	check(t, err)
	defer func() { check(t, errors.Join(r.Close(), w.Close())) }()
	_, err = io.WriteString(w, "patient_id")
	check(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	s, err := NewStdin(r, LocalOptions{}).Open(ctx)
	check(t, err)
	checkInterrupted(t, s, cancel)
	check(t, s.Close())
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func appendTo(t *testing.T, path, text string) {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	check(t, err)
	_, err = f.WriteString(text)
	check(t, errors.Join(err, f.Close()))
}

// replace puts another file with the same bytes and time in the file's place.
func replace(t *testing.T, path string) {
	info, err := os.Stat(path)
	check(t, err)
	data, err := os.ReadFile(path)
	check(t, err)
	write(t, path+".new", data)
	check(t, os.Chtimes(path+".new", info.ModTime(), info.ModTime()))
	check(t, os.Rename(path+".new", path))
}
