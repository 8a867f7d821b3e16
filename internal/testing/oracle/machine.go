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
	m := &machine{input: input, delimiter: delimiter, maxLines: maxLines}
	for _, mark := range []string{"\xff\xfe", "\xfe\xff", "\x00\x00\xfe\xff"} {
		if bytes.HasPrefix(input, []byte(mark)) {
			return nil, 0, m.fault("encoding", 0)
		}
	}
	if bytes.HasPrefix(input, []byte("\xef\xbb\xbf")) {
		m.begin = 3
	}
	for at := m.begin; at < len(input) && m.found == nil; at++ {
		m.step(at, input[at])
	}
	if m.found == nil {
		m.end()
	}
	if m.found == nil && len(m.records) == 0 {
		m.found = m.fault("empty", len(input))
	}
	return m.records, m.multiline, m.found
}

type state uint8

const (
	recordStart state = iota // before the first byte of a record
	fieldStart
	unquoted
	quoted
	closed   // after a quote inside quotes, which ends the field or is doubled
	afterCR  // a line feed must follow
	afterCR0 // the same, after an empty line
)

type machine struct {
	input     []byte
	delimiter byte
	maxLines  int

	state   state
	begin   int // of the record
	open    int // the quote of the field
	extra   int // lines of the record after its first
	field   []byte
	record  []string
	records [][]string
	found   *Fault

	multiline int
}

func (m *machine) fault(kind string, at int) *Fault {
	return &Fault{kind, at, 1 + bytes.Count(m.input[:at], []byte("\n"))}
}

func (m *machine) step(at int, c byte) {
	switch m.state {
	case recordStart, fieldStart, unquoted:
		m.outside(at, c)
	case quoted:
		if c == '"' {
			m.state = closed
		} else {
			m.field = append(m.field, c)
			m.countLine(c)
		}
	case closed:
		m.behindQuote(at, c)
	case afterCR, afterCR0:
		switch {
		case c != '\n':
			m.found = m.fault("bare CR", at-1)
		case m.state == afterCR:
			m.endRecord(at + 1)
		default:
			m.state, m.begin = recordStart, at+1
		}
	}
}

func (m *machine) countLine(c byte) {
	if c != '\n' {
		return
	}
	if m.extra++; m.extra == m.maxLines {
		m.found = m.fault("lines", m.begin)
	}
}

func (m *machine) outside(at int, c byte) {
	switch {
	case m.state == recordStart && strings.HasPrefix(string(m.input[at:min(at+3, len(m.input))]), "\xef\xbb\xbf"):
		m.found = m.fault("byte order mark", at)
	case c == m.delimiter:
		m.endField()
		m.state = fieldStart
	case c == '"' && m.state != unquoted:
		m.state, m.open = quoted, at
	case c == '"':
		m.found = m.fault("bare quote", at)
	case c == '\n' && m.state == recordStart:
		m.begin = at + 1
	case c == '\n':
		m.endField()
		m.endRecord(at + 1)
	case c == '\r' && m.state == recordStart:
		m.state = afterCR0
	case c == '\r':
		m.endField()
		m.state = afterCR
	default:
		m.field = append(m.field, c)
		m.state = unquoted
	}
}

func (m *machine) behindQuote(at int, c byte) {
	switch c {
	case '"':
		m.field = append(m.field, '"')
		m.state = quoted
	case m.delimiter:
		m.endField()
		m.state = fieldStart
	case '\n':
		m.endField()
		m.endRecord(at + 1)
	case '\r':
		m.endField()
		m.state = afterCR
	default:
		m.found = m.fault("quote", at-1)
	}
}

// end processes the end of the input. The last line needs no line feed, and a
// carriage return as the last byte ends it.
func (m *machine) end() {
	switch m.state {
	case recordStart, afterCR0:
	case quoted:
		m.found = m.fault("unclosed quote", m.open)
	case afterCR:
		m.endRecord(len(m.input))
	default:
		m.endField()
		m.endRecord(len(m.input))
	}
}

func (m *machine) endField() {
	m.record = append(m.record, string(m.field))
	m.field = m.field[:0]
}

func (m *machine) endRecord(next int) {
	if m.extra > 0 && len(m.records) > 0 {
		m.multiline++
	}
	m.extra = 0
	switch {
	case len(m.records) > 0 && len(m.record) != len(m.records[0]):
		m.found = m.fault("field count", m.begin)
		return
	case len(m.records) > 0 && equal(m.record, m.records[0]):
		m.found = m.fault("header again", m.begin)
		return
	}
	m.records = append(m.records, m.record)
	m.record, m.state, m.begin = nil, recordStart, next
}

func equal(a, b []string) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
