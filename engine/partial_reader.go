package engine

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"maps"
	"slices"
	"strconv"

	"fastcount/internal/jsonline"
)

// PartialReader reads a partial result, pair by pair, in memory that does not
// depend on the number of pairs. Nothing that it returned can be relied on until
// Next has returned io.EOF.
//
// It accepts exactly what [PartialWriter] writes. A partial result is well formed
// if all of the following hold; every other one is refused with an error that
// matches [ErrDamaged]:
//
//   - The header and the trailer are in the form in which they are written: no
//     unknown, repeated or missing member, no blanks, one spelling of each value,
//     UTF-8. No line and no id is longer than 64 MiB.
//   - In the header, Covers are in order, apart from each other, not empty, and
//     within Total; without Total there are no Covers and no Shards. If Shards is
//     known, Covers begin and end where shards do.
//   - Numbers in the lines of pairs have no leading zeros. Ids are UTF-8 unless
//     the header has EscapeIDs.
//   - Pairs are in the order of their bytes, each once. Counts are more than 0,
//     and their sum is less than 2^64.
//   - The trailer has the number of pairs, the sum of their counts, and the sum of
//     the bytes of all parts, which is less than 2^64. The rows of all parts have
//     the same sum as the counts. If Total is set and nothing is covered, there
//     are no pairs and no parts.
//   - Parts are in the order of their plan entries, whose numbers are not negative.
//     A part took at least one attempt, and no row of it was left out. At most all
//     of its rows span several lines. Parts of the same name are ranges of one
//     file: in order, apart from each other, next to each other in the list. Each
//     download occurs once, unless the header has AllowDuplicateIDs; a download
//     has no range.
//   - A range is not empty and lies within the file. Start is 0 if From is, and
//     follows From otherwise. End is not before Start, and follows To unless it is
//     the end of the file. There are rows only if Start is before End and not
//     after To.
//   - The checksum matches, and nothing follows the trailer.
type PartialReader struct {
	r    *bufio.Reader
	sum  hash.Hash
	head PartialHead
	foot partialFoot

	before string // digest of header and pairs

	line    []byte
	content partialContent
	err     error
}

// maxPartialLine bounds the length of a line of JSON, with its line feed, and of
// an id.
const maxPartialLine = 64 << 20

// NewPartialReader reads the header. It reads ahead, into a buffer of its own
// unless r is a *bufio.Reader. The error matches ErrDamaged or
// ErrPartialVersion, or is that of r.
func NewPartialReader(r io.Reader) (*PartialReader, error) {
	buffered, ok := r.(*bufio.Reader)
	if !ok {
		buffered = bufio.NewReaderSize(r, 64<<10)
	}
	p := &PartialReader{r: buffered, sum: sha256.New()}
	line, err := p.readLine()
	if err != nil {
		return nil, err
	}
	if p.head, err = parseHead(bytes.TrimSuffix(line, []byte("\n"))); err != nil {
		return nil, err
	}
	p.content.anyBytes = p.head.EscapeIDs
	p.sum.Write(line)
	return p, nil
}

func parseHead(line []byte) (PartialHead, error) {
	var format struct {
		Name    string `json:"fastcount"`
		Version int    `json:"version"`
	}
	if json.Unmarshal(line, &format) != nil || format.Name != partialFormat {
		return PartialHead{}, damaged("it does not begin as one")
	}
	if format.Version != partialVersion {
		return PartialHead{}, fmt.Errorf("%w: %d, not %d", ErrPartialVersion, format.Version, partialVersion)
	}
	var head partialHead
	if err := jsonline.Unmarshal(line, &head); err != nil {
		return PartialHead{}, damaged("header: %w", err)
	}
	return head.PartialHead, head.check()
}

// Head returns the header.
func (p *PartialReader) Head() PartialHead { return p.head }

// Parts returns what was counted, once Next has returned io.EOF.
func (p *PartialReader) Parts() []PartReport {
	parts := make([]PartReport, len(p.foot.Parts))
	for i, f := range p.foot.Parts {
		parts[i] = f.report()
	}
	return parts
}

// Content returns a digest of what the result says, once Next has returned io.EOF: of its head, its pairs and its parts,
// but not of how many attempts these took, in which two runs may differ.
func (p *PartialReader) Content() string {
	h := sha256.New()
	io.WriteString(h, p.before)
	for _, part := range p.foot.Parts {
		part.Attempts = 0
		line, _ := jsonline.Marshal(part) // what was read as JSON can be written as such
		h.Write(line)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Next returns the next pair, in the order of their bytes. At the end it returns io.EOF if the result is whole, and
// else an error that matches ErrDamaged.
func (p *PartialReader) Next() (patient, event string, n uint64, err error) {
	if p.err == nil {
		patient, event, n, p.err = p.next()
	}
	return patient, event, n, p.err
}

func (p *PartialReader) next() (patient, event string, n uint64, err error) {
	c, err := p.r.Peek(1)
	switch {
	case err == io.EOF:
		return "", "", 0, p.damaged("unexpected end of file")
	case err != nil:
		return "", "", 0, err
	case c[0] == '{':
		return "", "", 0, p.end()
	}
	return p.pair()
}

func (p *PartialReader) damaged(what string) error {
	return damaged("%s%s", what, p.place())
}

// place returns how far p has read, for errors.
func (p *PartialReader) place() string {
	if p.content.pairs == 1 {
		return " (after 1 pair)"
	}
	return fmt.Sprintf(" (after %d pairs)", p.content.pairs)
}

// pair reads the line of a pair.
func (p *PartialReader) pair() (patient, event string, n uint64, err error) {
	pair := p.content.last
	p.line = p.line[:0]
	for i := range pair {
		name, err := p.netstring()
		if err != nil {
			return "", "", 0, err
		}
		if pair[i] != string(name) { // most often the patient is that of the pair before
			pair[i] = string(name)
		}
	}
	n, err = p.number('\n', 64)
	if err != nil {
		return "", "", 0, err
	}
	if err := p.content.add(pair, n); err != nil {
		return "", "", 0, fmt.Errorf("%w%s", err, p.place())
	}
	p.sum.Write(p.line)
	return pair[0], pair[1], n, nil
}

// maxDigits is the number of digits of the largest number in a line of a pair.
const maxDigits = 20

// number reads digits up to the byte end, and that byte.
func (p *PartialReader) number(end byte, bits int) (uint64, error) {
	begin := len(p.line)
	for len(p.line)-begin <= maxDigits {
		c, err := p.r.ReadByte()
		if err != nil {
			return 0, p.cut(err)
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
	return 0, p.damaged("invalid number")
}

// cut returns the error of the underlying reader before the end of a partial
// result.
func (p *PartialReader) cut(err error) error {
	if err == io.EOF {
		return p.damaged("unexpected end of file")
	}
	return err
}

// netstring reads a name, valid until the next line.
func (p *PartialReader) netstring() ([]byte, error) {
	size, err := p.number(':', 31)
	if err != nil {
		return nil, err
	}
	if size > maxPartialLine {
		return nil, p.damaged("id too long")
	}
	begin := len(p.line)
	p.line = append(p.line, make([]byte, size+1)...)
	if _, err := io.ReadFull(p.r, p.line[begin:]); err != nil {
		if err == io.ErrUnexpectedEOF {
			err = io.EOF
		}
		return nil, p.cut(err)
	}
	if p.line[len(p.line)-1] != ',' {
		return nil, p.damaged("an id does not end where it should")
	}
	return p.line[begin : len(p.line)-1], nil
}

// readLine returns the next line with its line feed, valid until the next call.
func (p *PartialReader) readLine() ([]byte, error) {
	p.line = p.line[:0]
	for {
		piece, err := p.r.ReadSlice('\n')
		p.line = append(p.line, piece...)
		switch {
		case len(p.line) > maxPartialLine:
			return nil, p.damaged("line too long")
		case err == nil:
			return p.line, nil
		case err != bufio.ErrBufferFull:
			return nil, p.cut(err)
		}
	}
}

// end reads the trailer, compares it with what came before, and returns io.EOF
// if everything is right.
func (p *PartialReader) end() error {
	line, err := p.readLine()
	if err != nil {
		return err
	}
	begin := len(line) - sumTail
	if begin < 0 || !bytes.HasSuffix(line[:begin], []byte(","+sumMember)) {
		return p.damaged("the trailer has no checksum")
	}
	summed := line[:begin-len(sumMember)]
	p.before = string(p.sum.Sum(nil))
	p.sum.Write(summed)
	if fmt.Sprintf("%x\"}\n", p.sum.Sum(nil)) != string(line[begin:]) {
		return p.damaged("checksum mismatch")
	}
	summed[len(summed)-1] = '}' // in place of the comma
	if err := jsonline.Unmarshal(summed, &p.foot); err != nil || p.foot.Parts == nil {
		return p.damaged("trailer: " + jsonline.ErrForm.Error())
	}
	sum, err := p.content.end(p.head, p.Parts())
	switch {
	case err != nil:
		return err
	case p.foot.Pairs != p.content.pairs || p.foot.Rows != p.content.rows:
		return p.damaged("the trailer does not match the pairs")
	case p.foot.Bytes != sum:
		return p.damaged("the trailer does not match its parts")
	}
	if _, err := p.r.ReadByte(); err != io.EOF {
		if err == nil {
			err = p.damaged("data after the trailer")
		}
		return err
	}
	return io.EOF
}

// ReadPartial reads a whole partial result into a report, the opposite of WritePartial. Errors are those of
// PartialReader.
func ReadPartial(r io.Reader) (PartialHead, *Report, error) {
	p, err := NewPartialReader(r)
	if err != nil {
		return PartialHead{}, nil, err
	}
	c := collector{report: new(Report), events: make(map[string]uint32)}
	for {
		patient, event, n, err := p.Next()
		if err == io.EOF {
			return p.Head(), c.finish(p), nil
		}
		if err != nil {
			return PartialHead{}, nil, err
		}
		c.add(patient, event, n)
	}
}

// collector gathers the pairs of a partial result in a report. Patients come in order; event types are numbered as they
// come, and sorted at the end.
type collector struct {
	report *Report
	events map[string]uint32
}

func (c *collector) add(patient, event string, n uint64) {
	r := c.report
	if last := len(r.Patients) - 1; last < 0 || r.Patients[last] != patient {
		r.Patients = append(r.Patients, patient)
	}
	id, known := c.events[event]
	if !known {
		id = uint32(len(c.events))
		c.events[event] = id
	}
	r.Pairs = append(r.Pairs, Pair{uint32(len(r.Patients) - 1), id, n})
}

// finish sorts the event types. The pairs of a patient come in their order, and so stay sorted.
func (c *collector) finish(p *PartialReader) *Report {
	r := c.report
	r.Events = slices.Sorted(maps.Keys(c.events))
	ids := make([]uint32, len(r.Events))
	for id, event := range r.Events {
		ids[c.events[event]] = uint32(id)
	}
	r.Totals = make([]uint64, len(r.Events))
	for i := range r.Pairs {
		pair := &r.Pairs[i]
		pair.Event = ids[pair.Event]
		r.Totals[pair.Event] += pair.Count
	}
	r.Parts, r.Rows, r.Bytes = p.Parts(), p.foot.Rows, p.foot.Bytes
	return r
}
