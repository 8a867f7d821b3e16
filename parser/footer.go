package parser

import (
	"io"
	"math"
)

// footer finds the records at the end of an input that are skipped. It scans
// the records in the buffer before they are read, so that Reader.limit is where
// the last of them begin. Records from there on are read only when others have
// followed them.
type footer struct {
	parser  recordParser // another one than that of the Reader, which holds a record
	size    int          // number of records to skip
	starts  []int64      // offsets of the last records scanned, at most size
	scanned int64        // offset that follows them
	failed  bool         // a record cannot be parsed; reading it returns the error
}

func newFooter(p *recordParser, size int) *footer {
	f := &footer{parser: *p, size: size}
	f.parser.fields = nil
	return f
}

// scanFooter scans the records that have been added to the buffer.
func (r *Reader) scanFooter() {
	f, data := r.footer, r.buf[:r.end]
	f.parser.padded = r.records.padded
	for at := int(f.scanned - r.base); at < len(data) && !f.failed; {
		next, _, err := f.parser.skip(data, at)
		if err == nil && next == at {
			if next, err = f.parser.parse(data, at); err == nil {
				f.add(r.base + int64(at))
			}
		}
		if !r.eof && (err == errIncomplete || err == errIncompleteQuoted) {
			break
		}
		f.failed = err != nil
		at = next
		f.scanned = r.base + int64(at)
	}
	if f.failed {
		r.limit = math.MaxInt64
	} else if len(f.starts) == f.size {
		r.limit = f.starts[0]
	}
}

// add adds the start of a record.
func (f *footer) add(start int64) {
	if len(f.starts) == f.size {
		copy(f.starts, f.starts[1:])
		f.starts = f.starts[:f.size-1]
	}
	f.starts = append(f.starts, start)
}

// lookAhead reads until a record before the footer follows r.pos, or skips the
// footer. It does nothing if there is no footer.
func (r *Reader) lookAhead() error {
	if r.footer == nil {
		return nil
	}
	for r.base+int64(r.pos) >= r.limit {
		if r.eof {
			return r.skipFooter()
		}
		if err := r.fill(); err != nil {
			return err
		}
		r.scanFooter()
	}
	return nil
}

// skipFooter skips the footer, which begins at r.pos.
func (r *Reader) skipFooter() error {
	if len(r.footer.starts) < r.footer.size {
		return r.errorAt(r.inputEnd(), ErrTooFewRecords)
	}
	r.limit = math.MaxInt64
	for {
		next, err := r.nextRecord()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		r.advanceTo(next)
		r.stats.SkippedRows++
	}
}
