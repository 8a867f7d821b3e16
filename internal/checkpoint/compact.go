package checkpoint

import (
	"fmt"
	"io"
	"slices"
	"unicode/utf8"

	"fastcount/engine"
	"fastcount/internal/atomicfile"
	"fastcount/internal/merge"
)

// Opening and reading a file takes longer than its counts take in a sum.
const (
	maxSingle = 4096    // results of one part, of which more are soon merged
	maxSum    = 1 << 17 // parts of a sum, which is one line in its file
)

// mergeable reports whether the result of a part can be merged: it was written
// by this version, and has no id that a later run may refuse, which then counts
// the part again.
func mergeable(r *engine.Report, id string) bool {
	return r.Parts[0].Name == id && r.Parts[0].Download == "" && !slices.ContainsFunc(r.Keys, func(values []string) bool {
		return slices.ContainsFunc(values, func(v string) bool { return !utf8.ValidString(v) })
	})
}

// remember notes a file that was loaded.
func (s *Store) remember(path string, ids []string, r *engine.Report) {
	f := keptFile{path, ids}
	switch {
	case len(ids) > 1 && (s.sum.path == "" || len(ids) < len(s.sum.ids)):
		s.sum = f
	case len(ids) == 1 && mergeable(r, ids[0]):
		s.single = append(s.single, f)
	}
}

// addSingle notes a file that was saved, and merges all such files if they are
// many. It warns if that fails, and leaves them to a later run.
func (s *Store) addSingle(f keptFile) {
	s.single = append(s.single, f)
	if len(s.single) < s.limit {
		return
	}
	all := s.merged(s.single)
	s.single = nil
	sum, err := s.merge(all)
	if err != nil {
		s.warn(fmt.Errorf("%s: cannot merge finished parts: %w", s.dir, err))
		return
	}
	s.sum = sum
	for _, f := range all {
		s.remove(f.path)
	}
}

// merged returns files and the sum that they are added to, if it is not full.
func (s *Store) merged(files []keptFile) []keptFile {
	if s.sum.path == "" || len(s.sum.ids)+len(files) > maxSum {
		return files
	}
	return append([]keptFile{s.sum}, files...)
}

// merge writes the sum of files.
func (s *Store) merge(all []keptFile) (sum keptFile, err error) {
	var paths []string
	for _, f := range all {
		paths, sum.ids = append(paths, f.path), append(sum.ids, f.ids...)
	}
	label := s.known.label(sum.ids)
	sum.path = s.path(sum.ids...)
	return sum, atomicfile.Write(s.files, sum.path, func(w io.Writer) error {
		return merge.Write(w, s.header(label), paths, s.dir)
	})
}
