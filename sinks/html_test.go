package sinks_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"html"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"fastcount/engine"
	"fastcount/sinks"
	"fastcount/sinks/sinktest"
)

var update = flag.Bool("update", false, "write the pages in testdata, instead of comparing with them")

// TestHTMLPages compares complete pages, except for the style and the script,
// which are in files of their own.
func TestHTMLPages(t *testing.T) {
	demo := sinktest.Demo()
	demo.Parts = []engine.PartReport{
		{Name: "demo/1", Rows: 9_014, Bytes: 392_048, Attempts: 1, Verified: engine.ProofRows},
		{Name: "ward 2.csv.gz", Rows: 9_000, Bytes: 391_440, RawBytes: 52_111, Attempts: 3, Verified: engine.ProofFraming},
		{Name: "stdin", Rows: 770, Bytes: 33_488, Attempts: 1},
	}
	hostile := sinktest.Report(counts{
		`</script><script>alert(1)</script>`: {`"><img src=x onerror=alert(1)>`: 3, "": 1},
		"\x00\u202e\u200f":                   {"&amp;": 1_000_000},
		"מטופל":                              {strings.Repeat("long ", 8): math.MaxUint64 - 2_000_000},
	})
	for _, tt := range []struct {
		name   string
		page   sinks.HTML
		report *engine.Report
	}{
		{"demo", sinks.HTML{Order: sinks.ByCount}, demo},
		{"incomplete", sinks.HTML{}, sinktest.Incomplete()},
		{"hostile", sinks.HTML{}, hostile},
		{"empty", sinks.HTML{}, sinktest.Report(nil)},
		{"about", sinks.HTML{Safe: true, About: &sinks.About{
			Title: "Ward <7>\x1b", Program: "fastcount v1.2.3", Exports: "demo", Span: "2026-01-01T00:00:00 to 2026-01-31T00:00:00"}}, sinktest.Demo()},
		{"one-key", sinks.HTML{Order: sinks.ByCount}, sinktest.ReportBy([]string{"ward <1>"},
			sinktest.Group{Values: []string{"north"}, Count: 1}, sinktest.Group{Values: []string{"south"}, Count: 2})},
		{"days", sinks.HTML{}, sinktest.ReportBy([]string{"patient_id", "event_type", "event_time:day"},
			sinktest.Group{Values: []string{"P1", "a", "2026-02-27"}, Count: 4}, sinktest.Group{Values: []string{"P1", "b", "2026-02-27"}, Count: 1},
			sinktest.Group{Values: []string{"P1", "a", "2026-02-28"}, Count: 1}, sinktest.Group{Values: []string{"P2", "a", "2026-03-02"}, Count: 2})},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := withoutSource(t, withoutSource(t, render(t, tt.page, tt.report), "html/page.css"), "html/page.js")
			file := filepath.Join("testdata", tt.name+".html")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("the page differs; if it should, run go test -run HTMLPages ./sinks -update\n%s", diff)
			}
		})
	}
}

// withoutSource replaces the content and the hash of a file with its name.
func withoutSource(t *testing.T, page, file string) string {
	t.Helper()
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(source)
	for _, text := range []string{string(source), base64.StdEncoding.EncodeToString(digest[:])} {
		if strings.Count(page, text) != 1 {
			t.Fatalf("the page does not hold %s and its hash once each", file)
		}
		page = strings.Replace(page, text, "("+file+")", 1)
	}
	return page
}

// A browser turns carriage returns into line feeds before it hashes, and an
// element ends at its first end tag.
func TestPageSourcesCanBeHashed(t *testing.T) {
	for _, file := range []string{"html/page.css", "html/page.js"} {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"\r", "\x00", "</", "<!--", "http:", "https:", "url(", "@import"} {
			if bytes.Contains(source, []byte(bad)) {
				t.Errorf("%s holds %q", file, bad)
			}
		}
	}
}

var rowPattern = regexp.MustCompile(`(?s)<tr[^>]*>(.*?)(?:</tr>|</thead>|</tfoot>)`)

// cells returns the texts of the cells of a row.
func cells(row string) (texts []string) {
	for _, cell := range strings.Split(strings.NewReplacer("<td", "\x00<", "<th", "\x00<").Replace(row), "\x00")[1:] {
		_, text, _ := strings.Cut(cell, ">")
		text = strings.TrimSuffix(strings.TrimPrefix(text, "<bdi>"), "</bdi>")
		texts = append(texts, html.UnescapeString(text))
	}
	return texts
}

// firstTwoKeys returns the groups by the first two keys, or by the only one:
// what a page contains.
func firstTwoKeys(r *engine.Report) (groups []sinktest.Group) {
	for _, g := range sinktest.Groups(r) {
		g.Values = g.Values[:min(2, len(g.Values))]
		if n := len(groups); n > 0 && slices.Equal(groups[n-1].Values, g.Values) {
			groups[n-1].Count += g.Count
			continue
		}
		groups = append(groups, g)
	}
	return groups
}

// parseHTML parses the table of patients, or that of a single key. It relies on
// ids being escaped: a < in a cell begins a tag.
func parseHTML(page []byte) (groups []sinktest.Group, err error) {
	_, table, found := strings.Cut(string(page), `<table id="heat"`)
	if !found {
		return parseBars(string(page))
	}
	table, _, ended := strings.Cut(table, "</table>")
	if !ended {
		return nil, errors.New("there is no table")
	}
	rows := rowPattern.FindAllStringSubmatch(table, -1)
	heads, body, totals := cells(rows[0][1]), rows[1:len(rows)-1], cells(rows[len(rows)-1][1])
	sums := make([]uint64, len(heads))
	for _, row := range body {
		texts := cells(row[1])
		if len(texts) != len(heads) {
			return nil, fmt.Errorf("a row has %d cells, the head %d", len(texts), len(heads))
		}
		for i, text := range texts[1:] {
			n, err := parseDigits(text)
			if err != nil {
				return nil, err
			}
			sums[i+1] += n
			if i > 1 && n > 0 {
				groups = append(groups, sinktest.Group{Values: []string{unprintable(texts[0]), unprintable(heads[i+1])}, Count: n})
			}
		}
	}
	for i, sum := range sums[1:] {
		if i == 1 {
			continue // numbers of distinct values
		}
		if total, err := parseDigits(totals[i+1]); err != nil || total != sum {
			return nil, fmt.Errorf("the total of %q is %d, the sum %d (%v)", heads[i+1], total, sum, err)
		}
	}
	return groups, nil
}

// parseBars parses the table of the values of a single key.
func parseBars(page string) (groups []sinktest.Group, err error) {
	_, table, found := strings.Cut(page, `<table id="bars"`)
	table, _, ended := strings.Cut(table, "</table>")
	if !found || !ended {
		return nil, errors.New("there is no table")
	}
	rows := rowPattern.FindAllStringSubmatch(table, -1)
	for _, row := range rows[1 : len(rows)-1] {
		texts := cells(row[1])
		n, err := parseDigits(texts[1])
		if err != nil {
			return nil, err
		}
		groups = append(groups, sinktest.Group{Values: []string{unprintable(texts[0])}, Count: n})
	}
	return groups, nil
}

func parseDigits(text string) (uint64, error) {
	if text == "" {
		return 0, nil
	}
	return strconv.ParseUint(strings.ReplaceAll(text, ",", ""), 10, 64)
}

// unprintable undoes the quoting of ids.
func unprintable(shown string) string {
	if id, err := strconv.Unquote(shown); err == nil && strings.HasPrefix(shown, `"`) {
		return id
	}
	return shown
}

var tagPattern = regexp.MustCompile(`<[^>]*>`)

// TestHTMLHasOnlyItsOwnTags checks that no tag of any sample comes from an id,
// and that the text is printable.
func TestHTMLHasOnlyItsOwnTags(t *testing.T) {
	own := regexp.MustCompile(`^</?(!DOCTYPE html|html lang="en"|svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true"|rect width="[0-9.]+" height="1"/|tr data-n=\d+|td class=h[1-8]|` +
		`svg viewBox="0 0 \d+ 100" preserveAspectRatio="none" role="img" aria-label="[0-9, a-z]+"|path d="[Mhvz0-9. -]+"/|` +
		`(meta|link)( [a-z-]+="[^"<]*")+|(div|section|span|p|label|input|table|th|h2|a)( [a-z-]+(="[^"<]*")?)*|` +
		`html|head|title|style|script|body|header|main|h1|dl|dt|dd|thead|tbody|tfoot|tr|td|ul|li|bdi|svg)>$`)
	reports := []*engine.Report{sinktest.Incomplete()}
	for _, sample := range sinktest.Samples() {
		reports = append(reports, sample.Report)
	}
	for _, r := range reports {
		page := render(t, sinks.HTML{}, r)
		page = withoutSource(t, withoutSource(t, page, "html/page.css"), "html/page.js")
		for _, tag := range tagPattern.FindAllString(page, -1) {
			if !own.MatchString(tag) || strings.Contains(tag, " on") || strings.Contains(tag, " style=") {
				t.Errorf("%.200q is not a tag of the page", tag)
			}
		}
		if strings.ContainsFunc(page, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
			t.Error("the page holds a character that cannot be printed")
		}
	}
}

// TestHTMLCuts checks that the page of a large report notes what it leaves out,
// and that the totals include it.
func TestHTMLCuts(t *testing.T) {
	for _, tt := range []struct {
		patients, events, rows, columns int
		notes                           []string
	}{
		{5_000, 3, 5_000, 3, nil},
		{5_001, 3, 5_000, 3, []string{"The table has the 5,000 patients with the most rows. Not shown, but included in the totals: 1 patient."}},
		{2_000, 200, 1_000, 200, []string{"Not shown, but included in the totals: 1,000 patients."}},
		{3, 203, 3, 200, []string{"The table has the 200 event types with the most rows. Not shown, but included in the totals: 3 event types."}},
	} {
		r := sinktest.Large(tt.patients, tt.events)
		page := render(t, sinks.HTML{}, r)
		if got := strings.Count(page[strings.Index(page, `<table id="heat"`):], "<tr data-n="); got != tt.rows {
			t.Errorf("%d×%d: %d rows, want %d", tt.patients, tt.events, got, tt.rows)
		}
		head := page[strings.Index(page, `<table id="heat"`):]
		if got := strings.Count(head[:strings.Index(head, "</thead>")], "<bdi>"); got != tt.columns {
			t.Errorf("%d×%d: %d event types, want %d", tt.patients, tt.events, got, tt.columns)
		}
		if got := strings.Count(page, `class="note">`); got != len(tt.notes) {
			t.Errorf("%d×%d: %d notes, want %d", tt.patients, tt.events, got, len(tt.notes))
		}
		for _, note := range tt.notes {
			if !strings.Contains(page, note) {
				t.Errorf("%d×%d: the page does not contain %q", tt.patients, tt.events, note)
			}
		}
		if total := `<th scope="row">totals<td>` + grouped(r.Rows); !strings.Contains(page, total) {
			t.Errorf("%d×%d: the page does not hold %q", tt.patients, tt.events, total)
		}
	}
}

// TestHTMLShowsTheLargest checks a report in which the patients with large
// totals are not adjacent.
func TestHTMLShowsTheLargest(t *testing.T) {
	all := counts{}
	for i := range 12_000 {
		n := uint64(1)
		if i%3 == 0 {
			n = uint64(i + 2)
		}
		all[fmt.Sprintf("P%05d", i)] = map[string]uint64{"x": n}
	}
	page := render(t, sinks.HTML{Order: sinks.ByCount}, sinktest.Report(all))
	var got []string
	for _, m := range regexp.MustCompile(`<tr data-n=\d+><th scope="row"><bdi>(P.*?)</bdi>`).FindAllStringSubmatch(page, -1) {
		got = append(got, m[1])
	}
	var want []string
	for i := 11_997; i >= 0; i -= 3 {
		want = append(want, fmt.Sprintf("P%05d", i))
	}
	for i := 1; len(want) < 5_000; i++ {
		if i%3 > 0 {
			want = append(want, fmt.Sprintf("P%05d", i))
		}
	}
	if !slices.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
}

func TestHTMLListsSomeOfManySources(t *testing.T) {
	r := sinktest.Demo()
	for i := range 1_200 {
		part := engine.PartReport{Name: fmt.Sprintf("part-%d", i), Attempts: 1, Err: errors.New("gone"), Failed: true}
		r.Parts = append(r.Parts, part)
		r.Incomplete = append(r.Incomplete, &engine.PartError{Part: part.Name, Err: part.Err})
	}
	page := render(t, sinks.HTML{}, r)
	for _, want := range []string{
		"<li>and 1,100 more</li>",
		"Not listed, but included in all numbers: 200 sources.",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not contain %q", want)
		}
	}
	if n := strings.Count(page, "part-"); n != 100+1_000+4 { // two of them twice in titles
		t.Errorf("%d sources are named", n)
	}
}

func grouped(n uint64) string {
	text := strconv.FormatUint(n, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// It checks that each count is in exactly one step of the legend, and that no
// step is empty.
func TestLegend(t *testing.T) {
	for _, tt := range []struct {
		counts []uint64
		want   string
	}{
		{[]uint64{5}, "count 5"},
		{[]uint64{1, 2, 3}, "count 1 2 3"},
		{[]uint64{1, 256}, "count 1 2–3 4–7 8–15 16–31 32–63 64–127 128–256"},
		{[]uint64{7, 1_792}, "count 7–13 14–27 28–55 56–111 112–223 224–447 448–895 896–1,792"},
	} {
		ids := map[string]uint64{}
		for i, n := range tt.counts {
			ids[fmt.Sprint("e", i)] = n
		}
		_, legend, _ := strings.Cut(render(t, sinks.HTML{}, sinktest.Report(counts{"P": ids})), `<p class="legend">`)
		legend, _, _ = strings.Cut(legend, "</p>")
		if got := strings.TrimSpace(tagPattern.ReplaceAllString(legend, "")); got != tt.want {
			t.Errorf("%v: got %q, want %q", tt.counts, got, tt.want)
		}
	}
}
