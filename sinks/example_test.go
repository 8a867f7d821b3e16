package sinks_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"fastcount/engine"
	"fastcount/sinks"
	"fastcount/sinks/sinktest"
)

// markdown writes the totals of the event types as a table of Markdown. A sink that buffers flushes before it returns.
type markdown struct{}

func (markdown) Write(w io.Writer, r *engine.Report) error {
	out := bufio.NewWriter(w)
	fmt.Fprint(out, "| event type | rows |\n|---|---:|\n")
	for i, event := range r.Events {
		fmt.Fprintf(out, "| %s | %d |\n", event, r.Totals[i])
	}
	return out.Flush() // which also returns the first error of the lines before
}

// A sink is one method, and a name in a registry.
func ExampleRegistry_Register() {
	registry := sinks.Builtin(sinks.Options{})
	registry.Register("markdown", markdown{})
	sink, err := registry.Lookup("markdown")
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := sink.Write(os.Stdout, sinktest.Demo()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// | event type | rows |
	// |---|---:|
	// | bp_dia | 9372 |
	// | bp_sys | 9412 |
}

// Outputs are checked before the work begins and written after it: files appear whole or not at all.
func ExampleOutputs() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "counts.csv")

	outputs, err := sinks.NewOutputs([]sinks.Output{{Sink: sinks.CSV{}, File: file}, {Sink: sinks.Table{}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	report := sinktest.Report(map[string]map[string]uint64{"P1": {"bp": 2}}) // or that of engine.Run
	if err := outputs.Write(os.Stdout, report); err != nil {
		fmt.Println(err)
		return
	}
	written, err := os.ReadFile(file)
	fmt.Printf("%s%v\n", written, err)
	// Output:
	// patient  bp  total
	// P1        2      2  ████████████████████████████████████████
	// totals    2      2
	// patient_id,event_type,count
	// P1,bp,2
	// <nil>
}

// A format and the file that it goes to, as a command line says it.
func ExampleParseSpec() {
	spec, err := sinks.ParseSpec("csv=counts.csv")
	fmt.Println(spec.Format, spec.File, err)
	// Output: csv counts.csv <nil>
}
