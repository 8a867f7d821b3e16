package outfile

import (
	"strings"
	"testing"
)

func TestParseSpec(t *testing.T) {
	tests := []struct {
		in   string
		want Spec
		err  string // part of the error
	}{
		{"json", Spec{"json", ""}, ""},
		{"csv=counts.csv", Spec{"csv", "counts.csv"}, ""},
		{"csv=a=b.csv", Spec{"csv", "a=b.csv"}, ""},
		{"csv=-", Spec{"csv", ""}, ""},
		{"csv=./-", Spec{"csv", "./-"}, ""},
		{`json=C:\out\a.json`, Spec{"json", `C:\out\a.json`}, ""},
		{"json= ", Spec{"json", " "}, ""},
		{"", Spec{}, "no format"},
		{"=a.csv", Spec{}, "no format"},
		{"csv=", Spec{}, "no file"},
	}
	for _, tt := range tests {
		got, err := ParseSpec(tt.in)
		if got != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("ParseSpec(%q) = %+v, %v, want %+v and an error with %q", tt.in, got, err, tt.want, tt.err)
		}
	}
}
