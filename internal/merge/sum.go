package merge

import (
	"fmt"
	"io"
	"math"

	"fastcount/engine"
	"fastcount/internal/partial"
)

// sum adds up partial results.
type sum struct {
	counter *engine.Counter
	rows    uint64
	bytes   uint64
	parts   []partial.Part
}

// add adds a partial result, of which no group has been read. The error matches
// partial.ErrCorrupt, errTooLarge or engine.ErrLimit.
func (s *sum) add(p *partial.Reader) error {
	for {
		values, n, err := p.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if err := addTo(&s.rows, n); err != nil {
			return err
		}
		if err := s.counter.Add(values, n); err != nil {
			return err
		}
	}
	for _, part := range p.Parts() {
		if err := addTo(&s.bytes, part.Bytes); err != nil {
			return err
		}
		s.parts = append(s.parts, part)
	}
	return nil
}

// errTooLarge is returned for partial results each of which can be counted, but
// not their sum.
var errTooLarge = fmt.Errorf("sum of the partial results: %w", engine.ErrOverflow)

// addTo adds n to a number of rows or bytes, unless the sum is too large.
func addTo(sum *uint64, n uint64) error {
	if *sum > math.MaxUint64-n {
		return errTooLarge
	}
	*sum += n
	return nil
}
