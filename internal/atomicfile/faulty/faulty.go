// Package faulty lets operations on files fail, one after another, for the tests of what writes them.
package faulty

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"testing"

	"fastcount/internal/atomicfile"
)

// ErrInjected is the failure of an operation.
var ErrInjected = errors.New("injected failure")

// Files counts the operations on files and lets some of them fail. An operation that fails has no effect, but that a
// file is closed even if Close fails, and that half of a failing Write is written. It may be used by several goroutines
// at once; Ops and Log are to be read when they are done.
type Files struct {
	atomicfile.Files
	Fails func(n int) bool // whether the operation number n, from 1, fails; nil: none does

	mu  sync.Mutex
	Ops []string // all operations, in order
	Log []string // operations that failed
}

// Step is an operation: it returns its failure, if it is to fail.
func (f *Files) Step(op string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.Ops = append(f.Ops, op)
	if f.Fails != nil && f.Fails(len(f.Ops)) {
		f.Log = append(f.Log, op)
		return fmt.Errorf("%s: %w", op, ErrInjected)
	}
	return nil
}

// Failed reports whether an operation of that name failed.
func (f *Files) Failed(op string) bool { return slices.Contains(f.Log, op) }

// CreateTemp implements atomicfile.Files.
func (f *Files) CreateTemp(folder string) (atomicfile.File, error) {
	if err := f.Step("create"); err != nil {
		return nil, err
	}
	temp, err := f.Files.CreateTemp(folder)
	return f.Watch(temp), err
}

// OpenDirect implements atomicfile.Files.
func (f *Files) OpenDirect(name string) (atomicfile.File, error) {
	if err := f.Step("open"); err != nil {
		return nil, err
	}
	direct, err := f.Files.OpenDirect(name)
	return f.Watch(direct), err
}

// Lstat implements atomicfile.Files.
func (f *Files) Lstat(name string) (fs.FileInfo, error) {
	if err := f.Step("lstat"); err != nil {
		return nil, err
	}
	return f.Files.Lstat(name)
}

// Rename implements atomicfile.Files.
func (f *Files) Rename(from, to string) error {
	if err := f.Step("rename"); err != nil {
		return err
	}
	return f.Files.Rename(from, to)
}

// Remove implements atomicfile.Files.
func (f *Files) Remove(name string) error {
	if err := f.Step("remove"); err != nil {
		return err
	}
	return f.Files.Remove(name)
}

// SyncDir implements atomicfile.Files.
func (f *Files) SyncDir(folder string) error {
	if err := f.Step("sync directory"); err != nil {
		return err
	}
	return f.Files.SyncDir(folder)
}

// Watch returns the file with its operations counted.
func (f *Files) Watch(opened atomicfile.File) atomicfile.File { return &file{opened, f} }

type file struct {
	atomicfile.File
	files *Files
}

func (f *file) Write(p []byte) (int, error) {
	if err := f.files.Step("write"); err != nil {
		n, _ := f.File.Write(p[:len(p)/2])
		return n, err
	}
	return f.File.Write(p)
}

func (f *file) Chmod(mode fs.FileMode) error {
	if err := f.files.Step("chmod"); err != nil {
		return err
	}
	return f.File.Chmod(mode)
}

func (f *file) Sync() error {
	if err := f.files.Step("sync"); err != nil {
		return err
	}
	return f.File.Sync()
}

func (f *file) Close() error {
	return errors.Join(f.files.Step("close"), f.File.Close())
}

// Each runs a fresh case for every operation: it fails once, or it and all after it fail. The last run is the one in
// which no operation is left to fail.
func Each(t *testing.T, run func(t *testing.T, f *Files)) {
	t.Helper()
	kinds := map[string]func(nth int) func(int) bool{
		"once":     func(nth int) func(int) bool { return func(n int) bool { return n == nth } },
		"for ever": func(nth int) func(int) bool { return func(n int) bool { return n >= nth } },
	}
	for kind, fails := range kinds {
		for nth := 1; ; nth++ {
			f := &Files{Files: atomicfile.OS{}, Fails: fails(nth)}
			t.Run(fmt.Sprintf("%d %s", nth, kind), func(t *testing.T) { run(t, f) })
			if len(f.Log) == 0 {
				break
			}
			if nth > 100 {
				t.Fatal("the operations do not come to an end")
			}
		}
	}
}
