package engine

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	"fastcount/internal/shard"
)

// The conditions of a partial result, checked when it is written and when it is
// read. The doc comment of PartialReader lists them.

// damaged returns an error that matches ErrDamaged.
func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrDamaged, fmt.Errorf(format, args...))
}

func (h PartialHead) check() error {
	switch {
	case !utf8.ValidString(h.Work) || !utf8.ValidString(h.Unit):
		return damaged("header: not UTF-8")
	case h.Total < 0 || h.Shards < 0:
		return damaged("header: negative number")
	case h.Total == 0 && (len(h.Covers) > 0 || h.Shards > 0):
		return damaged("header: part of a job without a total")
	}
	end := int64(-1)
	for _, c := range h.Covers {
		if c[0] <= end || c[1] <= c[0] || c[1] > h.Total {
			return damaged("header: it covers an impossible section")
		}
		if h.Shards > 0 && !(shard.IsBound(h.Total, c[0], h.Shards) && shard.IsBound(h.Total, c[1], h.Shards)) {
			return damaged("header: it covers a section that is not of whole shards")
		}
		end = c[1]
	}
	return nil
}

// partialContent adds up the pairs of a partial result.
type partialContent struct {
	anyBytes bool // ids need not be UTF-8
	last     [2]string
	pairs    uint64
	rows     uint64
}

// add adds the pair that follows the last one.
func (c *partialContent) add(pair [2]string, n uint64) error {
	switch {
	case n == 0:
		return damaged("a count of 0")
	case c.rows > math.MaxUint64-n:
		return damaged("more rows than can be counted")
	case c.pairs > 0 && !lessPair(c.last, pair):
		return damaged("pairs out of order")
	}
	for i, name := range pair {
		switch {
		case name == c.last[i]: // which was checked, or is ""
		case len(name) > maxPartialLine:
			return damaged("id too long")
		case !c.anyBytes && !utf8.ValidString(name):
			return damaged("an id is not UTF-8")
		}
	}
	c.last = pair
	c.pairs++
	c.rows += n
	return nil
}

func lessPair(a, b [2]string) bool {
	return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) < 0
}

// end checks what was counted against the pairs, and returns the number of bytes
// of all parts.
func (c *partialContent) end(head PartialHead, parts []PartReport) (bytes uint64, err error) {
	if head.Total > 0 && len(head.Covers) == 0 && (c.pairs > 0 || len(parts) > 0) {
		return 0, damaged("it covers nothing and holds something")
	}
	rows := uint64(0)
	for i, p := range parts {
		if err := p.check(); err != nil {
			return 0, damaged("part %d: %w", i+1, err)
		}
		if p.Rows > math.MaxUint64-rows || p.Bytes > math.MaxUint64-bytes {
			return 0, damaged("part %d: more rows or bytes than can be counted", i+1)
		}
		if i > 0 && p.Entry < parts[i-1].Entry {
			return 0, damaged("part %d: not in the order of the plan", i+1)
		}
		rows += p.Rows
		bytes += p.Bytes
	}
	if rows != c.rows {
		return 0, damaged("%d rows in pairs, %d in parts", c.rows, rows)
	}
	return bytes, checkOnce(parts, head.AllowDuplicateIDs)
}

// check checks a part of a partial result.
func (p PartReport) check() error {
	switch {
	case p.Failed || p.Err != nil || p.BadRows > 0:
		return errors.New("it is incomplete")
	case p.Attempts < 1:
		return fmt.Errorf("it took %d attempts", p.Attempts)
	case p.Entry < 0:
		return errors.New("a negative plan entry")
	case p.MultilineRows > p.Rows:
		return errors.New("more rows span lines than there are")
	case !utf8.ValidString(p.Download):
		return errors.New("not UTF-8")
	case p.Range == nil:
		return nil
	case p.Download != "":
		return errors.New("a range of a download")
	}
	return p.Range.check(p.Rows)
}

// check checks a range that holds a number of rows.
func (r Range) check(rows uint64) error {
	first := r.From == 0
	switch {
	case r.From < 0 || r.To <= r.From || r.To > r.Size:
		return errors.New("an impossible range")
	case first && r.Start != 0, !first && r.Start <= r.From:
		return errors.New("its range begins at an impossible place")
	case r.End < r.Start || r.End > r.Size || r.End <= r.To && r.End != r.Size:
		return errors.New("its range ends at an impossible place")
	case rows > 0 && (r.Start > r.To || r.Start == r.End):
		return errors.New("a range without records has rows")
	}
	return nil
}

// checkOnce reports parts that were counted twice.
func checkOnce(parts []PartReport, duplicateIDs bool) error {
	names, downloads := make(map[string]int, len(parts)), make(map[string]int)
	for i, p := range parts {
		if before, known := names[p.Name]; known && (before != i-1 || !follows(p.Range, parts[before].Range)) {
			return damaged("parts %d and %d have the same name", before+1, i+1)
		}
		names[p.Name] = i
		if p.Download == "" || duplicateIDs {
			continue
		}
		if before, known := downloads[p.Download]; known {
			return damaged("parts %d and %d are the same download", before+1, i+1)
		}
		downloads[p.Download] = i
	}
	return nil
}

// follows reports whether a range lies after another one of the same file, with
// something between them.
func follows(r, before *Range) bool {
	return r != nil && before != nil && r.From > before.To && r.Size == before.Size
}
