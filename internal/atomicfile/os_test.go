package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"fastcount/internal/testing/descriptors"
)

func TestOSRename(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	for _, name := range []string{from, to} {
		if err := os.WriteFile(name, []byte(filepath.Base(name)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := (OS{}).Rename(from, to); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(to); err != nil || string(text) != "from" {
		t.Errorf("the file holds %q, %v", text, err)
	}
	if _, err := os.Stat(from); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the old name: %v", err)
	}
	full := filepath.Join(dir, "full")
	if err := os.MkdirAll(filepath.Join(full, "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := (OS{}).Rename(to, full); err == nil {
		t.Error("a file replaced a directory that is not empty")
	}
	if err := (OS{}).Rename(to, filepath.Join(dir, "missing", "x")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("into a missing directory: %v", err)
	}
}

func TestOSRemove(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a")
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := (OS{}).Remove(name); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file: %v", err)
	}
	if err := (OS{}).Remove(name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("again: %v", err)
	}
}

func TestOSCreateTemp(t *testing.T) {
	dir := t.TempDir()
	f, err := OS{}.CreateTemp(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := os.Stat(f.Name())
	if err != nil || runtime.GOOS != "windows" && info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if ok, err := filepath.Match(filepath.Join(dir, TempPattern), f.Name()); !ok || err != nil {
		t.Errorf("name %s", f.Name())
	}
	if f, err := (OS{}).CreateTemp(filepath.Join(dir, "missing")); f != nil || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in a missing directory: %v, %v", f, err)
	}
	if f, err := (OS{}).OpenDirect(filepath.Join(dir, "missing")); f != nil || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v, %v", f, err)
	}
}

func TestOSSyncDir(t *testing.T) {
	dir := t.TempDir()
	if err := (OS{}).SyncDir(dir); err != nil {
		t.Error(err)
	}
	if runtime.GOOS == "windows" {
		return
	}
	if err := (OS{}).SyncDir(filepath.Join(dir, "missing")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing directory: %v", err)
	}
}

// openDir is an open directory with scripted results.
type openDir struct {
	syncErr, closeErr error
	synced, closed    int
}

func (d *openDir) Sync() error  { d.synced++; return d.syncErr }
func (d *openDir) Close() error { d.closed++; return d.closeErr }

// TestSyncDir checks that a sync that fails is an error, unless the file system
// has no such operation.
func TestSyncDir(t *testing.T) {
	broken := errors.New("broken")
	for _, c := range []struct {
		dir  openDir
		want error
	}{
		{openDir{}, nil},
		{openDir{syncErr: syscall.EIO}, syscall.EIO},
		{openDir{syncErr: &fs.PathError{Op: "sync", Err: syscall.ENOSPC}}, syscall.ENOSPC},
		{openDir{closeErr: broken}, broken},
		{openDir{syncErr: syscall.EINVAL}, nil},
		{openDir{syncErr: errors.ErrUnsupported}, nil},
		{openDir{syncErr: syscall.EINVAL, closeErr: broken}, broken},
	} {
		if err := syncDir(&c.dir); !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%+v: %v", c.dir, err)
		}
		if c.dir.synced != 1 || c.dir.closed != 1 {
			t.Errorf("synced %d times, closed %d times", c.dir.synced, c.dir.closed)
		}
	}
}

// TestFilesAreClosed checks that no file stays open after Commit or Discard.
func TestFilesAreClosed(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	descriptors.Check(t)
	if err := (OS{}).SyncDir(dir); err != nil {
		t.Error(err)
	}
	for _, end := range []func(*Pending) error{(*Pending).Commit, (*Pending).Discard} {
		p, err := Create(OS{}, path, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := end(p); err != nil {
			t.Error(err)
		}
	}
	broken := errors.New("broken")
	for _, err := range []error{nil, broken} {
		if got := Write(OS{}, path, func(io.Writer) error { return err }); !errors.Is(got, err) {
			t.Error(got)
		}
	}
}
