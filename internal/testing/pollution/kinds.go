package pollution

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"unicode/utf16"
)

// A Kind is one way to damage a file.
type Kind struct {
	Name string

	// Harmless means that the dialect allows it: the counts must not change.
	Harmless bool

	// Undetectable is the reason why the damaged file may be a valid one with
	// other counts; "" if it cannot be.
	Undetectable string

	// damage damages a file, before or after it becomes bytes. It returns
	// whether it could. Exactly one of the two is set.
	pieces func(*rand.Rand, *File) bool
	bytes  func(*rand.Rand, *File, []byte) []byte
}

// Apply damages f, which it changes, and returns the damaged content. It
// returns nil if the kind of damage does not exist in the dialect of f.
func (k Kind) Apply(rng *rand.Rand, f *File) []byte {
	if k.bytes != nil {
		return k.bytes(rng, f, f.Bytes())
	}
	if !k.pieces(rng, f) {
		return nil
	}
	return f.Bytes()
}

// Reasons why a damaged file may look like a valid one.
const (
	ragged    = "with --ragged, a row may have any number of fields"
	data      = "the byte is data there"
	truncated = "the file ends after a complete row; without a line feed, that is reported"
	joined    = "what is between two quotes is one value, which is reported if it spans lines"
	empty     = "an empty line is not a row"
)

// Kinds are all ways to damage a file.
var Kinds = slices.Concat(harmless, quotes, delimiters, lineEnds, surroundings, encodings)

var harmless = []Kind{
	{Name: "byte order mark at the start", Harmless: true, bytes: func(_ *rand.Rand, _ *File, b []byte) []byte {
		return append([]byte("\ufeff"), b...)
	}},
	{Name: "mixed line ends", Harmless: true, pieces: eachRow(func(rng *rand.Rand, p *piece) { p.end = choose(rng, "\n", "\r\n") })},
	{Name: "empty lines", Harmless: true, pieces: someRow(func(rng *rand.Rand, _ *File, p *piece) {
		p.end += strings.Repeat(choose(rng, "\n", "\r\n"), 1+rng.IntN(3))
	})},
	{Name: "no line feed at the end", Harmless: true, pieces: func(_ *rand.Rand, f *File) bool {
		f.pieces[len(f.pieces)-1].end = ""
		return true
	}},
	{Name: "title, with --skip-lines", Harmless: true, pieces: func(_ *rand.Rand, f *File) bool {
		f.Dialect.SkipLines++
		f.pieces = slices.Insert(f.pieces, 0, piece{preamble, []string{`Export of "events"`}, nil, "\n"})
		return true
	}},
	{Name: "trailer, with --skip-footer", Harmless: true, pieces: func(_ *rand.Rand, f *File) bool {
		f.Dialect.SkipFooter++
		f.add(footer, []string{"T", "17"}, nil)
		return true
	}},
	{Name: "trailing delimiters, with --ragged", Harmless: true, pieces: func(rng *rand.Rand, f *File) bool {
		f.Dialect.Ragged = true
		return eachRow(func(rng *rand.Rand, p *piece) { p.fields = append(p.fields, choose(rng, "", "x")) })(rng, f)
	}},
}

var quotes = []Kind{
	{Name: "stray quote in a field", Undetectable: data, pieces: someField(func(rng *rand.Rand, f *File, field string) string {
		at := rng.IntN(len(field) + 1)
		return field[:at] + string([]byte{quoteOf(f)}) + field[at:]
	})},
	{Name: "stray quote before a field", Undetectable: joined, pieces: someField(func(_ *rand.Rand, f *File, field string) string {
		return string([]byte{quoteOf(f)}) + field
	})},
	{Name: "missing quote", Undetectable: joined, pieces: someField(func(rng *rand.Rand, f *File, field string) string {
		if q := string([]byte{quoteOf(f)}); rng.IntN(2) == 0 {
			return strings.Replace(field, q, "", 1)
		} else if at := strings.LastIndex(field, q); at >= 0 {
			return field[:at] + field[at+1:]
		}
		return field
	})},
	{Name: "text after a quoted field", Undetectable: data, pieces: someField(func(_ *rand.Rand, f *File, field string) string {
		q := string([]byte{quoteOf(f)})
		return q + strings.ReplaceAll(field, q, "") + q + "x"
	})},
	{Name: "quotes escaped by another byte", Undetectable: data, pieces: someField(func(_ *rand.Rand, f *File, field string) string {
		q := string([]byte{quoteOf(f)})
		return q + `a \` + q + `b\` + q + " c" + q
	})},
	{Name: "blanks around quotes", Undetectable: data, pieces: someField(func(_ *rand.Rand, f *File, field string) string {
		q := string([]byte{quoteOf(f)})
		return " " + q + strings.Trim(field, q+" ") + q + " "
	})},
	{Name: "other quotes", Undetectable: data, pieces: eachRow(func(_ *rand.Rand, p *piece) {
		swap := strings.NewReplacer(`"`, `'`, `'`, `"`)
		for i := range p.fields {
			p.fields[i] = swap.Replace(p.fields[i])
		}
	})},
}

// quoteOf returns the quote of f, or '"' if there are no quotes.
func quoteOf(f *File) byte {
	if f.Dialect.Quote != 0 {
		return f.Dialect.Quote
	}
	return '"'
}

var delimiters = []Kind{
	{Name: "missing delimiter", Undetectable: ragged, pieces: someRow(func(rng *rand.Rand, _ *File, p *piece) {
		at := rng.IntN(len(p.fields) - 1)
		p.fields = slices.Replace(slices.Clone(p.fields), at, at+2, p.fields[at]+p.fields[at+1])
	})},
	{Name: "extra delimiter", Undetectable: ragged, pieces: someRow(func(rng *rand.Rand, _ *File, p *piece) {
		p.fields = slices.Insert(slices.Clone(p.fields), rng.IntN(len(p.fields)), "")
	})},
	{Name: "trailing delimiter in a row", Undetectable: ragged, pieces: someRow(func(_ *rand.Rand, _ *File, p *piece) {
		p.fields = append(slices.Clone(p.fields), "")
	})},
	{Name: "trailing delimiters in all rows", Undetectable: ragged, pieces: eachRow(func(_ *rand.Rand, p *piece) {
		p.fields = append(slices.Clone(p.fields), "")
	})},
	{Name: "decimal comma", Undetectable: data, pieces: someField(func(_ *rand.Rand, _ *File, field string) string { return field + ",5" })},
	{Name: "row with another delimiter", Undetectable: ragged, pieces: someRow(func(rng *rand.Rand, f *File, p *piece) {
		p.fields = []string{strings.Join(p.fields, otherDelimiter(rng, f))}
	})},
	{Name: "delimiter with fewer bytes", Undetectable: ragged, pieces: someRow(func(_ *rand.Rand, f *File, p *piece) {
		p.fields = []string{strings.Join(p.fields, f.Dialect.Delimiter[:len(f.Dialect.Delimiter)-1])}
	})},
	{Name: "all rows with another delimiter", Undetectable: ragged, pieces: func(rng *rand.Rand, f *File) bool {
		other := otherDelimiter(rng, f)
		return eachRow(func(_ *rand.Rand, p *piece) { p.fields = []string{strings.Join(p.fields, other)} })(rng, f)
	}},
	{Name: "short row", Undetectable: empty, pieces: someRow(func(rng *rand.Rand, _ *File, p *piece) {
		p.fields = p.fields[:rng.IntN(len(p.fields))]
	})},
}

// otherDelimiter returns a delimiter that is not that of f.
func otherDelimiter(rng *rand.Rand, f *File) string {
	for {
		if d := choose(rng, ",", ";", "\t", "|", " "); d != f.Dialect.Delimiter {
			return d
		}
	}
}

var lineEnds = []Kind{
	{Name: "carriage return instead of a line feed", pieces: someRow(func(_ *rand.Rand, _ *File, p *piece) { p.end = "\r" })},
	{Name: "carriage returns alone", Undetectable: truncated, bytes: func(_ *rand.Rand, _ *File, b []byte) []byte {
		return bytes.ReplaceAll(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\r")), []byte("\n"), []byte("\r"))
	}},
	{Name: "two carriage returns", pieces: someRow(func(_ *rand.Rand, _ *File, p *piece) { p.end = "\r\r\n" })},
	{Name: "missing line end", Undetectable: ragged, pieces: someRow(func(_ *rand.Rand, _ *File, p *piece) { p.end = "" })},
	{Name: "line feed in a field", Undetectable: ragged, pieces: someField(func(_ *rand.Rand, _ *File, field string) string { return field + "\n" + field })},
	{Name: "line of blanks", Undetectable: ragged, pieces: someRow(func(rng *rand.Rand, _ *File, p *piece) { p.end += choose(rng, " ", "\t") + "\n" })},
}

var surroundings = []Kind{
	{Name: "title", Undetectable: ragged, pieces: before(`Export of "events"`)},
	{Name: "separator line of Excel", Undetectable: ragged, pieces: before("sep=;")},
	{Name: "trailer", Undetectable: ragged, pieces: func(_ *rand.Rand, f *File) bool {
		f.add(footer, []string{"T", "17"}, nil)
		return true
	}},
	{Name: "line of a log", Undetectable: ragged, pieces: someRow(func(_ *rand.Rand, _ *File, p *piece) { p.end += "# 17 rows written\n" })},
	{Name: "header again", pieces: func(rng *rand.Rand, f *File) bool {
		at := slices.IndexFunc(f.pieces, func(p piece) bool { return p.kind == header })
		return at >= 0 && !f.Dialect.SkipRepeatedHeaders && someRow(func(_ *rand.Rand, _ *File, p *piece) {
			p.end += strings.Join(f.pieces[at].fields, f.Dialect.Delimiter) + f.end
		})(rng, f)
	}},
	{Name: "header in another case", pieces: inHeader(func(fields []string) []string {
		for i := range fields {
			fields[i] = strings.ToUpper(fields[i])
		}
		return fields
	})},
	{Name: "missing header", pieces: inHeader(func([]string) []string { return nil })},
	{Name: "column twice", pieces: inHeader(func(fields []string) []string {
		for i := range fields {
			fields[i] = fields[0]
		}
		return fields
	})},
	{Name: "truncated", Undetectable: truncated, bytes: func(rng *rand.Rand, _ *File, b []byte) []byte { return b[:rng.IntN(len(b))] }},
	{Name: "zeros at the end", Undetectable: data, bytes: func(rng *rand.Rand, _ *File, b []byte) []byte {
		return append(b[:rng.IntN(len(b))], make([]byte, 1+rng.IntN(64))...)
	}},
	{Name: "a piece missing", Undetectable: "what is left of two rows may be a row", bytes: func(rng *rand.Rand, _ *File, b []byte) []byte {
		at := rng.IntN(len(b))
		return slices.Delete(b, at, min(len(b), at+1+rng.IntN(80)))
	}},
}

var encodings = []Kind{
	{Name: "byte order mark before a row", pieces: someRow(func(_ *rand.Rand, _ *File, p *piece) { p.end += "\ufeff" + "\n" })},
	{Name: "byte order mark in a field", Undetectable: data, pieces: someField(func(_ *rand.Rand, _ *File, field string) string { return field + "\ufeff" })},
	{Name: "NUL in a field", Undetectable: data, pieces: someField(func(rng *rand.Rand, _ *File, field string) string {
		at := rng.IntN(len(field) + 1)
		return field[:at] + "\x00" + field[at:]
	})},
	{Name: "NUL before a line end", Undetectable: data, pieces: someRow(func(_ *rand.Rand, _ *File, p *piece) { p.end = "\x00" + p.end })},
	{Name: "Latin-1", Undetectable: "only ids must be UTF-8", pieces: someField(func(_ *rand.Rand, _ *File, field string) string { return field + "\xe9" })},
	{Name: "UTF-16", bytes: func(_ *rand.Rand, _ *File, b []byte) []byte {
		out := []byte{0xff, 0xfe}
		for _, u := range utf16.Encode([]rune(string(b))) {
			out = append(out, byte(u), byte(u>>8))
		}
		return out
	}},
	{Name: "end-of-file character of DOS", Undetectable: ragged, bytes: func(_ *rand.Rand, _ *File, b []byte) []byte { return append(b, 0x1a) }},
}

// someRow returns a damage of a random row.
func someRow(damage func(*rand.Rand, *File, *piece)) func(*rand.Rand, *File) bool {
	return func(rng *rand.Rand, f *File) bool {
		for {
			if p := &f.pieces[rng.IntN(len(f.pieces))]; p.kind == row {
				damage(rng, f, p)
				return true
			}
		}
	}
}

// eachRow returns a damage of all rows.
func eachRow(damage func(*rand.Rand, *piece)) func(*rand.Rand, *File) bool {
	return func(rng *rand.Rand, f *File) bool {
		for i := range f.pieces {
			if f.pieces[i].kind == row {
				damage(rng, &f.pieces[i])
			}
		}
		return true
	}
}

// someField returns a damage of a random field of a random row.
func someField(damage func(*rand.Rand, *File, string) string) func(*rand.Rand, *File) bool {
	return someRow(func(rng *rand.Rand, f *File, p *piece) {
		at := rng.IntN(len(p.fields))
		p.fields[at] = damage(rng, f, p.fields[at])
	})
}

// inHeader returns a damage of the header, if there is one that is needed.
func inHeader(damage func([]string) []string) func(*rand.Rand, *File) bool {
	return func(_ *rand.Rand, f *File) bool {
		at := slices.IndexFunc(f.pieces, func(p piece) bool { return p.kind == header })
		if at < 0 || f.Dialect.Names != nil {
			return false
		}
		p := &f.pieces[at]
		if p.fields = damage(p.fields); p.fields == nil {
			p.end = ""
		}
		return true
	}
}

// before returns a damage that adds a line at the start.
func before(line string) func(*rand.Rand, *File) bool {
	return func(_ *rand.Rand, f *File) bool {
		f.pieces = slices.Insert(f.pieces, 0, piece{preamble, []string{line}, nil, f.end})
		return true
	}
}
