package partial

import (
	"errors"
	"io"
	"strconv"

	"fastcount/engine"
	"fastcount/internal/jsonline"
)

// Writer writes a partial result, pair by pair. It writes nothing that [Reader]
// would refuse: the error for that matches ErrCorrupt.
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
	return &Writer{w: out, header: h, sums: sums{anyBytes: h.EscapeIDs}}, nil
}

// Add writes the count of one pair. Pairs are added in the order of their
// bytes, patient before event type, each once, and counts are more than 0.
func (w *Writer) Add(patient, event string, n uint64) error {
	if err := w.sums.add([2]string{patient, event}, n); err != nil {
		return err
	}
	w.line = appendNetstring(w.line[:0], patient)
	w.line = appendNetstring(w.line, event)
	w.line = append(strconv.AppendUint(w.line, n, 10), '\n')
	_, err := w.w.Write(w.line)
	return err
}

func appendNetstring(dst []byte, s string) []byte {
	dst = append(strconv.AppendInt(dst, int64(len(s)), 10), ':')
	return append(append(dst, s...), ',')
}

// Close writes the trailer. The rows of parts must add up to those of all
// pairs. Close does not close the underlying writer.
func (w *Writer) Close(parts []engine.PartReport) error {
	bytes, err := w.sums.check(&w.header, parts)
	if err != nil {
		return err
	}
	t := trailer{Pairs: w.sums.pairs, Rows: w.sums.rows, Bytes: bytes, Parts: make([]part, len(parts))}
	for i, r := range parts {
		t.Parts[i] = newPart(r)
	}
	return w.w.Close(t)
}

// Write writes a report as a partial result. It refuses an incomplete report.
func Write(w io.Writer, h Header, r *engine.Report) error {
	if len(r.Incomplete) > 0 {
		return errors.New("incomplete report")
	}
	out, err := NewWriter(w, h)
	if err != nil {
		return err
	}
	for group, n := range r.All() {
		if err := out.Add(r.Keys[0][group[0]], r.Keys[1][group[1]], n); err != nil {
			return err
		}
	}
	return out.Close(r.Parts)
}
