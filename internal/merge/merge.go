// Package merge adds up the partial results of work that was shared out. The sum is given only if nothing is missing, and
// nothing in it twice: the stretches that the results cover lie end to end, and the ranges of each file that was cut fit
// together, which proves every guess about where a range begins.
package merge

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"fastcount/engine"
	"fastcount/internal/partial"
)

var (
	// ErrIncomplete says that partial results are missing.
	ErrIncomplete = errors.New("partial results are missing")

	// ErrOverlap says that partial results cover the same stretch and are not the same.
	ErrOverlap = errors.New("partial results overlap")

	// ErrOtherWork says that partial results are of different plans.
	ErrOtherWork = errors.New("partial results of different plans")

	// ErrUnfit says that the ranges of a file do not fit together: one was begun inside quotes.
	ErrUnfit = errors.New("the ranges of a file do not fit together")

	// ErrNoShard is matched by the error for a partial result that is not the
	// result of a shard.
	ErrNoShard = errors.New("not the result of a shard")

	// ErrNone says that there is nothing to merge.
	ErrNone = errors.New("no partial result is there")
)

// Suffix is how the names of partial results end, by which they are found in a folder.
const Suffix = ".partial"

// Find returns the partial results that args name, files or folders of them, those of a folder sorted by name.
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
		return nil, ErrNone
	}
	return files, nil
}

// Set is partial results of one work, each once.
type Set struct {
	Work      string
	Total     int64
	Shards    int // into how many the work was shared out; 0 if not all results agree
	EscapeIDs bool
	Dropped   int // files that said the same as another one

	duplicateIDs bool   // downloads of several exports may have the same id
	files        []file // in the order of the work
}

// file is a partial result in a file.
type file struct {
	path string
	head partial.Header
}

// Open reads the heads of partial results, and leaves out those that are the same as others. Files that cover nothing,
// as shards do of which there are more than there is work, count for nothing.
func Open(paths []string) (*Set, error) {
	if len(paths) == 0 {
		return nil, ErrNone
	}
	s := new(Set)
	for i, path := range paths {
		head, err := readHead(path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if i == 0 {
			s.Work, s.Total, s.Shards = head.Job, head.Total, head.Shards
			s.EscapeIDs, s.duplicateIDs = head.EscapeIDs, head.AllowDuplicateIDs
		}
		if head.Shards != s.Shards {
			s.Shards = 0
		}
		if head.Total == 0 {
			return nil, fmt.Errorf("%s: %w", path, ErrNoShard)
		}
		if head.Job != s.Work || head.Total != s.Total || head.EscapeIDs != s.EscapeIDs || head.AllowDuplicateIDs != s.duplicateIDs {
			return nil, fmt.Errorf("%w: %s and %s", ErrOtherWork, paths[0], path)
		}
		if len(head.Covers) > 0 {
			s.files = append(s.files, file{path, head})
			continue
		}
		if _, err := digest(path); err != nil { // nobody else reads it
			return nil, err
		}
	}
	slices.SortStableFunc(s.files, func(a, b file) int { return slices.Compare(bounds(a.head), bounds(b.head)) })
	if err := s.dropSame(); err != nil {
		return nil, err
	}
	return s, nil
}

// bounds returns the ends of all stretches, for comparing.
func bounds(h partial.Header) (ends []int64) {
	for _, c := range h.Covers {
		ends = append(ends, c[:]...)
	}
	return ends
}

func readHead(path string) (head partial.Header, err error) {
	err = with(path, func(p *partial.Reader) error {
		head = p.Header()
		return nil
	})
	return head, err
}

// bufferSize is how many bytes are read at once. Of a small partial result, and there may be thousands, that is all.
const bufferSize = 16 << 10

var buffers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, bufferSize) }}

// with opens a partial result for f.
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

// dropSame leaves out what covers the same as the file before and says the same: tasks that were begun twice wrote it.
func (s *Set) dropSame() error {
	kept := s.files[:0]
	for _, f := range s.files {
		if len(kept) == 0 || slices.Compare(bounds(kept[len(kept)-1].head), bounds(f.head)) != 0 {
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
			return fmt.Errorf("%w: %s and %s are of the same shard and not the same", ErrOverlap, kept[len(kept)-1].path, f.path)
		}
		s.Dropped++
	}
	s.files = kept
	return nil
}

// digest reads a whole partial result and tells it from others.
func digest(path string) (sum string, err error) {
	err = with(path, func(p *partial.Reader) error {
		for {
			_, _, _, err := p.Next()
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

// Covers returns the stretches that are covered, those that touch made one. The error matches ErrOverlap if any is
// covered twice.
func (s *Set) Covers() (covers []partial.Interval, err error) {
	type covered struct {
		interval partial.Interval
		path     string
	}
	var all []covered
	for _, f := range s.files {
		for _, c := range f.head.Covers {
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

// Gaps returns the stretches that are not covered.
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
	counter, err := engine.NewCounter(limits)
	if err != nil {
		return nil, err
	}
	total := sum{counter: counter}
	for _, f := range s.files {
		if err := with(f.path, total.add); err != nil {
			return nil, fmt.Errorf("%s: %w", f.path, err)
		}
	}
	parts, err := joinRanges(total.parts, true, s.duplicateIDs)
	if err != nil {
		return nil, err
	}
	return counter.Report(parts, s.EscapeIDs)
}
