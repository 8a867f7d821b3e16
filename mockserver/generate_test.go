package mockserver

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// names returns what is in a folder.
func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func TestGenerate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	reported := map[string]int64{}
	for range 2 { // the second time over the files of the first
		err := Generate(context.Background(), "demo", dir, 3, func(file string, rows uint64, bytes int64) {
			reported[file] = int64(rows)*1_000_000 + bytes
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if all := names(t, dir); len(all) != 2 || len(reported) != 2 {
		t.Errorf("the folder has %v, reported were %v", all, reported)
	}
	for _, want := range references(t)[:2] {
		name := filepath.Join(dir, fileName(want.index, 2, want.id))
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		sum := newDigest()
		sum.Hash.Write(text)
		if sum.String() != want.sum || reported[name] != int64(want.rows)*1_000_000+want.size {
			t.Errorf("%s: hash %v, reported %d", name, sum, reported[name])
		}
	}
}

func TestGenerateUnknown(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	if err := Generate(context.Background(), "none", dir, 1, nil); !errors.Is(err, ErrNoExport) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the folder was made: %v", err)
	}
}

// TestGenerateCancelled stops after the first file: that one stays, and of the others there is no trace.
func TestGenerateCancelled(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	finished := 0
	err := Generate(ctx, "small", dir, 2, func(string, uint64, int64) { finished++; cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	all := names(t, dir)
	if len(all) != finished || finished == 0 || finished > 2 {
		t.Errorf("%d files were finished, the folder has %v", finished, all)
	}
}

func TestGenerateFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Generate(context.Background(), "demo", file, 1, nil); err == nil {
		t.Error("a file was taken for a folder")
	}
	dir := t.TempDir()
	d := references(t)[1]
	blocked := filepath.Join(dir, fileName(1, 2, d.id), "full") // a folder that no file can replace
	if err := os.MkdirAll(blocked, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Generate(context.Background(), "demo", dir, 1, nil); err == nil {
		t.Error("a folder was replaced")
	}
	if all := names(t, dir); len(all) != 2 {
		t.Errorf("the folder has %v", all)
	}
}

func TestWriteWhole(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "x.csv")
	if err := os.WriteFile(name, []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	_, err := writeWhole(context.Background(), name, func(w io.Writer) error {
		if _, err := io.WriteString(w, "half"); err != nil {
			return err
		}
		return broken
	})
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	text, err := os.ReadFile(name)
	if all := names(t, dir); err != nil || string(text) != "before" || len(all) != 1 {
		t.Errorf("the file holds %q (%v), the folder %v", text, err, all)
	}
}

func TestFileName(t *testing.T) {
	for _, c := range []struct {
		i, n int
		want string
	}{{0, 1, "00_x.csv"}, {7, 20, "07_x.csv"}, {99, 100, "99_x.csv"}, {7, 101, "007_x.csv"}, {1000, 1001, "1000_x.csv"}} {
		if got := fileName(c.i, c.n, "x"); got != c.want {
			t.Errorf("file %d of %d is %s, want %s", c.i, c.n, got, c.want)
		}
	}
}
