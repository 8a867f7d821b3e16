package main

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"fastcount/bench/peers/results"
)

func TestCheck(t *testing.T) {
	sum := sha256.Sum256([]byte("P1,a,2\nP1,b,1\nP2,a,3\n"))
	o := options{answer: hex.EncodeToString(sum[:]), lines: 42}
	for _, c := range []struct{ name, prints, out, want string }{
		{"sorted lines", "counts", "P1,a,2\nP1,b,1\nP2,a,3\n", results.Checked},
		{"lines in another order, CRLF", "counts", "P2,a,3\r\nP1,b,1\r\nP1,a,2", results.Checked},
		{"json", "counts", `{"patients":{"P1":{"a":2,"b":1},"P2":{"a":3}},"totals":{"a":5,"b":1}}`, results.Checked},
		{"json with a wrong total", "counts", `{"patients":{"P1":{"a":2,"b":1},"P2":{"a":3}},"totals":{"a":6,"b":1}}`, results.Wrong},
		{"json without totals", "counts", `{"patients":{"P1":{"a":2,"b":1},"P2":{"a":3}}}`, results.Wrong},
		{"json of an incomplete result", "counts", `{"patients":{},"totals":{},"incomplete":{}}`, results.Wrong},
		{"a count is off by one", "counts", "P1,a,2\nP1,b,1\nP2,a,4\n", results.Wrong},
		{"a pair is missing", "counts", "P1,a,2\nP1,b,1\n", results.Wrong},
		{"a duplicate pair", "counts", "P1,a,2\nP1,b,1\nP2,a,3\nP2,a,3\n", results.Wrong},
		{"empty output", "counts", "", results.Wrong},
		{"lines of one file", "lines", "42 x.csv\n", results.Checked},
		{"lines of several files", "lines", " 40 x.csv\n 2 y.csv\n 42 total\n", results.Checked},
		{"too few lines", "lines", "41 total\n", results.Wrong},
		{"no number of lines", "lines", "\n", results.Wrong},
		{"nothing", "nothing", "", results.Unchecked},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, note := o.check(c.prints, []byte(c.out)); got != c.want || (got == results.Wrong) != (note != "") {
				t.Errorf("got %s (%s), want %s", got, note, c.want)
			}
		})
	}
}
