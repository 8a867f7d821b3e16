package sources

import (
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"fastcount/engine"
)

var (
	_ engine.Identifier = (*Download)(nil)
	_ engine.Identifier = (*File)(nil)
)

// Identity implements engine.Identifier. The version is what the server declares; of its lists, their lengths and
// digests.
func (d *Download) Identity() engine.Identity {
	return engine.Identity{
		ID: d.name,
		Version: fmt.Sprintf("%d rows; patients: %s; event types: %s",
			d.declared.Rows, digestOf(d.declared.Patients), digestOf(d.declared.Events)),
	}
}

// digestOf describes a list of names without telling any: how many they are, and half the SHA-256 of the sorted names.
func digestOf(names []string) string {
	sum := sha256.New()
	for _, name := range slices.Sorted(slices.Values(names)) {
		fmt.Fprintf(sum, "%d:%s,", len(name), name) // netstrings: no two lists give the same bytes
	}
	return fmt.Sprintf("%d, sha256 %x", len(names), sum.Sum(nil)[:sha256.Size/2])
}

// Identity implements engine.Identifier. A regular file is known by its path, its size, its time of modification and,
// where the system tells it, its number, which another file in its place does not share. Of what is no regular file,
// nothing can be told.
func (f *File) Identity() engine.Identity {
	if !f.regular() {
		return engine.Identity{}
	}
	path, err := filepath.Abs(f.path)
	if err != nil {
		path = f.path // the working folder is gone
	}
	if !utf8.ValidString(path) {
		path = strconv.Quote(path)
	}
	version := fmt.Sprintf("%d bytes, modified %s", f.found.Size(), f.found.ModTime().UTC().Format(time.RFC3339Nano))
	if number, ok := fileNumber(f.found); ok {
		version += fmt.Sprintf(", file number %d", number)
	}
	return engine.Identity{ID: path, Version: version}
}
