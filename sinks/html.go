package sinks

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html"
	"io"
	"strconv"
	"strings"

	"fastcount/engine"
	"fastcount/internal/display"
	"fastcount/internal/human"
)

// HTML writes a page for a browser: the totals of the event types with bars, a
// table of patients and event types in which larger counts have darker cells,
// and the rows, bytes and proof of each source. With JavaScript, the table can
// be sorted by any column and searched for patients.
//
// The page is self-contained. Its Content-Security-Policy allows no requests,
// and only the style and the script of the page. Ids are written as text; they
// are quoted and escaped as in Go source if they would mislead (see [Table]).
//
// To limit the work of a browser, the table has at most 5,000 patients, 200
// event types and 200,000 cells, those with the largest totals. The page
// reports the number of the others, which are included in all totals. It lists
// the first 1,000 sources.
//
// The output depends only on the report, and not on
// [engine.PartReport].Attempts.
//
// The page of an incomplete report begins with a list of what is missing, or
// the first 100 and the number of the others.
type HTML struct {
	Order Order // initial order of the patients

	// Top, if not 0, is the number of patients in the table, those with the
	// largest totals. The page reports the number of the others, which are
	// included in all totals.
	Top int
}

// Limits of a page.
const (
	maxHTMLPatients = 5_000
	maxHTMLEvents   = 200
	maxHTMLCells    = 200_000 // the layout of that number takes a browser about a second
	maxHTMLParts    = 1_000
	maxHTMLMissing  = 100
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

// Write writes the page. Its memory depends on the number of event types, and
// on the number of patients up to 5,000.
func (s HTML) Write(w io.Writer, r *engine.Report) error {
	p := htmlPrinter{buffered(w)}
	p.head(r)
	p.banner(r.Incomplete)
	p.totals(r)
	p.heatmap(r, selection{s.Order, s.Top})
	p.parts(r)
	p.raw("</main>\n<script>" + pageScript + "</script>\n</body>\n</html>\n")
	return p.b.Flush()
}

// htmlPrinter writes the parts of a page.
type htmlPrinter struct {
	b *bufio.Writer
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
	p.raw(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="` + pagePolicy() + `">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>` + title(r) + `</title>
<style>` + pageStyle + `</style>
</head>
<body>
<header>
<h1>Events per patient</h1>
<p>` + plural64(r.Rows, "row") + " of " + plural(len(r.Keys[0]), "patient") + " and " + plural(len(r.Keys[1]), "event type"))
	if len(r.Parts) > 0 {
		p.raw(" from " + plural(len(r.Parts), "source"))
	}
	p.raw("</p>\n</header>\n<main>\n")
}

func title(r *engine.Report) string {
	if len(r.Incomplete) > 0 {
		return "Incomplete: events per patient"
	}
	return "Events per patient"
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

// totals writes the rows of each event type, their share of all rows, and a
// bar.
func (p htmlPrinter) totals(r *engine.Report) {
	p.raw("<section>\n<h2>Event types</h2>\n<div class=\"tall\"><table class=\"bars\">\n" +
		"<thead><tr><th scope=\"col\">event type<th scope=\"col\">rows<th scope=\"col\">share<td></thead>\n<tbody>\n")
	var peak uint64
	for _, n := range r.Totals {
		peak = max(peak, n)
	}
	for i, event := range r.Keys[1] {
		n := r.Totals[i]
		p.raw("<tr>")
		p.nameCell(`th scope="row"`, event)
		p.raw("<td>" + human.Count(n) + "<td>" + html.EscapeString(share(n, r.Rows)) + "<td>" + svgBar(n, peak) + "\n")
	}
	p.raw("</tbody>\n<tfoot><tr><th scope=\"row\">total<td>" + human.Count(r.Rows) + "<td><td></tfoot>\n</table></div>\n</section>\n")
}

// svgBar draws part of whole. Every part above 0 is visible. The width is an
// attribute of a drawing, because the policy forbids inline styles.
func svgBar(part, whole uint64) string {
	return `<svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true"><rect width="` +
		oneDecimal(max(percent(part, whole), 0.3)) + `" height="1"/></svg>`
}

// share returns n as a percentage of whole.
func share(n, whole uint64) string {
	if p := percent(n, whole); p >= 0.05 {
		return oneDecimal(p) + "%"
	}
	return "<0.1%"
}

func percent(n, whole uint64) float64 { return 100 * (float64(n) / float64(whole)) }

func oneDecimal(x float64) string { return strconv.FormatFloat(x, 'f', 1, 64) }

// plural64 is plural for numbers that may exceed an int.
func plural64(n uint64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return human.Count(n) + " " + noun + "s"
}

// proofWords describe the proofs of completeness.
var proofWords = [...]string{
	engine.ProofNone:     "none: nothing but the end of the input",
	engine.ProofFraming:  "framing: the sender marked the end; a proxy can hide a truncation",
	engine.ProofChecksum: "checksum: the checksums of the compressed data match",
	engine.ProofLength:   "length: the number of bytes matches the server or the file system",
	engine.ProofRows:     "rows: the number of rows matches the declared or expected one",
}

// parts writes a table of the sources.
func (p htmlPrinter) parts(r *engine.Report) {
	if len(r.Parts) == 0 {
		return
	}
	p.raw("<section>\n<h2>Sources</h2>\n")
	p.completeness(r)
	p.raw("<div class=\"wide\"><table class=\"parts\">\n<thead><tr><th scope=\"col\">source<th scope=\"col\">rows" +
		"<th scope=\"col\">bytes of CSV<th scope=\"col\">verified<th scope=\"col\">missing</thead>\n<tbody>\n")
	for _, part := range r.Parts[:min(len(r.Parts), maxHTMLParts)] {
		p.part(part)
	}
	p.raw("</tbody>\n</table></div>\n")
	if n := len(r.Parts) - maxHTMLParts; n > 0 {
		p.raw("<p class=\"note\">Not listed, but included in all numbers: " + plural(n, "source") + ".</p>\n")
	}
	p.raw("</section>\n")
}

// completeness writes how the completeness of the result was verified.
func (p htmlPrinter) completeness(r *engine.Report) {
	if len(r.Incomplete) == 0 {
		p.raw("<p>Every source was read to its end, and no row was left out. Verified by:</p>\n<ul>\n")
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
			p.raw("<li>" + words + " (" + plural(n, "source") + ")</li>\n")
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
