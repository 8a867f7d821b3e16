package parser

// This file contains the record parser for simple dialects: the delimiter is
// one byte, there are quotes, and there is neither an escape nor anything to
// trim. It does what parseField and parseQuoted do, in less time.

// isSimple reports whether d is a simple dialect.
func (d Dialect) isSimple() bool {
	return len(d.Delimiter) == 1 && !d.NoQuote && d.Escape == 0 && !d.Trim
}

// parseSimple is parseField for a simple dialect.
func (p *recordParser) parseSimple(data []byte, at int) (next int, last bool, err error) {
	if at < len(data) && data[at] == p.quote {
		return p.parseSimpleQuoted(data, at)
	}
	for i := at; i < len(data); i++ {
		switch data[i] {
		case p.first:
			p.add(field{start: at, end: i})
			return i + 1, false, nil
		case '\n', '\r':
			next, err := lineEnd(data, i)
			if err == nil {
				p.add(field{start: at, end: i})
			}
			return next, true, err
		case p.quote:
			return i, false, bareQuote(data, at, i)
		}
	}
	return len(data), false, errIncomplete
}

// parseSimpleQuoted is parseQuoted for a simple dialect.
func (p *recordParser) parseSimpleQuoted(data []byte, open int) (next int, last bool, err error) {
	p.open = open
	f, highest, quote := field{start: open + 1}, p.highest, p.quote
	for i := f.start; i < len(data); i++ {
		if data[i] > highest { // most bytes
			continue
		}
		if data[i] == '\n' && !p.nextLine(i) {
			return open, false, ErrTooManyLines
		}
		if data[i] != quote {
			continue
		}
		if i+1 == len(data) {
			return i, false, errIncomplete
		}
		f.end = i
		switch data[i+1] {
		case quote:
			f.escaped = true
			i++
		case p.first:
			p.add(f)
			return i + 2, false, nil
		case '\n', '\r':
			next, err := lineEnd(data, i+1)
			if err == nil {
				p.add(f)
			}
			return next, true, err
		default:
			return i, false, p.misplacedQuote(data, f)
		}
	}
	return len(data), false, errIncompleteQuoted
}
