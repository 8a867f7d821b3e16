package engine

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
)

// PartialReader reads a partial result, pair by pair, in memory that does not depend on its size. Whatever it gave is
// worth nothing until Next has returned io.EOF.
type PartialReader struct {
	r    *bufio.Reader
	sum  hash.Hash
	head PartialHead
	foot partialFoot

	before string // digest of head and pairs

	line  []byte
	last  [2]string
	pairs uint64
	rows  uint64
	err   error
}

// maxPartialLine bounds a line, of which the foot may be the longest.
const maxPartialLine = 64 << 20

// NewPartialReader reads the head. It reads ahead, into a buffer of its own unless r is a *bufio.Reader. The error matches ErrDamaged or ErrPartialVersion, or it is that of r.
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
	var head partialHead
	if json.Unmarshal(line, &head) != nil || head.Format != partialFormat {
		return nil, fmt.Errorf("%w: it does not begin as one", ErrDamaged)
	}
	if head.Version != partialVersion {
		return nil, fmt.Errorf("%w: %d, not %d", ErrPartialVersion, head.Version, partialVersion)
	}
	p.head = head.PartialHead
	p.sum.Write(line)
	return p, nil
}

// Head returns what the partial result is a result of.
func (p *PartialReader) Head() PartialHead { return p.head }

// Parts returns what was counted, once Next has returned io.EOF.
func (p *PartialReader) Parts() []PartReport {
	parts := make([]PartReport, len(p.foot.Parts))
	for i, f := range p.foot.Parts {
		parts[i] = PartReport{Name: f.Name, Rows: f.Rows, Bytes: f.Bytes, RawBytes: f.RawBytes,
			Attempts: f.Attempts, BadRows: f.BadRows, Verified: f.Verified, Range: f.Range}
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
		line, _ := json.Marshal(part) // what was read as JSON can be written as such
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
		return "", "", 0, p.damaged("it ends too early")
	case err != nil:
		return "", "", 0, err
	case c[0] == '{':
		return "", "", 0, p.end()
	}
	return p.pair()
}

func (p *PartialReader) damaged(what string) error {
	return fmt.Errorf("%w: %s, after %d pairs", ErrDamaged, what, p.pairs)
}

// pair reads the line of a pair.
func (p *PartialReader) pair() (patient, event string, n uint64, err error) {
	pair := p.last
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
	digits, err := p.until('\n')
	if err != nil {
		return "", "", 0, err
	}
	n, err = strconv.ParseUint(digits, 10, 64)
	switch {
	case err != nil || n == 0 || p.rows > math.MaxUint64-n:
		return "", "", 0, p.damaged("a count is none")
	case p.pairs > 0 && !lessPair(p.last, pair):
		return "", "", 0, p.damaged("the pairs are not in order")
	}
	p.sum.Write(p.line)
	p.last = pair
	p.pairs++
	p.rows += n
	return pair[0], pair[1], n, nil
}

// maxDigits is more than the digits of any number in a line of a pair.
const maxDigits = 20

// until reads digits up to the byte end, and goes over it.
func (p *PartialReader) until(end byte) (string, error) {
	begin := len(p.line)
	for len(p.line)-begin <= maxDigits {
		c, err := p.r.ReadByte()
		if err != nil {
			return "", p.cut(err)
		}
		p.line = append(p.line, c)
		if c == end {
			return string(p.line[begin : len(p.line)-1]), nil
		}
	}
	return "", p.damaged("a number is too long")
}

// cut is the error of the underlying reader within something that goes on.
func (p *PartialReader) cut(err error) error {
	if err == io.EOF {
		return p.damaged("it ends too early")
	}
	return err
}

// netstring reads a name, valid until the next line.
func (p *PartialReader) netstring() ([]byte, error) {
	digits, err := p.until(':')
	if err != nil {
		return nil, err
	}
	size, err := strconv.ParseUint(digits, 10, 31)
	if err != nil || size > maxPartialLine {
		return nil, p.damaged("a length is none")
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
		return nil, p.damaged("a name does not end where it should")
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
		case err == nil:
			return p.line, nil
		case err != bufio.ErrBufferFull:
			return nil, p.cut(err)
		case len(p.line) > maxPartialLine:
			return nil, p.damaged("a line is too long")
		}
	}
}

// end reads the foot, compares it with what came before, and returns io.EOF if all is well.
func (p *PartialReader) end() error {
	line, err := p.readLine()
	if err != nil {
		return err
	}
	const tail = sha256.Size*2 + len("\"}\n")
	begin := len(line) - tail
	if begin < len(sumMember) || string(line[begin-len(sumMember):begin]) != sumMember || json.Unmarshal(line, &p.foot) != nil {
		return p.damaged("its foot cannot be read")
	}
	p.before = string(p.sum.Sum(nil))
	p.sum.Write(line[:begin-len(sumMember)])
	rows := uint64(0)
	for _, part := range p.foot.Parts {
		rows += part.Rows
	}
	switch {
	case hex.EncodeToString(p.sum.Sum(nil)) != string(line[begin:begin+sha256.Size*2]):
		return p.damaged("its sum is another")
	case p.foot.Pairs != p.pairs || p.foot.Rows != p.rows || rows != p.rows:
		return p.damaged("its foot tells of other pairs")
	}
	if _, err := p.r.ReadByte(); err != io.EOF {
		if err == nil {
			err = p.damaged("something follows its end")
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
