package engine

import (
	"errors"
	"fmt"
	"strings"
)

// PartError is the failure of one part.
type PartError struct {
	Part     string // Part.Name
	Attempts int    // number of attempts
	Err      error
}

func (e *PartError) Error() string {
	if e.Attempts > 1 {
		return fmt.Sprintf("%s: %v (attempt %d)", e.Part, e.Err, e.Attempts)
	}
	return fmt.Sprintf("%s: %v", e.Part, e.Err)
}

func (e *PartError) Unwrap() error { return e.Err }

// PartErrors lists the parts of a run that failed, in the order of Run's
// argument. It is never empty. Unwrap returns the first alone, so that
// errors.Is and errors.As return the same in every run.
type PartErrors []*PartError

func (e PartErrors) Error() string {
	lines := make([]string, len(e))
	for i, p := range e {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

func (e PartErrors) Unwrap() error { return e[0] }

// ErrUnproved is matched by errors in the text of a Ranger that does not begin
// at byte 0. Whether its first record begins where it appears to begin cannot
// be determined from the range alone.
var ErrUnproved = errors.New("unless quotes were open at the beginning of the range")

// LimitError reports that a limit of Limits was exceeded.
type LimitError struct {
	What  string // "id", "patients", "events", "pairs" or "names-size"
	Limit int
}

func (e *LimitError) Error() string {
	switch e.What {
	case "id":
		return fmt.Sprintf("an id is longer than %d bytes", e.Limit)
	case "names-size":
		return fmt.Sprintf("all patient ids and event types together are longer than %d bytes", e.Limit)
	}
	return fmt.Sprintf("more than %d distinct %s", e.Limit, e.What)
}

// BadRowsError reports rows with a wrong number of fields that were left out.
type BadRowsError struct {
	All   bool // a part has no other rows: its dialect is probably wrong
	Rows  uint64
	Limit uint64 // 0, or the number that Rows exceeds
}

func (e *BadRowsError) Error() string {
	switch {
	case e.All && e.Rows == 1:
		return "every row would be left out: the only row has a wrong number of fields"
	case e.All:
		return fmt.Sprintf("every row would be left out: all %d have a wrong number of fields", e.Rows)
	case e.Limit > 0:
		return fmt.Sprintf("%d rows with a wrong number of fields are more than the %d that are tolerated", e.Rows, e.Limit)
	case e.Rows == 1:
		return "1 row with a wrong number of fields was left out"
	}
	return fmt.Sprintf("%d rows with a wrong number of fields were left out", e.Rows)
}

// MismatchExpected is MismatchError.What where the expectation of
// [Report.ExpectRows] is not met.
const MismatchExpected = "expected rows"

// MismatchError reports that what was counted differs from what the server
// declared, or from what the caller expected.
type MismatchError struct {
	What              string   // "rows", "patient", "event type" or MismatchExpected
	Declared, Counted uint64   // rows, or the number of declared names and that of undeclared ones
	Names             []string // some of the latter, if Config.ShowData
}

func (e *MismatchError) Error() string {
	switch {
	case e.What == MismatchExpected && e.Counted == 1:
		return fmt.Sprintf("1 row was counted, but %d were expected", e.Declared)
	case e.What == MismatchExpected:
		return fmt.Sprintf("%d rows were counted, but %d were expected", e.Counted, e.Declared)
	case e.What == "rows" && e.Counted == 1:
		return fmt.Sprintf("1 row was counted, but the server's metadata declares %d", e.Declared)
	case e.What == "rows":
		return fmt.Sprintf("%d rows were counted, but the server's metadata declares %d", e.Counted, e.Declared)
	}
	text := fmt.Sprintf("%d %s names occurred that are not among the %d of the server's metadata", e.Counted, e.What, e.Declared)
	if len(e.Names) > 0 {
		text += fmt.Sprintf(", such as %.200q", e.Names)
	}
	return text
}
