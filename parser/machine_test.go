package parser_test

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"fastcount/internal/corpus"
	"fastcount/internal/oracle"
	"fastcount/internal/testing/proof"
	"fastcount/parser"
)

// agree compares what a reader says of an input with what the oracle's state machine says: the records before the
// fault, which fault it is, and where.
func agree(t *testing.T, what string, r *parser.Reader, rows [][]string, fault *oracle.Fault) {
	t.Helper()
	got, err := readAll(r, 2)
	if !slices.EqualFunc(got, rows, func(a, b []string) bool { return slices.Equal(a, b[:2]) }) {
		t.Fatalf("%s: got %q, the machine has %q", what, got, rows)
	}
	var s *parser.SyntaxError
	switch {
	case fault == nil && err == nil:
	case fault == nil || !errors.As(err, &s) || !errors.Is(err, corpus.Faults[fault.Kind]) || s.Offset != int64(fault.Offset) || s.Line != int64(fault.Line):
		t.Fatalf("%s: got %v, the machine has %+v", what, err, fault)
	}
}

// machineRows runs the oracle on an input whose first record is p,e.
func machineRows(t *testing.T, input []byte) ([][]string, *oracle.Fault) {
	t.Helper()
	records, fault := oracle.Machine(input, ',')
	if len(records) == 0 || !slices.Equal(records[0], []string{"p", "e"}) {
		t.Fatalf("%q: the machine has no header", input)
	}
	return records[1:], fault
}

var named = parser.Options{Columns: []parser.Selector{{Name: "p"}, {Name: "e"}}}

// eachString calls f with every string over the bytes that matter up to a length.
func eachString(longest int, f func(s []byte)) {
	const alphabet = "a,\"\r\n\x00"
	buf := make([]byte, longest)
	for length := range longest + 1 {
		for n := range int(math.Pow(float64(len(alphabet)), float64(length))) {
			for i := range length {
				buf[i] = alphabet[n%len(alphabet)]
				n /= len(alphabet)
			}
			f(buf[:length])
		}
	}
}

func TestEveryStringAgreesWithAStateMachine(t *testing.T) {
	t.Parallel()
	longest := 8
	if testing.Short() || raceEnabled {
		longest = 6
	}
	tried := proof.Begin(t, "strings-machine")
	r := parser.NewReader(nil, named)
	buf := []byte("p,e\n12345678")
	eachString(longest, func(s []byte) {
		input := buf[:4+copy(buf[4:], s)]
		rows, fault := machineRows(t, input)
		r.Reset(bytes.NewReader(input), named)
		agree(t, string(input), r, rows, fault)
		tried.Add(1)
	})
}

// Every short string with a quote or a carriage return, behind and before plain rows, through buffers of every size: so
// each of its bytes comes first and last in a buffer.
func TestEveryShortStringAtEveryEdge(t *testing.T) {
	t.Parallel()
	longest := 5
	if testing.Short() || raceEnabled {
		longest = 3
	}
	tried := proof.Begin(t, "strings-edges")
	head := "p,e\n" + strings.Repeat("P1,abc\n", 18)
	r := parser.NewReader(nil, named)
	eachString(longest, func(s []byte) {
		if !bytes.ContainsAny(s, "\"\r") {
			return
		}
		input := slices.Concat([]byte(head), s, []byte("\nP2,de\n"))
		rows, fault := machineRows(t, input)
		o := named
		for o.BufferSize = 1; o.BufferSize <= 256; o.BufferSize++ {
			r.Reset(&corpus.Pieces{Data: input}, o)
			agree(t, string(input), r, rows, fault)
			tried.Add(1)
		}
	})
}
