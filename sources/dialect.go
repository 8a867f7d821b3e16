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

// Delimiter implements engine.Delimited, by the file's name.
func (f *File) Delimiter() byte { return nameDelimiter(f.path) }

// Delimiter implements engine.Delimited, by the end of the URL's path.
func (u *URL) Delimiter() byte { return nameDelimiter(u.url.Path) }

// nameDelimiter returns what a file of that name has between its fields, 0 if the name does not say so: the ending tells,
// the one of a compressed file before that of its compression.
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
