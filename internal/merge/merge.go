// Package merge adds up the partial results of the shards of a job. It returns
// a report only if no shard is missing and none is included twice: the
// intervals that the results cover lie end to end, and the byte ranges of each
// file fit together, which proves every guess about where the records of a
// range begin.
package merge

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"fastcount/engine"
	"fastcount/internal/partial"
	"fastcount/internal/shard"
)

var (
	// ErrIncomplete is matched by the error for a job of which partial results
	// are missing.
	ErrIncomplete = errors.New("missing partial results")

	// ErrOverlap is matched by the error for different partial results that
	// cover the same interval, file or download.
	ErrOverlap = errors.New("overlapping partial results")

	// ErrOtherJob is matched by the error for partial results of different
	// jobs.
	ErrOtherJob = errors.New("partial results of different plans")

	// ErrOtherKeys is matched by the error for partial results that were
	// counted by different key columns.
	ErrOtherKeys = errors.New("partial results of different key columns")

	// ErrMixed is matched by the error for partial results whose input was read
	// in different dialects.
	ErrMixed = errors.New("partial results of different dialects")

	// ErrMisaligned is matched by the error for byte ranges of a file that do
	// not fit together, such as if one begins within quotes.
	ErrMisaligned = errors.New("byte ranges of a file do not fit together")

	// ErrNotShard is matched by the error for a partial result that is not the
	// result of a shard.
	ErrNotShard = errors.New("not the result of a shard")

	// ErrNotFound is matched by the error for arguments without partial
	// results.
	ErrNotFound = errors.New("no partial results found")
)

// Suffix is the extension of the names of partial results.
const Suffix = ".partial"

// Find returns the partial results that args name, which are files or
// directories, those of a directory sorted by name.
func Find(args []string) (files []string, err error) {
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			files = append(files, arg)
			continue
		}
		entries, err := os.ReadDir(arg)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if filepath.Ext(e.Name()) == Suffix && !e.IsDir() && e.Name()[0] != '.' {
				files = append(files, filepath.Join(arg, e.Name()))
			}
		}
	}
	if len(files) == 0 {
		return nil, ErrNotFound
	}
	return files, nil
}

// Set holds the partial results of one job, each once.
type Set struct {
	Job       string
	By        []string // names of the key columns, as Report.By
	Total     int64    // weight of the job
	Shards    int      // number of shards of the job; 0 if the results differ in it
	EscapeIDs bool
	Dropped   int // number of files that are equal to another one

	// Mixed reports that the input was read in different dialects.
	Mixed bool

	duplicateIDs bool              // downloads of several exports may have the same id
	files        []file            // in the order of the job
	dialect      map[string]string // rules of partial.DialectRules, if known is set and Mixed is not
	known        bool
}

// file is a partial result in a file.
type file struct {
	path   string
	header partial.Header
}

// Open reads the headers of partial results. It drops results that are equal to
// others, and, after verifying them, the results of empty shards. The error
// matches ErrMixed if the results are of different dialects. A result that does
// not record its dialect fits every other one of its job.
func Open(paths []string) (*Set, error) { return openSet(paths, false) }

// OpenMixed is Open for results that may be of different dialects.
func OpenMixed(paths []string) (*Set, error) { return openSet(paths, true) }

func openSet(paths []string, mixed bool) (*Set, error) {
	if len(paths) == 0 {
		return nil, ErrNotFound
	}
	s := new(Set)
	for i, path := range paths {
		h, err := readHeader(path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if i == 0 {
			s.Job, s.By, s.Total, s.Shards = h.Job, h.By, h.Total, h.Shards
			s.EscapeIDs, s.duplicateIDs = h.EscapeIDs, h.AllowDuplicateIDs
		}
		if h.Shards != s.Shards {
			s.Shards = 0
		}
		if h.Total == 0 {
			return nil, fmt.Errorf("%s: %w", path, ErrNotShard)
		}
		if !slices.Equal(h.By, s.By) {
			return nil, fmt.Errorf("%w: %s by %s, and %s by %s", ErrOtherKeys, paths[0], listed(s.By), path, listed(h.By))
		}
		if h.Job != s.Job || h.Total != s.Total || h.EscapeIDs != s.EscapeIDs || h.AllowDuplicateIDs != s.duplicateIDs {
			return nil, fmt.Errorf("%w: %s and %s", ErrOtherJob, paths[0], path)
		}
		if s.addDialect(h); s.Mixed && !mixed {
			return nil, fmt.Errorf("%w: %s differs from the files before it", ErrMixed, path)
		}
		if len(h.Covers) > 0 {
			s.files = append(s.files, file{path, h})
			continue
		}
		if _, err := digest(path); err != nil { // the sum does not read it
			return nil, err
		}
	}
	slices.SortStableFunc(s.files, func(a, b file) int { return slices.Compare(bounds(a.header), bounds(b.header)) })
	if err := s.dropSame(); err != nil {
		return nil, err
	}
	return s, nil
}

// listed returns the names of key columns for messages.
func listed(by []string) string {
	return strings.Join((&partial.Header{By: by}).KeyNames(), ",")
}

// mixedRule is the rule of a sum of results of different dialects.
const mixedRule = "mixed"

// addDialect sets s.Mixed if the dialect of a result differs from that of the
// results before it.
func (s *Set) addDialect(h partial.Header) {
	switch {
	case h.NoDialect:
	case h.Dialect[mixedRule] != "":
		s.Mixed = true
	case !s.known:
		s.dialect, s.known = h.Dialect, true
	default:
		s.Mixed = s.Mixed || !maps.Equal(s.dialect, h.Dialect)
	}
}

// rules returns the rules for the header of the sum.
func (s *Set) rules() map[string]string {
	if s.Mixed {
		return map[string]string{mixedRule: "true"}
	}
	return s.dialect
}

// bounds returns the bounds of all intervals, for comparing.
func bounds(h partial.Header) (ends []int64) {
	for _, c := range h.Covers {
		ends = append(ends, c[:]...)
	}
	return ends
}

func readHeader(path string) (h partial.Header, err error) {
	err = with(path, func(p *partial.Reader) error {
		h = p.Header()
		return nil
	})
	return h, err
}

// bufferSize is the size of read buffers. It is small, since there may be
// thousands of small partial results.
const bufferSize = 16 << 10

var buffers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, bufferSize) }}

// with calls f with a reader of a partial result.
func with(path string, f func(*partial.Reader) error) (err error) {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	buffer := buffers.Get().(*bufio.Reader)
	defer buffers.Put(buffer)
	buffer.Reset(file)
	p, err := partial.NewReader(buffer)
	if err != nil {
		return err
	}
	return f(p)
}

// dropSame drops each file that equals the one before it. Tasks that run twice
// write such files.
func (s *Set) dropSame() error {
	kept := s.files[:0]
	for _, f := range s.files {
		if len(kept) == 0 || slices.Compare(bounds(kept[len(kept)-1].header), bounds(f.header)) != 0 {
			kept = append(kept, f)
			continue
		}
		first, err := digest(kept[len(kept)-1].path)
		if err != nil {
			return err
		}
		second, err := digest(f.path)
		if err != nil {
			return err
		}
		if first != second {
			return fmt.Errorf("%w: %s and %s: different results of one shard", ErrOverlap, kept[len(kept)-1].path, f.path)
		}
		s.Dropped++
	}
	s.files = kept
	return nil
}

// digest verifies a partial result and returns its digest.
func digest(path string) (sum string, err error) {
	err = with(path, func(p *partial.Reader) error {
		for {
			_, _, err := p.Next()
			if err == io.EOF {
				sum = p.Digest()
				return nil
			}
			if err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
		}
	})
	return sum, err
}

// Covers returns the intervals that are covered, joined where they touch. The
// error matches ErrOverlap if they overlap.
func (s *Set) Covers() (covers []partial.Interval, err error) {
	type covered struct {
		interval partial.Interval
		path     string
	}
	var all []covered
	for _, f := range s.files {
		for _, c := range f.header.Covers {
			all = append(all, covered{c, f.path})
		}
	}
	slices.SortFunc(all, func(a, b covered) int { return slices.Compare(a.interval[:], b.interval[:]) })
	for i, c := range all {
		switch {
		case i > 0 && c.interval[0] < all[i-1].interval[1]:
			return nil, fmt.Errorf("%w: %s and %s", ErrOverlap, all[i-1].path, c.path)
		case i > 0 && c.interval[0] == all[i-1].interval[1]:
			covers[len(covers)-1][1] = c.interval[1]
		default:
			covers = append(covers, c.interval)
		}
	}
	return covers, nil
}

// Missing returns the numbers of the shards that are not covered completely.
func (s *Set) Missing() (missing []int, err error) {
	gaps, err := s.Gaps()
	if err != nil {
		return nil, err
	}
	if s.Shards == 0 {
		return nil, errors.New("cannot list missing shards: partial results of different numbers of shards")
	}
	for i, g := 0, 0; i < s.Shards && g < len(gaps); {
		from, to := shard.Bound(s.Total, i, s.Shards), shard.Bound(s.Total, i+1, s.Shards)
		switch {
		case gaps[g][1] <= from:
			g++
			continue
		case from < to && gaps[g][0] < to:
			missing = append(missing, i)
		}
		i++
	}
	return missing, nil
}

// Gaps returns the intervals that are not covered.
func (s *Set) Gaps() (gaps []partial.Interval, err error) {
	covers, err := s.Covers()
	end := int64(0)
	for _, c := range append(covers, partial.Interval{s.Total, s.Total}) {
		if c[0] > end {
			gaps = append(gaps, partial.Interval{end, c[0]})
		}
		end = c[1]
	}
	return gaps, err
}

// Report adds all results up. The error matches ErrIncomplete unless they cover
// the whole job.
func (s *Set) Report(limits engine.Limits) (*engine.Report, error) {
	gaps, err := s.Gaps()
	if err != nil {
		return nil, err
	}
	if len(gaps) > 0 {
		return nil, ErrIncomplete
	}
	counter, err := engine.NewCounter(s.By, limits)
	if err != nil {
		return nil, err
	}
	counter.EscapeIDs = s.EscapeIDs
	total := sum{counter: counter}
	for _, f := range s.files {
		switch err := with(f.path, total.add); {
		case errors.Is(err, errTooLarge):
			return nil, err
		case err != nil:
			return nil, fmt.Errorf("%s: %w", f.path, err)
		}
	}
	parts, err := joinRanges(total.parts, true, s.duplicateIDs)
	if err != nil {
		return nil, err
	}
	return counter.Report(partial.Reports(parts))
}
