package fused_test

import (
	"strings"
	"testing"

	"fastcount/internal/fused"
)

// Records are counted with another quote, and with quotes as data, as long as
// no structural character occurs elsewhere in them.
func TestQuotes(t *testing.T) { eachKernel(t, testQuotes) }

func testQuotes(t *testing.T) {
	single, none := layout, layout
	single.Quote, none.NoQuote = '\'', true
	for _, tt := range []struct {
		layout fused.Layout
		record string
		rows   int
	}{
		{layout, "P1,t,bp,'1\n", 3},
		{layout, "P1,t,bp,\"1\n", 0},
		{single, "P1,t,bp,\"1\n", 3},
		{single, "P1,t,bp,'1\n", 0},
		{single, "'P1','t','bp','1'\n", 3},
		{single, "\"P1\",t,bp,1\n", 0},
		{none, "P1,\"t,bp,'1\n", 3},
		{none, "\"P1\",\"t\",\"bp\",\"1\"\n", 0},
		{none, "P1,t,\"b,\"\n", 3},
	} {
		path := fused.New(tt.layout, nil)
		k := newKnown(t, []string{"P1"}, []string{"bp", "\"b"})
		data := strings.Repeat(tt.record, 3)
		if _, rows := path.Count(padded(data), len(data), k.first, k.second, k.counts, k.stride); rows != tt.rows {
			t.Errorf("%+v, %q: %d rows, want %d", tt.layout, tt.record, rows, tt.rows)
		}
	}
}
