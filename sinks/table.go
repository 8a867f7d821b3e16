package sinks

import (
	"bufio"
	"io"
	"iter"
	"strings"

	"fastcount/engine"
	"fastcount/internal/display"
	"fastcount/internal/human"
)

// Table writes a table for reading in a terminal: a line for each patient with
// a column for each event type, the total, its share of all rows and a bar, and
// a line of totals. After a long table, the header is repeated.
//
//	patient  bp_dia  bp_sys   total   share
//	P001      3,106   3,084   6,190   33.0%  ████████████████
//	totals    9,372   9,412  18,784  100.0%
//
// Ids are quoted and escaped as in Go source if they are empty or contain
// characters that are not printable, or spaces or quotes that would mislead.
// The middle of an id that is too long is replaced with "…". Columns are not
// aligned where a terminal draws text from right to left.
//
// The table of an incomplete report has a banner before and after it, which
// lists what is missing, or the first 10 and the number of the others.
type Table struct {
	// Width is the width of a line in columns of the terminal. 0 means 80,
	// and less than 40 is taken as 40. Event types that do not fit are left
	// out; a note reports their number. Notes and banners may be wider.
	Width int

	// Color enables escape sequences for colours and bold text.
	Color bool

	Order Order // of the patients

	// Top is the number of patients, those with the largest totals. 0 means
	// the first 50 in Order, and a negative number means all. A note reports
	// the number of the others, which are included in the totals.
	Top int
}

// Defaults and limits of a table, in columns unless noted otherwise.
const (
	defaultTableWidth = 80
	minTableWidth     = 40 // two spaces and the 26 columns of the largest count leave 12 for a patient id
	defaultTableRows  = 50 // patients
	screenRows        = 20 // patients from whose last line the header may be out of sight
	maxEventWidth     = 20 // of an event type's name
	minBarWidth       = 8
	maxBarWidth       = 40
	maxMissing        = 10 // missing parts in a banner
)

// MarksIncomplete implements [Marker]. It returns true.
func (Table) MarksIncomplete() bool { return true }

// Write writes the table. Its memory depends on the number of event types, and
// with Order or Top also on the number of patients in the table.
func (t Table) Write(w io.Writer, r *engine.Report) error {
	p := tablePrinter{b: buffered(w), color: t.Color, layout: t.layout(r)}
	p.banner(r.Incomplete)
	p.header(r.Keys[1])
	p.patients(r, t.patients(r, p.layout.rows))
	p.totals(r)
	if p.layout.rows > screenRows {
		p.header(r.Keys[1])
	}
	p.notes(r)
	p.banner(r.Incomplete)
	return p.b.Flush()
}

// layout holds the widths of the columns. Columns are two spaces apart.
type layout struct {
	rows   int    // patients shown
	name   int    // width of the column of patient ids
	events []int  // widths of the first event types, those that fit
	total  int    // width of the column of totals
	share  int    // width of the column of shares; 0 for none
	bar    int    // width of the longest bar; 0 for no bars
	peak   uint64 // largest total of a patient, the one with the longest bar
}

func (t Table) layout(r *engine.Report) layout {
	width := t.Width
	if width == 0 {
		width = defaultTableWidth
	}
	width = max(width, minTableWidth)

	l := layout{rows: t.shown(len(r.Keys[0])), peak: largestTotal(r)}
	l.total = max(len("total"), len(human.Count(r.Rows)))
	l.name = widest(r, t.patients(r, l.rows), min(width/2, width-2-l.total))
	free := width - l.name - 2 - l.total
	l.events = fitEvents(r, free-2-minBarWidth)
	for _, w := range l.events {
		free -= 2 + w
	}
	if w := len("100.0%"); free >= 2+w && r.Rows > 0 {
		l.share = w
		free -= 2 + w
	}
	if free >= 2+minBarWidth && l.peak > 0 {
		l.bar = min(free-2, maxBarWidth)
	}
	return l
}

// shown returns how many of the patients get a line.
func (t Table) shown(patients int) int {
	switch {
	case t.Top < 0:
		return patients
	case t.Top == 0:
		return min(patients, defaultTableRows)
	}
	return min(patients, t.Top)
}

// patients yields the first n patients of the table.
func (t Table) patients(r *engine.Report, n int) iter.Seq[place] {
	return selection{t.Order, max(t.Top, 0)}.patients(r, n)
}

// widest returns the width of the column of these patients, at most limit.
func widest(r *engine.Report, patients iter.Seq[place], limit int) int {
	w := max(len("patient"), len("totals"))
	for patient := range patients {
		w = max(w, display.Width(display.Shorten(display.Name(patient.name(r)), limit)))
	}
	return w
}

// fitEvents returns the widths of the columns that fit into free, from the
// first event type on. No count in a column is wider than the total.
func fitEvents(r *engine.Report, free int) []int {
	var widths []int
	for i, event := range r.Keys[1] {
		w := max(display.Width(display.Shorten(display.Name(event), maxEventWidth)), len(human.Count(r.Totals[i])))
		free -= 2 + w
		if free < 0 {
			break
		}
		widths = append(widths, w)
	}
	return widths
}

func largestTotal(r *engine.Report) uint64 {
	var peak uint64
	for patient := range byPatient(r) {
		peak = max(peak, patient.total)
	}
	return peak
}

// Escape sequences of a terminal that has colours.
const (
	styleBold    = "\x1b[1m"
	styleFaint   = "\x1b[2m"
	styleBar     = "\x1b[36m"
	styleWarning = "\x1b[1;31m"
	styleReset   = "\x1b[0m"
)

// tablePrinter writes the lines of a table.
type tablePrinter struct {
	b      *bufio.Writer
	color  bool
	layout layout
}

// banner writes what is missing, if anything is.
func (p *tablePrinter) banner(missing []*engine.PartError) {
	if len(missing) == 0 {
		return
	}
	p.line(styleWarning, "INCOMPLETE RESULT; missing:")
	for _, s := range missing[:min(len(missing), maxMissing)] {
		p.line(styleWarning, "  "+missingLine(s))
	}
	if n := len(missing) - maxMissing; n > 0 {
		p.line(styleWarning, "  and "+human.Count(uint64(n))+" more")
	}
}

func (p *tablePrinter) header(events []string) {
	p.style(styleBold)
	p.left("patient", p.layout.name)
	for i, w := range p.layout.events {
		p.right(display.Shorten(display.Name(events[i]), maxEventWidth), w)
	}
	p.right("total", p.layout.total)
	if p.layout.share > 0 {
		p.right("share", p.layout.share)
	}
	p.style(styleReset)
	p.b.WriteByte('\n')
}

func (p *tablePrinter) patients(r *engine.Report, patients iter.Seq[place]) {
	counts := make([]uint64, len(r.Keys[1]))
	for patient := range patients {
		clear(counts)
		for i := patient.begin; i < patient.end; i++ {
			counts[r.Groups[2*i+1]] = r.Counts[i]
		}
		p.left(display.Shorten(display.Name(patient.name(r)), p.layout.name), p.layout.name)
		p.counts(counts, patient.total, r.Rows)
		p.bar(patient.total)
		p.b.WriteByte('\n')
	}
}

func (p *tablePrinter) totals(r *engine.Report) {
	p.style(styleBold)
	p.left("totals", p.layout.name)
	p.counts(r.Totals, r.Rows, r.Rows)
	p.style(styleReset)
	p.b.WriteByte('\n')
}

// notes writes what the table leaves out.
func (p *tablePrinter) notes(r *engine.Report) {
	if n := len(r.Keys[0]) - p.layout.rows; n > 0 {
		p.line(styleFaint, "not shown, but included in the totals: "+plural(n, "patient"))
	}
	if n := len(r.Keys[1]) - len(p.layout.events); n > 0 {
		p.line(styleFaint, "not shown, but included in each total: "+plural(n, "event type"))
	}
}

func plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return human.Count(uint64(n)) + " " + noun
}

func (p *tablePrinter) line(style, text string) {
	p.style(style)
	p.b.WriteString(text)
	p.style(styleReset)
	p.b.WriteByte('\n')
}

// counts writes the columns of the event types that fit, with a hyphen for a
// pair that never occurred, the total, and its share of all rows.
func (p *tablePrinter) counts(counts []uint64, total, rows uint64) {
	for i, w := range p.layout.events {
		if counts[i] == 0 {
			p.right("-", w)
		} else {
			p.right(human.Count(counts[i]), w)
		}
	}
	p.right(human.Count(total), p.layout.total)
	if p.layout.share > 0 {
		p.right(share(total, rows), p.layout.share)
	}
}

func (p *tablePrinter) bar(total uint64) {
	if p.layout.bar == 0 {
		return
	}
	p.b.WriteString("  ")
	p.style(styleBar)
	p.b.WriteString(bar(total, p.layout.peak, p.layout.bar))
	p.style(styleReset)
}

func (p *tablePrinter) left(s string, width int) {
	p.b.WriteString(s)
	p.spaces(width - display.Width(s))
}

// right writes a column after the first one, with s at its right edge.
func (p *tablePrinter) right(s string, width int) {
	p.spaces(2 + width - display.Width(s))
	p.b.WriteString(s)
}

func (p *tablePrinter) spaces(n int) {
	p.b.WriteString(strings.Repeat(" ", n))
}

func (p *tablePrinter) style(escape string) {
	if p.color {
		p.b.WriteString(escape)
	}
}

// bar draws part, at most whole, in eighths of a column. A bar for whole has
// the given width. Every part above 0 is visible.
func bar(part, whole uint64, width int) string {
	eighths := int(float64(part) / float64(whole) * float64(8*width))
	eighths = max(eighths, 1)
	full := strings.Repeat("█", eighths/8)
	if eighths%8 == 0 {
		return full
	}
	return full + string([]rune("▏▎▍▌▋▊▉")[eighths%8-1])
}
