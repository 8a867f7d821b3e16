package partial

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"

	"fastcount/engine"
	"fastcount/internal/jsonline"
)

// The conditions of a partial result, which the doc comment of Reader lists.
// Writer and Reader check all of them.

// maxID is the length in bytes of the longest id.
const maxID = jsonline.MaxLine

// sums adds up the groups of a partial result.
type sums struct {
	anyBytes bool     // ids need not be UTF-8
	last     []string // values of the last group
	groups   uint64
	rows     uint64
}

func newSums(h *Header) sums {
	return sums{anyBytes: h.EscapeIDs, last: make([]string, len(h.KeyNames()))}
}

// add adds the group that follows the last one. It copies values.
func (s *sums) add(values []string, n uint64) error {
	switch {
	case n == 0:
		return corrupt("count of 0")
	case s.rows > math.MaxUint64-n:
		return corrupt("too many rows to count")
	case len(values) != len(s.last):
		return corrupt("%d values of a group, want %d", len(values), len(s.last))
	case s.groups > 0 && slices.Compare(s.last, values) >= 0:
		return corrupt("groups out of order")
	}
	for i, name := range values {
		switch {
		case name == s.last[i]: // which was checked, or is ""
		case len(name) > maxID:
			return corrupt("id too long")
		case !s.anyBytes && !utf8.ValidString(name):
			return corrupt("id is not valid UTF-8")
		}
	}
	copy(s.last, values)
	s.groups++
	s.rows += n
	return nil
}

// check compares the parts with the groups, and returns the number of bytes of
// all parts.
func (s *sums) check(h *Header, parts []Part) (bytes uint64, err error) {
	if h.Total > 0 && len(h.Covers) == 0 && (s.groups > 0 || len(parts) > 0) {
		return 0, corrupt("data in the result of an empty shard")
	}
	rows := uint64(0)
	for i, p := range parts {
		if err := checkPart(p); err != nil {
			return 0, corrupt("part %d: %w", i+1, err)
		}
		if p.Rows > math.MaxUint64-rows || p.Bytes > math.MaxUint64-bytes {
			return 0, corrupt("part %d: too many rows or bytes to count", i+1)
		}
		if i > 0 && p.Entry < parts[i-1].Entry {
			return 0, corrupt("part %d: not in the order of the plan", i+1)
		}
		rows += p.Rows
		bytes += p.Bytes
	}
	if rows != s.rows {
		return 0, corrupt("groups have %d rows, parts have %d", s.rows, rows)
	}
	return bytes, checkUnique(parts, h.AllowDuplicateIDs)
}

// checkPart checks a part of a partial result.
func checkPart(p Part) error {
	switch {
	case p.Attempts < 1:
		return fmt.Errorf("invalid number of attempts: %d", p.Attempts)
	case !utf8.ValidString(p.Name):
		return errors.New("name is not valid UTF-8")
	case p.Entry < 0:
		return errors.New("negative plan entry")
	case p.MultilineRows > p.Rows:
		return errors.New("more rows with several lines than rows")
	case p.RaggedRows > p.Rows:
		return errors.New("more ragged rows than rows")
	case p.EmptyInputs > 1 || p.EmptyInputs == 1 && p.Bytes > 0:
		return errors.New("empty part with data")
	case !utf8.ValidString(p.Download):
		return errors.New("download id is not valid UTF-8")
	case p.Range == nil:
		return nil
	case p.Download != "":
		return errors.New("download with a byte range")
	}
	return checkRange(p.Range, p.Rows)
}

// checkRange checks a byte range that holds a number of rows.
func checkRange(r *engine.Range, rows uint64) error {
	first := r.From == 0
	switch {
	case r.From < 0 || r.To <= r.From || r.To > r.Size:
		return errors.New("invalid byte range")
	case first && r.Start != 0, !first && r.Start <= r.From:
		return errors.New("invalid start of the byte range")
	case r.End < r.Start || r.End > r.Size || r.End <= r.To && r.End != r.Size:
		return errors.New("invalid end of the byte range")
	case rows > 0 && (r.Start > r.To || r.Start == r.End):
		return errors.New("rows in a byte range without records")
	}
	return nil
}

// checkUnique returns an error if a part or download was counted twice.
func checkUnique(parts []Part, duplicateIDs bool) error {
	names, downloads := make(map[string]int, len(parts)), make(map[string]int)
	for i, p := range parts {
		if before, known := names[p.Name]; known && (before != i-1 || !follows(p.Range, parts[before].Range)) {
			return corrupt("parts %d and %d have the same name", before+1, i+1)
		}
		names[p.Name] = i
		if p.Download == "" || duplicateIDs {
			continue
		}
		if before, known := downloads[p.Download]; known {
			return corrupt("parts %d and %d are the same download", before+1, i+1)
		}
		downloads[p.Download] = i
	}
	return nil
}

// follows reports whether a byte range lies after another one of the same file,
// with at least one byte between them.
func follows(r, before *engine.Range) bool {
	return r != nil && before != nil && r.From > before.To && r.Size == before.Size
}
