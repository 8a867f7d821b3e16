package checkpoint

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"fastcount/engine"
	"fastcount/internal/partial"
)

var errOtherParts = errors.New("not the result of parts of this run")

// catalog holds sources by what identifies them in a partial result. A result
// of one part has the digest of its identity as the label. A result of several
// has their IDs as the names of its parts, and as the label a digest of the
// digests of their identities.
type catalog struct {
	digests map[string]sum256 // by ID
	ids     map[sum256]string // by digest
}

type sum256 = [sha256.Size]byte

func newCatalog(list []source) catalog {
	c := catalog{make(map[string]sum256, len(list)), make(map[sum256]string, len(list))}
	var text []byte
	for _, s := range list {
		text = append(strconv.AppendQuote(text[:0], s.ID), ' ')
		text = append(strconv.AppendQuote(text, s.Version), ' ')
		sum := sha256.Sum256(strconv.AppendQuote(text, s.Digest))
		c.digests[s.ID], c.ids[sum] = sum, s.ID
	}
	return c
}

// label returns the label of the result of parts.
func (c catalog) label(ids []string) string {
	if len(ids) == 1 {
		sum := c.digests[ids[0]]
		return hex.EncodeToString(sum[:])
	}
	all, line := sha256.New(), make([]byte, 0, 2*sha256.Size+1)
	for _, id := range ids {
		sum := c.digests[id]
		all.Write(append(hex.AppendEncode(line, sum[:]), '\n'))
	}
	return hex.EncodeToString(all.Sum(nil))
}

// fileName returns the name of the file for the result of a number of parts,
// which reveals nothing of them.
func fileName(label string, parts int) string {
	name := label[:sha256.Size] + partSuffix
	if parts > 1 {
		return sumPrefix + name
	}
	return name
}

// covered returns the IDs of the parts of a result with this label.
func (c catalog) covered(label string, parts []engine.PartReport) (ids []string, err error) {
	if len(parts) == 1 {
		if sum, err := hex.DecodeString(label); err == nil && len(sum) == sha256.Size {
			if id, known := c.ids[sum256(sum)]; known && label == c.label([]string{id}) {
				return []string{id}, nil
			}
		}
		return nil, errOtherParts
	}
	ids = make([]string, len(parts))
	for i, p := range parts {
		if _, known := c.digests[p.Name]; !known {
			return nil, errOtherParts
		}
		ids[i] = p.Name
	}
	if len(ids) < 2 || c.label(ids) != label {
		return nil, errOtherParts
	}
	return ids, nil
}

// list returns the paths of the partial results: sums, the largest first, and
// then those of one part.
func (s *Store) list() (paths []string, err error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, err
	}
	sizes := make(map[string]int64) // of sums
	for _, e := range entries {
		if filepath.Ext(e.Name()) != partSuffix {
			continue
		}
		path := filepath.Join(s.dir, e.Name())
		paths = append(paths, path)
		if isSum(path) {
			info, err := e.Info()
			if err != nil {
				return nil, err
			}
			sizes[path] = info.Size()
		}
	}
	slices.SortFunc(paths, func(a, b string) int {
		return cmp.Or(cmp.Compare(sizes[b], sizes[a]), strings.Compare(a, b))
	})
	return paths, nil
}

// Load is for engine.Config.Load. It warns of files that cannot be used, and
// ignores them.
func (s *Store) Load(yield func(parts []int, r *engine.Report) bool) {
	s.writing.Lock()
	defer s.writing.Unlock()
	paths, err := s.list()
	if err != nil {
		s.warn(fmt.Errorf("%w; all parts are counted again", err))
	}
	s.kept = nil
	held := make([]bool, len(s.parts))
	for _, path := range paths {
		ids, r, err := s.read(path, s.known)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			s.ignore(path, err)
			continue
		}
		parts := make([]int, len(ids))
		for i, id := range ids {
			parts[i] = s.index[id]
		}
		if slices.ContainsFunc(parts, func(part int) bool { return held[part] }) { // a crash prevented its removal
			s.remove(path)
			continue
		}
		for _, part := range parts {
			held[part] = true
		}
		if len(ids) > 1 || mergeable(r, ids[0]) {
			s.kept = append(s.kept, keptFile{path, ids})
		}
		if !yield(parts, r) {
			return
		}
	}
}

// read returns the result at path and the IDs of its parts, which are in c.
func (s *Store) read(path string, c catalog) (ids []string, r *engine.Report, err error) {
	f, err := openPrivate(path)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if s.buffer == nil {
		s.buffer = bufio.NewReaderSize(f, 64<<10)
	}
	s.buffer.Reset(f)
	h, r, err := partial.Read(s.buffer)
	if err != nil {
		return nil, nil, err
	}
	h.NoDialect = false // in the parts of an earlier version; the run has the dialect
	if !reflect.DeepEqual(h, s.header(h.Label)) {
		return nil, nil, errOtherParts
	}
	ids, err = c.covered(h.Label, r.Parts)
	if err == nil && fileName(h.Label, len(ids)) != filepath.Base(path) {
		err = errOtherParts
	}
	return ids, r, err
}

// ignore warns that a file cannot be used. A corrupt sum is removed; the result
// of one part is replaced when the part is counted.
func (s *Store) ignore(path string, err error) {
	if !isSum(path) {
		s.warn(fmt.Errorf("%s: %w; its part is counted again", path, err))
		return
	}
	s.warn(fmt.Errorf("%s: %w; its parts are counted again", path, err))
	if errors.Is(err, partial.ErrCorrupt) {
		s.remove(path)
	}
}

// remove removes a file that is not needed.
func (s *Store) remove(path string) {
	if err := s.files.Remove(path); err != nil {
		s.warn(err)
	}
}
