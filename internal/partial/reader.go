package partial

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"strconv"

	"fastcount/internal/jsonline"
)

// Reader reads a partial result, group by group, in memory that does not depend
// on the number of groups. Nothing that it returns is verified until Next has
// returned io.EOF.
//
// It accepts exactly what [Writer] writes, and what it wrote in versions 1 and
// 2. A partial result is well formed if all of the following hold; every other
// one is refused with an error that matches [ErrCorrupt]:
//
//   - The header and the trailer are canonical JSON: no unknown, repeated or
//     missing member, no blanks, one spelling of each value, UTF-8. No line and
//     no id is longer than 64 MiB.
//   - The rules of the dialect have names and values. In version 1 there are
//     neither these nor counts that it does not have.
//   - There are at most [engine.MaxKeys] key columns, whose names are different
//     and not empty. In versions 1 and 2 they are not named.
//   - In the header, Covers are in order, apart from each other, not empty, and
//     within Total; without Total there are no Covers and no Shards. If Shards
//     is known, Covers begin and end where shards do.
//   - Numbers in the lines of groups have no leading zeros. A group has a value
//     of each key column. Values are UTF-8 unless the header has EscapeIDs.
//   - Groups are in the order of their bytes, each once. Counts are more than
//     0, and their sum is less than 2^64.
//   - The trailer has the number of groups, the sum of their counts, and the
//     sum of the bytes of all parts, which is less than 2^64. The rows of all
//     parts have the same sum as the counts. If Total is set and nothing is
//     covered, the result has neither groups nor parts.
//   - Parts are in the order of their plan entries, whose numbers are not
//     negative. A part took at least one attempt, and no row of it was left
//     out. At most all of its rows span several lines, and at most all are
//     ragged. An empty input has no bytes. Parts of the same name
//     are byte ranges of one file: in order, apart from each other, next to
//     each other in the list. Each download occurs once, unless the header has
//     AllowDuplicateIDs; a download has no byte range.
//   - A byte range is not empty and lies within the file. Start is 0 if From
//     is, and follows From otherwise. End is not before Start, and follows To
//     unless it is the end of the file. There are rows only if Start is before
//     End and not after To.
//   - The checksum matches, and nothing follows the trailer.
type Reader struct {
	r       *bufio.Reader
	sum     hash.Hash
	header  Header
	trailer trailer

	before string // digest of header and groups

	line   []byte
	values []string // of the group
	recent recent
	sums   sums
	err    error
}

// NewReader returns a Reader after reading the header. It reads ahead, into a
// buffer of its own unless r is a *bufio.Reader. The error matches ErrCorrupt
// or ErrVersion, or is that of r.
func NewReader(r io.Reader) (*Reader, error) {
	buffered, ok := r.(*bufio.Reader)
	if !ok {
		buffered = bufio.NewReaderSize(r, 64<<10)
	}
	p := &Reader{r: buffered, sum: sha256.New()}
	line, err := p.readLine()
	if err != nil {
		return nil, err
	}
	var h header
	if err := jsonline.ParseHeader(format, line, &h); err != nil {
		return nil, err
	}
	p.header = h.Header
	p.header.NoDialect = h.Version == 1
	switch {
	case h.Version == 1 && h.Dialect != nil:
		return nil, corrupt("header: dialect in version 1")
	case h.Version < 3 && h.By != nil:
		return nil, corrupt("header: key columns in version %d", h.Version)
	}
	if err := p.header.check(); err != nil {
		return nil, err
	}
	p.sums = newSums(&p.header)
	p.values = make([]string, len(p.sums.last))
	p.sum.Write(line)
	return p, nil
}

// Header returns the header.
func (p *Reader) Header() Header { return p.header }

// Parts returns the parts that were counted, once Next has returned io.EOF.
func (p *Reader) Parts() []Part { return p.trailer.Parts }

// Digest returns a digest of the header, the groups and the parts, once Next
// has returned io.EOF. It does not depend on the numbers of attempts, in which
// two runs that count the same may differ.
func (p *Reader) Digest() string {
	h := sha256.New()
	io.WriteString(h, p.before)
	for _, part := range p.trailer.Parts {
		part.Attempts = 0
		line, _ := jsonline.Marshal(part) // what was read as JSON can be written as such
		h.Write(line)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Next returns the values and the count of the next group. The slice is valid
// until the next call. At the end of a well formed partial result Next returns
// io.EOF; for every other one, an error that matches ErrCorrupt.
func (p *Reader) Next() (values []string, n uint64, err error) {
	if p.err == nil {
		n, p.err = p.next()
	}
	if p.err != nil {
		return nil, 0, p.err
	}
	return p.values, n, nil
}

func (p *Reader) next() (n uint64, err error) {
	c, err := p.r.Peek(1)
	switch {
	case err == io.EOF:
		return 0, p.corrupt("unexpected end of file")
	case err != nil:
		return 0, err
	case c[0] == '{':
		return 0, p.end()
	}
	return p.group()
}

func (p *Reader) corrupt(what string) error {
	return corrupt("%s%s", what, p.place())
}

// place returns how far p has read, for errors.
func (p *Reader) place() string {
	if p.sums.groups == 1 {
		return " (after 1 group)"
	}
	return fmt.Sprintf(" (after %d groups)", p.sums.groups)
}

// group reads the line of a group into p.values.
func (p *Reader) group() (n uint64, err error) {
	if n, ok, err := p.bufferedGroup(); err != nil {
		return 0, fmt.Errorf("%w%s", err, p.place())
	} else if ok {
		return n, nil
	}
	p.line = p.line[:0]
	for i := range p.values {
		name, err := p.netstring()
		if err != nil {
			return 0, err
		}
		p.setValue(i, name)
	}
	n, err = p.number('\n', 64, "count")
	if err != nil {
		return 0, err
	}
	if err := p.sums.add(p.values, n); err != nil {
		return 0, fmt.Errorf("%w%s", err, p.place())
	}
	p.sum.Write(p.line)
	return n, nil
}

// maxDigits is the number of digits of the largest number in a line of a group.
const maxDigits = 20

// number reads digits up to the byte end, and that byte. The errors name what
// it reads.
func (p *Reader) number(end byte, bits int, what string) (uint64, error) {
	begin := len(p.line)
	for len(p.line)-begin <= maxDigits {
		c, err := p.r.ReadByte()
		if err != nil {
			return 0, p.truncated(err)
		}
		p.line = append(p.line, c)
		if c != end {
			continue
		}
		digits := string(p.line[begin : len(p.line)-1])
		n, err := strconv.ParseUint(digits, 10, bits)
		if err != nil || digits[0] == '0' && digits != "0" {
			break
		}
		return n, nil
	}
	return 0, p.corrupt("invalid " + what)
}

// truncated returns the error of the underlying reader before the end of a
// partial result.
func (p *Reader) truncated(err error) error {
	if err == io.EOF {
		return p.corrupt("unexpected end of file")
	}
	return err
}

// netstring reads a name, valid until the next line.
func (p *Reader) netstring() ([]byte, error) {
	size, err := p.number(':', 31, "length")
	if err != nil {
		return nil, err
	}
	if size > maxID {
		return nil, p.corrupt("id too long")
	}
	begin := len(p.line)
	p.line = append(p.line, make([]byte, size+1)...)
	if _, err := io.ReadFull(p.r, p.line[begin:]); err != nil {
		if err == io.ErrUnexpectedEOF {
			err = io.EOF
		}
		return nil, p.truncated(err)
	}
	if p.line[len(p.line)-1] != ',' {
		return nil, p.corrupt("missing comma after an id")
	}
	return p.line[begin : len(p.line)-1], nil
}

// readLine returns the next line with its line feed, valid until the next call.
func (p *Reader) readLine() ([]byte, error) {
	p.line = p.line[:0]
	for {
		chunk, err := p.r.ReadSlice('\n')
		p.line = append(p.line, chunk...)
		switch {
		case len(p.line) > jsonline.MaxLine:
			return nil, p.corrupt("line too long")
		case err == nil:
			return p.line, nil
		case err != bufio.ErrBufferFull:
			return nil, p.truncated(err)
		}
	}
}

// end reads the trailer, compares it with the groups, and returns io.EOF if it
// is correct.
func (p *Reader) end() error {
	line, err := p.readLine()
	if err != nil {
		return err
	}
	p.before = string(p.sum.Sum(nil))
	if err := jsonline.ParseTrailer(line, p.sum, &p.trailer); err != nil {
		return p.corrupt(err.Error())
	}
	for i, part := range p.trailer.Parts {
		if p.header.NoDialect && part.isVersion2() {
			return p.corrupt(fmt.Sprintf("part %d: members of version 2", i+1))
		}
	}
	if p.trailer.Parts == nil {
		return p.corrupt("trailer: " + jsonline.ErrForm.Error())
	}
	size, err := p.sums.check(&p.header, p.trailer.Parts)
	switch {
	case err != nil:
		return err
	case p.trailer.Pairs != p.sums.groups, p.trailer.Rows != p.sums.rows, p.trailer.Bytes != size:
		return p.corrupt("trailer does not match the data")
	}
	if _, err := p.r.ReadByte(); err != io.EOF {
		if err == nil {
			err = p.corrupt("data after the trailer")
		}
		return err
	}
	return io.EOF
}
