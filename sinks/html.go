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
)

// HTML writes the result as one page for a browser: the totals of the event types with bars, a table of patients and
// event types in which a cell is the darker the larger its count is, and what is known of each source. With JavaScript
// the table can be sorted by any column and searched for patients; without it everything can still be read.
//
// The page is complete in itself. It loads nothing and sends nothing: its Content-Security-Policy allows no request,
// no style but its own and no script but its own. Ids are text in it, whatever they hold; one that holds a character
// that cannot be printed, or would mislead, is shown quoted and escaped as in Go's source.
//
// So that a browser can show it, the table is cut to 5,000 patients, to 200 event types and to 200,000 cells, those with
// the largest totals, and the page says how many are left out; all totals are those of the whole report. Of the
// sources the first 1,000 are listed.
//
// The bytes depend on the report alone, and not on PartReport.Attempts, which depends on how the network behaved.
//
// Above all else on the page of an incomplete report stands what is missing, or the first of it and how much more.
type HTML struct {
	Order Order // of the patients, until the reader chooses another
}

// Bounds of a page.
const (
	maxHTMLPatients   = 5_000
	maxHTMLEvents     = 200
	maxHTMLCells      = 200_000 // a browser takes a second or more to lay out that many
	maxHTMLParts      = 1_000
	maxHTMLShortfalls = 100
	longName          = 30 // columns of an id that are always seen; what is longer has a title
)

// pageStyle and pageScript stand in the page byte for byte, since the policy names their hashes. A browser hashes what
// it parsed, so that they must hold no carriage return, and nothing that ends their element.
var (
	//go:embed html/page.css
	pageStyle string
	//go:embed html/page.js
	pageScript string
)

// MarksIncomplete implements Marker.
func (HTML) MarksIncomplete() bool { return true }

// Write writes the page. The memory it takes depends on the number of event types, and on that of patients up to 5,000.
func (s HTML) Write(w io.Writer, r *engine.Report) error {
	p := htmlPrinter{buffered(w)}
	p.head(r)
	p.banner(r.Shortfalls)
	p.totals(r)
	p.heatmap(r, s.Order)
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

// id writes an id, or the name of a source, into a line of other text: its direction of writing stays its own.
func (p htmlPrinter) id(name string) {
	p.raw("<bdi>")
	p.text(display.Name(name))
	p.raw("</bdi>")
}

// nameCell begins a header cell, of a row or a column as its tag says, with an id in it.
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
<p>` + plural64(r.Rows, "row") + " of " + plural(len(r.Patients), "patient") + " and " + plural(len(r.Events), "event type"))
	if len(r.Parts) > 0 {
		p.raw(" from " + plural(len(r.Parts), "source"))
	}
	p.raw("</p>\n</header>\n<main>\n")
}

func title(r *engine.Report) string {
	if len(r.Shortfalls) > 0 {
		return "Incomplete: events per patient"
	}
	return "Events per patient"
}

// pagePolicy allows nothing but the page's own style and script, and the empty icon that keeps a browser from asking the
// server for one.
func pagePolicy() string {
	return "default-src 'none'; img-src data:; style-src " + sourceHash(pageStyle) + "; script-src " + sourceHash(pageScript) +
		"; base-uri 'none'; form-action 'none'"
}

func sourceHash(text string) string {
	digest := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(digest[:]) + "'"
}

// banner says what is missing, if anything is.
func (p htmlPrinter) banner(missing []engine.Shortfall) {
	if len(missing) == 0 {
		return
	}
	p.raw("<section class=\"banner\">\n<h2>Incomplete: this is not the whole result</h2>\n<p>It lacks:</p>\n<ul>\n")
	for _, s := range missing[:min(len(missing), maxHTMLShortfalls)] {
		p.raw("<li>")
		p.id(s.Part)
		p.raw(": ")
		p.text(display.Line(s.Err.Error()))
		p.raw("</li>\n")
	}
	if n := len(missing) - maxHTMLShortfalls; n > 0 {
		p.raw("<li>and, not listed here, " + groupDigits(uint64(n)) + " more</li>\n")
	}
	p.raw("</ul>\n</section>\n")
}

// totals writes the rows of each event type, their share of all rows, and a bar.
func (p htmlPrinter) totals(r *engine.Report) {
	p.raw("<section>\n<h2>Event types</h2>\n<div class=\"tall\"><table class=\"bars\">\n" +
		"<thead><tr><th scope=\"col\">event type<th scope=\"col\">rows<th scope=\"col\">share<td></thead>\n<tbody>\n")
	var peak uint64
	for _, n := range r.Totals {
		peak = max(peak, n)
	}
	for i, event := range r.Events {
		n := r.Totals[i]
		p.raw("<tr>")
		p.nameCell(`th scope="row"`, event)
		p.raw("<td>" + groupDigits(n) + "<td>" + share(n, r.Rows) + "<td>" + svgBar(n, peak) + "\n")
	}
	p.raw("</tbody>\n<tfoot><tr><th scope=\"row\">total<td>" + groupDigits(r.Rows) + "<td><td></tfoot>\n</table></div>\n</section>\n")
}

// svgBar draws part of whole; every part is seen. Its width is an attribute of a drawing, not of style, which the policy
// would refuse.
func svgBar(part, whole uint64) string {
	return `<svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true"><rect width="` +
		oneDecimal(max(percent(part, whole), 0.3)) + `" height="1"/></svg>`
}

// share says which part of the whole n is.
func share(n, whole uint64) string {
	if p := percent(n, whole); p >= 0.05 {
		return oneDecimal(p) + "%"
	}
	return "&lt;0.1%"
}

func percent(n, whole uint64) float64 { return 100 * (float64(n) / float64(whole)) }

func oneDecimal(x float64) string { return strconv.FormatFloat(x, 'f', 1, 64) }

// plural64 is plural for numbers that may be larger than an int.
func plural64(n uint64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return groupDigits(n) + " " + noun + "s"
}

// proofWords say what showed that a source was read to its proper end.
var proofWords = [...]string{
	engine.ProofNone:     "none: the end of the input is all there is",
	engine.ProofFraming:  "framing: the sender marked the end; a proxy can hide a cut",
	engine.ProofChecksum: "checksum: the checksums of the compressed data match",
	engine.ProofLength:   "length: the number of bytes is the one that the server or the file system gives",
	engine.ProofRows:     "rows: the number of rows is the declared or the expected one",
}

// parts writes what is known of each source.
func (p htmlPrinter) parts(r *engine.Report) {
	if len(r.Parts) == 0 {
		return
	}
	p.raw("<section>\n<h2>Sources</h2>\n")
	p.completeness(r)
	p.raw("<div class=\"wide\"><table class=\"parts\">\n<thead><tr><th scope=\"col\">source<th scope=\"col\">rows" +
		"<th scope=\"col\">bytes of CSV<th scope=\"col\">verified<th scope=\"col\">lacks</thead>\n<tbody>\n")
	for _, part := range r.Parts[:min(len(r.Parts), maxHTMLParts)] {
		p.part(part)
	}
	p.raw("</tbody>\n</table></div>\n")
	if n := len(r.Parts) - maxHTMLParts; n > 0 {
		p.raw("<p class=\"note\">Not listed, but counted in all that is said above: " + plural(n, "source") + ".</p>\n")
	}
	p.raw("</section>\n")
}

// completeness says in words how far the result can be trusted.
func (p htmlPrinter) completeness(r *engine.Report) {
	if len(r.Shortfalls) == 0 {
		p.raw("<p>Every source was read to its end, and no row was left out. Verified by:</p>\n<ul>\n")
	} else {
		p.raw("<p>This is not the whole result; see the top of the page. Of what was counted, verified by:</p>\n<ul>\n")
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
	p.raw("<td>" + groupDigits(part.Rows) + "<td>" + groupDigits(part.Bytes) + "<td>")
	if !part.Failed {
		p.raw(part.Verified.String())
	}
	p.raw("<td>")
	p.text(cmp.Or(strings.Join(lacks(part), "; "), "nothing"))
	p.raw("\n")
}

// lacks says what keeps a source from being complete.
func lacks(part engine.PartReport) (list []string) {
	if part.Err != nil {
		list = append(list, display.Line(part.Err.Error()))
	}
	if part.BadRows > 0 {
		list = append(list, (&engine.BadRowsError{Rows: part.BadRows}).Error())
	}
	return list
}
