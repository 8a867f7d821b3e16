// Package stats describes a finished run: in one line, as text, as JSON and as
// metrics.
package stats

import (
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"fastcount/engine"
	"fastcount/internal/display"
	"fastcount/internal/human"
	"fastcount/internal/resources"
	"fastcount/parser"
)

// Statistics are what --stats and --metrics-file report of a run. "fastcount
// help stats" explains every member; names and meanings do not change within a
// version.
type Statistics struct {
	Version       int    `json:"version"`
	ExitCode      int    `json:"exit_code"`
	ErrorClass    string `json:"error_class"`
	Rows          uint64 `json:"rows"`
	BadRows       uint64 `json:"bad_rows"`
	MultilineRows uint64 `json:"multiline_rows"`
	Unchecked     uint64 `json:"unchecked_times,omitempty"` // not compared with the metadata
	Patients      int    `json:"patients"`
	EventTypes    int    `json:"event_types"`

	Keys   []KeyStatistics `json:"keys,omitempty"`   // only with --by
	Groups int             `json:"groups,omitempty"` // likewise

	Distinct []Distinct `json:"distinct,omitempty"` // the first key per the last, and the last per the first

	BytesRead    uint64  `json:"bytes_read"`
	BytesDecoded uint64  `json:"bytes_decoded"`
	WallSeconds  float64 `json:"wall_s"`
	CPUSeconds   float64 `json:"cpu_s"`
	RowsPerS     float64 `json:"rows_per_s"`
	PeakRSS      int64   `json:"peak_rss"`
	Retries      int     `json:"retries"`
	Jobs         int     `json:"jobs"`
	Kernel       string  `json:"kernel"`
	Verify       string  `json:"verify"`
	Complete     bool    `json:"complete"`
	Unsplit      string  `json:"not_split,omitempty"` // why large files were not split

	Proof engine.Proof `json:"proof"` // weakest of all parts
	Skipped
	Stages StageTimes       `json:"stages"`
	Parts  []PartStatistics `json:"parts"`

	noResult bool
}

// KeyStatistics are the statistics of one key column.
type KeyStatistics struct {
	Name   string `json:"name"`
	Values int    `json:"values"` // distinct ones
}

// Distinct summarises, for the values of a key column, with how many distinct
// values of another each of them occurs. It has no names of values, which could
// be ids.
type Distinct struct {
	Of     string `json:"of"`  // name of the other key column
	Per    string `json:"per"` // name of the key column
	Least  int    `json:"least"`
	Median int    `json:"median"` // the lower one of an even number of values
	Most   int    `json:"most"`
}

// distinctOf returns the summaries for the first and the last key, or nil if
// there are no groups or there is one key.
func distinctOf(r *engine.Report) []Distinct {
	names := r.KeyNames()
	if len(r.Counts) == 0 || len(names) == 1 {
		return nil
	}
	first, last := r.Distinct()
	a, b := display.Valid(names[0]), display.Valid(names[len(names)-1])
	return []Distinct{newDistinct(a, b, last), newDistinct(b, a, first)}
}

func newDistinct(of, per string, counts []int) Distinct {
	slices.Sort(counts)
	n := len(counts)
	return Distinct{of, per, counts[0], counts[(n-1)/2], counts[n-1]}
}

// Skipped counts what was left out or tolerated as the dialect allows.
type Skipped struct {
	RaggedRows      uint64 `json:"ragged_rows"`
	Comments        uint64 `json:"comments"`
	RepeatedHeaders uint64 `json:"repeated_headers"`
	SkippedRows     uint64 `json:"skipped_rows"`
	EmptyInputs     uint64 `json:"empty_inputs"`
}

func newSkipped(s parser.Stats) Skipped {
	return Skipped{s.Ragged, s.Comments, s.RepeatedHeaders, s.SkippedRows, s.EmptyInputs}
}

// StageTimes are seconds, added up over all workers.
type StageTimes struct {
	Wait   float64 `json:"wait"`
	Decode float64 `json:"decode"`
	Parse  float64 `json:"parse"`
	Count  float64 `json:"count"`
	Sink   float64 `json:"sink"`
}

// PartStatistics are the statistics of one part.
type PartStatistics struct {
	Name          string       `json:"name"`
	Rows          uint64       `json:"rows"`
	BadRows       uint64       `json:"bad_rows"`
	MultilineRows uint64       `json:"multiline_rows"`
	Unchecked     uint64       `json:"unchecked_times,omitempty"`
	Bytes         uint64       `json:"bytes"`
	Attempts      int          `json:"attempts"`
	Verified      engine.Proof `json:"verified"`
	Read          string       `json:"read,omitempty"`
	Error         string       `json:"error,omitempty"`
	Skipped
}

// version is the version of the format of statistics.
const version = 1

// Run holds the facts about a run that its report does not have.
type Run struct {
	ExitCode   int
	ErrorClass string // a word for the exit code
	NoResult   bool   // the run failed before it wrote a result

	Wall time.Duration // of the whole run
	Sink time.Duration // of writing the result
	Jobs int           // files counted concurrently

	Retries int // attempts that were repeated, also of requests for metadata

	Kernel string // its name
	Verify string // value of --verify

	Unsplit string // why large files are not split, or ""

	Wait, Decode, Parse, Count time.Duration // of all workers; see engine.Progress.Stages
}

// Unfinished returns what is known of a run that wrote no result: the parts
// that were read to their end. The others count as failed, without rows.
func Unfinished(parts iter.Seq2[int, engine.PartProgress]) *engine.Report {
	r := &engine.Report{Keys: [][]string{nil, nil}}
	for _, p := range parts {
		if p.Report == nil {
			p.Report = &engine.PartReport{Name: p.Name, Attempts: p.Attempt, Failed: true}
		}
		r.Parts = append(r.Parts, *p.Report)
		r.Rows += p.Report.Rows
		r.Bytes += p.Report.Bytes
	}
	return r
}

// New returns the statistics of a run. It asks the system for the processor
// time and the memory of this process.
func New(r *engine.Report, run Run) *Statistics {
	cpu, peak := resources.Usage()
	s := &Statistics{
		Version:      version,
		ExitCode:     run.ExitCode,
		ErrorClass:   run.ErrorClass,
		Rows:         r.Rows,
		BytesDecoded: r.Bytes,
		WallSeconds:  run.Wall.Seconds(),
		CPUSeconds:   cpu.Seconds(),
		RowsPerS:     float64(workOf(r).rows) / max(run.Wall.Seconds(), 1e-9),
		PeakRSS:      peak,
		Retries:      run.Retries,
		Jobs:         run.Jobs,
		Kernel:       run.Kernel,
		Verify:       run.Verify,
		Unsplit:      run.Unsplit,
		Complete:     !run.NoResult && len(r.Incomplete) == 0,
		Proof:        r.Proof(),
		Stages:       StageTimes{run.Wait.Seconds(), run.Decode.Seconds(), run.Parse.Seconds(), run.Count.Seconds(), run.Sink.Seconds()},
		Parts:        make([]PartStatistics, len(r.Parts)),
		noResult:     run.NoResult,
	}
	s.setKeys(r)
	s.Distinct = distinctOf(r)
	var skipped parser.Stats
	for i, p := range r.Parts {
		s.BadRows += p.BadRows
		s.MultilineRows += p.Stats.Multiline
		s.Unchecked += p.UncheckedTimes
		skipped.Add(p.Stats)
		s.BytesRead += p.RawBytes
		s.Parts[i] = newPartStatistics(p)
	}
	s.Skipped = newSkipped(skipped)
	return s
}

// setKeys sets the numbers of distinct values of r.
func (s *Statistics) setKeys(r *engine.Report) {
	for i, name := range r.KeyNames() {
		n := len(r.Keys[i])
		switch name {
		case "patient_id":
			s.Patients = n
		case "event_type":
			s.EventTypes = n
		}
		if r.By != nil {
			s.Keys = append(s.Keys, KeyStatistics{display.Valid(name), n})
			s.Groups = len(r.Counts)
		}
	}
}

// Values of PartStatistics.Read.
const (
	readCopied = "read"
	readMapped = "mapped"
)

// howRead returns how a part was read, or "" if it was not in this run.
func howRead(p engine.PartReport) string {
	switch {
	case p.Kept || p.Failed:
		return ""
	case p.Mapped:
		return readMapped
	}
	return readCopied
}

func newPartStatistics(p engine.PartReport) PartStatistics {
	s := PartStatistics{
		Name: display.Valid(p.Name), Rows: p.Rows, BadRows: p.BadRows, MultilineRows: p.Stats.Multiline, Skipped: newSkipped(p.Stats),
		Unchecked: p.UncheckedTimes, Bytes: p.Bytes, Attempts: p.Attempts, Verified: p.Verified, Read: howRead(p),
	}
	if p.Err != nil {
		s.Error = display.Valid(p.Err.Error())
	}
	return s
}

// JSON returns the statistics on one line.
func (s *Statistics) JSON() string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // JSON can represent every member
	}
	return string(text)
}

// mapped returns the number of parts that were read through a mapping.
func (s *Statistics) mapped() (n int) {
	for _, p := range s.Parts {
		if p.Read == readMapped {
			n++
		}
	}
	return n
}

// Text returns the statistics in lines for reading.
func (s *Statistics) Text() string {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "  %-14s %s\n", name, fmt.Sprintf(format, args...))
	}
	b.WriteString("statistics:\n")
	if s.ExitCode != 0 {
		line("exit code", "%d (%s)", s.ExitCode, s.ErrorClass)
	}
	line("rows", "%s (%s left out, %s span lines)", human.Count(s.Rows), human.Count(s.BadRows), human.Count(s.MultilineRows))
	if text := s.Skipped.text(); text != "" {
		line("also", "%s", text)
	}
	if s.Unchecked > 0 {
		line("not compared", "%s", uncheckedTimes(s.Unchecked))
	}
	if s.Unsplit != "" {
		line("not split", "%s", s.Unsplit)
	}
	switch {
	case s.noResult:
	case s.Keys == nil:
		line("ids", "%s, %s", human.Numbered(s.Patients, "patient", "patients"), human.Numbered(s.EventTypes, "event type", "event types"))
	default:
		line("groups", "%s", human.Count(uint64(s.Groups)))
	}
	for _, key := range s.Keys {
		line("values", "%s of %s", human.Count(uint64(key.Values)), display.Line(key.Name))
	}
	for _, d := range s.Distinct {
		line("distinct", "%s of %s per %s (median; %s to %s)", human.Count(uint64(d.Median)), display.Line(d.Of), display.Line(d.Per),
			human.Count(uint64(d.Least)), human.Count(uint64(d.Most)))
	}
	line("bytes", "%s", size(s.BytesDecoded, s.BytesRead))
	if n := s.mapped(); n > 0 {
		line("mapped", "%d of %s", n, human.Numbered(len(s.Parts), "source", "sources"))
	}
	if s.Retries > 0 {
		line("retries", "%s", human.Count(uint64(s.Retries)))
	}
	line("time", "%s, processor time %s", duration(s.WallSeconds), duration(s.CPUSeconds))
	line("peak memory", "%s", human.Bytes(uint64(s.PeakRSS)))
	if !s.noResult {
		line("proof", "%v (%s)", s.Proof, proofs[s.Proof])
	}
	line("kernel", "%s, %s", s.Kernel, human.Numbered(s.Jobs, "job", "jobs"))
	line("stages", "waiting %s, decoding %s, parsing %s, counting %s (all workers); writing %s", duration(s.Stages.Wait),
		duration(s.Stages.Decode), duration(s.Stages.Parse), duration(s.Stages.Count), duration(s.Stages.Sink))
	return b.String()
}

func duration(seconds float64) string {
	return human.Duration(time.Duration(seconds * float64(time.Second)))
}
