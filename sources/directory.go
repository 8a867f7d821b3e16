package sources

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"fastcount/internal/filename"
)

// maxVisited is the largest number of files and directories that are visited
// for a suggestion.
const maxVisited = 10_000

// directoryError returns the error for a directory as a source. It names a glob
// that matches files in it.
func directoryError(dir string) error {
	glob := suggestGlob(dir)
	if glob == "" {
		return mark(ErrArgument, fmt.Errorf("%s is a directory without files of CSV; name the files to count", dir))
	}
	return mark(ErrArgument, fmt.Errorf("%s is a directory; name its files, such as '%s'", dir, glob))
}

// suggestGlob returns a glob for the most frequent suffix of CSV files in a
// directory, or "" if it has none. The glob has ** if not all of them are in
// the directory itself. Hidden files and directories are left out, as by globs.
func suggestGlob(dir string) string {
	counts := make(map[string]int)
	nested := make(map[string]bool)
	visited := 0
	_ = fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		switch visited++; {
		case visited > maxVisited:
			return fs.SkipAll
		case err != nil:
			return nil // what cannot be read has nothing to suggest
		case name != "." && d.Name()[0] == '.' && d.IsDir():
			return fs.SkipDir
		}
		if suffix := csvSuffix(d.Name()); suffix != "" && d.Name()[0] != '.' && !d.IsDir() {
			counts[suffix]++
			nested[suffix] = nested[suffix] || path.Dir(name) != "."
		}
		return nil
	})
	best := ""
	for suffix, n := range counts {
		if n > counts[best] || n == counts[best] && suffix < best {
			best = suffix
		}
	}
	if best == "" {
		return ""
	}
	if nested[best] {
		dir = filepath.Join(dir, "**")
	}
	return filepath.Join(dir, "*"+best)
}

// csvSuffix returns the suffix of the name of a CSV file, also of a compressed
// one, or an archive, as it is written, or "" for other names.
func csvSuffix(name string) string {
	if ext := path.Ext(name); strings.EqualFold(ext, ".zip") {
		return ext
	}
	return filename.CSVSuffix(name)
}
