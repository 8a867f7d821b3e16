package merge

import (
	"errors"
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
// partial.ErrCorrupt, also if the sum is too large, or engine.ErrLimit.
func (s *sum) add(p *partial.Reader) error {
	for {
		values, n, err := p.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if s.rows > math.MaxUint64-n {
			return errTooLarge
		}
		s.rows += n
		if err := s.counter.Add(values, n); err != nil {
			return err
		}
	}
	for _, part := range p.Parts() {
		if s.bytes > math.MaxUint64-part.Bytes {
			return errTooLarge
		}
		s.bytes += part.Bytes
		s.parts = append(s.parts, part)
	}
	return nil
}

// errTooLarge matches partial.ErrCorrupt.
var errTooLarge = fmt.Errorf("%w: %w", partial.ErrCorrupt, errors.New("too many rows or bytes to count"))
