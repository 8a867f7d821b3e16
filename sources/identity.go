package sources

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"

	"fastcount/engine"
)

// Identity distinguishes a part from every other one, so that later runs can
// use what was counted of it. It is the same as long as reading the part would
// return the same bytes, as far as that can be determined without reading it.
// It holds no secret and no patient id. The zero Identity means that the part
// cannot be identified.
type Identity struct {
	ID      string // the path of a file, or the ids of an export and a download
	Version string // changes when the part does; for people: size, time, row count
	Digest  string // of what may change although Version does not; not for people
}

// identified is a part that has an identity.
type identified interface {
	engine.Part
	Identity() Identity
}

var (
	_ identified = (*Download)(nil)
	_ identified = (*File)(nil)
	_ identified = (*Member)(nil)
	_ identified = (*section)(nil)
	_ identified = (*URL)(nil)
)

// Identify returns the identity of a part, the zero Identity if it has none, as
// standard input does.
func Identify(p engine.Part) Identity {
	if i, ok := p.(identified); ok {
		return i.Identity()
	}
	return Identity{}
}

// Identity returns the identity of the download. The ID is the URL of the
// server, a space, and the name of the download. The version and digest depend
// on the metadata.
func (d *Download) Identity() Identity {
	return Identity{
		ID:      d.client.Server() + " " + d.name,
		Version: fmt.Sprintf("%d rows, %d patients, %d event types", d.declared.Rows, len(d.declared.Patients), len(d.declared.Events)),
		Digest:  digestOf(d.declared.Patients, d.declared.Events),
	}
}

// facts returns the facts about the download.
func (d *Download) facts() map[string]string {
	return map[string]string{"name": d.id, "dir": d.export, "path": d.export + "/" + d.id}
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

// Identity returns the identity of the file. A regular file is identified by
// its path and its state: size, modification time and, where available, change
// time and inode. Other files have no identity.
func (f *File) Identity() Identity {
	if f.identity != (Identity{}) {
		return f.identity
	}
	path, err := f.opts.abs(f.path)
	if err != nil || !f.regular() {
		return Identity{} // without a working directory, a relative path is meaningless
	}
	if !utf8.ValidString(path) {
		path = strconv.Quote(path)
	}
	return Identity{ID: path, Version: f.found.Version()}
}

// Identity returns the identity of the range. It differs from that of the whole
// and of every other range.
func (s *section) Identity() Identity {
	id := s.whole.Identity()
	if id != (Identity{}) {
		id.ID = fmt.Sprintf("bytes [%d,%d) of %s", s.from, s.to, id.ID)
	}
	return id
}
