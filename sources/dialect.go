package sources

import (
	"path"
	"strings"
)

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
