package parser

import (
	"bytes"
	"fmt"
	"io"
)

// maxMarkLen is the length of the longest byte order mark.
const maxMarkLen = 4

// foreignMarks are the byte order marks of UTF-16 and UTF-32. That of
// little-endian UTF-32 begins with that of little-endian UTF-16.
var foreignMarks = [][]byte{[]byte("\xff\xfe"), []byte("\xfe\xff"), []byte("\x00\x00\xfe\xff")}

// begin moves r to the first record that is to be returned.
func (r *Reader) begin() error {
	for r.end < maxMarkLen && !r.eof {
		if err := r.fill(); err != nil {
			return err
		}
	}
	if r.guess {
		if err := r.findRecord(); err != nil {
			return err
		}
	} else if err := r.readHeader(); err != nil {
		return err
	}
	r.records.keep = r.header.width
	if r.footer != nil {
		r.footer.scanned = r.base + int64(r.pos)
		r.scanFooter()
	}
	for i, value := range r.header.constants {
		r.block.Columns[i].Constant = value
	}
	return nil
}

// readHeader skips what precedes the first record, and sets r.header.
func (r *Reader) readHeader() error {
	if r.end == 0 { // after fill, that is the end
		if r.cfg.Dialect.SkipEmpty {
			r.stats.EmptyInputs = 1
			return io.EOF
		}
		return r.errorAt(0, suggest(ErrEmptyInput, Dialect{SkipEmpty: true}))
	}
	if err := r.skipMark(); err != nil {
		return err
	}
	if err := r.skipLines(r.cfg.Dialect.SkipLines); err != nil {
		return err
	}
	r.records.keep = r.cfg.Limits.MaxColumns
	switch d := &r.cfg.Dialect; {
	case d.Names != nil:
		return r.beginNamed()
	case d.NoHeader:
		return r.beginUnnamed()
	}
	next, err := r.firstRecord()
	if err != nil {
		return err
	}
	names := r.recordValues()
	if r.header, err = newHeader(names, &r.cfg); err != nil {
		return r.errorAt(r.pos, r.explainMissing(err, names))
	}
	r.advanceTo(next)
	return r.skipRows(r.cfg.Dialect.SkipRows)
}

// beginNamed is readHeader for an input whose columns the dialect names.
func (r *Reader) beginNamed() error {
	names := make([][]byte, len(r.cfg.Dialect.Names))
	for i, name := range r.cfg.Dialect.Names {
		names[i] = []byte(name)
	}
	var err error
	if r.header, err = newHeader(names, &r.cfg); err != nil {
		return r.errorAt(r.pos, err)
	}
	next, err := r.firstRecord()
	if err != nil {
		return err
	}
	if r.records.count == len(names) && r.header.repeats(&r.records, r.buf) {
		r.advanceTo(next)
	}
	return r.skipRows(r.cfg.Dialect.SkipRows)
}

// beginUnnamed is readHeader for an input whose columns have no names. The
// first record that is not skipped has the number of fields that all have.
func (r *Reader) beginUnnamed() error {
	if err := r.skipRows(r.cfg.Dialect.SkipRows); err != nil {
		return err
	}
	if _, err := r.firstRecord(); err != nil {
		return err
	}
	var err error
	if r.header, err = newHeader(r.recordValues(), &r.cfg); err != nil {
		return r.errorAt(r.pos, r.explainNarrow(err))
	}
	return nil
}

// recordValues returns the fields of the record parsed last.
func (r *Reader) recordValues() [][]byte {
	values := make([][]byte, len(r.records.fields))
	for i, f := range r.records.fields {
		values[i] = bytes.Clone(r.records.value(r.buf, f))
	}
	return values
}

// skipMark skips a UTF-8 byte order mark at the beginning of the input.
func (r *Reader) skipMark() error {
	for _, mark := range foreignMarks {
		if bytes.HasPrefix(r.buf[:r.end], mark) {
			return r.errorAt(0, ErrUnsupportedEncoding)
		}
	}
	if !hasByteOrderMark(r.buf[:r.end]) {
		return nil
	}
	r.pos = 3
	if r.padded && r.end == r.pos+1 { // the input ends after the mark and has no line to terminate
		r.end, r.padded, r.records.padded = r.pos, false, false
	}
	return nil
}

// skipLines skips n lines, of which each is at most as long as a record.
func (r *Reader) skipLines(n int) error {
	for n > 0 {
		view, cut := r.records.view(r.buf[:r.end], r.pos)
		if i := bytes.IndexByte(view[r.pos:], '\n'); i >= 0 {
			r.advanceTo(r.pos + i + 1)
			n--
			continue
		}
		switch {
		case cut:
			return r.errorAt(r.pos, r.records.tooLong())
		case r.eof:
			return r.errorAt(r.inputEnd(), ErrTooFewRecords)
		}
		if err := r.fill(); err != nil {
			return err
		}
	}
	return nil
}

// skipRows skips n records.
func (r *Reader) skipRows(n int) error {
	for range n {
		next, err := r.nextRecord()
		if err == io.EOF {
			return r.errorAt(r.inputEnd(), ErrTooFewRecords)
		}
		if err != nil {
			return err
		}
		r.advanceTo(next)
		r.stats.SkippedRows++
	}
	return nil
}

// firstRecord parses the first record, moves r.pos to its beginning and returns
// the offset in r.buf that follows it.
func (r *Reader) firstRecord() (next int, err error) {
	next, err = r.nextRecord()
	switch {
	case err == io.EOF:
		return 0, r.errorAt(r.inputEnd(), ErrEmptyInput)
	case err != nil:
		return 0, err
	case r.records.count > r.records.keep:
		return 0, r.errorAt(r.pos, fmt.Errorf("%w: got %d, limit is %d", ErrTooManyColumns, r.records.count, r.cfg.Limits.MaxColumns))
	}
	return next, nil
}

// nextRecord parses the next record, moves r.pos to its beginning and returns
// the offset in r.buf that follows it. At the end of the input it returns
// io.EOF.
func (r *Reader) nextRecord() (next int, err error) {
	for {
		next, comment, err := r.records.skip(r.buf[:r.end], r.pos)
		if err == nil && next > r.pos {
			r.countComment(comment)
			r.advanceTo(next)
			continue
		}
		if err == nil {
			if r.eof && r.pos == r.end {
				return 0, io.EOF
			}
			next, err = r.records.parse(r.buf[:r.end], r.pos)
		}
		switch {
		case err == nil:
			return next, nil
		case err != errIncomplete && err != errIncompleteQuoted:
			return 0, r.errorAt(next, err)
		case r.eof:
			return 0, r.errorAt(r.records.open, r.records.unfinished(err))
		}
		if err = r.fill(); err != nil {
			return 0, err
		}
	}
}

// advanceTo moves r.pos to buf[at], which begins a line.
func (r *Reader) advanceTo(at int) {
	r.lines += int64(bytes.Count(r.buf[r.pos:at], []byte{'\n'}))
	r.pos = at
}

// inputEnd returns the offset in r.buf of the end of the input.
func (r *Reader) inputEnd() int {
	if r.padded {
		return r.end - 1
	}
	return r.end
}

// errorAt returns a SyntaxError with the position of buf[at]. It is used before
// the first block. If at precedes r.pos, it is the end of the last line.
func (r *Reader) errorAt(at int, err error) error {
	line, lines := r.pos, r.lines
	if at < r.pos { // the last line feed is not in the input
		line, lines = bytes.LastIndexByte(r.buf[:at], '\n')+1, lines-1
	}
	b := Block{Data: r.buf[line:r.end], Offset: r.base + int64(line), lines: lines}
	return b.errorAt(at-line, err)
}
