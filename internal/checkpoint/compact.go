package checkpoint

import (
	"cmp"
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
	maxFiles = 256     // number of files from which on they are merged, which package merge does in one pass
	maxSum   = 1 << 17 // parts of a sum, which is one line in its file
)

// mergeable reports whether the result of a part can be merged: it was written
// by this version, and has no id that a later run may refuse, which then counts
// the part again.
func mergeable(r *engine.Report, id string) bool {
	return r.Parts[0].Name == id && r.Parts[0].Download == "" && !slices.ContainsFunc(r.Keys, func(values []string) bool {
		return slices.ContainsFunc(values, func(v string) bool { return !utf8.ValidString(v) })
	})
}

// keep notes a file that was written, and merges such files if there are many.
// It warns if that fails, and leaves them to a later run. It requires
// s.writing.
func (s *Store) keep(f keptFile) {
	s.kept = append(s.kept, f)
	if len(s.kept) < s.maxFiles {
		return
	}
	var all []keptFile
	all, s.kept = divide(s.kept)
	if len(all) < 2 {
		return
	}
	sum, err := s.merge(all)
	if err != nil {
		s.warn(fmt.Errorf("%s: cannot merge finished parts: %w", s.dir, err))
		return
	}
	s.kept = append(s.kept, sum)
	for _, f := range all {
		s.remove(f.path)
	}
}

// divide returns the files that fit into one sum, the smallest first, and the
// others, the sums of which are full.
func divide(files []keptFile) (some, full []keptFile) {
	slices.SortStableFunc(files, func(a, b keptFile) int { return cmp.Compare(len(a.ids), len(b.ids)) })
	parts := 0
	for i, f := range files {
		if parts += len(f.ids); parts > maxSum {
			return files[:i:i], files[i:]
		}
	}
	return files, nil
}

// merge writes the sum of files.
func (s *Store) merge(all []keptFile) (sum keptFile, err error) {
	var paths []string
	for _, f := range all {
		paths, sum.ids = append(paths, f.path), append(sum.ids, f.ids...)
	}
	label := s.known.label(sum.ids)
	sum.path = s.path(label, len(sum.ids))
	return sum, atomicfile.Write(s.files, sum.path, func(w io.Writer) error {
		return merge.Write(w, s.header(label), paths, s.dir)
	})
}
