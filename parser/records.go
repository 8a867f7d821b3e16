package parser

import "bytes"

// This file contains the path of a Reader that uses the record parser.

// parseRecords appends the records of data that begin before stop to the block.
// It returns the number of bytes used. If a record cannot be parsed, it returns
// the error and its offset after appending the preceding records.
func (r *Reader) parseRecords(data []byte, stop int) (used, errAt int, err error) {
	p := &r.records
	for used < stop {
		next, comment, err := p.skip(data, used)
		if err != nil {
			return used, next, err
		}
		if next > used {
			r.countComment(comment)
			used = next
			continue
		}
		if next, err = p.parse(data, used); err != nil {
			return used, next, err
		}
		if errAt, err := r.take(data, used, next); err != nil {
			return used, errAt, err
		}
		used = next
	}
	return used, 0, nil
}

func (r *Reader) countComment(comment bool) {
	if comment {
		r.stats.Comments++
	}
}

// take appends the record data[at:next], which was parsed last, to the block,
// or leaves it out if the configuration allows that. It returns an error
// together with its offset.
func (r *Reader) take(data []byte, at, next int) (errAt int, err error) {
	p, h := &r.records, r.header
	if p.count == h.width && h.repeats(p, data) || r.cfg.Dialect.SkipRepeatedHeaders && h.names != nil && h.repeatsNames(p, data) {
		if !r.cfg.Dialect.SkipRepeatedHeaders {
			return at, ErrRepeatedHeader
		}
		r.stats.RepeatedHeaders++
		return at, nil
	}
	if p.lines > 1 {
		r.stats.Multiline++
	}
	if p.count != h.width && (!r.cfg.Dialect.Ragged || p.count < h.needed) {
		return at, r.reject(data, at, next, r.fieldCount(data, next))
	}
	if i := r.wrongTime(data); i >= 0 {
		return r.rejectTime(data, at, next, i)
	}
	if p.count != h.width {
		r.stats.Ragged++
	}
	r.appendFields(data, next)
	return at, nil
}

// reject calls Config.Reject for the record data[at:next] with the error err,
// and returns its error. Without Config.Reject, it returns err.
func (r *Reader) reject(data []byte, at, next int, err error) error {
	if r.cfg.Reject == nil {
		return err
	}
	r.block.Data = data
	record := bytes.TrimSuffix(bytes.TrimSuffix(data[at:next], []byte("\n")), []byte("\r"))
	return r.cfg.Reject(r.block.errorAt(at, err), record)
}

// appendFields appends the selected fields of the record parsed last, which
// ends at data[next], to the block.
func (r *Reader) appendFields(data []byte, next int) {
	for i, column := range r.header.wanted {
		if column < 0 { // constant
			continue
		}
		f := r.records.fields[column]
		if f.escaped {
			f = r.records.unescapeIn(r.copyOf(data, next), f)
			r.records.fields[column] = f // the same column may be selected again
		}
		if r.units != nil && r.units[i] != 0 {
			f.end = f.start + r.units[i].Cut(r.changed(data, f.end)[f.start:f.end])
		}
		c := &r.block.Columns[i]
		c.Starts = append(c.Starts, uint32(f.start))
		c.Ends = append(c.Ends, uint32(f.end))
	}
	r.block.Rows++
}

// changed returns the first n bytes of data, in which fields may have been
// modified.
func (r *Reader) changed(data []byte, n int) []byte {
	if copied := r.scratch.copied; len(copied) >= n {
		return copied
	}
	return data[:n]
}

// copyOf returns a copy of data[:n], where data is that of the block. Fields
// are modified only there, because data may be a window of the source. Within
// one block it continues the copy that it has begun.
func (r *Reader) copyOf(data []byte, n int) []byte {
	s := r.scratch
	s.copied = append(s.copied, data[len(s.copied):n]...)
	return s.copied
}
