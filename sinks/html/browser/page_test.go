// Package browser tests the pages of --sink html in headless Chromium: it opens
// pages that the program wrote, clicks, types, and examines screenshots. It is
// a separate module because it needs a browser; the script run installs one.
//
// FASTCOUNT_SCREENSHOTS=DIR keeps the screenshots.
package browser

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

var program string // the path of fastcount, built once

func TestMain(m *testing.M) {
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "fastcount-browser-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "fastcount")
	build := exec.Command("go", "build", "-o", program, "./cmd/fastcount")
	build.Dir = filepath.Join("..", "..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// page runs fastcount on these files, given by name and content, and returns
// the page that it wrote.
func page(t *testing.T, files map[string]string, args ...string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(program, append([]string{"-q", "-s", "html=page.html"}, args...)...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if incomplete := cmd.ProcessState.ExitCode() == 3; err != nil && !incomplete {
		t.Fatalf("%v\n%s", err, out)
	}
	return filepath.Join(dir, "page.html")
}

// wards is a CSV with these numbers of patients and event types. Every seventh
// pair is left out.
func wards(patients, events int) string {
	var b strings.Builder
	b.WriteString("patient_id,event_type\n")
	for p := range patients {
		for e := range events {
			if (p+e)%7 > 0 {
				line := fmt.Sprintf("P%05d,event_%02d\n", p+1, e+1)
				b.WriteString(strings.Repeat(line, 1+(p*31+e*e*17)%(3+e)))
			}
		}
	}
	return b.String()
}

// serve serves a page on this machine and counts the requests.
func serve(t *testing.T, file string) (url string, requests *atomic.Int32) {
	t.Helper()
	requests = new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		http.ServeFile(w, r, file)
	}))
	t.Cleanup(server.Close)
	return server.URL, requests
}

// show opens a page both as a file and from a server, and checks that the page
// makes no requests and reports no errors.
func (c *chromium) show(t *testing.T, file string) {
	t.Helper()
	url, requests := serve(t, file)
	for _, address := range []string{url, "file://" + file} {
		c.open(t, address)
		c.checkAlone(t, address)
	}
	if n := requests.Load(); n != 1 {
		t.Errorf("the page's server was asked %d times, not once", n)
	}
}

func (c *chromium) checkAlone(t *testing.T, address string) {
	t.Helper()
	for _, e := range c.events {
		switch e.Method {
		case "Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled":
			t.Errorf("%s: %s", e.Method, e.Params)
		case "Network.requestWillBeSent":
			var sent struct{ Request struct{ URL string } }
			if err := json.Unmarshal(e.Params, &sent); err != nil {
				t.Fatal(err)
			}
			if got := sent.Request.URL; strings.TrimSuffix(got, "/") != address && got != "data:," {
				t.Errorf("the page asks for %s", got)
			}
		}
	}
}

// look returns a screenshot, after checking that it is not blank, and keeps it
// if FASTCOUNT_SCREENSHOTS is set.
func (c *chromium) look(t *testing.T, name string) image.Image {
	t.Helper()
	shot := c.screenshot(t)
	picture, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		t.Fatal(err)
	}
	if n := colours(picture); n < 10 {
		t.Errorf("%s: the picture has %d colours", name, n)
	}
	keep(t, name+".png", shot)
	return picture
}

func keep(t *testing.T, name string, data []byte) {
	t.Helper()
	if dir := os.Getenv("FASTCOUNT_SCREENSHOTS"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func colours(picture image.Image) int {
	seen := make(map[any]bool)
	for x := range picture.Bounds().Dx() {
		for y := range picture.Bounds().Dy() {
			seen[picture.At(x, y)] = true
		}
	}
	return len(seen)
}

// brightness returns the brightness of the background, from 0 to 1, in the
// middle of the left edge.
func brightness(picture image.Image) float64 {
	r, g, b, _ := picture.At(2, picture.Bounds().Dy()/2).RGBA()
	return float64(r+g+b) / (3 * 0xffff)
}

func TestPages(t *testing.T) {
	c := launch(t)
	for _, size := range []struct{ patients, events int }{{20, 6}, {2_000, 40}} {
		t.Run(fmt.Sprint(size.patients), func(t *testing.T) {
			c.show(t, page(t, map[string]string{"wards.csv": wards(size.patients, size.events)}, "wards.csv"))
			if got := eval[int](t, c, `document.querySelectorAll("#heat tbody tr").length`); got != size.patients {
				t.Errorf("%d patients, want %d", got, size.patients)
			}
			testSort(t, c)
			testFind(t, c, size.patients)
			testSticky(t, c)
			testBars(t, c, size.events)
			testDownload(t, c)
			testPictures(t, c, size.patients)
			testPlaces(t, c)
			testPrint(t, c, size.patients)
		})
	}
}

// column returns the texts of a column, for the patients that are visible.
func column(t *testing.T, c *chromium, n int) []string {
	t.Helper()
	return eval[[]string](t, c, fmt.Sprintf(
		`Array.from(document.querySelectorAll("#heat tbody tr:not([hidden])"), (row) => row.cells[%d].textContent)`, n))
}

func numbers(texts []string) (list []int) {
	for _, text := range texts {
		n := 0
		fmt.Sscan(strings.ReplaceAll(text, ",", ""), &n)
		list = append(list, n)
	}
	return list
}

// head returns a selector for the header of a column, from 1.
func head(n int) string { return fmt.Sprintf("#heat thead th:nth-child(%d)", n) }

func sortState(t *testing.T, c *chromium) []string {
	t.Helper()
	return eval[[]string](t, c, `Array.from(document.querySelectorAll("#heat [aria-sort]"), (th) => th.cellIndex + " " + th.ariaSort)`)
}

func testSort(t *testing.T, c *chromium) {
	t.Helper()
	check := func(what, state string, good bool) {
		t.Helper()
		if got := sortState(t, c); !slices.Equal(got, []string{state}) || !good {
			t.Errorf("%s: sorted by %q, want %q; the order is right: %t", what, got, state, good)
		}
	}
	descending := func(a, b int) int { return b - a }
	check("at first", "0 ascending", slices.IsSorted(column(t, c, 0)))
	c.click(t, head(4)+" button")
	check("after a click", "3 descending", slices.IsSortedFunc(numbers(column(t, c, 3)), descending))
	c.press(t, "Enter", 13, "\r")
	check("after Enter", "3 ascending", slices.IsSorted(numbers(column(t, c, 3))))
	c.click(t, head(2)+" button")
	check("by total", "1 descending", slices.IsSortedFunc(numbers(column(t, c, 1)), descending))
	c.press(t, " ", 32, " ")
	check("after Space", "1 ascending", slices.IsSorted(numbers(column(t, c, 1))))
	c.click(t, head(1)+" button")
	check("by name", "0 ascending", slices.IsSorted(column(t, c, 0)))
}

func testFind(t *testing.T, c *chromium, patients int) {
	t.Helper()
	c.click(t, "#find input")
	c.write(t, "p0001")
	want := min(patients, 19) - 9 // P00010 to P00019
	if got := column(t, c, 0); len(got) != want || got[0] != "P00010" {
		t.Errorf("found %q", got)
	}
	text := eval[string](t, c, `document.querySelector("[role=status]").textContent`)
	if all := map[int]string{20: "10 of 20", 2_000: "10 of 2,000"}[patients]; text != all {
		t.Errorf("the page contains %q, want %q", text, all)
	}
	c.look(t, fmt.Sprintf("%d-found", patients))
	c.do(t, `document.querySelector("#find input").select()`)
	c.press(t, "Backspace", 8, "")
	if got := column(t, c, 0); len(got) != patients {
		t.Errorf("with an empty search %d patients are seen", len(got))
	}
}

// testSticky scrolls the table and checks that its header, its first column and
// its totals stay visible.
func testSticky(t *testing.T, c *chromium) {
	t.Helper()
	moved := eval[[]float64](t, c, `(() => {
		const frame = document.querySelector(".frame"), table = document.getElementById("heat");
		const at = () => {
			const top = table.tHead.rows[0].cells[3].getBoundingClientRect().top;
			const left = table.tBodies[0].rows[3].cells[0].getBoundingClientRect().left;
			const bottom = table.tFoot.rows[0].cells[3].getBoundingClientRect().bottom;
			const f = frame.getBoundingClientRect();
			return [top - f.top, left - f.left, f.bottom - bottom];
		};
		frame.scrollTo(300, 500);
		const now = at();
		frame.scrollTo(0, 0);
		return now;
	})()`)
	for i, what := range []string{"head", "first column", "totals"} {
		if moved[i] < 0 || moved[i] > 2 {
			t.Errorf("the %s is %v pixels from its edge of the frame", what, moved[i])
		}
	}
}

// testPictures checks the page in light and dark colours and in a narrow
// window.
func testPictures(t *testing.T, c *chromium, patients int) {
	t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		c.prefer(t, scheme)
		picture := c.look(t, fmt.Sprintf("%d-%s", patients, scheme))
		if got := brightness(picture); (got > 0.5) != (scheme == "light") {
			t.Errorf("the %s page has a brightness of %.2f", scheme, got)
		}
		if patients < 100 { // axe-core takes half a minute for 2,000 rows that are alike
			c.checkAccessible(t, scheme)
		}
		c.do(t, `document.getElementById("patients").scrollIntoView()`)
		c.look(t, fmt.Sprintf("%d-%s-patients", patients, scheme))
		c.do(t, `scrollTo(0, 0)`)
	}
	c.prefer(t, "light")
	c.resize(t, 360, 740)
	if wide := eval[int](t, c, `document.documentElement.scrollWidth`); wide > 360 {
		t.Errorf("in a window of 360 pixels the page is %d wide", wide)
	}
	c.look(t, fmt.Sprintf("%d-narrow", patients))
	c.do(t, `document.getElementById("patients").scrollIntoView()`)
	c.look(t, fmt.Sprintf("%d-narrow-patients", patients))
	c.resize(t, 1280, 900)
}

// TestHostileIDs has ids that would be markup or script if they were not
// escaped.
func TestHostileIDs(t *testing.T) {
	ids := map[string]string{ // as they are, and as they are shown
		`</script><script>hacked=1</script>`:    `</script><script>hacked=1</script>`,
		`<img src=x onerror=hacked=1>`:          `<img src=x onerror=hacked=1>`,
		`</title></style><b>`:                   `</title></style><b>`,
		`x" onmouseover="hacked=1" "`:           `x" onmouseover="hacked=1" "`,
		`' autofocus onfocus='hacked=1`:         `' autofocus onfocus='hacked=1`,
		`&lt;i&gt; &amp; &#0;`:                  `&lt;i&gt; &amp; &#0;`,
		`<!-- ]]> -->`:                          `<!-- ]]> -->`,
		`javascript:hacked=1`:                   `javascript:hacked=1`,
		"a\u202eb\u200fc":                       `"a\u202eb\u200fc"`,
		"a\x00b":                                `"a\x00b"`,
		"a\r\nb":                                `"a\r\nb"`,
		"":                                      `""`,
		" two  spaces ":                         `" two  spaces "`,
		"מטופל א":                               "מטופל א",
		"患者さん":                                  "患者さん",
		strings.Repeat("long ", 400) + "<u>end": strings.Repeat("long ", 400) + "<u>end",
	}
	var csv strings.Builder
	csv.WriteString("patient_id,event_type\n")
	for id := range ids {
		quoted := `"` + strings.ReplaceAll(id, `"`, `""`) + `"`
		fmt.Fprintf(&csv, "%s,%s\n%s,plain\n", quoted, quoted, quoted)
	}
	c := launch(t)
	c.show(t, page(t, map[string]string{"ids.csv": csv.String()}, "ids.csv"))
	for _, id := range column(t, c, 0) {
		for is, shown := range ids {
			if shown == id {
				delete(ids, is)
			}
		}
	}
	if len(ids) > 0 {
		t.Errorf("not shown as they should be: %q", ids)
	}
	if eval[bool](t, c, `"hacked" in window || document.images.length > 0 || document.scripts.length !== 1 || document.querySelector("b, u, i") !== null`) {
		t.Error("an id became an element of the page")
	}
	handlers := eval[int](t, c, `Array.from(document.querySelectorAll("*")).filter((e) => Array.from(e.attributes).some((a) => /^(on|autofocus|style)/.test(a.name))).length`)
	if handlers > 0 {
		t.Errorf("%d elements have handlers or styles of their own", handlers)
	}
	c.look(t, "hostile")
	c.do(t, `document.getElementById("patients").scrollIntoView()`)
	c.look(t, "hostile-patients")
}

// TestPolicy inserts scripts and requests into the page, as if an id had not
// been escaped. The policy must block them.
func TestPolicy(t *testing.T) {
	file := page(t, map[string]string{"a.csv": "patient_id,event_type\nP1,a\n"}, "a.csv")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const evil = `<script>hacked=1</script><img src="/x" onerror="hacked=1"><a id="bad" href="javascript:hacked=1">x</a><style>h1{display:none}</style>`
	if err := os.WriteFile(file, bytes.Replace(text, []byte("<main>"), []byte("<main>"+evil), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	url, requests := serve(t, file)
	c := launch(t)
	c.open(t, url)
	c.click(t, "#bad")
	if eval[bool](t, c, `"hacked" in window || document.querySelector("h1").offsetHeight === 0`) {
		t.Error("a script or a style that is not the page's own was let run")
	}
	if n := requests.Load(); n != 1 {
		t.Errorf("the server was asked %d times", n)
	}
}

// TestIncomplete checks that the banner is visible without scrolling.
func TestIncomplete(t *testing.T) {
	files := map[string]string{"a.csv": wards(12, 4), "b.csv": "patient_id,event_type\nP1,a\nP2\n"}
	c := launch(t)
	c.show(t, page(t, files, "--allow-partial", "a.csv", "b.csv"))
	seen := eval[string](t, c, `(() => {
		const banner = document.querySelector(".banner");
		return banner.getBoundingClientRect().bottom < innerHeight ? banner.innerText : "";
	})()`)
	if !strings.Contains(seen, "Incomplete") || !strings.Contains(seen, "b.csv: line 3") {
		t.Errorf("what is seen is %q", seen)
	}
	for _, scheme := range []string{"light", "dark"} {
		c.prefer(t, scheme)
		c.checkAccessible(t, scheme)
		c.look(t, "incomplete-"+scheme)
	}
}

// TestEmpty opens the page of a file without rows.
func TestEmpty(t *testing.T) {
	c := launch(t)
	c.show(t, page(t, map[string]string{"a.csv": "patient_id,event_type\n"}, "a.csv"))
	c.click(t, head(2)+" button")
	if got := sortState(t, c); !slices.Equal(got, []string{"1 descending"}) {
		t.Errorf("sorted by %q", got)
	}
}

// TestWithoutScript reads the page without JavaScript.
func TestWithoutScript(t *testing.T) {
	c := launch(t)
	c.call(t, "Emulation.setScriptExecutionDisabled", params{"value": true}, nil)
	c.show(t, page(t, map[string]string{"wards.csv": wards(20, 6)}, "--sort", "count", "wards.csv"))
	totals := numbers(column(t, c, 1))
	if len(totals) != 20 || !slices.IsSortedFunc(totals, func(a, b int) int { return b - a }) {
		t.Errorf("the totals are %d", totals)
	}
	if eval[bool](t, c, `document.querySelector("button") !== null || document.querySelector("#find").offsetHeight > 0`) {
		t.Error("the page offers what it cannot do")
	}
	c.look(t, "no-script")
}
