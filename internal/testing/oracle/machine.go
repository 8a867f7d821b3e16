package oracle

import (
	"bytes"
	"strings"
)

// Fault describes an error in an input and its position.
type Fault struct {
	Kind   string // a key of Faults in package corpus
	Offset int
	Line   int // from 1, counting line feeds
}

// Machine reads CSV with a state machine, byte by byte. It returns the records,
// including the first, up to the end or the first fault. Unlike encoding/csv,
// it reports the kind of the fault and its position as package parser does.
func Machine(input []byte, delimiter byte) (records [][]string, fault *Fault) {
	records, _, fault = MachineLimited(input, delimiter, 1000)
	return records, fault
}

// MachineLimited is Machine with a limit of the lines of a record. It also
// returns how many of the records after the first span lines.
func MachineLimited(input []byte, delimiter byte, maxLines int) (records [][]string, multiline int, fault *Fault) {
	r := Read(input, CSV(delimiter), maxLines)
	if r.Header != nil {
		records = append([][]string{r.Header}, r.Rows...)
	}
	return records, r.Multiline, r.Fault
}

// Read reads an input of any dialect with a state machine, byte by byte. A
// record may have maxLines lines. selected are the columns that are read, which
// matters to ragged records and to repeated headers.
func Read(input []byte, d Dialect, maxLines int, selected ...int) Result {
	switch {
	case len(input) == 0 && d.SkipEmpty:
		return Result{EmptyInputs: 1}
	case len(input) == 0:
		return Result{Fault: fault(input, "empty", 0)}
	}
	m := &machine{input: input, Dialect: d, maxLines: maxLines}
	m.start()
	for m.found == nil && m.at < len(input) {
		m.at += m.step(input[m.at])
	}
	if m.found == nil {
		m.end()
	}
	r := assemble(input, m.records, d, selected, m.found)
	r.Comments = m.comments
	return r
}

type state uint8

const (
	recordStart state = iota // before the first byte of a record
	fieldStart
	unquoted
	quoted
	closed   // after a quote inside quotes, which ends the field or is doubled
	blanks   // after a closed field and blanks
	comment  // until the end of the line
	afterCR  // a line feed must follow
	afterCR0 // the same, after an empty line or a comment
)

type machine struct {
	Dialect
	input    []byte
	maxLines int

	state    state
	at       int
	begin    int    // of the record
	open     int    // the quote of the field
	escape   int    // the last escape outside quotes
	extra    int    // lines of the record after its first
	field    []byte // with escapes removed
	literal  int    // bytes of field that are not trimmed
	raw      []byte // of the field, inside its quotes
	record   []string
	records  []record
	comments int
	found    *Fault
}

func (m *machine) fail(kind string, at int) { m.found = fault(m.input, kind, at) }

// start reads what precedes the first record.
func (m *machine) start() {
	for _, mark := range []string{"\xff\xfe", "\xfe\xff", "\x00\x00\xfe\xff"} {
		if bytes.HasPrefix(m.input, []byte(mark)) {
			m.fail("encoding", 0)
			return
		}
	}
	if len(m.input) > 0 && m.ahead("\xef\xbb\xbf") {
		m.at = 3
	}
	for range m.SkipLines {
		i := bytes.IndexByte(m.input[m.at:], '\n')
		switch {
		case i >= 0:
			m.at += i + 1
		case m.at < len(m.input):
			m.at = len(m.input)
		case len(m.input) > 0:
			m.fail("too few", m.at)
			return
		}
	}
	m.begin = m.at
}

// ahead reports whether text follows.
func (m *machine) ahead(text string) bool {
	return bytes.HasPrefix(m.input[m.at:], []byte(text))
}

// step processes the byte c, or a whole delimiter or comment mark or a byte
// with its escape, and returns their number.
func (m *machine) step(c byte) int {
	switch m.state {
	case recordStart, fieldStart, unquoted:
		return m.outside(c)
	case quoted:
		return m.inside(c)
	case closed, blanks:
		return m.afterQuote(c)
	case comment:
		switch c {
		case '\n':
			m.state, m.begin = recordStart, m.at+1
		case '\r':
			m.state = afterCR0
		}
	case afterCR, afterCR0:
		switch {
		case c != '\n':
			m.fail("bare CR", m.at-1)
		case m.state == afterCR:
			m.endRecord(m.at + 1)
		default:
			m.state, m.begin = recordStart, m.at+1
		}
	}
	return 1
}

func (m *machine) countLine(c byte) {
	if c != '\n' {
		return
	}
	if m.extra++; m.extra == m.maxLines {
		m.fail("lines", m.begin)
	}
}

func (m *machine) blank(c byte) bool { return m.Trim && (c == ' ' || c == '\t') }

// add adds a byte to the field, and the bytes of the input that it represents.
func (m *machine) add(c byte, raw string) {
	m.field = append(m.field, c)
	m.raw = append(m.raw, raw...)
}

func (m *machine) outside(c byte) int {
	switch {
	case m.state == recordStart && m.ahead("\xef\xbb\xbf"):
		m.fail("byte order mark", m.at)
	case m.state == recordStart && m.Comment != "" && m.ahead(m.Comment):
		m.state = comment
		m.comments++
		return len(m.Comment)
	case m.ahead(m.Delimiter):
		m.endField()
		m.state = fieldStart
		return len(m.Delimiter)
	case c == m.Quote && c != 0 && m.state != unquoted:
		m.state, m.open = quoted, m.at
	case c == m.Quote && c != 0:
		m.fail("bare quote", m.at)
	case c == m.Escape && c != 0 && m.Quote == 0:
		m.state, m.escape = unquoted, m.at
		if m.at+1 == len(m.input) {
			m.fail("escape", m.at)
			return 1
		}
		next := m.input[m.at+1]
		m.add(next, string([]byte{c, next}))
		m.literal = len(m.field)
		m.countLine(next)
		return 2
	case c == '\n' && m.state == recordStart:
		m.begin = m.at + 1
	case c == '\n':
		m.endField()
		m.endRecord(m.at + 1)
	case c == '\r' && m.state == recordStart:
		m.state = afterCR0
	case c == '\r':
		m.endField()
		m.state = afterCR
	case m.blank(c) && m.state != unquoted: // before the field
		m.state = fieldStart
	default:
		m.add(c, string([]byte{c}))
		m.state = unquoted
	}
	return 1
}

func (m *machine) inside(c byte) int {
	switch {
	case c == m.Escape && c != 0 && m.at+1 < len(m.input):
		next := m.input[m.at+1]
		m.add(next, string([]byte{c, next}))
		m.countLine(next)
		return 2
	case c == m.Quote:
		m.state = closed
	default:
		m.add(c, string([]byte{c}))
		m.countLine(c)
	}
	m.literal = len(m.field)
	return 1
}

func (m *machine) afterQuote(c byte) int {
	switch {
	case m.ahead(m.Delimiter):
		m.literal = len(m.field)
		m.endField()
		m.state = fieldStart
		return len(m.Delimiter)
	case c == m.Quote && m.state == closed:
		m.add(c, `""`)
		m.state = quoted
	case c == '\n':
		m.literal = len(m.field)
		m.endField()
		m.endRecord(m.at + 1)
	case c == '\r':
		m.literal = len(m.field)
		m.endField()
		m.state = afterCR
	case m.blank(c):
		m.state = blanks
	default:
		m.fail("quote", bytes.LastIndexByte(m.input[:m.at], m.Quote))
	}
	return 1
}

// end processes the end of the input. The last line needs no line feed, and a
// carriage return as the last byte ends it.
func (m *machine) end() {
	switch m.state {
	case recordStart, afterCR0, comment:
	case quoted:
		m.fail("unclosed quote", m.open)
	case afterCR:
		m.endRecord(len(m.input))
	case closed, blanks:
		m.literal = len(m.field)
		m.endField()
		m.endRecord(len(m.input))
	default:
		if m.extra > 0 && m.escape == len(m.input)-2 && m.input[m.escape+1] == '\n' && m.Quote == 0 {
			m.fail("escape", m.escape)
			return
		}
		m.endField()
		m.endRecord(len(m.input))
	}
}

func (m *machine) endField() {
	value := string(m.field)
	if m.Trim {
		value = value[:m.literal] + strings.TrimRight(value[m.literal:], " \t")
	}
	if trimmed := len(m.field) - len(value); string(m.raw[:len(m.raw)-trimmed]) == `\N` {
		value = `\N`
	}
	m.record = append(m.record, value)
	m.field, m.raw, m.literal = m.field[:0], m.raw[:0], 0
}

func (m *machine) endRecord(next int) {
	m.records = append(m.records, record{m.record, m.begin, m.extra > 0})
	m.record, m.state, m.begin, m.extra = nil, recordStart, next, 0
}
