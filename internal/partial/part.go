package partial

import (
	"strings"

	"fastcount/engine"
	"fastcount/parser"
)

// Part is what a partial result holds of an [engine.PartReport], as it is
// written. A part that was not counted completely is in no partial result.
type Part struct {
	Name     string        `json:"name"`
	Download string        `json:"download,omitempty"`
	Entry    int           `json:"entry,omitempty"` // number of the plan entry that the part belongs to, from 1; 0 without a plan
	Rows     uint64        `json:"rows"`
	Bytes    uint64        `json:"bytes"`
	RawBytes uint64        `json:"raw_bytes"`
	Attempts int           `json:"attempts"`
	Verified engine.Proof  `json:"verified"`
	Range    *engine.Range `json:"range,omitempty"`

	MultilineRows   uint64 `json:"multiline_rows,omitempty"`
	Unterminated    bool   `json:"unterminated,omitempty"`
	RaggedRows      uint64 `json:"ragged_rows,omitempty"`
	Comments        uint64 `json:"comments,omitempty"`
	RepeatedHeaders uint64 `json:"repeated_headers,omitempty"`
	SkippedRows     uint64 `json:"skipped_rows,omitempty"`
	EmptyInputs     uint64 `json:"empty_inputs,omitempty"`
}

// newPart returns what is written of a report, without a plan entry. In a name
// that is not UTF-8, U+FFFD replaces the invalid bytes.
func newPart(r engine.PartReport) Part {
	p := Part{
		Name: strings.ToValidUTF8(r.Name, "\uFFFD"), Download: r.Download, Rows: r.Rows, Bytes: r.Bytes, RawBytes: r.RawBytes,
		Attempts: r.Attempts, Verified: r.Verified, Range: r.Range, Unterminated: r.Unterminated,
	}
	p.SetStats(r.Stats)
	return p
}

// Report returns the part as a report, without its plan entry.
func (p *Part) Report() engine.PartReport {
	return engine.PartReport{
		Name: p.Name, Download: p.Download, Rows: p.Rows, Bytes: p.Bytes, RawBytes: p.RawBytes,
		Attempts: p.Attempts, Verified: p.Verified, Range: p.Range, Unterminated: p.Unterminated, Stats: p.Stats(),
	}
}

// Reports returns parts as reports, without their plan entries.
func Reports(parts []Part) []engine.PartReport {
	reports := make([]engine.PartReport, len(parts))
	for i := range parts {
		reports[i] = parts[i].Report()
	}
	return reports
}

// Stats returns the counts of what was left out or tolerated.
func (p *Part) Stats() parser.Stats {
	return parser.Stats{Multiline: p.MultilineRows, Ragged: p.RaggedRows, Comments: p.Comments, RepeatedHeaders: p.RepeatedHeaders,
		SkippedRows: p.SkippedRows, EmptyInputs: p.EmptyInputs}
}

// SetStats sets the counts that Stats returns.
func (p *Part) SetStats(s parser.Stats) {
	p.MultilineRows, p.RaggedRows, p.Comments, p.RepeatedHeaders = s.Multiline, s.Ragged, s.Comments, s.RepeatedHeaders
	p.SkippedRows, p.EmptyInputs = s.SkippedRows, s.EmptyInputs
}

// isVersion2 reports whether p has members that version 1 does not have.
func (p *Part) isVersion2() bool {
	return p.RaggedRows > 0 || p.Comments > 0 || p.RepeatedHeaders > 0 || p.SkippedRows > 0 || p.EmptyInputs > 0
}
