package sinks_test

import (
	"bufio"
	"fmt"
	"io"
	"os"

	"fastcount/engine"
	"fastcount/sinks"
	"fastcount/sinks/sinktest"
)

// TSV is a sink of one's own: a line for each pair, with a label in front.
type TSV struct {
	Label string
}

func (s TSV) Write(w io.Writer, r *engine.Report) error {
	b := bufio.NewWriter(w) // keeps the first error; Flush returns it
	for _, pair := range r.Pairs {
		fmt.Fprintf(b, "%s\t%s\t%s\t%d\n", s.Label, r.Patients[pair.Patient], r.Events[pair.Event], pair.Count)
	}
	return b.Flush()
}

func ExampleRegistry_Register() {
	registry := sinks.Builtin(sinks.Options{})
	registry.Register("tsv", TSV{Label: "ward 7"})

	sink, err := registry.Lookup("tsv")
	if err != nil {
		fmt.Println(err)
		return
	}
	report := sinktest.Report(map[string]map[string]uint64{"P001": {"bp_dia": 2, "bp_sys": 1}})
	if err := sink.Write(os.Stdout, report); err != nil {
		fmt.Println(err)
	}
	// Output:
	// ward 7	P001	bp_dia	2
	// ward 7	P001	bp_sys	1
}

func ExampleOutputs() {
	outputs, err := sinks.NewOutputs([]sinks.Output{{Sink: sinks.JSON{Compact: true}}}) // File "" is standard output
	if err != nil {
		fmt.Println(err)
		return
	}
	report := sinktest.Report(map[string]map[string]uint64{"P001": {"bp_dia": 2, "bp_sys": 1}})
	if err := outputs.Write(os.Stdout, report); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"patients":{"P001":{"bp_dia":2,"bp_sys":1}},"totals":{"bp_dia":2,"bp_sys":1}}
}
