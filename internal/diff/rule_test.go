package diff_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"fastcount/internal/diff"
)

func parse(t rapid.TB, texts ...string) (rules []diff.Rule) {
	t.Helper()
	for _, text := range texts {
		r, err := diff.ParseRule(text)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		rules = append(rules, r)
	}
	return rules
}

func TestParseRule(t *testing.T) {
	for _, text := range []string{
		"rows<=5%", "rows <= 5%", " rows  >=  0.5% ", "rows = 0%", "event:bp:-1%..5%", "event:*:+0%..+12.5%", "event:a:b:0% .. 1%",
		"event: :0%..0%", "event:[a-c]?:-100%..1000%", "patients:new", "patients:vanished<=10", "patients: changed >= 3", "events:new = 0", "incomplete", " incomplete ",
	} {
		if r := parse(t, text)[0]; r.String() != strings.TrimSpace(text) {
			t.Errorf("%q: got %q", text, r)
		}
	}
	for text, want := range map[string]string{
		"":                               "want rows, event, patients",
		"row <= 5%":                      "want rows, event, patients",
		"Rows <= 5%":                     "want rows, event, patients",
		"5%":                             "want rows, event, patients",
		"rows":                           "want rows OP N%",
		"rows 5%":                        "want rows OP N%",
		"rows < 5%":                      "want rows OP N%",
		"rows <= 5":                      "want rows OP N%",
		"rows <= %":                      "want rows OP N%",
		"rows <= -5%":                    "want rows OP N%",
		"rows <= +5%":                    "want rows OP N%",
		"rows <= 5.%":                    "want rows OP N%",
		"rows <= .5%":                    "want rows OP N%",
		"rows <= 1e3%":                   "want rows OP N%",
		"rows <= 1_0%":                   "want rows OP N%",
		"rows <= 5% x":                   "want rows OP N%",
		"rows <= ٥%":                     "want rows OP N%",
		"rows <= 123456789012345678901%": "want rows OP N%",
		"event":                          "want event:GLOB",
		"event:bp":                       "want event:GLOB",
		"event::0%..1%":                  "want event:GLOB",
		"event:bp:0%":                    "want event:GLOB",
		"event:bp:0..1":                  "want event:GLOB",
		"event:bp:0%...1%":               "want event:GLOB",
		"event:bp:--1%..1%":              "want event:GLOB",
		"event:bp:5%..1%":                "LO at most HI",
		"event:[:0%..1%":                 "glob is malformed",
		"patients":                       "want patients or events",
		"patients:":                      "want patients or events",
		"patients:gone":                  "want patients or events",
		"patients:new 5":                 "want patients or events",
		"patients:new < 5":               "want patients or events",
		"patients:new <= 5%":             "want patients or events",
		"patients:new <= -5":             "want patients or events",
		"patients:new <= 1.5":            "want patients or events",
		"events:newer":                   "want patients or events",
		"incomplete:old":                 "want incomplete alone",
		"rows <= " + strings.Repeat(" ", 1000) + "5%": "longer than",
	} {
		if _, err := diff.ParseRule(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func TestCheck(t *testing.T) {
	base := counts{key("P1", "a"): 100, key("P1", "b"): 100, key("P2", "a"): 100, key("P2", "b"): 100}
	with := func(changes ...any) counts {
		c := make(counts)
		maps.Copy(c, base)
		for i := 0; i < len(changes); i += 2 {
			c[changes[i].(string)] = uint64(changes[i+1].(int))
			if changes[i+1] == 0 {
				delete(c, changes[i].(string))
			}
		}
		return c
	}
	moved := with(key("P1", "a"), 90, key("P2", "a"), 110) // the total is equal
	grown := with(key("P1", "a"), 110)                     // +2.5 %, a +5 %
	fewer := with(key("P1", "a"), 90)                      // -2.5 %, a -5 %
	newP := with(key("P3", "a"), 10)                       // a +5 %
	lostP := with(key("P2", "a"), 0, key("P2", "b"), 0)    // -50 %
	newE := with(key("P1", "c"), 4)                        // +1 %
	lostE := with(key("P1", "b"), 0, key("P2", "b"), 0)    // -50 %
	lostG := with(key("P1", "b"), 0)                       // -25 %, b -50 %
	both := with(key("P3", "c"), 4)                        // a new patient with a new event type
	large := with(key("P3", "a"), 400)                     // doubled by a new patient
	for _, c := range []struct {
		name  string
		new   counts
		rules string // separated by ;
		want  string // separated by ;
	}{
		{"equal", base, "", ""},
		{"equal", base, "rows >= 5%", ""},

		{"moved", moved, "", "counts: 2 changed"},
		{"moved", moved, "rows = 0%", ""},
		{"moved", moved, "rows >= 1%", "rows: 400 → 400 (0%);counts: 2 changed"},
		{"moved", moved, "patients:changed", ""},
		{"moved", moved, "patients:changed <= 1", "counts: 2 changed"},
		{"moved", moved, "patients:changed = 2", ""},
		{"moved", moved, "events:changed = 1", ""},
		{"moved", moved, "event:a:0%..0%", ""},
		{"moved", moved, "event:a:1%..5%", "key2: 1 changed by more than allowed"},
		{"moved", moved, "event:b:-5%..5%", "counts: 2 changed"},
		{"moved", moved, "patients:new;events:vanished;incomplete", "counts: 2 changed"},

		{"grown", grown, "rows <= 2.5%", ""},
		{"grown", grown, "rows <= 2.49%", "rows: 400 → 410 (+2.50%);counts: 1 changed"},
		{"grown", grown, "rows >= 2.5%", ""},
		{"grown", grown, "rows = 2.5%", ""},
		{"grown", grown, "event:*:0%..5%", ""},
		{"grown", grown, "event:*:0%..4.999%", "key2: 1 changed by more than allowed"},
		{"grown", grown, "event:*:0%..4%;event:a:0%..5%", ""},
		{"grown", grown, "rows <= 5%;event:a:0%..4%", "key2: 1 changed by more than allowed"},
		{"grown", grown, "rows <= 1%;event:a:0%..5%", "rows: 400 → 410 (+2.50%)"},
		{"grown", grown, "rows <= 1%;rows <= 3%", ""},
		{"fewer", fewer, "rows <= 2.5%", ""},
		{"fewer", fewer, "event:*:0%..5%", "key2: 1 changed by more than allowed"},
		{"fewer", fewer, "event:?:-5%..0%", ""},

		{"new patient", newP, "", "key1: 1 new"},
		{"new patient", newP, "rows <= 100%", "key1: 1 new"},
		{"new patient", newP, "patients:new", ""},
		{"new patient", newP, "patients:new <= 0", "key1: 1 new"},
		{"new patient", newP, "patients:new >= 1", ""},
		{"new patient", newP, "patients:new;event:a:0%..4%", "key2: 1 changed by more than allowed"},
		{"new patient", newP, "events:new;patients:changed", "key1: 1 new"},
		{"doubled", large, "patients:new", ""},
		{"doubled", large, "patients:new;rows <= 5%", "rows: 400 → 800 (+100.00%)"},
		{"doubled", large, "patients:new;rows <= 100%", ""},

		{"vanished patient", lostP, "", "key1: 1 vanished"},
		{"vanished patient", lostP, "patients:vanished <= 1", ""},
		{"vanished patient", lostP, "patients:new", "key1: 1 vanished"},

		{"new event type", newE, "", "key2: 1 new"},
		{"new event type", newE, "rows <= 1%", "key2: 1 new"},
		{"new event type", newE, "event:c:0%..100%", "key2: 1 new"},
		{"new event type", newE, "events:new", ""},
		{"vanished event type", lostE, "rows <= 50%;patients:changed", "key2: 1 vanished"},
		{"vanished event type", lostE, "events:vanished = 1", ""},
		{"vanished event type", lostE, "events:vanished;event:*:-1%..1%", ""},

		{"vanished group", lostG, "", "counts: 1 changed"},
		{"vanished group", lostG, "rows <= 25%", ""},
		{"vanished group", lostG, "event:b:-50%..0%", ""},

		{"both new", both, "", "key1: 1 new;key2: 1 new"},
		{"both new", both, "patients:new", "key2: 1 new"},
		{"both new", both, "patients:new;events:new", ""},
	} {
		var rules []string
		if c.rules != "" {
			rules = strings.Split(c.rules, ";")
		}
		got := compare(t, 2, base, c.new).Check(parse(t, rules...))
		if strings.Join(got, ";") != c.want {
			t.Errorf("%s, --allow %q: got %q, want %q", c.name, c.rules, got, c.want)
		}
	}
}

func TestCheckOtherKeys(t *testing.T) {
	for _, c := range []struct {
		k        int
		old, new counts
		rules    string
		want     string
	}{
		{1, counts{"a": 1}, counts{"a": 1, "b": 1}, "patients:new", ""},
		{1, counts{"a": 1}, counts{"a": 1, "b": 1}, "events:new", ""},
		{1, counts{"a": 1}, counts{"a": 1, "b": 1}, "events:vanished", "key1: 1 new"},
		{1, counts{"a": 100}, counts{"a": 101}, "event:a:0%..1%", ""},
		{1, counts{"a": 100, "b": 1}, counts{"a": 102, "b": 1}, "event:a:0%..1%", "key1: 1 changed by more than allowed"},
		{1, counts{"a": 100}, counts{"a": 102}, "", "counts: 1 changed"},
		{1, counts{"a": 100}, counts{"a": 102}, "event:b:0%..1%", "counts: 1 changed"},
		{1, counts{"a": 100}, counts{"a": 102}, "rows <= 2%", ""},
		{1, counts{}, counts{"a": 1}, "events:new;rows <= 1000000%", "rows: 0 → 1 (new)"},
		{1, counts{}, counts{"a": 1}, "events:new;rows >= 1%", ""},
		{1, counts{"a": 1}, counts{}, "events:vanished;rows <= 100%", ""},
		{1, counts{"a/b": 100}, counts{"a/b": 102}, "event:a*:0%..2%", ""},
		{3, counts{"P\nd1\na": 1}, counts{"P\nd1\na": 1, "P\nd2\na": 1}, "", "counts: 1 changed"},
		{3, counts{"P\nd1\na": 1}, counts{"P\nd1\na": 1, "P\nd2\na": 1}, "rows <= 100%", ""},
		{3, counts{"P\nd1\na": 1}, counts{"P\nd1\na": 1, "Q\nd2\na": 1}, "events:changed", "key1: 1 new"},
	} {
		var rules []string
		if c.rules != "" {
			rules = strings.Split(c.rules, ";")
		}
		got := compare(t, c.k, c.old, c.new).Check(parse(t, rules...))
		if strings.Join(got, ";") != c.want {
			t.Errorf("%q: got %q, want %q", c.rules, got, c.want)
		}
	}
}

func TestCheckIncomplete(t *testing.T) {
	for _, side := range []string{"old", "new"} {
		old, new := newFake(1, counts{"a": 1}), newFake(1, counts{"a": 1})
		map[string]*fake{"old": old, "new": new}[side].missing = []string{"x: y"}
		d, err := diff.Compare("old", old, "new", new)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Check(nil); !slices.Equal(got, []string{side + " is incomplete"}) {
			t.Errorf("%s: %q", side, got)
		}
		if got := d.Check(parse(t, "rows <= 100%", "patients:new", "patients:vanished", "patients:changed")); len(got) != 1 {
			t.Errorf("%s: %q", side, got)
		}
		if got := d.Check(parse(t, "incomplete")); got != nil {
			t.Errorf("%s: %q", side, got)
		}
		if text := write(t, d, "text"); text != "--- old\n+++ new\n"+side+" is incomplete: x: y\n" {
			t.Errorf("%q", text)
		}
	}
}

// TestEverythingIsAllowed checks that no difference escapes all kinds of rules,
// and that without rules each is reported.
func TestEverythingIsAllowed(t *testing.T) {
	all := []string{"patients:new", "patients:vanished", "patients:changed", "events:new", "events:vanished", "events:changed"}
	rapid.Check(t, func(t *rapid.T) {
		k, old, new := draw(t)
		d := compare(t, k, old, new)
		if got := d.Check(parse(t, all...)); got != nil {
			t.Errorf("all allowed: %q", got)
		}
		if got := d.Check(nil); (len(got) == 0) != d.Empty() {
			t.Errorf("nothing allowed: %q", got)
		}
		// Without limits, another rule never forbids anything.
		some := rapid.SliceOfDistinct(rapid.SampledFrom(all), rapid.ID[string]).Draw(t, "rules")
		if len(some) > 0 && len(d.Check(parse(t, some...))) > len(d.Check(parse(t, some[1:]...))) {
			t.Errorf("%q allow less than without the first", some)
		}
	})
}
