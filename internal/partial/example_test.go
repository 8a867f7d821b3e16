package partial_test

import (
	"context"
	"fmt"
	"strings"

	"fastcount/engine"
	"fastcount/internal/partial"
)

// A report is written by one program and read by another, which merges it with
// others.
func Example() {
	input := memory("monday", []byte("patient_id,event_type\nP1,up\nP1,down\nP2,up\n"))
	report, err := engine.Run(context.Background(), []engine.Part{input}, engine.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	var file strings.Builder
	if err := partial.Write(&file, partial.Header{Job: "this week", Label: "monday"}, report); err != nil {
		fmt.Println(err)
		return
	}
	header, again, err := partial.Read(strings.NewReader(file.String()))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(header.Job, header.Label, again.Rows)
	// Output: this week monday 3
}
