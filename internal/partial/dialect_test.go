package partial_test

import (
	"maps"
	"reflect"
	"testing"

	"fastcount/internal/partial"
	"fastcount/parser"
)

// Each field of a dialect is one rule, and the default has none.
func TestDialectRules(t *testing.T) {
	if rules := partial.DialectRules(parser.Dialect{Quote: '"'}); len(rules) > 0 {
		t.Errorf("the default has the rules %v", rules)
	}
	full := parser.Dialect{Delimiter: "||", Quote: '\'', Escape: '\\', Comment: "#", SkipLines: 1, SkipRows: 2, SkipFooter: 3, Trim: true,
		Ragged: true, NoHeader: true, Names: []string{"a", `b"`}, SkipRepeatedHeaders: true, SkipEmpty: true}
	want := map[string]string{"delimiter": `"||"`, "quote": `"'"`, "escape": `"\\"`, "comment": `"#"`, "skip-lines": "1", "skip-rows": "2",
		"skip-footer": "3", "trim": "true", "ragged": "true", "no-header": "true", "columns": `"a","b\""`, "repeated-headers": "skip", "empty": "skip"}
	if got := partial.DialectRules(full); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := partial.DialectRules(parser.Dialect{NoQuote: true}); !maps.Equal(got, map[string]string{"quote": "none"}) {
		t.Errorf("got %v", got)
	}
	if n := reflect.TypeFor[parser.Dialect]().NumField(); n != len(want)+1 { // Quote and NoQuote are one rule
		t.Errorf("a dialect has %d fields, and %d are rules", n, len(want)+1)
	}
}
