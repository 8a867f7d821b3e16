package engine_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"fastcount/engine"
	"fastcount/parser"
)

// text returns a part in memory.
func text(name, csv string) engine.Part {
	return engine.NewPart(name, func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(csv)), nil
	})
}

const (
	monday  = "patient_id,event_type\nP1,bp\nP1,bp\nP2,spo2\n"
	tuesday = "event_type,patient_id\nbp,P2\nspo2,P2\n" // columns are found by their names
)

// A part is a name and a function that opens a stream.
func ExampleRun() {
	report, err := engine.Run(context.Background(), []engine.Part{text("monday", monday)}, engine.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for group, n := range report.All() {
		fmt.Println(report.Keys[0][group[0]], report.Keys[1][group[1]], n)
	}
	fmt.Println(report.Rows, "rows")
	// Output:
	// P1 bp 2
	// P2 spo2 1
	// 3 rows
}

// Parts are counted by several workers, and the report is the same for any
// number of them.
func ExampleRun_parts() {
	parts := []engine.Part{text("monday", monday), text("tuesday", tuesday)}
	report, err := engine.Run(context.Background(), parts, engine.Config{Jobs: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, event := range report.Keys[1] {
		fmt.Println(event, report.Totals[i])
	}
	for _, p := range report.Parts {
		fmt.Println(p.Name, p.Rows)
	}
	// Output:
	// bp 3
	// spo2 2
	// monday 3
	// tuesday 2
}

// Config selects other columns, another delimiter, and inputs without a header.
func ExampleRun_columns() {
	config := engine.Config{
		Patient: parser.Selector{Number: 2},
		Event:   parser.Selector{Number: 1},
		Dialect: parser.Dialect{Delimiter: ";", NoHeader: true},
	}
	report, err := engine.Run(context.Background(), []engine.Part{text("ward", "bp;P7\nbp;P7\n")}, config)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report.Keys[0], report.Keys[1], report.Totals)
	// Output: [P7] [bp] [2]
}

// Config.By counts by any columns, and by the day of a time.
func ExampleRun_by() {
	data := "site,at\nS1,2026-01-31T23:00:00Z\nS2,2026-02-01T01:00:00Z\nS1,2026-01-31T08:30:00Z\n"
	config := engine.Config{By: []engine.KeyColumn{
		{Name: "day", Column: parser.Selector{Name: "at"}, Bucket: "day"},
		{Name: "site", Column: parser.Selector{Name: "site"}},
	}}
	report, err := engine.Run(context.Background(), []engine.Part{text("visits", data)}, config)
	if err != nil {
		fmt.Println(err)
		return
	}
	for group, n := range report.All() {
		fmt.Println(report.Keys[0][group[0]], report.Keys[1][group[1]], n)
	}
	// Output:
	// 2026-01-31 S1 2
	// 2026-02-01 S2 1
}

// An error names the part and the position.
func ExampleRun_failure() {
	parts := []engine.Part{text("monday", monday), text("broken", "patient_id,event_type\nP1\n")}
	report, err := engine.Run(context.Background(), parts, engine.Config{})
	fmt.Println(report == nil, err)
	if place, ok := errors.AsType[*parser.SyntaxError](err); ok {
		fmt.Println("line", place.Line, "byte", place.Offset, errors.Is(err, parser.ErrFieldCount))
	}
	// Output:
	// true broken: line 2, byte 22: wrong number of fields: got 1, want 2
	// line 2 byte 22 true
}

// declared is a part in memory with a declaration.
type declared struct {
	engine.Part
	declaration engine.Declaration
}

func (d declared) Info() engine.PartInfo { return engine.PartInfo{Declared: &d.declaration} }

// A part with a declaration is counted only if it agrees with it.
func ExamplePartInfo_declared() {
	declaration := engine.Declaration{Rows: 3, Patients: []string{"P1", "P2"}, Events: []string{"bp", "spo2"}}
	whole := declared{text("monday", monday), declaration}
	report, err := engine.Run(context.Background(), []engine.Part{whole}, engine.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("verified by", report.Parts[0].Verified)

	cut := declared{text("monday", "patient_id,event_type\nP1,bp\nP1,bp\n"), declaration}
	_, err = engine.Run(context.Background(), []engine.Part{cut}, engine.Config{})
	fmt.Println(err)
	// Output:
	// verified by rows
	// monday: 2 rows counted, 3 declared by the server's metadata
}

// Another goroutine may read the progress at any time. Here it is read at the
// end.
func ExampleProgress() {
	var progress engine.Progress
	parts := []engine.Part{text("monday", monday), text("tuesday", tuesday)}
	if _, err := engine.Run(context.Background(), parts, engine.Config{Progress: &progress}); err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range progress.All() {
		fmt.Println(p.Name, p.Phase, p.Rows)
	}
	// Output:
	// monday done 3
	// tuesday done 2
}
