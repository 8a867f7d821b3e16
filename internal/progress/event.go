package progress

import (
	"encoding/json"
	"math"
	"time"

	"fastcount/internal/display"
)

// progressEvent is a view in the form of --progress json. Unknown numbers are
// left out.
type progressEvent struct {
	Event      string        `json:"event"` // "progress"
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
func eventLine(v view) string {
	e := progressEvent{
		Event: "progress", ElapsedS: rounded(v.elapsed.Seconds()), Rows: v.total.rows, Declared: v.total.declared,
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
	Event   string  `json:"event"` // "retry"
	Name    string  `json:"name"`
	Attempt int     `json:"attempt"` // that failed
	Error   string  `json:"error"`
	WaitS   float64 `json:"wait_s"` // until the next
}

// retryLine returns a failed attempt as one line of JSON.
func retryLine(name string, attempt int, err error, wait time.Duration) string {
	return jsonLine(retryEvent{"retry", display.Valid(name), attempt, display.Valid(err.Error()), rounded(wait.Seconds())})
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
