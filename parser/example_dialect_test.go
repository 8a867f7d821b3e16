package parser_test

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"fastcount/parser"
)

// A Dialect describes exports that are not CSV as RFC 4180 describes it. Stats
// has what was left out.
func ExampleDialect() {
	input := strings.NewReader("# device 7\nsubject||event\nP1||5\" tube\n# clock set\nP2||cuff\n")
	r := parser.NewReader(input, parser.Config{
		Dialect: parser.Dialect{Delimiter: "||", NoQuote: true, Comment: "#"},
		Columns: []parser.Selector{{Name: "patient_id", Or: &parser.Selector{Name: "subject"}}, {Name: "event"}},
	})
	defer r.Release()
	block, err := r.Next()
	if err != nil {
		fmt.Println(err)
		return
	}
	subjects, events := block.Columns[0], block.Columns[1]
	for i := range block.Rows {
		fmt.Printf("%s %s\n", block.Data[subjects.Starts[i]:subjects.Ends[i]], block.Data[events.Starts[i]:events.Ends[i]])
	}
	_, err = r.Next()
	fmt.Println(errors.Is(err, io.EOF), r.Stats().Comments)
	// Output:
	// P1 5" tube
	// P2 cuff
	// true 2
}

// SyntaxError.Try has the rules of a dialect that might read the input.
func ExampleSyntaxError_try() {
	input := strings.NewReader("patient_id,note\nP1,\"she said \\\"stop\\\"\"\n")
	r := parser.NewReader(input, parser.Config{Columns: []parser.Selector{{Name: "patient_id"}}})
	defer r.Release()
	_, err := r.Next()
	if s, ok := errors.AsType[*parser.SyntaxError](err); ok && s.Try != nil {
		fmt.Printf("line %d: try escape %q\n", s.Line, s.Try.Escape)
	}
	// Output:
	// line 2: try escape '\\'
}
