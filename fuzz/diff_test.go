package fuzz

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"fastcount/internal/diff"
	"fastcount/internal/result"
	"fastcount/sinks"
	"fastcount/sinks/sinktest"
)

// allowed matches the rules that diff.ParseRule documents, apart from whether a
// glob is well formed and a range in order. B is a blank, and N a percentage.
var allowed = regexp.MustCompile(strings.NewReplacer("B", `[\s\x0b\x{85}\p{Z}]*`, "N", `[0-9]+(?:\.[0-9]+)?%`).Replace(
	`\AB(?:rowsB(?:<=|>=|=)BN|` +
		`eventB:((?s:.+)):B([+-]?N)B\.\.B([+-]?N)|` +
		`(?:patients|events)B:B(?:new|vanished|changed)(?:B(?:<=|>=|=)B[0-9]+)?|` +
		`incomplete)B\z`))

// FuzzAllow compares the parser of rules with a regular expression, and applies
// the rules to differences of every kind.
func FuzzAllow(f *testing.F) {
	for _, text := range []string{
		"rows <= 5%", "rows=0.25%", "event:bp_*:-1%..5%", "event:a:b/[c-d]?:+0% .. 12.5%", "patients:new", "events : changed >= 10", "incomplete",
		"patients:vanished = 0", "event:[:0%..1%", "event:x:2%..1%", "rows < 5%",
	} {
		f.Add(text)
	}
	old := sinktest.Report(map[string]map[string]uint64{"a": {"x": 1, "y": 2}, "b": {"x": 3, "z": 1}, "c": {"x": 9}})
	new := sinktest.Report(map[string]map[string]uint64{"a": {"x": 2, "y": 2}, "b": {"x": 2, "w": 1}, "d": {"x": 9}})
	d, err := diff.Compare("old", result.OfReport(old), "new", result.OfReport(new))
	if err != nil {
		f.Fatal(err)
	}
	most := len(d.Check(nil))
	f.Fuzz(func(t *testing.T, text string) {
		rule, err := diff.ParseRule(text)
		if !utf8.ValidString(text) || hasLongNumber(text) {
			return
		}
		match := allowed.FindStringSubmatch(text)
		want := match != nil && len(text) <= 1000
		if want && match[1] != "" {
			_, badGlob := path.Match(strings.ReplaceAll(match[1], "/", "\x00"), "")
			want = badGlob == nil
		}
		if swapped := err != nil && strings.Contains(err.Error(), "LO at most HI"); (err == nil) != want && !(want && swapped) {
			t.Fatalf("%q: got %v, want a rule: %v", text, err, want)
		}
		if err != nil {
			return
		}
		again, err := diff.ParseRule(rule.String())
		if err != nil || again.String() != rule.String() {
			t.Fatalf("%q is written as %q: %v", text, rule, err)
		}
		got := d.Check([]diff.Rule{rule})
		if len(got) > most+1 { // a limit may add a line
			t.Fatalf("%q: %q", text, got)
		}
		if other := d.Check([]diff.Rule{again}); !slices.Equal(got, other) {
			t.Fatalf("%q: %q, and %q for its text", text, got, other)
		}
	})
}

// hasLongNumber reports whether a text may have a number that is longer than
// rules allow.
func hasLongNumber(text string) bool { return longNumber.MatchString(text) }

var longNumber = regexp.MustCompile(`[0-9.+-]{18,}`)

// resultGroup is a group of a result.
type resultGroup struct {
	values string // each after a byte that is not in UTF-8
	n      uint64
}

// readResult reads all groups of a result.
func readResult(in io.Reader) (keys []string, groups []resultGroup, err error) {
	r, err := result.NewReader(in)
	if err != nil {
		return nil, nil, err
	}
	for {
		values, n, err := r.Next()
		if err == io.EOF {
			return r.Keys(), groups, nil
		}
		if err != nil {
			return nil, nil, err
		}
		groups = append(groups, resultGroup{"\xff" + string(bytes.Join(values, []byte("\xff"))), n})
	}
}

// FuzzResult reads results, which must be sorted, and be what encoding/json or
// encoding/csv read. Their groups, written again, must be the same.
func FuzzResult(f *testing.F) {
	for _, s := range []sinks.Sink{sinks.JSON{}, sinks.JSON{Compact: true}, sinks.NDJSON{}, sinks.CSV{}} {
		for _, r := range sinktest.Samples() {
			var b bytes.Buffer
			if err := s.Write(&b, r.Report); err != nil {
				f.Fatal(err)
			}
			if b.Len() < 2000 {
				f.Add(b.Bytes())
			}
		}
	}
	f.Add([]byte(`{"by":["p","e","d"],"counts":{"a":{"b":{"c":1,"\ud83d\ude00":2}}},"total":3,"incomplete":[{"source":"x","reason":"y"}]}`))
	f.Add([]byte("{\"e\":\"a\",\"count\":1}\n{\"incomplete\":[{\"source\":\"x\",\"reason\":\"y\"}]}\n"))
	f.Add([]byte("\ufeff{\"e\":\"a\",\"count\":1}\n"))
	f.Add([]byte("e,count\n\"a\r\nb\",12\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		keys, groups, err := readResult(bytes.NewReader(text))
		_, slowly, slowErr := readResult(iotest.OneByteReader(bytes.NewReader(text)))
		if (err == nil) != (slowErr == nil) || !slices.Equal(groups, slowly) {
			t.Fatalf("%v, and byte by byte %v", err, slowErr)
		}
		if err != nil || bytes.HasPrefix(text, []byte(`{"fastcount"`)) {
			return
		}
		for i, g := range groups {
			if g.n == 0 || strings.Count(g.values, "\xff") != len(keys) || i > 0 && slices.Compare(split(groups[i-1]), split(g)) >= 0 {
				t.Fatalf("group %d: %q", i, g.values)
			}
		}
		mark := []byte("\ufeff")
		head := bytes.TrimPrefix(text[:min(len(text), 64)], mark) // which shows the format
		if bytes.HasPrefix(bytes.TrimLeft(head, " \t\r\n"), []byte("{")) {
			compareJSON(t, bytes.TrimPrefix(text, mark), keys, groups)
		} else {
			compareCSV(t, text, groups)
		}
	})
}

func split(g resultGroup) []string { return strings.Split(g.values, "\xff") }

// compareCSV compares groups with what encoding/csv reads.
func compareCSV(t *testing.T, text []byte, groups []resultGroup) {
	t.Helper()
	if bytes.Contains(text, []byte("\r")) {
		return // encoding/csv changes it within quotes
	}
	records, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff")))).ReadAll()
	if err != nil || len(records) != len(groups)+1 {
		t.Fatalf("encoding/csv: %v, %d records for %d groups", err, len(records), len(groups))
	}
	for i, g := range groups {
		record := records[i+1]
		if values := "\xff" + strings.Join(record[:len(record)-1], "\xff"); values != g.values {
			t.Fatalf("group %d: got %q, encoding/csv %q", i, g.values, values)
		}
	}
}

// compareJSON compares groups with what encoding/json reads.
func compareJSON(t *testing.T, text []byte, keys []string, groups []resultGroup) {
	t.Helper()
	want := map[string]json.Number{}
	in := json.NewDecoder(bytes.NewReader(text))
	in.UseNumber()
	for {
		var object map[string]any
		if err := in.Decode(&object); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("encoding/json: %v", err)
		}
		switch {
		case isObject(object["patients"]):
			flatten(want, "", object["patients"])
		case isObject(object["counts"]):
			flatten(want, "", object["counts"])
		case object["count"] != nil:
			values := ""
			for _, key := range keys {
				values += "\xff" + object[key].(string)
			}
			flatten(want, values, object["count"])
		}
	}
	if len(want) != len(groups) {
		t.Fatalf("got %d groups, encoding/json %d", len(groups), len(want))
	}
	for _, g := range groups {
		if n, err := json.Marshal(g.n); err != nil || string(n) != want[g.values].String() {
			t.Fatalf("%q: got %d, encoding/json %s", g.values, g.n, want[g.values])
		}
	}
}

func isObject(v any) bool {
	_, ok := v.(map[string]any)
	return ok
}

// flatten adds the numbers in nested objects to all.
func flatten(all map[string]json.Number, values string, v any) {
	switch v := v.(type) {
	case json.Number:
		all[values] = v
	case map[string]any:
		for key, inner := range v {
			flatten(all, values+"\xff"+key, inner)
		}
	}
}
