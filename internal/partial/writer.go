package partial

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"fastcount/engine"
	"fastcount/internal/jsonline"
)

// Writer writes a partial result, group by group. It writes nothing that
// [Reader] would refuse: the error for that matches ErrCorrupt.
type Writer struct {
	w      *jsonline.Writer
	line   []byte
	header Header
	sums   sums
}

// NewWriter returns a Writer after writing the header to w.
func NewWriter(w io.Writer, h Header) (*Writer, error) {
	if err := h.check(); err != nil {
		return nil, err
	}
	out, err := jsonline.NewWriter(w, format, header{format.ID(), h})
	if err != nil {
		return nil, err
	}
	return &Writer{w: out, header: h, sums: newSums(&h)}, nil
}

// Add writes the count of one group, which has a value of each key column.
// Groups are added in the order of the bytes of their values, each once, and
// counts are more than 0.
func (w *Writer) Add(values []string, n uint64) error {
	if err := w.sums.add(values, n); err != nil {
		return err
	}
	w.line = w.line[:0]
	for _, v := range values {
		w.line = appendNetstring(w.line, v)
	}
	w.line = append(strconv.AppendUint(w.line, n, 10), '\n')
	_, err := w.w.Write(w.line)
	return err
}

func appendNetstring(dst []byte, s string) []byte {
	dst = append(strconv.AppendInt(dst, int64(len(s)), 10), ':')
	return append(append(dst, s...), ',')
}

// Close writes the trailer. The rows of parts must add up to those of all
// groups. Close does not close the underlying writer.
func (w *Writer) Close(parts []Part) error {
	bytes, err := w.sums.check(&w.header, parts)
	if err != nil {
		return err
	}
	return w.w.Close(trailer{Pairs: w.sums.groups, Rows: w.sums.rows, Bytes: bytes, Parts: append([]Part{}, parts...)})
}

// Write writes a report as a partial result. It refuses an incomplete report,
// and one of other key columns than those of the header.
func Write(w io.Writer, h Header, r *engine.Report) error { return WriteShard(w, h, r, nil) }

// WriteShard is Write for the report of a shard. entries holds the number of
// the plan entry of each part, or is nil.
func WriteShard(w io.Writer, h Header, r *engine.Report, entries []int) error {
	parts := make([]Part, len(r.Parts))
	for i, p := range r.Parts {
		if len(p.Incomplete()) > 0 || p.Failed {
			return errors.New("incomplete report")
		}
		parts[i] = newPart(p)
		if entries != nil {
			parts[i].Entry = entries[i]
		}
	}
	if len(r.Incomplete) > 0 {
		return errors.New("incomplete report")
	}
	if !slices.Equal(h.By, r.By) {
		return fmt.Errorf("report by %q, want %q", r.KeyNames(), h.KeyNames())
	}
	out, err := NewWriter(w, h)
	if err != nil {
		return err
	}
	values := make([]string, len(r.Keys))
	for group, n := range r.All() {
		for i, value := range group {
			values[i] = r.Keys[i][value]
		}
		if err := out.Add(values, n); err != nil {
			return err
		}
	}
	return out.Close(parts)
}
