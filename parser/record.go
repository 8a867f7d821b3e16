package parser

import (
	"bytes"
	"errors"
	"fmt"
)

// This file contains the record parser, which defines the format that this
// package accepts. It is the reference implementation of the block parser.
//
// Its result depends only on the bytes that it is given. It does not read, and
// keeps no state between records. If the bytes end before the record does, it
// returns errIncomplete or errIncompleteQuoted, and the caller repeats the call
// with more bytes.

var (
	errIncomplete       = errors.New("incomplete record")
	errIncompleteQuoted = errors.New("incomplete record within quotes")
)

// field is the position of a field in the data, without enclosing quotes.
type field struct {
	start, end int
	escaped    bool // contains doubled quotes or escapes
}

// class is what a byte may mean outside quotes.
type class uint8

const (
	ordinary   class = iota
	lineEnding       // LF or CR
	delimiting       // the first byte of the delimiter
	quoting
	escaping // only in dialects without quotes
)

// recordParser parses one record at a time.
type recordParser struct {
	simple    bool // the dialect is simple
	first     byte // of the delimiter
	quote     byte
	highest   byte    // of the bytes that have a meaning inside quotes
	dialect   Dialect // with defaults
	delimiter []byte
	classes   [256]class
	inQuotes  [256]bool // bytes that have a meaning inside quotes
	maxRecord int
	maxLines  int
	padded    bool // the last byte of the data is a line feed that is not in the input

	// The following describe the record parsed last.
	fields []field // its first keep fields
	keep   int
	count  int // number of fields
	lines  int // number of lines
	length int // length of the data passed to parse
	open   int // offset of the quote that begins the last quoted field, or of the last escape outside quotes
}

// reset prepares p for records of a dialect, which has its defaults.
func (p *recordParser) reset(d Dialect, l Limits) {
	*p = recordParser{dialect: d, delimiter: append(p.delimiter[:0], d.Delimiter...), maxRecord: l.MaxRecord, maxLines: l.MaxRecordLines, fields: p.fields}
	p.simple, p.first, p.quote = d.isSimple(), d.Delimiter[0], d.Quote
	p.classes['\n'], p.classes['\r'] = lineEnding, lineEnding
	p.inQuotes['\n'] = true
	p.classes[d.Delimiter[0]] = delimiting
	if d.Escape != 0 {
		p.inQuotes[d.Escape] = true
	}
	if !d.NoQuote {
		p.classes[d.Quote], p.inQuotes[d.Quote] = quoting, true
	} else if d.Escape != 0 {
		p.classes[d.Escape] = escaping
	}
	p.highest = max('\n', d.Quote, d.Escape)
}

// parse parses the record that begins at data[at] and returns the offset that
// follows its line end. If the data ends before the record does, the error is
// errIncomplete or errIncompleteQuoted; otherwise an error is returned together
// with its offset.
func (p *recordParser) parse(data []byte, at int) (int, error) {
	begin := at
	view, cut := p.view(data, begin)
	p.fields, p.count, p.lines, p.length = p.fields[:0], 0, 1, len(data)
	if hasByteOrderMark(view[begin:]) {
		return begin, ErrByteOrderMark
	}
	next, err := p.parseFields(view, at)
	switch {
	case err == ErrTooManyLines:
		return begin, fmt.Errorf("%w: limit is %d", err, p.maxLines)
	case cut && err == errIncompleteQuoted:
		return p.open, fmt.Errorf("%w: quoted field not closed within the limit of %d bytes", ErrRecordTooLong, p.maxRecord)
	case cut && err == errIncomplete:
		return begin, p.tooLong()
	}
	return next, err
}

// parseFields parses the fields of the record that begins at data[at].
func (p *recordParser) parseFields(data []byte, at int) (next int, err error) {
	next, last := at, false
	if p.simple {
		for !last && err == nil {
			next, last, err = p.parseSimple(data, next)
		}
		return next, err
	}
	for !last && err == nil {
		next, last, err = p.parseField(data, next)
	}
	return next, err
}

// view returns the data up to the last byte at which a record that begins at
// data[begin] may end, and whether the data reaches that byte.
func (p *recordParser) view(data []byte, begin int) (view []byte, cut bool) {
	longest := begin + p.maxRecord + 1 // with the line feed
	return data[:min(len(data), longest)], len(data) >= longest
}

func (p *recordParser) tooLong() error {
	return fmt.Errorf("%w: limit is %d bytes", ErrRecordTooLong, p.maxRecord)
}

const byteOrderMark = "\xef\xbb\xbf"

// hasByteOrderMark reports whether data begins with a UTF-8 byte order mark.
func hasByteOrderMark(data []byte) bool {
	return len(data) >= 3 && data[0] == 0xef && data[1] == 0xbb && data[2] == 0xbf
}

// parseField parses the field that begins at data[at]. It returns the offset
// that follows the delimiter or line end after the field, and whether that was
// a line end. With an error, next is the offset of the error.
func (p *recordParser) parseField(data []byte, at int) (next int, last bool, err error) {
	if p.dialect.Trim {
		at = p.skipBlanks(data, at)
	}
	if at < len(data) && p.classes[data[at]] == quoting {
		return p.parseQuoted(data, at)
	}
	f, literal := field{start: at}, at // bytes before literal are not trimmed
	for i := at; i < len(data); i++ {
		c := p.classes[data[i]]
		if c == ordinary {
			continue
		}
		switch {
		case c == quoting:
			return i, false, bareQuote(data, at, i)
		case c == escaping:
			p.open = i
			if i++; i == len(data) {
				return i, false, errIncomplete
			}
			if data[i] == '\n' && !p.nextLine(i) {
				return i, false, ErrTooManyLines
			}
			f.escaped, literal = true, i+1
		default:
			next, last, err := p.fieldEnd(data, i)
			if err == errOtherByte {
				continue
			}
			if err == nil {
				f.end = p.trimmed(data, literal, i)
				p.add(f)
			}
			return next, last, err
		}
	}
	return len(data), false, errIncomplete
}

// errOtherByte is the error of fieldEnd if the field does not end.
var errOtherByte = errors.New("neither a delimiter nor a line end")

// fieldEnd returns the offset that follows the delimiter or line end at
// data[at], and whether it is a line end. If there is neither, the error is
// errOtherByte. The data may end within a delimiter; then it is errIncomplete
// if that matters, which is only after quotes.
func (p *recordParser) fieldEnd(data []byte, at int) (next int, last bool, err error) {
	switch p.classes[data[at]] {
	case lineEnding:
		next, err = lineEnd(data, at)
		return next, true, err
	case delimiting:
		if n := len(p.delimiter); n == 1 || bytes.HasPrefix(data[at:], p.delimiter) {
			return at + n, false, nil
		}
	}
	return at, false, errOtherByte
}

// parseQuoted is parseField for a field that begins with the quote data[open].
func (p *recordParser) parseQuoted(data []byte, open int) (next int, last bool, err error) {
	p.open = open
	f := field{start: open + 1}
	for i := f.start; i < len(data); i++ {
		if !p.inQuotes[data[i]] {
			continue
		}
		switch data[i] {
		case p.dialect.Escape: // which is not zero, because inQuotes[0] is false
			f.escaped = true
			if i++; i == len(data) {
				return i, false, errIncompleteQuoted
			}
			if data[i] != '\n' {
				continue
			}
			fallthrough
		case '\n':
			if !p.nextLine(i) {
				return open, false, ErrTooManyLines
			}
		default:
			if i+1 == len(data) {
				return i, false, errIncomplete
			}
			if data[i+1] == p.dialect.Quote {
				f.escaped = true
				i++
				continue
			}
			f.end = i
			return p.afterQuote(data, f)
		}
	}
	return len(data), false, errIncompleteQuoted
}

// afterQuote is parseField from the quote that ends f on.
func (p *recordParser) afterQuote(data []byte, f field) (next int, last bool, err error) {
	at := f.end + 1
	if p.dialect.Trim {
		at = p.skipBlanks(data, at)
	}
	if at == len(data) {
		return at, false, errIncomplete
	}
	next, last, err = p.fieldEnd(data, at)
	switch {
	case err == nil:
		p.add(f)
	case err != errOtherByte:
	case bytes.HasPrefix(p.delimiter, data[at:]):
		err = errIncomplete
	default:
		next, err = f.end, p.misplacedQuote(data, f)
	}
	return next, last, err
}

// unfinished returns the error for a record that is not complete at the end of
// the input, where parse has returned err. It is incomplete only within quotes
// or after an escape, because the data ends in a line feed. Its position is
// p.open.
func (p *recordParser) unfinished(err error) error {
	if err == errIncompleteQuoted {
		return suggest(ErrUnclosedQuote, Dialect{NoQuote: true})
	}
	return ErrUnfinishedEscape
}

// nextLine counts the line that follows the line feed at offset i, which does
// not end the record. It reports whether the record may have that line. An
// error is detected at this byte, and so does not depend on how many of the
// following bytes are in the data.
func (p *recordParser) nextLine(i int) bool {
	if p.padded && i+1 == p.length {
		return true
	}
	p.lines++
	return p.lines <= p.maxLines
}

// lineEnd returns the offset that follows the line end at data[at], which is a
// LF or a CR.
func lineEnd(data []byte, at int) (int, error) {
	switch {
	case data[at] == '\n':
		return at + 1, nil
	case at+1 == len(data):
		return at, errIncomplete
	case data[at+1] == '\n':
		return at + 2, nil
	default:
		return at, ErrBareCR
	}
}

func (p *recordParser) add(f field) {
	if p.count++; p.count <= p.keep {
		p.fields = append(p.fields, f)
	}
}

// skipBlanks returns the offset of the first byte from data[at] on that is not
// a blank, or at which a delimiter begins or, as far as the data shows, may
// begin.
func (p *recordParser) skipBlanks(data []byte, at int) int {
	for at < len(data) && isBlank(data[at]) && !bytes.HasPrefix(data[at:], p.delimiter[:min(len(p.delimiter), len(data)-at)]) {
		at++
	}
	return at
}

// trimmed returns the end of a field without the blanks before it, if they are
// to be removed. Bytes before data[literal] are not removed.
func (p *recordParser) trimmed(data []byte, literal, end int) int {
	if p.dialect.Trim {
		for end > literal && isBlank(data[end-1]) {
			end--
		}
	}
	return end
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// skip returns the offset that follows the line at data[at] if that line is
// empty or a comment, and at otherwise. comment reports which of them it is. If
// the data ends in a comment, the error is errIncomplete; another error is
// returned together with its offset.
func (p *recordParser) skip(data []byte, at int) (next int, comment bool, err error) {
	if at < len(data) && p.classes[data[at]] == lineEnding {
		if next, err := lineEnd(data, at); err == nil {
			return next, false, nil
		}
	}
	if c := p.dialect.Comment; c == "" || len(data)-at < len(c) || string(data[at:at+len(c)]) != c {
		return at, false, nil
	}
	view, cut := p.view(data, at)
	i := bytes.IndexAny(view[at:], "\r\n")
	next, err = at, errIncomplete
	if i >= 0 {
		next, err = lineEnd(view, at+i)
	}
	if cut && err == errIncomplete {
		return at, true, p.tooLong()
	}
	return next, true, err
}

// value returns the value of f. It allocates only if f is escaped.
func (p *recordParser) value(data []byte, f field) []byte {
	raw := data[f.start:f.end]
	if !f.escaped {
		return raw
	}
	raw = bytes.Clone(raw)
	return raw[:p.unescape(raw)]
}

// unescape replaces doubled quotes by single ones and removes escapes, in
// place. It returns the length of the result.
func (p *recordParser) unescape(raw []byte) (n int) {
	if string(raw) == `\N` {
		return len(raw)
	}
	for i := 0; i < len(raw); i++ {
		if c := raw[i]; c == p.dialect.Escape && c != 0 {
			i++ // the next byte is literal
		} else if c == p.dialect.Quote && c != 0 {
			i++ // the next byte is the same
		}
		raw[n] = raw[i]
		n++
	}
	return n
}

// unescapeIn unescapes f in data, and sets the bytes that follow the shortened
// value to zero. The number of line feeds before later fields, from which line
// numbers are computed, stays the same.
func (p *recordParser) unescapeIn(data []byte, f field) field {
	raw := data[f.start:f.end]
	n := p.unescape(raw)
	clear(raw[n:])
	return field{start: f.start, end: f.start + n}
}
