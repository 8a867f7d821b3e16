// Package plan splits jobs into shards. A plan is an ordered list of entries,
// files, URLs and downloads, laid end to end by their weights. Shard i of n is
// the interval from i/n to (i+1)/n of the sum of all weights. Plain files, and
// URLs of plain data whose servers send byte ranges, are split at any byte;
// everything else belongs as a whole to the shard in which the middle of its
// weight lies, so that n inputs of similar weights are in n shards.
//
// A plan is kept in a file, whose digest identifies the job: whoever counts or
// merges shards can determine whether they are of the same job.
package plan

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"time"

	"fastcount/engine"
	"fastcount/internal/jsonline"
	"fastcount/internal/partial"
	"fastcount/internal/shard"
	"fastcount/parser"
)

// ErrCorrupt is matched by the error for a file that is not a well-formed plan.
var ErrCorrupt = errors.New("corrupt plan")

// ErrVersion is matched by the error for a plan of a version that this program
// cannot read.
var ErrVersion = errors.New("unsupported version of a plan")

// format is the format of plans. In version 1, an entry that is not split
// belongs to the shard in which it begins, and there are no key columns.
var format = &jsonline.Format{Name: "plan", Version: 2, Oldest: 1, ErrCorrupt: ErrCorrupt, ErrVersion: ErrVersion}

// Rules are what the counts depend on in addition to the data.
type Rules struct {
	Dialect          // if its Delimiter is "", that of the file's name, or a comma
	Patient   Column `json:"patient,omitzero"` // the zero Column is the default of package engine
	Event     Column `json:"event,omitzero"`
	By        []Key  `json:"by,omitempty"` // key columns in the place of these two
	EscapeIDs bool   `json:"escape_ids,omitempty"`

	// Pre is the command that every source is piped through, or "". It is never
	// run because a plan names it: a worker must be given the same one.
	Pre string `json:"pre,omitempty"`

	// AllowDuplicateIDs allows downloads of several exports to have the same
	// id.
	AllowDuplicateIDs bool `json:"allow_duplicate_ids,omitempty"`
}

// Dialect is a parser.Dialect.
type Dialect struct {
	Delimiter           string   `json:"delimiter,omitempty"`
	Quote               byte     `json:"quote,omitempty"`
	NoQuote             bool     `json:"no_quote,omitempty"`
	Escape              byte     `json:"escape,omitempty"`
	Comment             string   `json:"comment,omitempty"`
	SkipLines           int      `json:"skip_lines,omitempty"`
	SkipRows            int      `json:"skip_rows,omitempty"`
	SkipFooter          int      `json:"skip_footer,omitempty"`
	Trim                bool     `json:"trim,omitempty"`
	Ragged              bool     `json:"ragged,omitempty"`
	NoHeader            bool     `json:"no_header,omitempty"`
	Names               []string `json:"columns,omitempty"`
	SkipRepeatedHeaders bool     `json:"skip_repeated_headers,omitempty"`
	SkipEmpty           bool     `json:"skip_empty,omitempty"`
}

// Column is a parser.Selector.
type Column struct {
	Name   string  `json:"name,omitempty"`
	Number int     `json:"number,omitempty"`
	Fact   string  `json:"fact,omitempty"`
	Or     *Column `json:"or,omitempty"`
}

// NewColumn returns a selector as a Column.
func NewColumn(s parser.Selector) Column {
	c := Column{Name: s.Name, Number: s.Number, Fact: s.Fact}
	if s.Or != nil {
		or := NewColumn(*s.Or)
		c.Or = &or
	}
	return c
}

// selector returns the selector that c was made of.
func (c Column) selector() parser.Selector {
	s := parser.Selector{Name: c.Name, Number: c.Number, Fact: c.Fact}
	if c.Or != nil {
		or := c.Or.selector()
		s.Or = &or
	}
	return s
}

// Key is an engine.KeyColumn.
type Key struct {
	Name   string `json:"name"`
	Column Column `json:"column"`
	Bucket string `json:"bucket,omitempty"`
}

// NewKeys returns key columns as they are written in a plan.
func NewKeys(by []engine.KeyColumn) (keys []Key) {
	for _, k := range by {
		keys = append(keys, Key{k.Name, NewColumn(k.Column), k.Bucket})
	}
	return keys
}

// Entry is a file, a URL or a download.
type Entry struct {
	File     *File     `json:"file,omitempty"`
	URL      *URL      `json:"url,omitempty"`
	Download *Download `json:"download,omitempty"`

	// Weight is approximately the size in bytes of the CSV, at least 1. Of an
	// entry that can be split it is its size.
	Weight int64 `json:"weight"`
}

// File is an entry that is a local file, which must be accessible wherever it
// is counted.
type File struct {
	Path     string    `json:"path"`             // as given; relative to the directory of the plan
	Member   string    `json:"member,omitempty"` // of the zip archive at Path
	Size     int64     `json:"size"`
	Modified time.Time `json:"modified"`

	// Digest is that of sources.File.Digest: of the first and last bytes.
	// Together with size and time it identifies a copy on another node, whose
	// change time and inode are its own.
	Digest string `json:"digest"`

	Cuts
}

// Cuts describe where a file, or the data at a URL, may be split.
type Cuts struct {
	// Whole reports that it is not split, because it is compressed, a member of
	// an archive, or piped through a command, the dialect has a footer, or the
	// server does not send byte ranges.
	Whole bool `json:"whole,omitempty"`

	// Boundaries are places that are known to lie right before a record, in
	// order. If Scanned is set, the entry is split only there; otherwise the
	// list is empty.
	Boundaries []int64 `json:"boundaries,omitempty"`
	Scanned    bool    `json:"scanned,omitempty"`
}

// URL is an entry that is the CSV at a URL.
type URL struct {
	URL  string `json:"url"`  // with its query, which may hold a secret
	Name string `json:"name"` // for messages: without the query
	Size int64  `json:"size"` // 0 if it is not known

	// Validator is that of sources.URL.Validator. It is "" if the server does
	// not send byte ranges.
	Validator string `json:"validator,omitempty"`

	Cuts
}

// cuts returns where the entry may be split, and its size, or nil for a
// download.
func (e *Entry) cuts() (c *Cuts, size int64) {
	switch {
	case e.File != nil:
		return &e.File.Cuts, e.File.Size
	case e.URL != nil:
		return &e.URL.Cuts, e.URL.Size
	}
	return nil, 0
}

// Download is an entry that is a download of an export, with what the server
// declared when the plan was made.
type Download struct {
	Server string `json:"server"`
	Export string `json:"export"`
	ID     string `json:"id"`
	Rows   uint64 `json:"rows"`
	Digest string `json:"digest"` // of the declared patients and event types
}

// Plan is a job that is split into shards.
type Plan struct {
	ID      string // digest of the plan's file
	Rules   Rules
	Entries []Entry
	Total   int64 // sum of all weights

	dir     string
	before  []int64 // the sum of the weights of the entries before each
	version int
}

type header struct {
	jsonline.FormatID
	Rules Rules `json:"rules"`
}

type trailer struct {
	Entries int   `json:"entries"`
	Total   int64 `json:"total"`
}

// list is the content of a plan's file.
type list = jsonline.List[header, Entry, trailer]

// Write writes a plan: its rules, its entries, one on each line, and a trailer.
// The error matches ErrDuplicate if an input is listed twice, and ErrCorrupt if
// Read would refuse the plan for another reason.
func Write(w io.Writer, rules Rules, entries []Entry) error {
	total, err := check("", rules, entries)
	if err != nil {
		return err
	}
	l := list{Header: header{format.ID(), rules}, Lines: entries, Trailer: trailer{len(entries), total}}
	return l.Write(w, format)
}

// Read reads the plan in a file. The error matches ErrCorrupt or ErrVersion if
// Write did not write it, and ErrDuplicate if it lists an input twice.
func Read(path string) (*Plan, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	p, err := parse(filepath.Dir(path), text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

// parse parses the text of a plan in a directory.
func parse(dir string, text []byte) (*Plan, error) {
	l, err := jsonline.ParseList[header, Entry, trailer](text, format, "plan entry")
	if err != nil {
		return nil, err
	}
	if l.Header.Version == 1 && l.Header.Rules.By != nil {
		return nil, format.Corrupt("header: key columns in version 1")
	}
	p := &Plan{ID: fmt.Sprintf("%x", sha256.Sum256(text)), Rules: l.Header.Rules, Entries: l.Lines, dir: dir, version: l.Header.Version}
	if p.Total, err = check(dir, p.Rules, p.Entries); err != nil {
		return nil, err
	}
	if l.Trailer != (trailer{len(p.Entries), p.Total}) {
		return nil, format.Corrupt("trailer does not match the entries")
	}
	p.before = make([]int64, len(p.Entries))
	for i := 1; i < len(p.Entries); i++ {
		p.before[i] = p.before[i-1] + p.Entries[i-1].Weight
	}
	return p, nil
}

// EntryRange is what a shard counts of an entry.
type EntryRange struct {
	Entry    *Entry
	Number   int   // of the entry in the plan, from 1
	From, To int64 // byte range of an entry that can be split
}

// Interval returns where shard i of n, counted from 0, begins and ends in the
// weight of the plan.
func (p *Plan) Interval(i, n int) (from, to int64) { return Interval(p.Total, i, n) }

// Interval returns where shard i of n, counted from 0, begins and ends in a job
// of this total weight.
func Interval(total int64, i, n int) (from, to int64) {
	return shard.Bound(total, i, n), shard.Bound(total, i+1, n)
}

// Header returns the header of the partial result of shard i of n.
func (p *Plan) Header(i, n int) partial.Header {
	h := partial.Header{Job: p.ID, Label: fmt.Sprintf("%d/%d", i, n), By: p.Rules.KeyNames(), Shards: n, Total: p.Total,
		EscapeIDs: p.Rules.EscapeIDs, AllowDuplicateIDs: p.Rules.AllowDuplicateIDs, Dialect: partial.DialectRules(parser.Dialect(p.Rules.Dialect))}
	if from, to := p.Interval(i, n); from < to {
		h.Covers = []partial.Interval{{from, to}}
	}
	return h
}

// WriteShard writes the report of shard i of n, whose parts are those of Shard,
// as a partial result.
func (p *Plan) WriteShard(w io.Writer, i, n int, r *engine.Report) error {
	var entries []int
	for _, e := range p.Shard(i, n) {
		entries = append(entries, e.Number)
	}
	return partial.WriteShard(w, p.Header(i, n), r, entries)
}

// Shard returns what shard i of n counts, in the order of the plan. Its time is
// that of a binary search and proportional to the length of the result.
func (p *Plan) Shard(i, n int) (ranges []EntryRange) {
	from, to := p.Interval(i, n)
	first := max(0, sort.Search(len(p.before), func(k int) bool { return p.before[k] > from })-1)
	for k := first; k < len(p.Entries) && p.before[k] < to; k++ {
		if r, ok := p.entryRange(k, from, to); ok {
			ranges = append(ranges, r)
		}
	}
	return ranges
}

// entryRange returns what of entry k lies in an interval, and whether anything
// does.
func (p *Plan) entryRange(k int, from, to int64) (EntryRange, bool) {
	e, begin := &p.Entries[k], p.before[k]
	if c, size := e.cuts(); c != nil && !c.Whole && size > 0 {
		r := EntryRange{e, k + 1, c.snap(max(from, begin)-begin, size), c.snap(min(to-begin, size), size)}
		return r, r.From < r.To
	}
	at := begin + e.Weight/2
	if p.version == 1 {
		at = begin
	}
	return EntryRange{e, k + 1, 0, 0}, from <= at && at < to
}

// minPiece is the number of bytes of an entry that are worth a shard of their
// own: counting them takes several times as long as starting a process.
const minPiece = 64 << 20

// MaxShards returns the largest useful number of shards. With more of them, the
// heaviest entry that is not split takes longer than every other shard, or
// shards are too small to be worth a process.
func (p *Plan) MaxShards() int {
	largest := int64(1)
	for i := range p.Entries {
		weight := p.Entries[i].Weight
		if c, size := p.Entries[i].cuts(); c != nil && !c.Whole && size > 0 {
			weight = min(weight, minPiece)
		}
		largest = max(largest, weight)
	}
	return int(min((p.Total-1)/largest+1, math.MaxInt32))
}

// snap returns the place nearest to the byte at, from there on, where an entry
// of this size may be split.
func (c *Cuts) snap(at, size int64) int64 {
	if at == 0 || at >= size || !c.Scanned {
		return min(at, size)
	}
	if i, _ := slices.BinarySearch(c.Boundaries, at); i < len(c.Boundaries) {
		return c.Boundaries[i]
	}
	return size
}
