package diff_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"fastcount/internal/diff"
)

// sample returns differences of every kind, among ids that must not reach a
// terminal as they are.
func sample(t *testing.T) *diff.Diff {
	t.Helper()
	old := counts{
		key("P001", "hr"): 15_589, key("P001", "bp"): 15_000, key("P002", "hr"): 1_000_000, key("P002", "bp"): 1,
		key("a,b", "bp"): 3, key("same", "bp"): 7,
	}
	new := counts{
		key("P001", "hr"): 2, key("P001", "bp"): 15_001, key("P002", "hr"): 1_000_001, key("\x1b[2J|", "bp"): 2,
		key("漢字", "néw"): 40, key("same", "bp"): 7,
	}
	return compare(t, 2, old, new)
}

const wantText = `--- old
+++ new
rows        1,030,600 → 1,015,053  -15,547    -1.50%

key2: 1 new, 2 changed
  hr        1,015,589 → 1,000,003  -15,586    -1.53%
  néw               0 → 40             +40       new
  bp           15,011 → 15,010          -1    <0.01%

key1: 2 new, 1 vanished, 2 changed
  P001         30,589 → 15,003     -15,586   -50.95%
  漢字              0 → 40             +40       new
  a,b               3 → 0               -3  vanished
  … and 2 others

key1,key2: 2 new, 2 vanished, 3 changed
  P001,hr      15,589 → 2          -15,587   -99.98%
  漢字,néw          0 → 40             +40       new
  "a,b",bp          3 → 0               -3  vanished
  … and 4 others
`

const wantMarkdown = `**rows** 1,030,600 → 1,015,053 (-1.50%)

key2: 1 new, 2 changed

| key2 | old | new | change | percent |
|---|---:|---:|---:|---:|
| hr | 1,015,589 | 1,000,003 | -15,586 | -1.53% |
| néw | 0 | 40 | +40 | new |
| bp | 15,011 | 15,010 | -1 | \<0.01% |

key1: 2 new, 1 vanished, 2 changed

| key1 | old | new | change | percent |
|---|---:|---:|---:|---:|
| P001 | 30,589 | 15,003 | -15,586 | -50.95% |
| 漢字 | 0 | 40 | +40 | new |
| a,b | 3 | 0 | -3 | vanished |
| "\\x1b\[2J\|" | 0 | 2 | +2 | new |
| P002 | 1,000,001 | 1,000,001 | 0 | 0% |

key1,key2: 2 new, 2 vanished, 3 changed

| key1,key2 | old | new | change | percent |
|---|---:|---:|---:|---:|
| P001,hr | 15,589 | 2 | -15,587 | -99.98% |
| 漢字,néw | 0 | 40 | +40 | new |
| "a,b",bp | 3 | 0 | -3 | vanished |
| "\\x1b\[2J\|",bp | 0 | 2 | +2 | new |
| P001,bp | 15,000 | 15,001 | +1 | <0.01% |
`

const wantJSON = `{
  "keys": ["key1","key2"],
  "rows": {"old":3,"new":3},
  "incomplete": {"old":["x: cut\u001b"],"new":[]},
  "allowed": false,
  "not_allowed": ["old is incomplete","key1: 1 new"],
  "values": {
    "key1": [
      {"value":"\u001b[2J\"","old":0,"new":1},
      {"value":"a","old":3,"new":2}
    ],
    "key2": [
      {"value":"b","old":3,"new":3}
    ]
  },
  "groups": [
    {"values":["\u001b[2J\"","b"],"old":0,"new":1},
    {"values":["a","b"],"old":3,"new":2}
  ]
}
`

func TestText(t *testing.T) {
	var b bytes.Buffer
	if err := sample(t).Write(&b, "text", diff.Options{Top: 3}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wantText, b.String()); diff != "" {
		t.Error(diff)
	}
}

func TestMarkdown(t *testing.T) {
	var b bytes.Buffer
	if err := sample(t).Write(&b, "markdown", diff.Options{Top: 5}); err != nil {
		t.Fatal(err)
	}
	if want := strings.Replace(wantMarkdown, "+1 | <0.01% |\n", "+1 | \\<0.01% |\n\nNot shown: 2 differences.\n", 1); b.String() != want {
		t.Error(cmp.Diff(want, b.String()))
	}
}

func TestJSON(t *testing.T) {
	old := newFake(2, counts{key("a", "b"): 3})
	old.missing = []string{"x: cut\x1b"}
	d, err := diff.Compare("old", old, "new", newFake(2, counts{key("a", "b"): 2, key("\x1b[2J\"", "b"): 1}))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := d.Write(&b, "json", diff.Options{Exceeded: d.Check(parse(t, "patients:changed"))}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wantJSON, b.String()); diff != "" {
		t.Error(diff)
	}
}

func TestHiddenValues(t *testing.T) {
	var b bytes.Buffer
	if err := sample(t).Write(&b, "text", diff.Options{HideValues: true}); err != nil {
		t.Fatal(err)
	}
	const want = "--- old\n+++ new\nrows  1,030,600 → 1,015,053  -15,547  -1.50%\nkey2: 1 new, 2 changed\n" +
		"key1: 2 new, 1 vanished, 2 changed\nkey1,key2: 2 new, 2 vanished, 3 changed\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

// TestHostileNames checks that names of files and of key columns, which may
// hold any character, are escaped in what is for reading.
func TestHostileNames(t *testing.T) {
	f := newFake(1, counts{"a": 1})
	f.keys, f.missing = []string{"k\n\x1b|"}, []string{"cut"}
	d, err := diff.Compare("old", &fake{keys: f.keys}, "f\n\x1b*", f)
	if err != nil {
		t.Fatal(err)
	}
	for format, want := range map[string]string{
		"text": "--- old\n+++ f\\n\\x1b*\nf\\n\\x1b* is incomplete: cut\nrows  0 → 1  +1  new\n\n" +
			"k\\n\\x1b|: 1 new\n  a   0 → 1  +1  new\n",
		"markdown": "**rows** 0 → 1 (new)\n\nf\\\\n\\\\x1b\\* is incomplete: cut\n\nk\\\\n\\\\x1b\\|: 1 new\n\n" +
			"| k\\\\n\\\\x1b\\| | old | new | change | percent |\n|---|---:|---:|---:|---:|\n| a | 0 | 1 | +1 | new |\n",
	} {
		var b bytes.Buffer
		if err := d.Write(&b, format, diff.Options{}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, b.String()); diff != "" {
			t.Errorf("%s: %s", format, diff)
		}
	}
}

func TestAllIsShown(t *testing.T) {
	new := make(counts)
	for i := range 100 {
		new[fmt.Sprintf("v%02d", i)] = uint64(i*7%100) + 1
	}
	var b bytes.Buffer
	if err := compare(t, 1, nil, new).Write(&b, "text", diff.Options{}); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(b.String(), "\n")
	if len(lines) != 106 || !strings.HasPrefix(lines[5], "  v57") || !strings.Contains(lines[5], "+100") || !strings.Contains(lines[104], "+1 ") {
		t.Errorf("%d lines:\n%s", len(lines), &b)
	}
}

func TestNoFormat(t *testing.T) {
	f := newFake(1, counts{"a": 1})
	f.keys = []string{"old"}
	d, err := diff.Compare("a", f, "b", &fake{keys: []string{"old"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Write(new(bytes.Buffer), "csv", diff.Options{}); !errors.Is(err, diff.ErrColumn) {
		t.Errorf("csv: %v", err)
	}
	if err := d.Write(new(bytes.Buffer), "table", diff.Options{}); err == nil {
		t.Error("no error for an unknown format")
	}
}

func TestPercent(t *testing.T) {
	for _, c := range []struct {
		old, new uint64
		want     string
	}{
		{0, 0, "0%"}, {5, 5, "0%"}, {0, 5, "new"}, {5, 0, "vanished"}, {100_000_000, 1, "-99.99%"}, {3, 4, "+33.33%"},
		{1, 1000, "+99900.00%"}, {1 << 63, 1<<63 + 1, "<0.01%"}, {1<<64 - 1, 1, "-99.99%"}, {200, 199, "-0.50%"}, {1000, 995, "-0.50%"},
		{1, 1<<64 - 1, "+1844674407370955161400.00%"},
	} {
		if got := (diff.Change{Old: c.old, New: c.new}).Percent(); got != c.want {
			t.Errorf("%d → %d: got %s, want %s", c.old, c.new, got, c.want)
		}
	}
}

// TestLargest compares the differences that are shown with the first ones of
// all, in the same order.
func TestLargest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		old, new := make(counts), make(counts)
		for i, n := range rapid.SliceOfN(rapid.Uint64Range(0, 9), 0, 60).Draw(t, "changes") {
			old[fmt.Sprintf("%02d", i)], new[fmt.Sprintf("%02d", i)] = 10, 10+n
		}
		lines := func(top int) []string {
			var b bytes.Buffer
			if err := compare(t, 1, old, new).Write(&b, "text", diff.Options{Top: top}); err != nil {
				t.Fatal(err)
			}
			var shown []string
			for line := range strings.Lines(b.String()) {
				if strings.HasPrefix(line, "  ") && strings.Contains(line, "→") {
					shown = append(shown, strings.Join(strings.Fields(line), " "))
				}
			}
			return shown
		}
		all := lines(0)
		for _, top := range []int{1, 2, 7, 100} {
			if got, want := lines(top), all[:min(top, len(all))]; !slices.Equal(got, want) {
				t.Errorf("top %d: got %q, want %q", top, got, want)
			}
		}
	})
}
