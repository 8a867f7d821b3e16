package corpus

import (
	"math/rand/v2"
	"strings"

	"fastcount/internal/testing/oracle"
	"fastcount/parser"
)

// OracleDialect returns a dialect for package oracle.
func OracleDialect(d parser.Dialect) oracle.Dialect {
	o := oracle.Dialect{Delimiter: d.Delimiter, Quote: d.Quote, Escape: d.Escape, Comment: d.Comment, SkipLines: d.SkipLines, SkipRows: d.SkipRows,
		SkipFooter: d.SkipFooter, Trim: d.Trim, Ragged: d.Ragged, NoHeader: d.NoHeader, Names: d.Names, SkipRepeatedHeaders: d.SkipRepeatedHeaders, SkipEmpty: d.SkipEmpty}
	if o.Delimiter == "" {
		o.Delimiter = ","
	}
	if o.Quote == 0 && !d.NoQuote {
		o.Quote = '"'
	}
	return o
}

// RandomDialect returns a dialect that can combine any rules that fit together.
func RandomDialect(rng *rand.Rand) (d parser.Dialect) {
	pick := func(n int) bool { return rng.IntN(n) == 0 }
	choose := func(list ...string) string { return list[rng.IntN(len(list))] }
	d.Delimiter = choose("", ";", "||", " | ", "\t")
	d.NoQuote = pick(4)
	if !d.NoQuote && pick(3) {
		d.Quote = '\''
	}
	if pick(3) {
		d.Escape = choose(`\`, "^")[0]
	}
	if pick(3) {
		d.Comment = choose("#", "##", "a")
	}
	if pick(4) {
		d.Names = []string{"p", "e"}
	}
	d.Trim, d.Ragged, d.NoHeader, d.SkipEmpty = pick(3), pick(3), pick(4), pick(2)
	d.SkipRepeatedHeaders = pick(3) && (!d.NoHeader || d.Names != nil)
	d.SkipLines, d.SkipRows, d.SkipFooter = max(0, rng.IntN(6)-3), max(0, rng.IntN(5)-2), max(0, rng.IntN(5)-2)
	return d
}

// RandomInput returns records, most of which have two fields, for a dialect.
// Many inputs are not valid.
func RandomInput(rng *rand.Rand, d parser.Dialect) []byte {
	delimiter := OracleDialect(d).Delimiter
	fields := []string{"p", "e", "P1", "a", "", " b", "c ", `"q"`, `'q'`, `"x` + delimiter + `y"`, "'x\ny'", `"u""v"`, `\N`, `\`, "^^", `"`, "'", "#", " \"t\" "}
	ends := []string{"\n", "\n", "\n", "\r\n", "\n\n", "\n#x\n", "\r", ""}
	var b strings.Builder
	for range rng.IntN(7) {
		if rng.IntN(3) == 0 {
			b.WriteString("p" + delimiter + "e\n")
		}
		for i := range 2 + rng.IntN(8)/7 {
			if i > 0 {
				b.WriteString(delimiter)
			}
			b.WriteString(fields[min(rng.IntN(len(fields)), rng.IntN(len(fields)))])
		}
		b.WriteString(ends[min(rng.IntN(len(ends)), rng.IntN(len(ends)))])
	}
	return []byte(b.String())
}
