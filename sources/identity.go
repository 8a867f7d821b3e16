package sources

import (
	"crypto/sha256"
	"encoding/hex"
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

// Identity implements engine.Identifier: it is another one if anything is that the server declares.
func (d *Download) Identity() engine.Identity {
	return engine.Identity{
		ID:      d.name,
		Version: fmt.Sprintf("%d rows, %d patients, %d event types", d.declared.Rows, len(d.declared.Patients), len(d.declared.Events)),
		Digest:  digestOf(d.declared.Patients, d.declared.Events),
	}
}

// digestOf returns half the SHA-256, in hexadecimal, of lists whose order does not matter.
func digestOf(lists ...[]string) string {
	sum := sha256.New()
	for _, names := range lists {
		fmt.Fprintf(sum, "%d\n", len(names))
		for _, name := range slices.Sorted(slices.Values(names)) {
			fmt.Fprintf(sum, "%d:%s,", len(name), name) // a netstring: no two lists give the same bytes
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:sha256.Size/2])
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
