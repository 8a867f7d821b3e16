package engine

import (
	"iter"
	"slices"

	"fastcount/parser"
)

// Report is the result of a run. It is the same, field for field, for any
// number of workers, buffer size and order of arrival, except that
// PartReport.Attempts depends on the network, PartReport.Mapped on what is
// faster, and PartReport.Kept on Config.Load.
//
// A report has key columns, by default the patient and the event type. Each
// distinct tuple of values of the key columns is a group.
type Report struct {
	By     []string   // names of the key columns, in order; nil for the default two
	Keys   [][]string // for each key column, the values that occurred, sorted by their bytes, each valid UTF-8
	Groups []uint32   // for each group that occurred, len(Keys) indexes into Keys; sorted by the first key, then the second, and so on
	Counts []uint64   // rows of each group, always more than 0

	Totals []uint64     // rows of each value of the last key column
	Rows   uint64       // data rows of all parts; the sum of Totals and the sum of Counts
	Bytes  uint64       // decoded CSV bytes of all parts, headers included
	Parts  []PartReport // in the order of Run's argument

	// Incomplete lists what makes the report incomplete, in the order of the
	// parts: the failure of a part, a mismatch, or left-out rows. It is empty
	// if the report is complete, which it is unless Config allows otherwise.
	Incomplete []*PartError

	BadRows []BadRow // rows that were left out, in the order of parts and lines; only if Config.KeepBadRows
}

// BadRow is a row that was left out.
type BadRow struct {
	Part   string              // Part.Name
	Err    *parser.SyntaxError // where it is, and what is wrong with it
	Record []byte              // as in the input, without its line end
}

// listIncomplete sets r.Incomplete, and returns the number of rows that were
// left out, and of those among them without a valid time.
func (r *Report) listIncomplete() (bad, times uint64) {
	for _, p := range r.Parts {
		for _, err := range p.Incomplete() {
			r.Incomplete = append(r.Incomplete, &PartError{Part: p.Name, Err: err})
		}
		bad += p.BadRows
		times += p.BadTimes
	}
	return bad, times
}

// KeyNames returns the names of the key columns, patient_id and event_type if
// r.By is nil. The caller must not modify the result.
func (r *Report) KeyNames() []string {
	if r.By == nil {
		return slices.Clone(defaultNames)
	}
	return r.By
}

// All yields each group, as indexes into the elements of r.Keys, with its
// count, in the order of r.Groups. The slice is part of r.Groups.
func (r *Report) All() iter.Seq2[[]uint32, uint64] {
	return func(yield func([]uint32, uint64) bool) {
		k := len(r.Keys)
		for i, n := range r.Counts {
			if !yield(r.Groups[k*i:k*i+k:k*i+k], n) {
				return
			}
		}
	}
}

// PartReport describes what was read from one part.
type PartReport struct {
	Name     string // Part.Name
	Download string // the server's id of a download, else ""
	Rows     uint64 // data rows that were counted
	Bytes    uint64 // decoded CSV bytes
	RawBytes uint64 // bytes read from the source, before decompression
	Mapped   bool   // most bytes were counted in a mapping of the file, instead of being read
	Attempts int    // 1 if the first attempt succeeded
	BadRows  uint64 // rows that were left out, not among Rows
	BadTimes uint64 // those of BadRows that have no valid time
	Verified Proof  // what shows that it was read to its end

	// UncheckedTimes is the number of times that could not be compared with the
	// declared ones, because one of both has an offset from UTC, has a fraction
	// of an hour or of a minute, or is not an ISO 8601 date or time.
	UncheckedTimes uint64

	Range  *Range // what was counted of a part with PartInfo.Range, else nil
	Err    error  // its failure, or an error that matches ErrMismatch if it was counted nevertheless
	Failed bool   // nothing of the part was counted
	Kept   bool   // taken from Config.Load, and not read in this run

	// Stats counts what was left out or tolerated as the dialect allows. Rows
	// that were left out and span lines are included.
	Stats parser.Stats

	// Unterminated means that the last line has no line feed, which is the one
	// sign of a cut in a plain file or pipe. It is false where compression or a
	// network shows a cut.
	Unterminated bool
}

// Incomplete returns what makes the part incomplete: its failure or mismatch,
// and rows that were left out.
func (p *PartReport) Incomplete() (list []error) {
	if p.Err != nil {
		list = append(list, p.Err)
	}
	if p.BadRows > 0 {
		list = append(list, classed(ErrBadRows, "%s left out", badRowNumber(p.BadRows, p.BadTimes)))
	}
	return list
}

// Range is a byte range of a part: what is to be counted, as PartInfo.Range, or
// what was counted. That its first record begins at Start is certain if From is
// 0, or if the range before it, for which that is certain, has Start as its
// End: then it does not begin within quotes.
type Range struct {
	From  int64 `json:"from"`  // offset of the first byte
	To    int64 `json:"to"`    // offset of the first byte of the next range, at most Size
	Start int64 `json:"start"` // offset of the first record; 0 if From is 0
	End   int64 `json:"end"`   // offset of the end of the last record
	Size  int64 `json:"size"`  // of the part
}
