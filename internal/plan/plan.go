// Package plan shares work out. A plan is an ordered list of units, files and downloads, laid end to end by their
// weights; shard i of n is the stretch from i/n to (i+1)/n of the sum of all weights. Plain files are cut at any byte,
// everything else goes whole to the shard in which it begins. The plan is a file, and its digest is its name: whoever
// counts a shard, or adds shards up, can tell whether they are of the same work.
package plan

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"time"

	"fastcount/engine"
	"fastcount/internal/jsonline"
	"fastcount/internal/partial"
	"fastcount/internal/shard"
)

// ErrDamaged says that a file is no plan, or not a whole one.
var ErrDamaged = errors.New("damaged plan")

const (
	format  = "plan"
	version = 1
)

// Rules are what the counts depend on beside the data.
type Rules struct {
	Delimiter string `json:"delimiter,omitempty"` // "" is what each name says, else a comma
	NoHeader  bool   `json:"no_header,omitempty"`
	Patient   Column `json:"patient,omitzero"` // the zero Column is that of package engine
	Event     Column `json:"event,omitzero"`
	EscapeIDs bool   `json:"escape_ids,omitempty"`

	// AllowDuplicateIDs lets downloads of several exports have the same id.
	AllowDuplicateIDs bool `json:"allow_duplicate_ids,omitempty"`
}

// Column is a parser.Selector.
type Column struct {
	Name   string `json:"name,omitempty"`
	Number int    `json:"number,omitempty"`
}

// Unit is a file or a download.
type Unit struct {
	File     *File     `json:"file,omitempty"`
	Download *Download `json:"download,omitempty"`
	Weight   int64     `json:"weight"` // about as many bytes of CSV, at least 1; of a file that can be cut, its size
}

// File is a unit that is a local file, which must be there for whoever counts it.
type File struct {
	Path     string    `json:"path"` // as given; relative to the plan's folder
	Size     int64     `json:"size"`
	Modified time.Time `json:"modified"`

	// Digest is that of sources.File.Digest: of the first and last bytes.
	// Together with size and time it identifies a copy on another node, whose
	// change time and inode are its own.
	Digest string `json:"digest"`

	// Whole says that the file cannot be cut, for it is compressed.
	Whole bool `json:"whole,omitempty"`

	// Cuts are places that are proved to lie right before a record, in order. If
	// Scanned is set the file is cut there alone; otherwise there are none.
	Cuts    []int64 `json:"cuts,omitempty"`
	Scanned bool    `json:"scanned,omitempty"`
}

// Download is a unit that is a download of an export, with what the server declared when the plan was made.
type Download struct {
	Server string `json:"server"`
	Export string `json:"export"`
	ID     string `json:"id"`
	Rows   uint64 `json:"rows"`
	Digest string `json:"digest"` // of the declared patients and event types
}

// Plan is work that is shared out.
type Plan struct {
	ID    string // digest of the plan's file
	Rules Rules
	Units []Unit
	Total int64 // sum of all weights

	dir    string
	before []int64 // the weights of the units before each
}

type head struct {
	Format  string `json:"fastcount"`
	Version int    `json:"version"`
	Rules   Rules  `json:"rules"`
}

type foot struct {
	Units int   `json:"units"`
	Total int64 `json:"total"`
}

// Write writes a plan: a line of JSON for its rules, one for each entry, and one
// that has their number. The error matches ErrTwice if an input is listed twice,
// and ErrDamaged if Read would refuse the plan for another reason.
func Write(w io.Writer, rules Rules, units []Unit) error {
	total, err := check("", rules, units)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	if err := writeLine(out, head{format, version, rules}); err != nil {
		return err
	}
	for i := range units {
		if err := writeLine(out, &units[i]); err != nil {
			return err
		}
	}
	return errors.Join(writeLine(out, foot{len(units), total}), out.Flush())
}

func writeLine(w io.Writer, v any) error {
	line, err := jsonline.Marshal(v)
	if err != nil {
		return err
	}
	_, err = w.Write(append(line, '\n'))
	return err
}

// Read reads the plan in a file. The error matches ErrDamaged if Write did not
// write it, and ErrTwice if it lists an input twice.
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

// parse reads the text of a plan that lies in a directory.
func parse(dir string, text []byte) (*Plan, error) {
	lines := bytes.SplitAfter(text, []byte("\n"))
	var start struct {
		Name    string `json:"fastcount"`
		Version int    `json:"version"`
	}
	if json.Unmarshal(lines[0], &start) != nil || start.Name != format {
		return nil, fmt.Errorf("%w: it does not begin as one", ErrDamaged)
	}
	if start.Version != version {
		return nil, fmt.Errorf("%w: it is of version %d, not %d", ErrDamaged, start.Version, version)
	}
	last := len(lines) - 1
	if len(lines[last]) > 0 || last < 2 {
		return nil, fmt.Errorf("%w: its end is missing", ErrDamaged)
	}
	var h head
	if err := readLine(lines[0], &h); err != nil {
		return nil, fmt.Errorf("%w: line 1: %w", ErrDamaged, err)
	}
	var f foot
	if err := readLine(lines[last-1], &f); err != nil || f.Units != last-2 {
		return nil, fmt.Errorf("%w: its end is missing", ErrDamaged)
	}
	p := &Plan{ID: fmt.Sprintf("%x", sha256.Sum256(text)), Rules: h.Rules, Units: make([]Unit, f.Units), dir: dir}
	for i := range p.Units {
		if err := readLine(lines[i+1], &p.Units[i]); err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", ErrDamaged, i+2, err)
		}
	}
	if err := p.measure(f.Total); err != nil {
		return nil, err
	}
	return p, nil
}

// measure checks the entries and computes where each begins. It refuses any
// total but theirs.
func (p *Plan) measure(total int64) (err error) {
	if p.Total, err = check(p.dir, p.Rules, p.Units); err != nil {
		return err
	}
	if p.Total != total {
		return fmt.Errorf("%w: its weights do not add up", ErrDamaged)
	}
	p.before = make([]int64, len(p.Units))
	for i := 1; i < len(p.Units); i++ {
		p.before[i] = p.before[i-1] + p.Units[i-1].Weight
	}
	return nil
}

func readLine[T any](line []byte, v *T) error {
	return jsonline.Unmarshal(bytes.TrimSuffix(line, []byte("\n")), v)
}

// Piece is what a shard counts of a unit.
type Piece struct {
	*Unit
	Entry    int   // number of the unit in the plan, from 1
	From, To int64 // bytes of a file that can be cut
}

// Stretch returns where shard i of n, counted from 0, begins and ends.
func (p *Plan) Stretch(i, n int) (from, to int64) { return Stretch(p.Total, i, n) }

// Head returns the head of the partial result of shard i of n.
func (p *Plan) Head(i, n int) partial.Header {
	head := partial.Header{Job: p.ID, Label: fmt.Sprintf("%d/%d", i, n), Shards: n, Total: p.Total,
		EscapeIDs: p.Rules.EscapeIDs, AllowDuplicateIDs: p.Rules.AllowDuplicateIDs}
	if from, to := p.Stretch(i, n); from < to {
		head.Covers = []partial.Interval{{from, to}}
	}
	return head
}

// WriteShard writes the report of shard i of n, whose parts are those of Shard, as
// a partial result.
func (p *Plan) WriteShard(w io.Writer, i, n int, r *engine.Report) error {
	for k, piece := range p.Shard(i, n) {
		r.Parts[k].Entry = piece.Entry
	}
	return partial.Write(w, p.Head(i, n), r)
}

// Stretch returns where shard i of n of work of this total weight, counted from 0, begins and ends.
func Stretch(total int64, i, n int) (from, to int64) {
	return shard.Bound(total, i, n), shard.Bound(total, i+1, n)
}

// Shard returns what shard i of n counts. It takes the time of what it returns, and of a search.
func (p *Plan) Shard(i, n int) (pieces []Piece) {
	from, to := p.Stretch(i, n)
	first := max(0, sort.Search(len(p.before), func(u int) bool { return p.before[u] > from })-1)
	for u := first; u < len(p.Units) && p.before[u] < to; u++ {
		if piece, ok := p.piece(u, from, to); ok {
			pieces = append(pieces, piece)
		}
	}
	return pieces
}

// piece returns what of unit u lies in a stretch.
func (p *Plan) piece(u int, from, to int64) (Piece, bool) {
	unit, begin := &p.Units[u], p.before[u]
	if f := unit.File; f != nil && !f.Whole && f.Size > 0 {
		piece := Piece{unit, u + 1, f.snap(max(from, begin) - begin), f.snap(min(to-begin, f.Size))}
		return piece, piece.From < piece.To
	}
	return Piece{unit, u + 1, 0, 0}, from <= begin && begin < to
}

// snap returns the place to cut a file for the byte at.
func (f *File) snap(at int64) int64 {
	if at == 0 || at >= f.Size || !f.Scanned {
		return min(at, f.Size)
	}
	if i, _ := slices.BinarySearch(f.Cuts, at); i < len(f.Cuts) {
		return f.Cuts[i]
	}
	return f.Size
}
