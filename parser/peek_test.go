package parser_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"fastcount/internal/testing/corpus"
	"fastcount/parser"
)

// Records that Discard skips are not returned by Next. Offset and Lines count
// them.
func TestPeekAndDiscard(t *testing.T) {
	const input = "patient_id,event_type\nP1,bp\nP2,hr\nP3,bp"
	for size := 1; size < 60; size++ {
		cfg := ids
		cfg.BufferSize = size
		r := parser.NewReader(&corpus.Pieces{Data: []byte(input), Sizes: []int{1}}, cfg)
		data, stop, err := r.Peek()
		if err != nil || !strings.HasPrefix(string(data), "P1,bp\n") || stop != len(data) {
			t.Fatalf("buffer of %d: got %q, %d, %v", size, data, stop, err)
		}
		_ = data[:len(data)+parser.Slack]
		r.Discard(len("P1,bp\n"), 1)
		if r.Offset() != 28 || r.Lines() != 2 {
			t.Fatalf("buffer of %d: offset %d, %d lines after Discard", size, r.Offset(), r.Lines())
		}
		rows, err := readAll(r, 2)
		if err != nil || len(rows) != 2 || rows[0][0] != "P2" {
			t.Fatalf("buffer of %d: got %q, %v", size, rows, err)
		}
		if r.Offset() != int64(len(input)) || r.Lines() != 3 {
			t.Fatalf("buffer of %d: offset %d, %d lines at the end", size, r.Offset(), r.Lines())
		}
	}
}

// Peek returns the error that Next would return.
func TestPeekErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		src  io.Reader
		want error
	}{
		"end":                {strings.NewReader("patient_id,event_type\n"), io.EOF},
		"empty input":        {strings.NewReader(""), parser.ErrEmptyInput},
		"source":             {corpus.Broken([]byte("patient_id,event_type\n")), corpus.ErrBroken},
		"source in a record": {corpus.Broken([]byte("patient_id,event_type\nP1")), corpus.ErrBroken},
	} {
		r := parser.NewReader(tt.src, ids)
		data, _, err := r.Peek()
		if len(data) > 0 || !errors.Is(err, tt.want) {
			t.Errorf("%s: got %q, %v, want %v", name, data, err, tt.want)
		}
		if _, again := r.Next(); again != err {
			t.Errorf("%s: Next after Peek: got %v, want %v", name, again, err)
		}
	}
}

// Discard does not skip bytes that Peek did not return.
func TestDiscardTooMuch(t *testing.T) {
	r := parser.NewReader(strings.NewReader("patient_id,event_type\nP1,bp\n"), ids)
	data, _, err := r.Peek()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	r.Discard(len(data)+1, 1)
}
