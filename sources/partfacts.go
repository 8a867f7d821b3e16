package sources

import (
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// formatSuffixes are the suffixes, in lower case, of files of CSV.
var formatSuffixes = []string{".csv", ".tsv", ".tab", ".psv", ".txt"}

// factsOfPath returns a function for engine.PartInfo that returns the facts
// about a part whose path is name.
func factsOfPath(name string) func() map[string]string {
	return func() map[string]string { return pathFacts(name) }
}

// pathFacts returns the facts about a part whose path is name: name is the last
// element without one suffix of a compressed file and one of formatSuffixes,
// dir is the last element of its directory, and path is the path itself. dir is
// missing if the path has no directory, or does not contain its name.
func pathFacts(name string) map[string]string {
	slashed := filepath.ToSlash(name)
	base, _ := cutCompressed(path.Base(slashed))
	if ext := path.Ext(base); len(ext) < len(base) && slices.Contains(formatSuffixes, strings.ToLower(ext)) {
		base = strings.TrimSuffix(base, ext)
	}
	facts := map[string]string{"name": base, "path": name}
	if dir := path.Base(path.Dir(slashed)); dir != "." && dir != ".." && dir != "/" {
		facts["dir"] = dir
	}
	return facts
}

// facts returns the facts about a download of an export.
func (d *Download) facts() map[string]string {
	return map[string]string{"name": d.id, "dir": d.export, "path": d.export + "/" + d.id}
}
