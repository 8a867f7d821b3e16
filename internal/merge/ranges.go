package merge

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"fastcount/engine"
)

// joinRanges makes one part of the ranges of each file, as far as they touch, and proves that they fit: a range begins
// where the one before it ends. Whole says that nothing is missing; then each file must become one part, of all its
// bytes, without a range. Parts keep the order in which they first come. A download of one id in two exports is refused
// unless duplicateIDs is set.
func joinRanges(parts []engine.PartReport, whole, duplicateIDs bool) ([]engine.PartReport, error) {
	if !duplicateIDs {
		if err := checkDownloads(parts); err != nil {
			return nil, err
		}
	}
	place := make(map[string]int, len(parts))
	for _, p := range parts {
		if _, known := place[p.Name]; !known {
			place[p.Name] = len(place)
		}
	}
	slices.SortStableFunc(parts, func(a, b engine.PartReport) int {
		if c := cmp.Compare(place[a.Name], place[b.Name]); c != 0 || a.Range == nil || b.Range == nil {
			return c
		}
		return cmp.Compare(a.Range.From, b.Range.From)
	})
	var joined []engine.PartReport
	for _, p := range parts {
		last := len(joined) - 1
		if last < 0 || joined[last].Name != p.Name || p.Range == nil || joined[last].Range == nil || joined[last].Range.To != p.Range.From {
			joined = append(joined, p)
			continue
		}
		if err := extend(&joined[last], p); err != nil {
			return nil, err
		}
	}
	if !whole {
		return joined, nil
	}
	for i := range joined {
		if err := becomeWhole(&joined[i]); err != nil {
			return nil, err
		}
		if i > 0 && joined[i].Name == joined[i-1].Name {
			return nil, fmt.Errorf("%w: %s was counted twice", ErrOverlap, joined[i].Name)
		}
	}
	return joined, nil
}

// checkDownloads refuses a download that was counted twice.
func checkDownloads(parts []engine.PartReport) error {
	names := make(map[string]string)
	for _, p := range parts {
		if p.Download == "" {
			continue
		}
		if known, seen := names[p.Download]; seen {
			return fmt.Errorf("%w: download %s was counted as %s and as %s", ErrOverlap, p.Download, known, p.Name)
		}
		names[p.Download] = p.Name
	}
	return nil
}

// extend adds the range that follows p to it.
func extend(p *engine.PartReport, next engine.PartReport) error {
	if p.Range.End != next.Range.Start || p.Range.Size != next.Range.Size {
		return fmt.Errorf("%w: %s: the record behind byte %d begins at %d, not at %d", ErrUnfit, p.Name, p.Range.To, p.Range.End, next.Range.Start)
	}
	if p.RawBytes > math.MaxUint64-next.RawBytes {
		return fmt.Errorf("%w: %s: more bytes than can be counted", engine.ErrDamaged, p.Name)
	}
	r := *p.Range
	r.To, r.End = next.Range.To, next.Range.End
	p.Range = &r
	p.Rows += next.Rows
	p.Bytes += next.Bytes
	p.RawBytes += next.RawBytes
	p.Attempts = max(p.Attempts, next.Attempts)
	p.Verified = min(p.Verified, next.Verified)
	return nil
}

// becomeWhole takes the range of a part away that is all of it.
func becomeWhole(p *engine.PartReport) error {
	if p.Range == nil {
		return nil
	}
	if r := p.Range; r.From != 0 || r.Start != 0 || r.To != r.Size || r.End != r.Size {
		return fmt.Errorf("%w: %s: from %d to %d of %d bytes", ErrUnfit, p.Name, r.Start, r.End, r.Size)
	}
	p.Range = nil
	return nil
}
