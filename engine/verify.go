package engine

import (
	"fmt"
	"slices"

	"fastcount/internal/intern"
	"fastcount/internal/isotime"
	"fastcount/parser"
)

// verify compares what was counted with what was declared, and completes the
// report with the result. The error matches ErrMismatch.
func (r *run) verify(part Part, t *accumulator, report *PartReport) error {
	declared := part.Info().Declared
	if declared == nil || r.cfg.IgnoreDeclared {
		return nil
	}
	report.UncheckedTimes = t.times.Unchecked
	if err := declared.check(t, r.cfg); err != nil {
		return err
	}
	report.Verified = ProofRows
	return nil
}

// check returns an error that matches ErrMismatch unless t holds what was
// declared. Rows that were left out are included in the number of rows.
func (d *Declaration) check(t *accumulator, cfg Config) error {
	if rows := t.rows + t.bad.rows; rows != d.Rows {
		return classed(ErrMismatch, "%s counted, %d declared by the server's metadata", rowNumber(rows), d.Rows)
	}
	patient, event := cfg.declaredKeys()
	if patient >= 0 {
		if err := undeclared("patient ids", t.keys[patient], d.Patients, cfg.ShowData); err != nil {
			return err
		}
	}
	if event >= 0 {
		if err := undeclared("event types", t.keys[event], d.Events, cfg.ShowData); err != nil {
			return err
		}
	}
	return d.checkTimes(t.times)
}

// shownNames is the largest number of names in an error.
const shownNames = 10

// undeclared returns an error that matches ErrMismatch if a table holds names
// that are not in the list.
func undeclared(what string, names *intern.Table, declared []string, show bool) error {
	known := make(map[string]bool, len(declared))
	for _, name := range declared {
		known[name] = true
	}
	unknown, examples := 0, ""
	var shown []string
	for id := range names.Len() {
		name := names.Name(uint32(id))
		if known[string(name)] {
			continue
		}
		if unknown++; show && len(shown) < shownNames {
			shown = append(shown, string(name))
			examples = fmt.Sprintf(", such as %.200q", shown)
		}
	}
	if unknown == 0 {
		return nil
	}
	return classed(ErrMismatch, "%s that are not among the %d of the server's metadata: %d%s", what, len(declared), unknown, examples)
}

// timeColumn is the column whose times a server declares.
var timeColumn = parser.Selector{Name: "event_time"}

// window returns the declared times of a part, or nil if they are not known, or
// not to be compared.
func (r *run) window(part Part) *isotime.Window {
	if r.cfg.IgnoreDeclared || !slices.ContainsFunc(r.cfg.By, func(k KeyColumn) bool { return k.Column == timeColumn }) {
		return nil
	}
	d := part.Info().Declared
	if d == nil || d.Start == "" || d.End == "" {
		return nil
	}
	return isotime.NewWindow(d.Start, d.End)
}

// checkTimes returns an error that matches ErrMismatch if there are times
// outside of the declared window.
func (d *Declaration) checkTimes(c isotime.Counts) error {
	const declared = "declared by the server's metadata"
	switch {
	case c.Before > 0 && c.After > 0:
		return classed(ErrMismatch, "%s before %s and %d after %s, the times %s", timeNumber(c.Before), d.Start, c.After, d.End, declared)
	case c.Before > 0:
		return classed(ErrMismatch, "%s before %s, the start %s", timeNumber(c.Before), d.Start, declared)
	case c.After > 0:
		return classed(ErrMismatch, "%s after %s, the end %s", timeNumber(c.After), d.End, declared)
	}
	return nil
}

// timeNumber returns "1 value of event_time" or "n values of event_time".
func timeNumber(n uint64) string {
	if n == 1 {
		return "1 value of " + timeColumn.Name
	}
	return fmt.Sprintf("%d values of %s", n, timeColumn.Name)
}
