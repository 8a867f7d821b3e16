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
	index   map[string]int // of the sources, by ID
	digests []sum256
	ids     map[sum256]string // by digest; see byDigest
}

type sum256 = [sha256.Size]byte

func newCatalog(list []source) *catalog {
	c := &catalog{index: make(map[string]int, len(list)), digests: make([]sum256, len(list))}
	var text []byte
	for i, s := range list {
		text = append(appendQuoted(text[:0], s.ID), ' ')
		text = append(appendQuoted(text, s.Version), ' ')
		c.index[s.ID], c.digests[i] = i, sha256.Sum256(appendQuoted(text, s.Digest))
	}
	return c
}

// appendQuoted is strconv.AppendQuote, and faster for most strings.
func appendQuoted(text []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return strconv.AppendQuote(text, s)
		}
	}
	return append(append(append(text, '"'), s...), '"')
}

// has reports whether the result of the source with an ID has this label.
func (c *catalog) has(label, id string) bool {
	_, known := c.index[id]
	return known && c.label([]string{id}) == label
}

// byDigest returns the ID of the source with a digest, or "", which is not an
// ID. The results of earlier versions have no ID.
func (c *catalog) byDigest(sum sum256) string {
	if c.ids == nil {
		c.ids = make(map[sum256]string, len(c.digests))
		for id, i := range c.index {
			c.ids[c.digests[i]] = id
		}
	}
	return c.ids[sum]
}

// label returns the label of the result of parts.
func (c *catalog) label(ids []string) string {
	if len(ids) == 1 {
		return hex.EncodeToString(c.digests[c.index[ids[0]]][:])
	}
	all, line := sha256.New(), make([]byte, 0, 2*sha256.Size+1)
	for _, id := range ids {
		all.Write(append(hex.AppendEncode(line, c.digests[c.index[id]][:]), '\n'))
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
func (c *catalog) covered(label string, parts []engine.PartReport) (ids []string, err error) {
	ids = make([]string, len(parts))
	for i, p := range parts {
		ids[i] = p.Name
	}
	if len(ids) == 1 && !c.has(label, ids[0]) {
		if sum, err := hex.DecodeString(label); err == nil && len(sum) == sha256.Size {
			ids[0] = c.byDigest(sum256(sum))
		}
	}
	for _, id := range ids {
		if _, known := c.index[id]; !known {
			return nil, errOtherParts
		}
	}
	if len(ids) == 0 || c.label(ids) != label {
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
			parts[i] = s.known.index[id]
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
func (s *Store) read(path string, c *catalog) (ids []string, r *engine.Report, err error) {
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
