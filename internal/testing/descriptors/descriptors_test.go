package descriptors_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"fastcount/internal/testing/descriptors"
)

// recorder is a test that keeps its clean-up and whether it failed.
type recorder struct {
	testing.TB
	cleanup func()
	failed  bool
}

func (r *recorder) Helper()               {}
func (r *recorder) Cleanup(f func())      { r.cleanup = f }
func (r *recorder) Errorf(string, ...any) { r.failed = true }

func TestCheck(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("Check does nothing on this system")
	}
	dir := t.TempDir()
	for name, want := range map[string]bool{"closed": false, "left open": true} {
		r := &recorder{TB: t}
		descriptors.Check(r)
		f, err := os.Create(filepath.Join(dir, "file"))
		if err != nil {
			t.Fatal(err)
		}
		if !want {
			f.Close()
		}
		runtime.GC()
		r.cleanup()
		f.Close()
		if r.failed != want {
			t.Errorf("%s: got failed = %t", name, r.failed)
		}
	}
}
