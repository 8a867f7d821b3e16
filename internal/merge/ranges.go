package merge

import (
	"cmp"
	"fmt"
	"slices"

	"fastcount/internal/partial"
)

// joinRanges joins the byte ranges of each file that touch into one part, and
// verifies that they fit: the records of a range begin where those of the range
// before it end. If whole is set, nothing may be missing, and each file becomes
// one part without a byte range. Parts are in the order of the plan or, without
// plan entries, of their first occurrence. The error matches ErrOverlap for a
// download of one id in two exports, unless duplicateIDs is set.
func joinRanges(parts []partial.Part, whole, duplicateIDs bool) ([]partial.Part, error) {
	if !duplicateIDs {
		if err := checkDownloads(parts); err != nil {
			return nil, err
		}
	}
	first := make(map[string]int, len(parts))
	for _, p := range parts {
		if _, known := first[p.Name]; !known {
			first[p.Name] = len(first)
		}
	}
	slices.SortStableFunc(parts, func(a, b partial.Part) int {
		return cmp.Or(cmp.Compare(a.Entry, b.Entry), cmp.Compare(first[a.Name], first[b.Name]), cmp.Compare(from(a), from(b)))
	})
	var joined []partial.Part
	for _, p := range parts {
		if len(joined) == 0 || !touches(joined[len(joined)-1], p) {
			joined = append(joined, p)
			continue
		}
		if err := extend(&joined[len(joined)-1], p); err != nil {
			return nil, err
		}
	}
	if !whole {
		return joined, nil
	}
	if err := becomeWhole(joined); err != nil {
		return nil, err
	}
	return joined, nil
}

// touches reports whether next is the byte range that follows p.
func touches(p, next partial.Part) bool {
	return p.Name == next.Name && p.Entry == next.Entry && p.Range != nil && next.Range != nil && p.Range.To == next.Range.From
}

// from returns where a part begins in its file.
func from(p partial.Part) int64 {
	if p.Range == nil {
		return 0
	}
	return p.Range.From
}

// checkDownloads returns an error if a download was counted twice.
func checkDownloads(parts []partial.Part) error {
	names := make(map[string]string)
	for _, p := range parts {
		if p.Download == "" {
			continue
		}
		if known, seen := names[p.Download]; seen {
			return fmt.Errorf("%w: download %s: counted as %s and as %s", ErrOverlap, p.Download, known, p.Name)
		}
		names[p.Download] = p.Name
	}
	return nil
}

// extend adds to p the byte range that follows it.
func extend(p *partial.Part, next partial.Part) error {
	if p.Range.End != next.Range.Start || p.Range.Size != next.Range.Size {
		return fmt.Errorf("%w: %s: record after byte %d begins at byte %d, want %d", ErrMisaligned, p.Name, p.Range.To, p.Range.End, next.Range.Start)
	}
	if err := addTo(&p.RawBytes, next.RawBytes); err != nil {
		return err
	}
	r := *p.Range
	r.To, r.End = next.Range.To, next.Range.End
	p.Range = &r
	p.Rows += next.Rows
	p.Bytes += next.Bytes
	stats := p.Stats()
	stats.Add(next.Stats())
	p.SetStats(stats)
	p.Unterminated = p.Unterminated || next.Unterminated
	p.Attempts = max(p.Attempts, next.Attempts)
	p.Verified = min(p.Verified, next.Verified)
	return nil
}

// becomeWhole removes byte ranges, each of which must be the whole file, and
// the numbers of plan entries from parts.
func becomeWhole(parts []partial.Part) error {
	names := make(map[string]bool, len(parts))
	for i := range parts {
		p := &parts[i]
		if r := p.Range; r != nil && (r.From != 0 || r.To != r.Size) {
			return fmt.Errorf("%w: %s: bytes %d to %d of %d", ErrMisaligned, p.Name, r.From, r.To, r.Size)
		}
		if names[p.Name] {
			return fmt.Errorf("%w: %s: counted twice", ErrOverlap, p.Name)
		}
		names[p.Name] = true
		p.Range, p.Entry = nil, 0
	}
	return nil
}
