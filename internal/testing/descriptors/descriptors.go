// Package descriptors finds files that a test leaves open. Only tests import
// it.
package descriptors

import (
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
)

// directory has a link for each open file, on Linux.
const directory = "/proc/self/fd"

// Check fails the test if, when it ends, files or directories are open that
// were not open when Check was called. Sockets and pipes do not count. On
// systems other than Linux it checks nothing.
//
// The test must not run in parallel with others. Garbage is not collected
// until it ends, since the collector closes files that are lost.
func Check(t testing.TB) {
	t.Helper()
	percent := debug.SetGCPercent(-1)
	before := open()
	t.Cleanup(func() {
		for _, file := range open() {
			if !slices.Contains(before, file) {
				t.Errorf("left open: %s", file)
			}
		}
		debug.SetGCPercent(percent)
	})
}

// open returns the number and the name of each open file.
func open() (files []string) {
	links, _ := filepath.Glob(directory + "/*") // none on other systems
	for _, link := range links {
		// The descriptor by which the directory was read is closed by now.
		if name, err := os.Readlink(link); err == nil && strings.HasPrefix(name, "/") {
			files = append(files, filepath.Base(link)+" "+name)
		}
	}
	return files
}
