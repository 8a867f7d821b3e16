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

// list is a sink that writes the total of each event type on a line. A sink
// that buffers its output flushes it before it returns.
type list struct{}

func (list) Write(w io.Writer, r *engine.Report) error {
	out := bufio.NewWriter(w)
	for i, event := range r.Keys[1] {
		fmt.Fprintf(out, "%q %d\n", event, r.Totals[i])
	}
	return out.Flush() // returns the first error of the lines above, too
}

func ExampleRegistry_Register() {
	registry := sinks.Builtin(sinks.Options{})
	registry.Register("list", list{})
	sink, err := registry.Lookup("list")
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := sink.Write(os.Stdout, sinktest.Demo()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// "bp_dia" 9372
	// "bp_sys" 9412
}
