package parser_test

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"fastcount/parser"
)

// A Reader returns blocks of records, with the positions of the fields of the
// selected columns.
func ExampleReader() {
	input := strings.NewReader("patient_id,note,event_type\nP1,\"a, b\",bp\n\"P\"\"2\",,spo2\n")
	r := parser.NewReader(input, parser.Config{Columns: []parser.Selector{{Name: "patient_id"}, {Name: "event_type"}}})
	defer r.Release()
	for {
		block, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		patients, events := block.Columns[0], block.Columns[1]
		for i := range block.Rows {
			fmt.Printf("%s %s\n", block.Data[patients.Starts[i]:patients.Ends[i]], block.Data[events.Starts[i]:events.Ends[i]])
		}
	}
	// Output:
	// P1 bp
	// P"2 spo2
}

// A SyntaxError contains the position of an error and wraps one of the errors
// of this package.
func ExampleSyntaxError() {
	input := strings.NewReader("patient_id,event_type\nP1,bp\nP\"2,bp\n")
	r := parser.NewReader(input, parser.Config{Columns: []parser.Selector{{Name: "patient_id"}}})
	defer r.Release()
	for {
		if _, err := r.Next(); err != nil {
			fmt.Println(err)
			fmt.Println(errors.Is(err, parser.ErrBareQuote))
			return
		}
	}
	// Output:
	// line 3, byte 29: bare quote in an unquoted field
	// true
}

// Records with a wrong number of fields can be left out.
func ExampleConfig_reject() {
	cfg := parser.Config{
		Columns: []parser.Selector{{Number: 1}},
		Reject: func(err *parser.SyntaxError, record []byte) error {
			fmt.Printf("left out: %v\n", err)
			return nil
		},
	}
	r := parser.NewReader(strings.NewReader("patient_id,event_type\nP1,bp\nP2\nP3,bp\n"), cfg)
	defer r.Release()
	rows := 0
	for {
		block, err := r.Next()
		if err != nil {
			fmt.Println(rows, "rows,", err)
			return
		}
		rows += block.Rows
	}
	// Output:
	// left out: line 3, byte 28: wrong number of fields: got 1, want 2
	// 2 rows, EOF
}
