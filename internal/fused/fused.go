// Package fused counts records in a single pass over the data: for each record
// it finds the structural characters (delimiter, quote, CR, LF), looks up the
// two names and increments the count of their pair. Nothing is stored in
// between.
//
// A [Path] counts plain records whose names are known, and stops at the first
// record that is not of that kind. The caller passes such records to the block
// parser and package intern, which accept every input and serve as the
// reference implementation.
//
// # Verification
//
// Each record is verified on its own. The sequence of its structural characters
// is its pattern: ,,,\n for four plain fields, "",""…\r\n for quoted ones. A
// Path counts records of one pattern. Every structural character of such a
// record is part of one of three strings that are compared byte by byte: the
// key of the first column, the key of the second column, and the end of the
// record. A key is a name together with the structural characters around it:
//
//	P001,2025-08-26T00:00:04.906404Z,bp_sys,71\n
//	└key┘                           └─key──┘  └end
//
// A key that is found in the table therefore verifies its delimiters, the end
// verifies the line feed, and no structural character remains that could be a
// quote or an additional delimiter.
//
// With AVX-512 there is one key for both names. It consists of all bytes of the
// record that are not part of another field:
//
//	P001,2025-08-26T00:00:04.906404Z,bp_sys,71\n
//	└─┬─┘                           └───┬──┘  └┤
//	  └──────── P001,,bp_sys,\n ────────┴──────┘
//
// Such a key verifies the whole record. Keys are added to the table when their
// pair first occurs. Records are looked up by two keys if there are more pairs
// than [maxPairs].
//
// In records of more columns the keys do not cover all structural characters.
// There they are numbered, and the first one that is not a delimiter must have
// the number of the record's end.
//
// A Path stops at a new name, at another pattern, at an empty line, at a byte
// order mark where a record begins, and at a record that is too long: more than
// 64 bytes, 128 bytes with long names, or 256 bytes where structural characters
// are numbered.
//
// No branch depends on the data, because a branch that is mispredicted discards
// what the processor has begun for all streams. Hence names and pairs are kept
// in the slots of their hashes as far as possible; see [pairTable].
//
// # Streams
//
// The beginning of a record is known only when the end of the previous one has
// been found, and a processor would stall for that in every record. Therefore
// the data is split into three or five streams of about the same size, whose
// records are counted alternately. If a stream stops before its end, the
// records that later streams counted are subtracted again.
package fused

import "bytes"

// Slack is the number of bytes after the data that must be readable during a
// call of [Path.Count]. Their values do not affect the result.
const Slack = 320

// Layout describes the records to count. Columns are numbered from 0.
type Layout struct {
	Delimiter byte
	Quote     byte // 0 means '"'
	NoQuote   bool // quotes are data
	Width     int  // number of columns
	First     int  // column whose names are the rows of the matrix of counts
	Second    int  // column whose names are the columns of the matrix
}

// pattern is the sequence of structural characters of a record, with the keys
// and the end that verify it. Structural characters are numbered from 0.
type pattern struct {
	quoted, crlf bool
	wide         bool // the keys do not cover all structural characters: they are numbered instead
	swapped      bool // the second column precedes the first; the numbers refer to the order in the record

	firstEnd               int    // last structural character of the first key, which begins the record
	secondBegin, secondEnd int    // first and last structural character of the second key
	recordEnd              int    // first structural character of the record's end
	end                    string // the record's end
	firstBefore            string // part of the first key before the name
	firstAfter             string // part of the first key after the name
	secondBefore           string
	secondAfter            string
}

// newPattern returns the pattern of records of layout l. It reports whether a
// Path can count them.
func newPattern(l Layout, quoted, crlf bool) (p pattern, ok bool) {
	p = pattern{quoted: quoted, crlf: crlf, end: "\n"}
	if crlf {
		p.end = "\r\n"
	}
	if l.First == l.Second {
		return p, false
	}
	if l.First == 0 && p.compared(l) {
		return p, true
	}
	if quoted {
		return p, false
	}
	p.number(l)
	return p, true
}

// compared sets p to the pattern of records that begin with the first column.
// It reports whether the two keys and the record's end cover all structural
// characters.
func (p *pattern) compared(l Layout) bool {
	delimiter := string(l.Delimiter)
	if p.quoted {
		quote := string(l.quote())
		delimiter = quote + delimiter + quote
		p.end = quote + p.end
		p.firstBefore = quote
	}
	between, n := len(delimiter), l.Width-1 // structural characters between two fields; number of gaps
	before := len(p.firstBefore)            // structural characters before the first field
	p.firstAfter, p.firstEnd = delimiter, before+between-1
	p.secondBefore, p.secondBegin = delimiter, before+between*(l.Second-1)
	p.secondAfter, p.secondEnd = delimiter, before+between*(l.Second+1)-1
	p.recordEnd = before + between*n
	if l.Second == n { // the record's end follows the name
		p.secondAfter, p.secondEnd = p.end[:1], p.recordEnd
	}
	return p.secondBegin <= p.firstEnd+1 && p.recordEnd <= p.secondEnd+1
}

// number sets p to the pattern of unquoted records with the two columns at any
// position. A key is a name and the structural character that follows it.
func (p *pattern) number(l Layout) {
	near, far := l.First, l.Second
	p.wide, p.swapped = true, near > far
	if p.swapped {
		near, far = far, near
	}
	after := func(column int) string {
		if column == l.Width-1 {
			return p.end[:1]
		}
		return string(l.Delimiter)
	}
	p.firstBefore, p.firstAfter = "", after(l.First)
	p.secondBefore, p.secondAfter = "", after(l.Second)
	p.firstEnd, p.secondBegin, p.secondEnd, p.recordEnd = near, far-1, far, l.Width-1
}

// canBeLong reports whether records of pattern p can be counted with long keys.
func (p pattern) canBeLong() bool { return !p.wide && p.secondBegin >= p.firstEnd }

// fitsLongNames reports whether the second name fits into a long key of a name.
func (p pattern) fitsLongNames(second []byte) bool {
	return p.canBeLong() && len(p.secondBefore)+len(second)+len(p.secondAfter) <= longSecondForm.key
}

// leading reports whether the structural characters that delimit the keys and
// the record's end are the first four of the record.
func (p pattern) leading() bool {
	return !p.wide && p.firstEnd == 0 && p.secondBegin == 1 && p.secondEnd == 2 && p.recordEnd == 3
}

// detect returns the pattern of the first record of data. It reports whether
// that record is complete and a Path can count it.
func detect(l Layout, data []byte) (p pattern, ok bool) {
	end := bytes.IndexByte(data, '\n')
	if end < 0 {
		return p, false
	}
	return newPattern(l, !l.NoQuote && data[0] == l.quote(), end > 0 && data[end-1] == '\r')
}

// quote returns the quote, which has no meaning if l.NoQuote is set.
func (l Layout) quote() byte {
	if l.Quote == 0 {
		return '"'
	}
	return l.Quote
}

// structural returns the structural characters of l.
func (l Layout) structural() []byte {
	if l.NoQuote {
		return []byte{l.Delimiter, '\n', '\r'}
	}
	return []byte{l.Delimiter, '\n', '\r', l.quote()}
}

// fits reports whether name contains no structural character and does not begin
// with a byte order mark, which is an error where it begins a record.
func (l Layout) fits(name []byte) bool {
	if bytes.HasPrefix(name, []byte("\xef\xbb\xbf")) {
		return false
	}
	for _, c := range l.structural() {
		if bytes.IndexByte(name, c) >= 0 {
			return false
		}
	}
	return true
}

// classifiable reports whether the structural characters of l are ASCII and
// differ in their low four bits, which the search for them requires.
func (l Layout) classifiable() bool {
	used := 0
	for _, c := range l.structural() {
		bit := 1 << (c & 0x0f)
		if c >= 0x80 || used&bit != 0 {
			return false
		}
		used |= bit
	}
	return true
}
