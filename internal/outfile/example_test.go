package outfile_test

import (
	"fmt"
	"os"
	"path/filepath"

	"fastcount/internal/atomicfile"
	"fastcount/internal/outfile"
	"fastcount/sinks"
	"fastcount/sinks/sinktest"
)

func ExampleOutputs() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "counts.csv")

	// Check the outputs before the run.
	outputs, err := outfile.New([]outfile.Output{{Sink: sinks.CSV{}, File: file}, {Sink: sinks.Table{Width: 60}}}, new(atomicfile.Claims))
	if err != nil {
		fmt.Println(err)
		return
	}
	report := sinktest.Report(map[string]map[string]uint64{"P1": {"bp": 2}}) // or that of engine.Run
	if _, err := outputs.Write(os.Stdout, report); err != nil {
		fmt.Println(err)
		return
	}
	written, err := os.ReadFile(file)
	fmt.Printf("%s%v\n", written, err)
	// Output:
	// patient   bp  total  event types   share
	// P1         2      2            1  100.0%  ██████████████████
	// totals     2      2            1  100.0%
	// patients   1      1
	// patient_id,event_type,count
	// P1,bp,2
	// <nil>
}
