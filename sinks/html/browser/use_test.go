package browser

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// checkAccessible checks the page with axe-core, in a scheme of colours:
// headings, tables, names, contrast and more.
func (c *chromium) checkAccessible(t *testing.T, scheme string) {
	t.Helper()
	if !eval[bool](t, c, `"axe" in window`) {
		source, err := os.ReadFile(os.Getenv("FASTCOUNT_AXE"))
		if err != nil {
			t.Fatalf("%v; the script run in this directory installs axe-core", err)
		}
		c.do(t, string(source)+";0")
	}
	type violation struct {
		ID, Help string
		Nodes    []struct{ HTML, FailureSummary string }
	}
	found := eval[[]violation](t, c, `axe.run(document, {resultTypes: ["violations"]}).then((r) => r.violations)`)
	for _, v := range found {
		t.Errorf("%s: %s (%s), %d times, such as %.300s\n%s", scheme, v.Help, v.ID, len(v.Nodes), v.Nodes[0].HTML, v.Nodes[0].FailureSummary)
	}
}

// testBars sorts the event types by name and by rows, and checks that the width
// of each bar is a share of all rows.
func testBars(t *testing.T, c *chromium, events int) {
	t.Helper()
	names := func() []string {
		return eval[[]string](t, c, `Array.from(document.querySelectorAll("#bars tbody th"), (th) => th.textContent)`)
	}
	rows := func() []int {
		return numbers(eval[[]string](t, c, `Array.from(document.querySelectorAll("#bars tbody td:nth-child(2)"), (td) => td.textContent)`))
	}
	button := func(n int) string { return fmt.Sprintf("#bars thead th:nth-child(%d) button", n) }
	if got := names(); len(got) != events || !slices.IsSorted(got) {
		t.Errorf("the event types are %q", got)
	}
	descending := func(a, b int) int { return b - a }
	for _, column := range []int{2, 4} { // rows, and their share
		c.click(t, button(column))
		if got := rows(); !slices.IsSortedFunc(got, descending) {
			t.Errorf("sorted by column %d, the rows are %d", column, got)
		}
		c.click(t, button(1))
		if got := names(); !slices.IsSorted(got) {
			t.Errorf("sorted by name, the event types are %q", got)
		}
	}
	wrong := eval[[]string](t, c, `(() => {
		const wrong = [];
		for (const row of document.querySelectorAll("#bars tbody tr")) {
			const bar = row.querySelector("rect").getBoundingClientRect().width / row.querySelector("svg").getBoundingClientRect().width;
			const share = parseFloat(row.cells[3].textContent);
			if (Math.abs(100 * bar - share) > 0.2) wrong.push(row.cells[0].textContent + " " + share + " " + bar);
		}
		return wrong;
	})()`)
	if len(wrong) > 0 {
		t.Errorf("bars that are not the share: %q", wrong)
	}
}

// testDownload saves the table and compares it with the CSV that the program
// writes.
func testDownload(t *testing.T, c *chromium) {
	t.Helper()
	url := eval[string](t, c, `location.href`)
	want, err := exec.Command(program, "-q", "-s", "csv", filepath.Join(filepath.Dir(strings.TrimPrefix(url, "file://")), "wards.csv")).Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := c.download(t); !bytes.Equal(got, want) {
		t.Errorf("the page saves %.300s; want %.300s", got, want)
	}
}

// download clicks on the link to the CSV and returns the file.
func (c *chromium) download(t *testing.T) []byte {
	t.Helper()
	dir := t.TempDir()
	c.call(t, "Page.setDownloadBehavior", params{"behavior": "allow", "downloadPath": dir}, nil)
	c.events = nil
	c.click(t, "#csv")
	done := func(e event) bool {
		return e.Method == "Page.downloadProgress" && strings.Contains(string(e.Params), `"state":"completed"`)
	}
	for !slices.ContainsFunc(c.events, done) {
		c.receive(t)
	}
	data, err := os.ReadFile(filepath.Join(dir, "counts.csv"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// testPlaces checks that the first patient is visible without scrolling on a
// screen, and on the second screen of a phone at the latest.
func testPlaces(t *testing.T, c *chromium) {
	t.Helper()
	for _, window := range []struct{ width, height, screens int }{{1280, 720, 1}, {360, 740, 2}} {
		c.resize(t, window.width, window.height)
		c.do(t, `scrollTo(0, 0)`)
		bottom := eval[float64](t, c, `document.querySelector("#heat tbody tr").getBoundingClientRect().bottom`)
		if limit := window.height * window.screens; int(bottom) > limit {
			t.Errorf("%d×%d: the first patient ends at %v, want at most %d", window.width, window.height, bottom, limit)
		}
	}
	c.resize(t, 1280, 900)
}

var pdfPage = regexp.MustCompile(`/Type\s*/Page\b`)

// testPrint checks the number of pages on paper, and that each cell is below
// the header of its column.
func testPrint(t *testing.T, c *chromium, patients int) {
	t.Helper()
	c.emulate(t, "print", "light")
	pdf := c.printed(t)
	keep(t, fmt.Sprintf("%d.pdf", patients), pdf)
	if n := len(pdfPage.FindAll(pdf, -1)); n < 1 || n > 10 {
		t.Errorf("%d patients are printed on %d pages, want at most 10", patients, n)
	}
	c.resize(t, 1050, 750) // about the area of a sheet
	c.look(t, fmt.Sprintf("%d-print", patients))
	if names := eval[[]string](t, c, `[...document.querySelectorAll("table")].filter(table => {
		const right = cell => cell.getBoundingClientRect().right
		const cells = table.tBodies[0].rows[0].cells
		return [...table.tHead.rows[0].cells].some((cell, i) => Math.abs(right(cell) - right(cells[i])) > 1)
	}).map(table => table.id || table.className)`); len(names) > 0 {
		t.Errorf("on paper, the columns of these tables are not below their headers: %q", names)
	}
	c.emulate(t, "screen", "light")
	c.resize(t, 1280, 900)
}

// TestDownloadOfHostileIDs saves ids that a CSV must quote, and with --csv-safe
// those that a spreadsheet would take for a formula.
func TestDownloadOfHostileIDs(t *testing.T) {
	ids := []string{"a,b", `a"b`, `"quoted"`, "a\nb", " a", "=1+1", "\u200b@x", "'x", "＝1", "a;b", "", "\x00\x7f", "\ufeffa", `\.`, `\x41`, "a\u202eb", "\U000e0041", "-1", "é漢字"}
	var text strings.Builder
	w := csv.NewWriter(&text)
	w.Write([]string{"patient_id", "event_type"})
	for i, id := range ids {
		w.Write([]string{"p" + id, ids[(i+1)%len(ids)]})
		w.Write([]string{strings.TrimPrefix(id, "\ufeff"), "plain"}) // a mark where a record begins is refused
	}
	w.Flush()
	c := launch(t)
	for _, flags := range [][]string{nil, {"--csv-safe"}} {
		file := page(t, map[string]string{"ids.csv": text.String()}, append(flags, "-s", "csv=counts.csv", "ids.csv")...)
		want, err := os.ReadFile(filepath.Join(filepath.Dir(file), "counts.csv"))
		if err != nil {
			t.Fatal(err)
		}
		c.open(t, "file://"+file)
		if got := c.download(t); !reflect.DeepEqual(records(t, got), records(t, want)) {
			t.Errorf("%q: the page saves\n%s\nwant\n%s", flags, got, want)
		}
	}
}

func records(t *testing.T, data []byte) [][]string {
	t.Helper()
	list, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// visits is a CSV of some patients over the days of two months, some of which
// have no rows.
func visits() string {
	var b strings.Builder
	b.WriteString("patient_id,event_time,event_type\n")
	for day := range 59 {
		for p := range 12 {
			if (day*day+p*p)%5 == 0 || day%17 == 3 {
				continue
			}
			month, of := 1+day/31, 1+day%31
			for range 1 + (day*p)%4 {
				fmt.Fprintf(&b, "P%02d,2026-%02d-%02dT10:00:00Z,event_%d\n", p+1, month, of, p%3)
			}
		}
	}
	return b.String()
}

// TestKeys opens pages of other key columns.
func TestKeys(t *testing.T) {
	for _, tt := range []struct {
		by, name string
		charts   int
	}{
		{"event_type", "one", 0},
		{"patient_id,event_time:day", "two", 1 + 8},
		{"patient_id,event_type,event_time:day", "three", 1 + 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := launch(t)
			file := page(t, map[string]string{"visits.csv": visits()}, "--by", tt.by, "-s", "csv=counts.csv", "visits.csv")
			c.show(t, file)
			if n := eval[int](t, c, `document.querySelectorAll("svg[role=img]").length`); n != tt.charts {
				t.Errorf("%d charts, want %d", n, tt.charts)
			}
			want, err := os.ReadFile(filepath.Join(filepath.Dir(file), "counts.csv"))
			if err != nil {
				t.Fatal(err)
			}
			if got := c.download(t); tt.name != "three" && !bytes.Equal(got, want) {
				t.Errorf("the page saves %.300s; want %.300s", got, want)
			}
			for _, scheme := range []string{"light", "dark"} {
				c.prefer(t, scheme)
				c.checkAccessible(t, scheme)
				c.look(t, "keys-"+tt.name+"-"+scheme)
			}
			c.resize(t, 360, 740)
			c.look(t, "keys-"+tt.name+"-narrow")
			if wide := eval[int](t, c, `document.documentElement.scrollWidth`); wide > 360 {
				t.Errorf("in a window of 360 pixels the page is %d wide", wide)
			}
		})
	}
}
