// Package filename derives from the names of files of CSV what they imply: the
// delimiter, and facts that can take the place of columns. The files need not
// exist, and nothing is read. Names of members of archives and paths of URLs
// are treated alike. The case of suffixes does not matter.
package filename

import (
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// compressed are the suffixes, in lower case, of compressed files.
var compressed = []string{".gz", ".zst", ".bz2"}

// suffixes are the suffixes, in lower case, of files of CSV.
var suffixes = []string{".csv", ".tsv", ".tab", ".psv", ".txt"}

// Suffixes returns the suffixes, in lower case, of files of CSV, as a new
// slice.
func Suffixes() []string { return slices.Clone(suffixes) }

// CutCompressed returns name without the suffix of a compressed file. form is 0
// if it has none, and otherwise a number below 8 that depends on the suffix.
func CutCompressed(name string) (stem string, form int) {
	for i, s := range compressed {
		if at := len(name) - len(s); at > 0 && strings.EqualFold(name[at:], s) {
			return name[:at], i + 1
		}
	}
	return name, 0
}

// CSVSuffix returns the suffix of the name of a file of CSV as it is written,
// also that of a compressed one, such as .csv.gz, or "" for other names.
func CSVSuffix(name string) string {
	stem, _ := CutCompressed(name)
	if ext := path.Ext(stem); isCSV(ext) {
		return name[len(stem)-len(ext):]
	}
	return ""
}

func isCSV(ext string) bool { return slices.Contains(suffixes, strings.ToLower(ext)) }

// Delimiter returns the delimiter that the suffix of a file implies, or "" if
// it implies none. The suffix of a compressed file is ignored.
func Delimiter(name string) string {
	name, _ = CutCompressed(name)
	switch strings.ToLower(path.Ext(name)) {
	case ".tsv", ".tab":
		return "\t"
	case ".psv":
		return "|"
	}
	return ""
}

// Facts returns the facts about a part whose path is name: name is the last
// element without one suffix of a compressed file and one of [Suffixes], dir is
// the last element of its directory, and path is the path itself. dir is
// missing if the path has no directory, or does not contain its name.
func Facts(name string) map[string]string {
	slashed := filepath.ToSlash(name)
	base, _ := CutCompressed(path.Base(slashed))
	if ext := path.Ext(base); len(ext) < len(base) && isCSV(ext) {
		base = strings.TrimSuffix(base, ext)
	}
	facts := map[string]string{"name": base, "path": name}
	if dir := path.Base(path.Dir(slashed)); dir != "." && dir != ".." && dir != "/" {
		facts["dir"] = dir
	}
	return facts
}
