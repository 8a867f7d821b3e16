package sources

import (
	"path"
	"strings"

	"fastcount/engine"
)

var (
	_ engine.Delimited = (*File)(nil)
	_ engine.Delimited = (*URL)(nil)
)

// Delimiter implements [engine.Delimited]. It depends on the name of the file.
func (f *File) Delimiter() byte { return nameDelimiter(f.path) }

// Delimiter implements [engine.Delimited]. It depends on the path of the URL.
func (u *URL) Delimiter() byte { return nameDelimiter(u.url.Path) }

// nameDelimiter returns the delimiter that the extension of a file implies, or
// 0 if it implies none. The suffix of a compressed file is ignored.
func nameDelimiter(name string) byte {
	name, _ = cutCompressed(name)
	switch strings.ToLower(path.Ext(name)) {
	case ".tsv":
		return '\t'
	case ".psv":
		return '|'
	}
	return 0
}
