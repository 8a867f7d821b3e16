// Package fused counts regular records in one pass: it finds the special bytes of a record, looks its two names up and
// adds one to their pair, record by record, without writing down anything in between. It is the fast twin of the road
// over package simd and package intern, which is right for every input; this one is right where it goes and says where
// it stops.
//
// A record is proved by itself. What the special bytes (delimiter, quote, CR, LF) of a record are, in their order, is
// its pattern: ,,,\n for four plain fields, "",""…\r\n for quoted ones. A road goes only along records of one pattern,
// in which each special byte belongs to one of three things that are compared byte by byte: the key of the first
// column, the key of the second, the end of the record. A key is a name and the special bytes around it:
//
//	P001,2025-08-26T00:00:04.906404Z,bp_sys,71\n
//	└key┘                           └─key──┘  └end
//
// So a key that is found in the table proves its delimiters, the end proves the line feed, and nothing is left that
// could be a quote or a delimiter too many. Where the keys do not reach so far, as in records of many columns, the special
// bytes are numbered instead: the first that is no delimiter must have the number of the record's end. Whatever is not
// so, a new name, another pattern, a record of more than 64 bytes (128 with long names, 256 where they are numbered), an
// empty line, ends the road there.
//
// Finding a record's end needs its special bytes, and the next record begins there: one record after another, a
// processor would wait for that each time. So three records are counted at a time, from three thirds of the input. Where one
// of these turns out to stop before the next begins, what the later ones counted is taken back.
package fused

import (
	"bytes"
	"strings"
)

// Slack is how many bytes behind the data must be readable in a call of Count. Their values do not matter.
const Slack = 320

// Kernel is the name in package simd of the kernel whose instructions the road is made of.
const Kernel = "avx2"

// Layout says which of the records' columns are counted.
type Layout struct {
	Comma  byte
	Width  int    // columns of every record
	First  int    // the column whose names make the rows of the matrix
	Second int    // the column whose names make its columns
	Header []byte // a name of the first column that the road must stop at, for the header may have come again
}

// Equal reports whether two layouts are the same.
func (l Layout) Equal(o Layout) bool {
	return l.Comma == o.Comma && l.Width == o.Width && l.First == o.First && l.Second == o.Second &&
		bytes.Equal(l.Header, o.Header)
}

// pattern is the form of a record. The numbers are those of special bytes, from 0.
type pattern struct {
	quoted, crlf bool
	wide         bool // not all special bytes are compared: they are numbered instead
	swapped      bool // the second column comes before the first; what follows is about the columns in their order

	firstEnd               int // the first key begins with the record and ends with this
	secondBegin, secondEnd int
	recordEnd              int    // the record's end begins with this
	end                    string // the bytes of the record's end
	firstBefore            string // special bytes of the first key before its name
	firstAfter             string
	secondBefore           string
	secondAfter            string
}

// newPattern returns the pattern of l's records, and whether there is a road along it.
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

// compared makes p the pattern in which the two keys and the record's end take in all special bytes, and reports
// whether they do. The first column begins the record.
func (p *pattern) compared(l Layout) bool {
	comma := string(l.Comma)
	if p.quoted {
		comma = `"` + comma + `"`
		p.end = `"` + p.end
		p.firstBefore = `"`
	}
	between, n := len(comma), l.Width-1 // special bytes between two fields, and how often
	before := len(p.firstBefore)        // special bytes before the first field
	p.firstAfter, p.firstEnd = comma, before+between-1
	p.secondBefore, p.secondBegin = comma, before+between*(l.Second-1)
	p.secondAfter, p.secondEnd = comma, before+between*(l.Second+1)-1
	p.recordEnd = before + between*n
	if l.Second == n { // its name ends where the record ends
		p.secondAfter, p.secondEnd = p.end[:1], p.recordEnd
	}
	return p.secondBegin <= p.firstEnd+1 && p.recordEnd <= p.secondEnd+1
}

// number makes p the pattern of plain records with the two columns anywhere: a key is a name and what comes behind it.
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
		return string(l.Comma)
	}
	p.firstBefore, p.firstAfter = "", after(l.First)
	p.secondBefore, p.secondAfter = "", after(l.Second)
	p.firstEnd, p.secondBegin, p.secondEnd, p.recordEnd = near, far-1, far, l.Width-1
}

// canBeLong reports whether there is a road along p for names that do not fit into short keys.
func (p pattern) canBeLong() bool { return !p.wide && p.secondBegin >= p.firstEnd }

// next reports whether the special bytes that matter are the first four.
func (p pattern) leading() bool {
	return !p.wide && p.firstEnd == 0 && p.secondBegin == 1 && p.secondEnd == 2 && p.recordEnd == 3
}

// detect returns the pattern of the first record of data, if there is a whole one.
func detect(l Layout, data []byte) (p pattern, ok bool) {
	end := bytes.IndexByte(data, '\n')
	if end < 0 {
		return p, false
	}
	return newPattern(l, data[0] == '"', end > 0 && data[end-1] == '\r')
}

// fits reports whether a name can be part of a key.
func (l Layout) fits(name []byte) bool {
	return !bytes.ContainsAny(name, "\"\r\n") && bytes.IndexByte(name, l.Comma) < 0
}

// special reports whether the special bytes of l can be told apart by their low four bits, on which the search for
// them rests.
func (l Layout) classifiable() bool {
	return l.Comma < 0x80 && !strings.ContainsRune("\x02\x0a\x0d", rune(l.Comma&0x0f))
}
