package result

import (
	"bytes"
)

// headSize is the number of bytes by which a format is recognized.
const headSize = 64

// blanks are the characters that JSON allows between values.
const blanks = " \t\r\n"

// mark is the byte order mark, which other programs write before text.
const mark = "\ufeff"

// partialHead begins a partial result.
const partialHead = `{"fastcount":"partial result"`

// NotResultError is the error for data that is not a result that can be read.
type NotResultError struct {
	Kind string // as in "not a result: KIND", such as "a plan"
	Hint string // what to do, as an imperative sentence
}

func (e *NotResultError) Error() string { return "not a result that can be compared: " + e.Kind }

// foreign is a format that is recognized in order to name it.
type foreign struct {
	begins string // in lower case
	NotResultError
}

const (
	anotherSink  = "write the result in another format, such as with --sink json"
	countItFirst = "name results of fastcount; to count a file of data, use: fastcount -o counts.json FILE"
)

// foreigners are the formats that are recognized by their first bytes.
var foreigners = []foreign{
	{`{"fastcount":"plan"`, NotResultError{"a plan", "count its shards, and merge the partial results"}},
	{`{"fastcount":`, NotResultError{"another file of fastcount", countItFirst}},
	{"<!doctype html", NotResultError{"an HTML page", anotherSink}},
	{"<html", NotResultError{"an HTML page", anotherSink}},
	{"| ", NotResultError{"a Markdown table", anotherSink}},
}

// empty is the error for data without a byte. It may be the NDJSON of a result
// without rows, but also a file that was never written.
var empty = &NotResultError{"it is empty", "write the result again; of a result without rows, use another format than ndjson"}

// isJSON reports whether data that begins with head is JSON or NDJSON, if it is
// a result. CSV may begin with the name of a key column that begins with {, but
// in CSV such a field has no quote unless it begins with one.
func isJSON(head []byte) bool {
	object, ok := bytes.CutPrefix(bytes.TrimLeft(bytes.TrimPrefix(head, []byte(mark)), blanks), []byte("{"))
	object = bytes.TrimLeft(object, blanks)
	after, empty := bytes.CutPrefix(object, []byte("}"))
	switch {
	case len(object) == 0:
		return ok
	case empty:
		return ok && len(bytes.TrimLeft(after, blanks)) == 0
	}
	return ok && object[0] == '"'
}

// kindOf returns the error for data that begins with head and is not a result,
// or nil if its kind is not known.
func kindOf(head []byte) error {
	if len(head) == 0 {
		return empty
	}
	start := bytes.ToLower(bytes.TrimLeft(head, blanks+mark))
	for _, f := range foreigners {
		if bytes.HasPrefix(start, []byte(f.begins)) {
			return &f.NotResultError
		}
	}
	return nil
}
