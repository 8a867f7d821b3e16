package sinks_test

import (
	"slices"
	"strings"
	"testing"

	"fastcount/sinks"
)

func TestBuiltin(t *testing.T) {
	r := sinks.Builtin(sinks.Options{Compact: true, CSVSafe: true, Width: 100, Color: true, Top: 7, Order: sinks.ByCount})
	if got, want := r.Names(), []string{"csv", "html", "json", "markdown", "ndjson", "table", "totals"}; !slices.Equal(got, want) {
		t.Errorf("Names() = %q, want %q", got, want)
	}
	want := map[string]sinks.Sink{
		"json":     sinks.JSON{Compact: true},
		"csv":      sinks.CSV{Safe: true, Top: 7, Order: sinks.ByCount},
		"ndjson":   sinks.NDJSON{Top: 7, Order: sinks.ByCount},
		"markdown": sinks.Markdown{Top: 7, Order: sinks.ByCount},
		"totals":   sinks.Totals{Safe: true},
		"table":    sinks.Table{Width: 100, Color: true, Top: 7, Order: sinks.ByCount},
		"html":     sinks.HTML{Safe: true, Top: 7, Order: sinks.ByCount},
	}
	for name, sink := range want {
		if got, err := r.Lookup(name); got != sink || err != nil {
			t.Errorf("Lookup(%q) = %#v, %v, want %#v", name, got, err, sink)
		}
	}
}

func TestLookupUnknown(t *testing.T) {
	r := sinks.Builtin(sinks.Options{})
	const known = "(known: csv, html, json, markdown, ndjson, table, totals)"
	tests := []struct{ name, want string }{
		{"jsn", `unknown output format "jsn"; did you mean json? ` + known},
		{"JSON", `unknown output format "JSON"; did you mean json? ` + known},
		{"cvs", `unknown output format "cvs"; did you mean csv? ` + known},
		{"jsonl", `unknown output format "jsonl"; did you mean json? ` + known},
		{"tables", `unknown output format "tables"; did you mean table? ` + known},
		{"parquet", `unknown output format "parquet" ` + known},
		{"", `unknown output format "" ` + known},
		{"x\n", `unknown output format "x\n" ` + known},
		{strings.Repeat("x", 300), `unknown output format "` + strings.Repeat("x", 200) + `" ` + known},
	}
	for _, tt := range tests {
		s, err := r.Lookup(tt.name)
		if s != nil || err == nil || err.Error() != tt.want {
			t.Errorf("Lookup(%q) = %v, %v, want the error %q", tt.name, s, err, tt.want)
		}
	}
}

func TestRegister(t *testing.T) {
	tests := []struct {
		name   string
		sink   sinks.Sink
		panics string // "" where the name is good
	}{
		{"tsv", sinks.JSON{}, ""},
		{"a", sinks.JSON{}, ""},
		{"x-2", sinks.JSON{}, ""},
		{"json", sinks.JSON{}, "registered twice"},
		{"none", nil, "is nil"},
		{"", sinks.JSON{}, "not a valid name"},
		{"a=b", sinks.JSON{}, "not a valid name"},
		{"CSV", sinks.JSON{}, "not a valid name"},
		{"2x", sinks.JSON{}, "not a valid name"},
		{"-", sinks.JSON{}, "not a valid name"},
		{"é", sinks.JSON{}, "not a valid name"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := &sinks.Registry{}
			r.Register("json", sinks.JSON{})
			defer func() {
				got, _ := recover().(string)
				if (tt.panics == "") != (got == "") || !strings.Contains(got, tt.panics) {
					t.Errorf("Register(%q) panicked with %q, want %q", tt.name, got, tt.panics)
				}
			}()
			r.Register(tt.name, tt.sink)
			if _, err := r.Lookup(tt.name); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestZeroRegistry(t *testing.T) {
	var r sinks.Registry
	if names := r.Names(); len(names) != 0 {
		t.Errorf("Names() = %q", names)
	}
	if _, err := r.Lookup("json"); err == nil {
		t.Error("an empty registry knows json")
	}
}
