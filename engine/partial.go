package engine

import (
	"bufio"
	"crypto/sha256"
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
	Unit string `json:"unit"` // which piece of it, in words

	// Covers are the stretches of the work that were counted, of Total altogether, in whatever the work is measured in:
	// in order, apart from each other, none empty. They are for work that is shared out; else there are none.
	Covers []Stretch `json:"covers,omitempty"`
	Total  int64     `json:"total,omitempty"`
	Shards int       `json:"shards,omitempty"` // into how many the work is shared out, where that is known

	// EscapeIDs is Config.EscapeIDs, for whoever makes a report of it.
	EscapeIDs bool `json:"escape_ids,omitempty"`
}

// Stretch is where something begins and where it ends.
type Stretch [2]int64

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
	Range    *Range `json:"range,omitempty"`
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
		foot.Parts[i] = partialPart{r.Name, r.Rows, r.Bytes, r.RawBytes, r.Attempts, r.BadRows, r.Verified, r.Range}
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
