package engine

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"strconv"
	"strings"

	"fastcount/internal/jsonline"
)

// A partial result holds what was counted of a part of a job, so that it can be
// kept, sent and added up. It is text in three parts:
//
//	{"fastcount":"partial result","version":1,"work":"9f2c…","unit":"3/64"}
//	4:P001,6:bp_dia,3106
//	4:P001,6:bp_sys,3098
//	{"pairs":2,"rows":6204,"bytes":272976,"parts":[…],"sha256":"41d0…"}
//
// The header describes the job; the pairs follow in the order of their bytes,
// each patient id and event type as a netstring (D. J. Bernstein, 1997), so that
// they may hold any byte; the trailer holds what the pairs must add up to. Its
// sha256 is that of every byte before that member's name. [PartialReader] lists
// the conditions that a partial result must meet.

// ErrDamaged is matched by the errors for partial results that do not meet the
// conditions of [PartialReader].
var ErrDamaged = errors.New("damaged partial result")

// ErrPartialVersion says that a partial result was written by another version of this program that this one cannot
// read.
var ErrPartialVersion = errors.New("partial result of another version")

const (
	partialFormat  = "partial result"
	partialVersion = 1
)

// PartialHead describes the job that a partial result belongs to.
type PartialHead struct {
	Work string `json:"work"` // the whole job, such as the digest of its plan
	Unit string `json:"unit"` // what was counted of it, for people to read

	// Covers are the sections of the job that were counted, of Total altogether, in the unit in which the job is
	// measured: in order, apart from each other, not empty. A result that is not of a shard has no Covers and no Total.
	Covers []Stretch `json:"covers,omitempty"`
	Total  int64     `json:"total,omitempty"`

	// Shards is the number of shards of the job; 0 if it is not known. If it is known, the Covers begin and end where
	// shards do: shard i begins at Total*i/Shards, rounded down.
	Shards int `json:"shards,omitempty"`

	// EscapeIDs reports that ids may hold any bytes, and that a report is to
	// escape them as Config.EscapeIDs does. All other ids are UTF-8.
	EscapeIDs bool `json:"escape_ids,omitempty"`

	// AllowDuplicateIDs reports that downloads of one id in several exports are
	// different downloads, all of which are to be counted.
	AllowDuplicateIDs bool `json:"allow_duplicate_ids,omitempty"`
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
	Download string `json:"download,omitempty"`
	Entry    int    `json:"entry,omitempty"`
	Rows     uint64 `json:"rows"`
	Bytes    uint64 `json:"bytes"`
	RawBytes uint64 `json:"raw_bytes"`
	Attempts int    `json:"attempts"`
	Verified Proof  `json:"verified"`
	Range    *Range `json:"range,omitempty"`

	MultilineRows uint64 `json:"multiline_rows,omitempty"`
}

// writtenPart returns a report as it is written. Of a name that is not UTF-8,
// the bytes that are not are replaced.
func writtenPart(r PartReport) partialPart {
	return partialPart{
		Name: strings.ToValidUTF8(r.Name, "\uFFFD"), Download: r.Download, Entry: r.Entry, Rows: r.Rows, Bytes: r.Bytes, RawBytes: r.RawBytes,
		Attempts: r.Attempts, Verified: r.Verified, Range: r.Range, MultilineRows: r.MultilineRows,
	}
}

// report returns what was written.
func (p partialPart) report() PartReport {
	return PartReport{
		Name: p.Name, Download: p.Download, Entry: p.Entry, Rows: p.Rows, Bytes: p.Bytes, RawBytes: p.RawBytes,
		Attempts: p.Attempts, Verified: p.Verified, Range: p.Range, MultilineRows: p.MultilineRows,
	}
}

type partialFoot struct {
	Pairs uint64        `json:"pairs"`
	Rows  uint64        `json:"rows"`
	Bytes uint64        `json:"bytes"`
	Parts []partialPart `json:"parts"`
}

// PartialWriter writes a partial result, pair by pair. It writes nothing that
// [PartialReader] would refuse: such an error matches ErrDamaged.
type PartialWriter struct {
	w       *bufio.Writer
	sum     hash.Hash
	line    []byte
	head    PartialHead
	content partialContent
}

// NewPartialWriter begins a partial result in w.
func NewPartialWriter(w io.Writer, head PartialHead) (*PartialWriter, error) {
	if err := head.check(); err != nil {
		return nil, err
	}
	line, err := jsonline.Marshal(partialHead{partialFormat, partialVersion, head})
	if err != nil {
		return nil, err
	}
	if len(line) >= maxPartialLine {
		return nil, damaged("header too long")
	}
	p := &PartialWriter{sum: sha256.New(), head: head, content: partialContent{anyBytes: head.EscapeIDs}}
	p.w = bufio.NewWriterSize(io.MultiWriter(w, p.sum), 64<<10)
	_, err = p.w.Write(append(line, '\n'))
	return p, err
}

// Add writes the count of one pair. Pairs are added in the order of their bytes,
// patient before event type, each once, and counts are more than 0.
func (p *PartialWriter) Add(patient, event string, n uint64) error {
	if err := p.content.add([2]string{patient, event}, n); err != nil {
		return err
	}
	p.line = appendNetstring(p.line[:0], patient)
	p.line = appendNetstring(p.line, event)
	p.line = append(strconv.AppendUint(p.line, n, 10), '\n')
	_, err := p.w.Write(p.line)
	return err
}

func appendNetstring(dst []byte, s string) []byte {
	dst = append(strconv.AppendInt(dst, int64(len(s)), 10), ':')
	return append(append(dst, s...), ',')
}

// Close writes the trailer: parts are what was counted, their rows those of all
// pairs. It does not close the underlying writer.
func (p *PartialWriter) Close(parts []PartReport) error {
	bytes, err := p.content.end(p.head, parts)
	if err != nil {
		return err
	}
	foot := partialFoot{Pairs: p.content.pairs, Rows: p.content.rows, Bytes: bytes, Parts: make([]partialPart, len(parts))}
	for i, r := range parts {
		foot.Parts[i] = writtenPart(r)
	}
	line, err := jsonline.Marshal(foot)
	if err != nil {
		return err
	}
	if len(line)+len(sumMember)+sumTail > maxPartialLine {
		return damaged("trailer too long")
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

// sumMember separates the checksum from the bytes that it is of.
const sumMember = `"sha256":"`

// sumTail is the length of the checksum and of what follows it in its line.
const sumTail = 2*sha256.Size + len("\"}\n")

// WritePartial writes a whole report as a partial result. An incomplete report
// is refused.
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
