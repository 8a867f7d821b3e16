// Package faulty makes operations on files fail, one after another, to test
// code that writes files.
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

// ErrInjected is the error of an operation that fails.
var ErrInjected = errors.New("injected failure")

// Files records the operations on files and makes some of them fail. An
// operation that fails has no effect, with two exceptions: a file is closed
// even if Close fails, and half of a failing Write is written. Several
// goroutines may use a Files; read Ops and Log after they have ended.
type Files struct {
	atomicfile.Files
	Fails func(n int) bool // whether the operation number n, from 1, fails; nil: none does

	mu  sync.Mutex
	Ops []string // all operations, in order
	Log []string // operations that failed
}

// Step records an operation and returns its error, or nil.
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
func (f *Files) CreateTemp(dir string) (atomicfile.File, error) {
	if err := f.Step("create"); err != nil {
		return nil, err
	}
	temp, err := f.Files.CreateTemp(dir)
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
func (f *Files) SyncDir(dir string) error {
	if err := f.Step("sync directory"); err != nil {
		return err
	}
	return f.Files.SyncDir(dir)
}

// Watch returns a file whose operations are recorded.
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

// Each calls run in a subtest for every operation: once with that operation
// failing, and once with it and all later ones failing. It ends after a run in
// which no operation failed.
func Each(t *testing.T, run func(t *testing.T, f *Files)) {
	t.Helper()
	kinds := map[string]func(nth int) func(int) bool{
		"once":         func(nth int) func(int) bool { return func(n int) bool { return n == nth } },
		"from then on": func(nth int) func(int) bool { return func(n int) bool { return n >= nth } },
	}
	for kind, fails := range kinds {
		for nth := 1; ; nth++ {
			f := &Files{Files: atomicfile.OS{}, Fails: fails(nth)}
			t.Run(fmt.Sprintf("%d %s", nth, kind), func(t *testing.T) { run(t, f) })
			if len(f.Log) == 0 {
				break
			}
			if nth > 100 {
				t.Fatal("the operations do not end")
			}
		}
	}
}
