package engine

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"math"
	"strconv"
)

// A partial result is what was counted of a piece of work, written out so that it can be kept, sent and added up. It
// proves itself whole: it is text, in three parts.
//
//	{"fastcount":"partial result","version":1,"work":"9f2c…","unit":"3/64"}
//	4:P001,6:bp_dia,3106
//	4:P001,6:bp_sys,3098
//	{"pairs":2,"rows":6204,"bytes":272976,"parts":[…],"sha256":"41d0…"}
//
// The head says what it is a result of; the pairs follow, in the order of their bytes, each patient id and event type
// as a netstring (D. J. Bernstein, 1997), so that they may hold any byte; the foot says how many there must be. Its
// sha256 is that of every byte before that member's name.

// ErrDamaged says that a partial result is not what was once written, or not all of it.
var ErrDamaged = errors.New("damaged partial result")

// ErrPartialVersion says that a partial result was written by another version of this program that this one cannot
// read.
var ErrPartialVersion = errors.New("partial result of another version")

const (
	partialFormat  = "partial result"
	partialVersion = 1
)

// PartialHead says what a partial result is a result of.
type PartialHead struct {
	Work string `json:"work"` // the whole work, such as the digest of its plan
	Unit string `json:"unit"` // which piece of it
}

type partialHead struct {
	Format  string `json:"fastcount"`
	Version int    `json:"version"`
	PartialHead
}

// partialPart is a PartReport as it is written.
type partialPart struct {
	Name     string `json:"name"`
	Rows     uint64 `json:"rows"`
	Bytes    uint64 `json:"bytes"`
	RawBytes uint64 `json:"raw_bytes"`
	Attempts int    `json:"attempts"`
	BadRows  uint64 `json:"bad_rows,omitempty"`
	Verified Proof  `json:"verified"`
}

type partialFoot struct {
	Pairs uint64        `json:"pairs"`
	Rows  uint64        `json:"rows"`
	Bytes uint64        `json:"bytes"`
	Parts []partialPart `json:"parts"`
}

// PartialWriter writes a partial result, pair by pair.
type PartialWriter struct {
	w     *bufio.Writer
	sum   hash.Hash
	line  []byte
	last  [2]string
	pairs uint64
	rows  uint64
}

// NewPartialWriter begins a partial result in w.
func NewPartialWriter(w io.Writer, head PartialHead) (*PartialWriter, error) {
	p := &PartialWriter{sum: sha256.New()}
	p.w = bufio.NewWriterSize(io.MultiWriter(w, p.sum), 64<<10)
	line, err := json.Marshal(partialHead{partialFormat, partialVersion, head})
	if err != nil {
		return nil, err
	}
	_, err = p.w.Write(append(line, '\n'))
	return p, err
}

// Add writes the count of one pair. Pairs come in the order of their bytes, patient before event type, each once, and
// counts are more than 0; anything else is an error.
func (p *PartialWriter) Add(patient, event string, n uint64) error {
	pair := [2]string{patient, event}
	if p.pairs > 0 && !lessPair(p.last, pair) {
		return errors.New("the pairs of a partial result are not in order")
	}
	if n == 0 || p.rows > math.MaxUint64-n {
		return errors.New("the counts of a partial result are out of range")
	}
	p.last = pair
	p.pairs++
	p.rows += n
	p.line = appendNetstring(p.line[:0], patient)
	p.line = appendNetstring(p.line, event)
	p.line = append(strconv.AppendUint(p.line, n, 10), '\n')
	_, err := p.w.Write(p.line)
	return err
}

func lessPair(a, b [2]string) bool {
	return a[0] < b[0] || a[0] == b[0] && a[1] < b[1]
}

func appendNetstring(dst []byte, s string) []byte {
	dst = append(strconv.AppendInt(dst, int64(len(s)), 10), ':')
	return append(append(dst, s...), ',')
}

// Close writes the foot: parts are what was counted, their rows those of all pairs. It does not close the
// underlying writer.
func (p *PartialWriter) Close(parts []PartReport) error {
	foot := partialFoot{Pairs: p.pairs, Rows: p.rows, Parts: make([]partialPart, len(parts))}
	rows := uint64(0)
	for i, r := range parts {
		foot.Parts[i] = partialPart{r.Name, r.Rows, r.Bytes, r.RawBytes, r.Attempts, r.BadRows, r.Verified}
		foot.Bytes += r.Bytes
		rows += r.Rows
	}
	if rows != p.rows {
		return fmt.Errorf("the pairs of a partial result have %d rows, its parts %d", p.rows, rows)
	}
	line, err := json.Marshal(foot)
	if err != nil {
		return err
	}
	line[len(line)-1] = ',' // the sum takes the place of the closing brace
	if _, err := p.w.Write(line); err != nil {
		return err
	}
	if err := p.w.Flush(); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(p.w, "%s%x\"}\n", sumMember, p.sum.Sum(nil)); err != nil {
		return err
	}
	return p.w.Flush()
}

// sumMember is what stands between the bytes that the sum is of, and the sum.
const sumMember = `"sha256":"`

// WritePartial writes a whole report as a partial result. One with shortfalls is refused.
func WritePartial(w io.Writer, head PartialHead, r *Report) error {
	if len(r.Shortfalls) > 0 {
		return errors.New("an incomplete report cannot be a partial result")
	}
	p, err := NewPartialWriter(w, head)
	if err != nil {
		return err
	}
	for _, pair := range r.Pairs {
		if err := p.Add(r.Patients[pair.Patient], r.Events[pair.Event], pair.Count); err != nil {
			return err
		}
	}
	return p.Close(r.Parts)
}

// PartialReader reads a partial result, pair by pair, in memory that does not depend on its size. Whatever it gave is
// worth nothing until Next has returned io.EOF.
type PartialReader struct {
	r    *bufio.Reader
	sum  hash.Hash
	head PartialHead
	foot partialFoot

	line  []byte
	last  [2]string
	pairs uint64
	rows  uint64
	err   error
}

// maxPartialLine bounds a line, of which the foot may be the longest.
const maxPartialLine = 64 << 20

// NewPartialReader reads the head. The error matches ErrDamaged or ErrPartialVersion, or it is that of r.
func NewPartialReader(r io.Reader) (*PartialReader, error) {
	p := &PartialReader{r: bufio.NewReaderSize(r, 64<<10), sum: sha256.New()}
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
			Attempts: f.Attempts, BadRows: f.BadRows, Verified: f.Verified}
	}
	return parts
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
