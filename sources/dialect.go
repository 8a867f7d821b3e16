package sources

import (
	"path"
	"strings"
)

// nameDelimiter returns the delimiter that the extension of a file implies, or
// "" if it implies none. The suffix of a compressed file is ignored.
func nameDelimiter(name string) string {
	name, _ = cutCompressed(name)
	switch strings.ToLower(path.Ext(name)) {
	case ".tsv", ".tab":
		return "\t"
	case ".psv":
		return "|"
	}
	return ""
}
