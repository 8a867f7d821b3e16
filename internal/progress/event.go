package progress

import (
	"encoding/json"
	"math"
	"time"

	"fastcount/engine"
	"fastcount/internal/display"
)

// head begins every event.
type head struct {
	Event string    `json:"event"`
	Time  time.Time `json:"time"`
}

// startedEvent is the beginning of a run.
type startedEvent struct {
	head
	Parts    int    `json:"parts"`
	Declared uint64 `json:"declared,omitempty"` // rows, if all parts declare them
}

// partDoneEvent is a part that was read to its end and verified.
type partDoneEvent struct {
	head
	Name     string       `json:"name"`
	Rows     uint64       `json:"rows"`
	Bytes    uint64       `json:"bytes"`
	Attempts int          `json:"attempts"`
	Verified engine.Proof `json:"verified"`
	Kept     bool         `json:"kept,omitempty"` // by an earlier run
}

// failedEvent is a part that will not be tried again.
type failedEvent struct {
	head
	Name     string `json:"name"`
	Attempts int    `json:"attempts"`
	Error    string `json:"error"`
}

// verifiedEvent is a run of which all parts are verified, before the result is
// written.
type verifiedEvent struct {
	head
	Rows  uint64       `json:"rows"`
	Proof engine.Proof `json:"proof"` // weakest of all parts
}

// finishedEvent is the end of a run, also of one that failed.
type finishedEvent struct {
	head
	ExitCode   int     `json:"exit_code"`
	ErrorClass string  `json:"error_class"`
	ElapsedS   float64 `json:"elapsed_s"`
}

// startedLine returns the beginning of a run with parts as one line of JSON.
func startedLine(parts []engine.Part, now time.Time) string {
	e := startedEvent{head: head{"started", now}, Parts: len(parts)}
	for _, p := range parts {
		d := p.Info().Declared
		if d == nil {
			e.Declared = 0
			break
		}
		e.Declared += d.Rows
	}
	return jsonLine(e)
}

// settledLine returns the end of a part as one line of JSON.
func settledLine(p *engine.PartReport, now time.Time) string {
	name := display.Valid(p.Name)
	if p.Failed {
		return jsonLine(failedEvent{head{"failed", now}, name, p.Attempts, display.Valid(p.Err.Error())})
	}
	return jsonLine(partDoneEvent{head{"part_done", now}, name, p.Rows, p.Bytes, p.Attempts, p.Verified, p.Kept})
}

// progressEvent is a view in the form of --progress json. Unknown numbers are
// left out.
type progressEvent struct {
	head
	ElapsedS   float64       `json:"elapsed_s"`
	Rows       uint64        `json:"rows"`
	Declared   uint64        `json:"declared,omitempty"`
	Fraction   *float64      `json:"fraction,omitempty"`
	RowsPerS   float64       `json:"rows_per_s"`
	ETASeconds *float64      `json:"eta_s,omitempty"`
	Parts      int           `json:"parts"`
	Done       int           `json:"done"`
	Failed     int           `json:"failed"`
	Retries    int           `json:"retries"`
	Running    []runningPart `json:"running"`
}

type runningPart struct {
	Name     string   `json:"name"`
	Rows     uint64   `json:"rows"`
	Declared uint64   `json:"declared,omitempty"`
	Fraction *float64 `json:"fraction,omitempty"`
	Attempt  int      `json:"attempt"`
	Waiting  bool     `json:"waiting,omitempty"` // for the next attempt
}

// eventLine returns a view as one line of JSON.
func eventLine(v view, now time.Time) string {
	e := progressEvent{
		head: head{"progress", now}, ElapsedS: rounded(v.elapsed.Seconds()), Rows: v.total.rows, Declared: v.total.declared,
		Fraction: known(v.total.fraction), RowsPerS: math.Round(v.total.rate()), Parts: v.count, Done: v.done,
		Failed: v.failed, Retries: v.retries, Running: []runningPart{},
	}
	if eta, ok := v.total.eta(); ok {
		s := rounded(eta.Seconds())
		e.ETASeconds = &s
	}
	for _, g := range v.parts {
		e.Running = append(e.Running, runningPart{display.Valid(g.name), g.rows, g.declared, known(g.fraction), g.attempt, g.pausing})
	}
	return jsonLine(e)
}

// retryEvent is a failed attempt that is followed by another, in the form of
// --progress json.
type retryEvent struct {
	head
	Name    string  `json:"name"`
	Attempt int     `json:"attempt"` // that failed
	Error   string  `json:"error"`
	WaitS   float64 `json:"wait_s"` // until the next
}

// retryLine returns a failed attempt as one line of JSON.
func retryLine(name string, attempt int, err error, wait time.Duration, now time.Time) string {
	return jsonLine(retryEvent{head{"retry", now}, display.Valid(name), attempt, display.Valid(err.Error()), rounded(wait.Seconds())})
}

// jsonLine encodes a value whose fields can all be encoded.
func jsonLine(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text) + "\n"
}

// known returns fraction rounded down to four places, or nil if it is unknown.
func known(fraction float64) *float64 {
	if fraction < 0 {
		return nil
	}
	f := math.Floor(fraction*1e4) / 1e4
	return &f
}

// rounded returns s, in seconds, rounded to the millisecond.
func rounded(s float64) float64 { return math.Round(s*1000) / 1000 }
