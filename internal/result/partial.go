package result

import (
	"bufio"
	"errors"
	"fmt"
	"math"

	"fastcount/engine"
	"fastcount/internal/partial"
)

// partialDecoder reads partial results.
type partialDecoder struct {
	r      *partial.Reader
	escape bool
}

// readPartial reads the header of a partial result. The result of a shard is
// incomplete unless it covers the whole job.
func (r *Reader) readPartial(in *bufio.Reader) error {
	p, err := partial.NewReader(in)
	if err != nil {
		return err
	}
	h := p.Header()
	r.format, r.keys, r.dec = "partial result", h.KeyNames(), &partialDecoder{p, h.EscapeIDs}
	covered := int64(0)
	for _, c := range h.Covers {
		covered += c[1] - c[0]
	}
	if covered < h.Total {
		hundredths := min(math.Floor(10000*float64(covered)/float64(h.Total)), 9999)
		r.incomplete = []string{fmt.Sprintf("shard %s: covers %g%% of its job", h.Label, hundredths/100)}
	}
	return nil
}

func (d *partialDecoder) next(values [][]byte) (uint64, error) {
	group, n, err := d.r.Next()
	for i, id := range group {
		values[i] = append(values[i][:0], id...)
		if d.escape {
			values[i] = engine.AppendEscaped(nil, values[i])
		}
	}
	return n, err
}

// ErrEscaped is matched by the error for a partial result with ids whose order
// changes when they are escaped.
var ErrEscaped = errors.New("groups out of order once ids are escaped")

func (d *partialDecoder) at(err error) error {
	if err == errOrder {
		return ErrEscaped // package partial checks the order of ids that are not escaped
	}
	return fmt.Errorf("%w: %w", ErrMalformed, err)
}
