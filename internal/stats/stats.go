// Package stats describes a finished run: in one line, as text, as JSON and as
// metrics.
package stats

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"fastcount/engine"
	"fastcount/internal/display"
	"fastcount/internal/human"
	"fastcount/internal/resources"
)

// Statistics are what --stats and --metrics-file report of a run. "fastcount
// help stats" explains every member; their names and meanings stay as they are
// while the version is the same.
type Statistics struct {
	Version       int     `json:"version"`
	Rows          uint64  `json:"rows"`
	BadRows       uint64  `json:"bad_rows"`
	MultilineRows uint64  `json:"multiline_rows"`
	Patients      int     `json:"patients"`
	EventTypes    int     `json:"event_types"`
	BytesRead     uint64  `json:"bytes_read"`
	BytesDecoded  uint64  `json:"bytes_decoded"`
	WallSeconds   float64 `json:"wall_s"`
	CPUSeconds    float64 `json:"cpu_s"`
	RowsPerS      float64 `json:"rows_per_s"`
	PeakRSS       int64   `json:"peak_rss"`
	Jobs          int     `json:"jobs"`
	Kernel        string  `json:"kernel"`
	Verify        string  `json:"verify"`
	Complete      bool    `json:"complete"`

	Proof  engine.Proof     `json:"proof"` // weakest of all parts
	Stages StageTimes       `json:"stages"`
	Parts  []PartStatistics `json:"parts"`

	retries int // of this run
}

// StageTimes are seconds, added up over all workers.
type StageTimes struct {
	Wait   float64 `json:"wait"`
	Decode float64 `json:"decode"`
	Parse  float64 `json:"parse"`
	Count  float64 `json:"count"`
	Sink   float64 `json:"sink"`
}

type PartStatistics struct {
	Name          string       `json:"name"`
	Rows          uint64       `json:"rows"`
	BadRows       uint64       `json:"bad_rows"`
	MultilineRows uint64       `json:"multiline_rows"`
	Bytes         uint64       `json:"bytes"`
	Attempts      int          `json:"attempts"`
	Verified      engine.Proof `json:"verified"`
	Error         string       `json:"error,omitempty"`
}

// statsVersion is the version of the format of statistics.
const statsVersion = 1

// Run holds facts about a run that are not in its report.
type Run struct {
	Wall   time.Duration // from the start to the last output
	Sink   time.Duration // part of Wall that writing outputs took
	Stages engine.Stages
	Jobs   int
	Kernel string // of the scan
	Verify string // value of --verify
}

// New returns the statistics of a run. It reads the processor time and the peak
// memory of this process.
func New(r *engine.Report, m Run) *Statistics {
	cpu, peak := resources.Usage()
	s := &Statistics{
		Version: statsVersion, Rows: r.Rows, Patients: len(r.Patients), EventTypes: len(r.Events), BytesDecoded: r.Bytes,
		WallSeconds: m.Wall.Seconds(), CPUSeconds: cpu.Seconds(), PeakRSS: peak, Jobs: m.Jobs, Kernel: m.Kernel,
		Verify: m.Verify, Complete: len(r.Incomplete) == 0, Proof: r.Proof(),
		Stages: StageTimes{m.Stages.Wait.Seconds(), m.Stages.Decode.Seconds(), m.Stages.Parse.Seconds(),
			m.Stages.Count.Seconds(), m.Sink.Seconds()},
		Parts: make([]PartStatistics, len(r.Parts)),
	}
	read := work{rows: r.Rows, bytes: r.Bytes}
	for i, p := range r.Parts {
		read.note(p)
		s.BadRows += p.BadRows
		s.MultilineRows += p.MultilineRows
		s.BytesRead += p.RawBytes
		s.Parts[i] = PartStatistics{Name: display.Valid(p.Name), Rows: p.Rows, BadRows: p.BadRows, MultilineRows: p.MultilineRows, Bytes: p.Bytes, Attempts: p.Attempts, Verified: p.Verified}
		if p.Err != nil {
			s.Parts[i].Error = display.Valid(p.Err.Error())
		}
	}
	s.RowsPerS = float64(read.rows) / max(m.Wall.Seconds(), 1e-9)
	s.retries = read.retries
	return s
}

// JSON returns the statistics on one line.
func (s *Statistics) JSON() string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // every field can be encoded
	}
	return string(text)
}

// Text returns the statistics for people.
func (s *Statistics) Text() string {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "  %-14s "+format+"\n", append([]any{name}, args...)...)
	}
	b.WriteString("statistics:\n")
	line("rows", "%s (%s left out, %s span lines)", human.Count(s.Rows), human.Count(s.BadRows), human.Count(s.MultilineRows))
	line("ids", "%s patients, %s event types", human.Count(uint64(s.Patients)), human.Count(uint64(s.EventTypes)))
	line("bytes", "%s", sizeOf(s.BytesDecoded, s.BytesRead))
	line("time", "%s, of processors %s", human.Duration(seconds(s.WallSeconds)), human.Duration(seconds(s.CPUSeconds)))
	line("peak memory", "%s", human.Bytes(uint64(s.PeakRSS)))
	line("proof", "%v (%s)", s.Proof, proofWords[s.Proof])
	line("kernel", "%s, %s", s.Kernel, human.Numbered(s.Jobs, "job", "jobs"))
	line("workers' time", "waiting %s, decoding %s, parsing %s, counting %s; writing %s", human.Duration(seconds(s.Stages.Wait)),
		human.Duration(seconds(s.Stages.Decode)), human.Duration(seconds(s.Stages.Parse)), human.Duration(seconds(s.Stages.Count)), human.Duration(seconds(s.Stages.Sink)))
	return b.String()
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// Metrics returns the statistics in the text format of Prometheus, version
// 0.0.4, as its node exporter reads from files.
func (s *Statistics) Metrics() string {
	var b strings.Builder
	metric := func(name, help string, value any) {
		fmt.Fprintf(&b, "# HELP fastcount_%[1]s %[2]s\n# TYPE fastcount_%[1]s gauge\nfastcount_%[1]s %[3]v\n", name, help, value)
	}
	metric("rows", "Rows that were counted.", s.Rows)
	metric("bad_rows", "Rows that were left out.", s.BadRows)
	metric("multiline_rows", "Records that span lines, those left out included.", s.MultilineRows)
	metric("patients", "Distinct patient ids.", s.Patients)
	metric("event_types", "Distinct event types.", s.EventTypes)
	metric("bytes_read", "Bytes taken from sources, compressed as they are.", s.BytesRead)
	metric("bytes_decoded", "Bytes of CSV.", s.BytesDecoded)
	metric("wall_seconds", "Duration of the run.", s.WallSeconds)
	metric("cpu_seconds", "Processor time of the run.", s.CPUSeconds)
	metric("peak_rss_bytes", "Largest resident memory.", s.PeakRSS)
	metric("complete", "1 if nothing is missing from the result, else 0.", boolean(s.Complete))
	metric("parts", "Sources and downloads of the run.", len(s.Parts))
	failed := 0
	for _, p := range s.Parts {
		if p.Error != "" {
			failed++
		}
	}
	metric("parts_failed", "Sources and downloads that failed or differ from what was declared.", failed)
	metric("retries", "Attempts after the first, of all parts.", s.retries)
	metric("finished_seconds", "When the run ended, in seconds since 1970.", time.Now().Unix())
	return b.String()
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}
