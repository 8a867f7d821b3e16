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

// markdown is a sink that writes the totals of the event types as a Markdown
// table. A sink that buffers its output flushes it before it returns.
type markdown struct{}

func (markdown) Write(w io.Writer, r *engine.Report) error {
	out := bufio.NewWriter(w)
	fmt.Fprint(out, "| event type | rows |\n|---|---:|\n")
	for i, event := range r.Events {
		fmt.Fprintf(out, "| %s | %d |\n", event, r.Totals[i])
	}
	return out.Flush() // returns the first error of the lines above, too
}

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
