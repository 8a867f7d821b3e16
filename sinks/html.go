package sinks

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
	"strconv"
	"strings"

	"fastcount/engine"
	"fastcount/internal/display"
	"fastcount/internal/human"
)

// HTML writes a page for a browser: what the result is of and how complete it
// is, the totals of the event types, a table of patients and event types in
// which larger counts have darker cells, and the rows, bytes and proof of each
// source. With JavaScript, the tables can be sorted by any column, searched and
// downloaded as CSV.
//
// Of other key columns, the last takes the place of the event types, and the
// table has the first two; a single key has none. A key column of times (see
// [engine.KeyColumn]) has a chart of its rows over time.
//
// The page is self-contained. Its Content-Security-Policy allows no requests,
// and only the style and the script of the page. Values are written as text;
// they are quoted and escaped as in Go source if they would mislead (see
// [Table]).
//
// To limit the work of a browser, the table has at most 5,000 patients, 200
// event types and 200,000 cells, those with the largest totals. The page
// reports the number of the others, which are included in all totals. It lists
// the first 1,000 sources. Printed, it has at most 250 patients and 60 sources.
//
// The output depends only on the report, except for
// [engine.PartReport].Attempts, and on the fields.
//
// The page of an incomplete report begins with a list of what is missing, or
// the first 100 and the number of the others.
type HTML struct {
	Order Order // initial order of the tables

	// Top, if not 0, is the number of patients in the table, or of values of
	// the first key: those with the largest totals. The page reports the
	// number of the others, which are included in all totals.
	Top int

	Safe bool // as CSV.Safe, for the CSV that the page offers

	// About is read by Write. nil means that only the report is known.
	About *About
}

// About holds what a page contains about a result in addition to the report. A
// member is left out if it is empty.
type About struct {
	Title   string // default: the names of the sources
	Program string // name and version of the program that counted
	Exports string // ids of the exports
	Span    string // from the earliest to the latest time that the server declares
}

// Limits of a page.
const (
	maxHTMLPatients = 5_000
	maxHTMLEvents   = 200
	maxHTMLCells    = 200_000 // the layout of that number takes a browser about a second
	maxHTMLBars     = 1_000   // values of the last key in the table of totals
	maxHTMLParts    = 1_000
	maxHTMLMissing  = 100
	maxPrintedRows  = 250 // of a table, as in page.css
	maxPrintedParts = 60
	longName        = 30 // columns of an id that are always visible; a longer id has a title
)

// pageStyle and pageScript are written byte for byte, because the policy
// contains their hashes. A browser hashes what it parsed: they must not contain
// a carriage return, or a tag that ends their element.
var (
	//go:embed html/page.css
	pageStyle string
	//go:embed html/page.js
	pageScript string
)

// MarksIncomplete implements [Marker]. It returns true.
func (HTML) MarksIncomplete() bool { return true }

// Write writes the page. Its memory depends on the numbers of patients and
// event types, but not on that of the groups.
func (s HTML) Write(w io.Writer, r *engine.Report) error {
	p := htmlPrinter{b: buffered(w)}
	if s.About != nil {
		p.about = *s.About
	}
	p.head(r)
	p.banner(r.Incomplete)
	p.totals(r, s)
	p.timelines(r)
	if len(r.Keys) > 1 {
		p.heatmap(r, s)
	}
	p.parts(r)
	p.raw("</main>\n<script>" + pageScript + "</script>\n</body>\n</html>\n")
	return p.b.Flush()
}

// htmlPrinter writes the parts of a page.
type htmlPrinter struct {
	b     *bufio.Writer
	about About
}

func (p htmlPrinter) raw(markup string) { p.b.WriteString(markup) }

func (p htmlPrinter) text(s string) { p.b.WriteString(html.EscapeString(s)) }

// id writes an id or the name of a source within other text. The element bdi
// isolates its direction of writing.
func (p htmlPrinter) id(name string) {
	p.raw("<bdi>")
	p.text(display.Name(name))
	p.raw("</bdi>")
}

// nameCell writes the start tag of a header cell and an id.
func (p htmlPrinter) nameCell(tag, id string) {
	shown := html.EscapeString(display.Name(id))
	p.raw("<" + tag)
	if display.Width(id) > longName {
		p.raw(` title="` + shown + `"`)
	}
	p.raw(`><bdi>` + shown + `</bdi>`)
}

func (p htmlPrinter) head(r *engine.Report) {
	kind, name := kindOf(r), p.title(r)
	title := kind
	if name != "" {
		title = name + " – " + kind
	}
	if len(r.Incomplete) > 0 {
		title = "Incomplete: " + title
	}
	p.raw(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="` + pagePolicy() + `">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>` + html.EscapeString(title) + `</title>
<style>` + pageStyle + `</style>
</head>
<body>
<header>
`)
	if name == "" {
		p.raw("<h1>" + html.EscapeString(kind) + "</h1>\n")
	} else {
		p.raw("<p class=\"kind\">" + html.EscapeString(kind) + "</p>\n<h1><bdi>" + html.EscapeString(name) + "</bdi></h1>\n")
	}
	p.status(r)
	p.facts(r)
	p.raw("</header>\n<main>\n")
}

// kindOf describes what a report counts.
func kindOf(r *engine.Report) string {
	if r.By == nil {
		return "Events per patient"
	}
	names := make([]string, len(r.By))
	for i, name := range r.By {
		names[i] = display.Name(name)
	}
	return "Rows by " + strings.Join(names, ", ")
}

// title returns the name of the result, on one line: that of the user, or the
// first sources. It is empty if there are neither.
func (p htmlPrinter) title(r *engine.Report) string {
	if p.about.Title != "" {
		return display.Line(p.about.Title)
	}
	names := make([]string, len(r.Parts))
	for i, part := range r.Parts {
		names[i] = part.Name
	}
	return TitleOf(names)
}

// TitleOf returns a title for a result of sources of these names: all of up to
// three of them, or the first two and the number of the others.
func TitleOf(names []string) string {
	if n := len(names) - 2; n > 1 {
		return display.Line(names[0]) + ", " + display.Line(names[1]) + " and " + human.Count(uint64(n)) + " more"
	}
	shown := make([]string, len(names))
	for i, name := range names {
		shown[i] = display.Line(name)
	}
	return strings.Join(shown, ", ")
}

// status writes whether the result is complete, and how that was proved.
func (p htmlPrinter) status(r *engine.Report) {
	switch {
	case len(r.Incomplete) > 0:
		p.raw("<p class=\"status bad\">Incomplete: " + human.Numbered(len(r.Incomplete), "problem", "problems") + ", listed below</p>\n")
	case len(r.Parts) > 0:
		class := "status"
		if r.Proof() < engine.ProofChecksum {
			class += " weak"
		}
		p.raw("<p class=\"" + class + "\">Complete: every source was read to its end, and no row was left out; proof of completeness: " +
			r.Proof().String() + "</p>\n")
	}
}

// printNote writes a note for paper if a table has more rows than are printed.
func (p htmlPrinter) printNote(rows, limit int) {
	if rows > limit {
		p.raw("<p class=\"note printed\">Printed: the first " + strconv.Itoa(limit) + " rows of this table.</p>\n")
	}
}

// facts writes the numbers of the report and what is known about it.
func (p htmlPrinter) facts(r *engine.Report) {
	p.raw("<dl>\n")
	p.fact("rows", human.Count(r.Rows))
	for i, values := range r.Keys {
		p.fact(distinctName(r, i), human.Count(uint64(len(values))))
	}
	if len(r.Parts) > 0 {
		p.fact("sources", human.Count(uint64(len(r.Parts))))
	}
	p.fact("export", p.about.Exports)
	p.fact("declared time span", p.about.Span)
	p.fact("counted by", p.about.Program)
	p.raw("</dl>\n")
}

// fact writes a fact unless it is empty.
func (p htmlPrinter) fact(name, value string) {
	if value == "" {
		return
	}
	p.raw("<div><dt>")
	p.text(name)
	p.raw("</dt><dd>")
	p.text(display.Line(value))
	p.raw("</dd></div>\n")
}

// pagePolicy returns a policy that allows only the style and the script of the
// page, and the empty icon, without which a browser requests one.
func pagePolicy() string {
	return "default-src 'none'; img-src data:; style-src " + sourceHash(pageStyle) + "; script-src " + sourceHash(pageScript) +
		"; base-uri 'none'; form-action 'none'"
}

func sourceHash(text string) string {
	digest := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(digest[:]) + "'"
}

// banner writes what is missing, if anything is.
func (p htmlPrinter) banner(missing []*engine.PartError) {
	if len(missing) == 0 {
		return
	}
	p.raw("<section class=\"banner\">\n<h2>Incomplete result</h2>\n<p>Missing:</p>\n<ul>\n")
	for _, s := range missing[:min(len(missing), maxHTMLMissing)] {
		p.raw("<li>")
		p.id(s.Part)
		p.raw(": ")
		p.text(display.Line(s.Err.Error()))
		p.raw("</li>\n")
	}
	if n := len(missing) - maxHTMLMissing; n > 0 {
		p.raw("<li>and " + human.Count(uint64(n)) + " more</li>\n")
	}
	p.raw("</ul>\n</section>\n")
}

// tools writes the search field and the link to a CSV of the main table of the
// page, which the script shows. keys are the names of its columns of values.
func (p htmlPrinter) tools(r *engine.Report, keys []string, safe bool) {
	columns, _ := json.Marshal(keys) // strings can always be encoded
	p.raw(`<label id="find" hidden>Find ` + html.EscapeString(nounOf(r, 0).many) +
		` <input type="search" autocomplete="off" spellcheck="false"></label>` + "\n" +
		`<span id="found" role="status"></span>` + "\n" +
		`<a id="csv" hidden href="#" download="counts.csv" data-columns="` + html.EscapeString(string(columns)) + `"`)
	if safe {
		p.raw(" data-safe")
	}
	p.raw(">Download this table as CSV</a>\n")
}

// sortedBy returns the attribute of the header of the column that a table is
// sorted by, first by name, otherwise by count.
func sortedBy(o Order, column Order) string {
	if o != column {
		return ""
	}
	return [...]string{ByName: ` aria-sort="ascending"`, ByCount: ` aria-sort="descending"`}[o]
}

// parts writes a table of the sources.
func (p htmlPrinter) parts(r *engine.Report) {
	if len(r.Parts) == 0 {
		return
	}
	p.raw("<section>\n<h2 id=\"sources\">Sources</h2>\n")
	p.completeness(r)
	p.raw("<div class=\"wide\" role=\"region\" aria-labelledby=\"sources\" tabindex=\"0\"><table class=\"parts\">\n" +
		"<thead><tr><th scope=\"col\">source<th scope=\"col\">rows" +
		"<th scope=\"col\">bytes of CSV<th scope=\"col\">verified<th scope=\"col\">missing</thead>\n<tbody>\n")
	for _, part := range r.Parts[:min(len(r.Parts), maxHTMLParts)] {
		p.part(part)
	}
	p.raw("</tbody>\n</table></div>\n")
	if n := len(r.Parts) - maxHTMLParts; n > 0 {
		p.raw("<p class=\"note\">Not listed, but included in all numbers: " + human.Numbered(n, "source", "sources") + ".</p>\n")
	}
	p.printNote(len(r.Parts), maxPrintedParts)
	p.raw("</section>\n")
}

// proofWords describe the proofs of completeness.
var proofWords = [...]string{
	engine.ProofNone:     "none: nothing but the end of the input",
	engine.ProofFraming:  "framing: the sender marked the end; a proxy can hide a truncation",
	engine.ProofChecksum: "checksum: the checksums of the compressed data match",
	engine.ProofLength:   "length: the number of bytes matches the server or the file system",
	engine.ProofRows:     "rows: the number of rows matches the declared or expected one",
}

// completeness writes how the completeness of the result was verified.
func (p htmlPrinter) completeness(r *engine.Report) {
	if len(r.Incomplete) == 0 {
		p.raw("<p>Verified by:</p>\n<ul>\n")
	} else {
		p.raw("<p>The result is incomplete; see the top of the page. The sources that were counted were verified by:</p>\n<ul>\n")
	}
	var counted [len(proofWords)]int
	for _, part := range r.Parts {
		if !part.Failed {
			counted[part.Verified]++
		}
	}
	for proof, words := range proofWords {
		if n := counted[proof]; n > 0 {
			p.raw("<li>" + words + " (" + human.Numbered(n, "source", "sources") + ")</li>\n")
		}
	}
	p.raw("</ul>\n")
}

func (p htmlPrinter) part(part engine.PartReport) {
	p.raw("<tr>")
	p.nameCell(`th scope="row"`, part.Name)
	p.raw("<td>" + human.Count(part.Rows) + "<td>" + human.Count(part.Bytes) + "<td>")
	if !part.Failed {
		p.raw(part.Verified.String())
	}
	p.raw("<td>")
	p.text(cmp.Or(strings.Join(missingFrom(part), "; "), "nothing"))
	p.raw("\n")
}

// missingFrom returns what keeps a source from being complete.
func missingFrom(part engine.PartReport) (list []string) {
	for _, err := range part.Incomplete() {
		list = append(list, display.Line(err.Error()))
	}
	return list
}
