package sources

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"unicode/utf8"

	"fastcount/engine"
)

var (
	_ engine.Identifier = (*Download)(nil)
	_ engine.Identifier = (*File)(nil)
	_ engine.Identifier = (*section)(nil)
)

// Identity implements [engine.Identifier]. The ID is the URL of the server, a
// space, and the name of the download. The version and digest depend on the
// metadata.
func (d *Download) Identity() engine.Identity {
	return engine.Identity{
		ID:      d.client.Server() + " " + d.name,
		Version: fmt.Sprintf("%d rows, %d patients, %d event types", d.declared.Rows, len(d.declared.Patients), len(d.declared.Events)),
		Digest:  digestOf(d.declared.Patients, d.declared.Events),
	}
}

// digestOf returns half of the SHA-256 of lists in hexadecimal. The order of
// each list does not matter.
func digestOf(lists ...[]string) string {
	sum := sha256.New()
	for _, names := range lists {
		fmt.Fprintf(sum, "%d\n", len(names))
		for _, name := range slices.Sorted(slices.Values(names)) {
			fmt.Fprintf(sum, "%d:%s,", len(name), name) // a netstring, so that different lists give different bytes
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:sha256.Size/2])
}

// Identity implements [engine.Identifier]. A regular file is identified by its
// path and its state: size, modification time and, where available, change time
// and inode. Other files have no identity.
func (f *File) Identity() engine.Identity {
	path, err := filepath.Abs(f.path)
	if err != nil || !f.regular() {
		return engine.Identity{} // without a working directory, a relative path is meaningless
	}
	if !utf8.ValidString(path) {
		path = strconv.Quote(path)
	}
	return engine.Identity{ID: path, Version: f.found.version()}
}

// Identity implements [engine.Identifier]. It differs from that of the file and
// of every other range.
func (s *section) Identity() engine.Identity {
	id := s.file.Identity()
	if id != (engine.Identity{}) {
		id.ID = fmt.Sprintf("bytes [%d,%d) of %s", s.from, s.to, id.ID)
	}
	return id
}
