package sinks

import (
	"bufio"
	"io"
	"iter"
	"slices"
	"strings"

	"fastcount/engine"
	"fastcount/internal/display"
	"fastcount/internal/human"
)

// Table writes a table for reading in a terminal: a line for each patient with
// a column for each event type, the total, the number of the patient's event
// types, the share of all rows and a bar. A line of totals and a line with the
// number of patients of each event type follow. After a long table, the header
// is repeated.
//
//	patient   bp_dia  bp_sys   total  event types   share
//	P001       3,106   3,084   6,190            2   33.0%  ████████████████
//	totals     9,372   9,412  18,784            2  100.0%
//	patients       4       4       4
//
// Of other key columns, the values of the last one are columns, and a line has
// values of the others. If it is the only key, or if it has more than 12
// values, each group has a line of its own.
//
// Values are quoted and escaped as in Go source if they are empty or contain
// characters that are not printable, or spaces or quotes that would mislead.
// The middle of a value that is too long is replaced with "…". Columns are not
// aligned where a terminal draws text from right to left.
//
// The table of an incomplete report has a banner before and after it, which
// lists what is missing, or the first 10 and the number of the others.
type Table struct {
	// Width is the width of a line in columns of the terminal. 0 means 80,
	// and less than 40 is taken as 40. Columns that do not fit are left out;
	// a note reports the number of event types among them. Lines with the
	// values of several keys, notes and banners may be wider.
	Width int

	// Color enables escape sequences for colours and bold text.
	Color bool

	Order Order // of the patients, or of the values of the first key

	// Top is the number of them, those with the largest totals. 0 means the
	// first 50 lines in Order, and a negative number means all. A note
	// reports the number of the others, which are included in the totals.
	Top int
}

// Defaults and limits of a table, in columns unless noted otherwise.
const (
	defaultTableWidth = 80
	minTableWidth     = 40 // two spaces and the 26 columns of the largest count leave 12 for a patient id
	defaultTableLines = 50
	screenLines       = 20 // from whose last one the header may be out of sight
	maxAcross         = 12 // values of the last key that are columns
	maxEventWidth     = 20 // of an event type's name
	minNameWidth      = 4  // of a value, next to those of other keys
	minBarWidth       = 8
	maxBarWidth       = 40
	maxMissing        = 10 // missing parts in a banner
)

// MarksIncomplete implements [Marker]. It returns true.
func (Table) MarksIncomplete() bool { return true }

// Write writes the table. Its memory depends on the numbers of patients and
// event types.
func (t Table) Write(w io.Writer, r *engine.Report) error {
	p := tablePrinter{b: buffered(w), color: t.Color, layout: t.layout(r)}
	p.banner(r.Incomplete)
	p.header(r)
	for line := range t.lines(r, p.layout, p.layout.lines) {
		p.write(r, line)
	}
	p.totals(r)
	if p.layout.lines > screenLines {
		p.header(r)
	}
	p.notes(r)
	p.banner(r.Incomplete)
	return p.b.Flush()
}

// layout holds the widths of the columns. Columns are two spaces apart.
type layout struct {
	first    int    // values of the first key shown
	lines    int    // lines shown, without the totals
	all      int    // lines of the whole report
	names    []int  // widths of the first keys, whose values are in each line
	across   bool   // the values of the last key are columns
	events   []int  // widths of its first values, those that fit
	total    int    // width of the column of totals
	distinct int    // width of the column of numbers of event types; 0 for none
	share    int    // width of the column of shares; 0 for none
	bar      int    // width of the longest bar; 0 for no bars
	peak     uint64 // largest total of a line, the one with the longest bar
}

func (t Table) layout(r *engine.Report) layout {
	width := t.Width
	if width == 0 {
		width = defaultTableWidth
	}
	width = max(width, minTableWidth)

	last := len(r.Keys) - 1
	l := layout{across: last > 0 && len(r.Keys[last]) <= maxAcross, names: make([]int, last+1)}
	if l.across {
		l.names = l.names[:last]
	}
	for line := range runs(r, 0, len(r.Counts), len(l.names)) {
		l.all++
		l.peak = max(l.peak, line.total)
	}
	l.first, l.lines = len(r.Keys[0]), l.all
	switch {
	case t.Top == 0:
		l.lines = min(l.all, defaultTableLines)
	case t.Top > 0 && t.Top < l.first:
		l.first, l.lines = t.Top, 0
		for range t.lines(r, l, l.all) {
			l.lines++
		}
	}
	l.total = max(len("total"), len(human.Count(r.Rows)))
	t.fitNames(r, &l, width)
	l.fit(r, width)
	return l
}

// lines yields the first n lines of the table: the runs of groups that have the
// same values of the first keys.
func (t Table) lines(r *engine.Report, l layout, n int) iter.Seq[place] {
	return func(yield func(place) bool) {
		for p := range (selection{t.Order, max(t.Top, 0)}).patients(r, min(l.first, n)) {
			if len(l.names) == 1 { // p is the only line
				if n--; n < 0 || !yield(p) {
					return
				}
				continue
			}
			for line := range runs(r, p.begin, p.end, len(l.names)) {
				if n--; n < 0 || !yield(line) {
					return
				}
			}
		}
	}
}

// fitNames sets the widths of the columns of names, which take at most half of
// the width if there is one of them, and what the total leaves if there are
// more.
func (t Table) fitNames(r *engine.Report, l *layout, width int) {
	for i := range l.names {
		l.names[i] = display.Width(heading(r, i))
	}
	for line := range t.lines(r, *l, l.lines) {
		for i, value := range line.values(r, len(l.names)) {
			l.names[i] = max(l.names[i], display.Width(display.Name(r.Keys[i][value])))
		}
	}
	label := len("totals")
	if l.countsDistinct(r) {
		label = max(label, display.Width(distinctLabel(r)))
	}
	l.names[0] += max(0, label-l.namesWidth())
	limit := width - 2 - l.total
	if len(l.names) == 1 {
		limit = min(limit, width/2)
	}
	for excess := l.namesWidth() - limit; excess > 0; excess-- {
		widest := slices.Index(l.names, slices.Max(l.names))
		if l.names[widest] <= minNameWidth {
			return
		}
		l.names[widest]--
	}
}

// namesWidth returns the width of all columns of names together.
func (l *layout) namesWidth() int {
	n := 2 * (len(l.names) - 1)
	for _, w := range l.names {
		n += w
	}
	return n
}

// countsDistinct reports whether the table has a line of the numbers of
// patients.
func (l *layout) countsDistinct(r *engine.Report) bool { return l.across && r.Rows > 0 }

// fit sets the widths of the columns that fit after the names and the total.
func (l *layout) fit(r *engine.Report, width int) {
	free := width - l.namesWidth() - 2 - l.total
	if l.across {
		l.events = fitEvents(r, free-2-minBarWidth)
	}
	for _, w := range l.events {
		free -= 2 + w
	}
	if r.Rows == 0 {
		return
	}
	take := func(w int) int {
		if free < 2+w {
			return 0
		}
		free -= 2 + w
		return w
	}
	l.share = take(len("100.0%"))
	if l.across && len(l.names) == 1 {
		l.distinct = take(display.Width(distinctHeading(r)))
	}
	if free >= 2+minBarWidth {
		l.bar = min(free-2, maxBarWidth)
	}
}

// distinctHeading returns the header of the numbers of distinct values of the
// last key.
func distinctHeading(r *engine.Report) string { return distinctName(r, len(r.Keys)-1) }

// distinctLabel returns the name of the line with the numbers of distinct
// values of the first key.
func distinctLabel(r *engine.Report) string { return distinctName(r, 0) }

func distinctName(r *engine.Report, key int) string {
	if r.By == nil {
		return nounOf(r, key).many
	}
	return "distinct " + heading(r, key)
}

// fitEvents returns the widths of the columns that fit into free, from the
// first event type on. No count in a column is wider than the total.
func fitEvents(r *engine.Report, free int) []int {
	var widths []int
	for i, event := range r.Keys[len(r.Keys)-1] {
		w := max(display.Width(display.Shorten(display.Name(event), maxEventWidth)), len(human.Count(r.Totals[i])))
		free -= 2 + w
		if free < 0 {
			break
		}
		widths = append(widths, w)
	}
	return widths
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
	counts []uint64 // of the event types in a line; reused
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

func (p *tablePrinter) header(r *engine.Report) {
	p.style(styleBold)
	for i, w := range p.layout.names {
		p.name(i, heading(r, i), w)
	}
	for i, w := range p.layout.events {
		p.right(display.Shorten(display.Name(r.Keys[len(r.Keys)-1][i]), maxEventWidth), w)
	}
	p.right("total", p.layout.total)
	p.optional(distinctHeading(r), p.layout.distinct)
	p.optional("share", p.layout.share)
	p.style(styleReset)
	p.b.WriteByte('\n')
}

// write writes a line of the table.
func (p *tablePrinter) write(r *engine.Report, line place) {
	for i, value := range line.values(r, len(p.layout.names)) {
		p.name(i, display.Name(r.Keys[i][value]), p.layout.names[i])
	}
	if p.layout.across {
		p.counts = slices.Grow(p.counts[:0], maxAcross)[:len(r.Totals)]
		clear(p.counts)
		for event, n := range line.counts(r, len(r.Keys)-1) {
			p.counts[event] = n
		}
	}
	p.numbers(p.counts, line.total)
	p.optional(human.Count(uint64(line.end-line.begin)), p.layout.distinct)
	p.optional(share(line.total, r.Rows), p.layout.share)
	p.bar(line.total)
	p.b.WriteByte('\n')
}

// totals writes the line of totals, and the numbers of patients.
func (p *tablePrinter) totals(r *engine.Report) {
	p.style(styleBold)
	p.label("totals")
	p.numbers(r.Totals, r.Rows)
	p.optional(human.Count(uint64(len(r.Totals))), p.layout.distinct)
	p.optional("100.0%", p.layout.share)
	p.style(styleReset)
	p.b.WriteByte('\n')
	if !p.layout.countsDistinct(r) {
		return
	}
	_, distinct := r.Distinct()
	counts := make([]uint64, len(distinct))
	for i, n := range distinct {
		counts[i] = uint64(n)
	}
	p.label(distinctLabel(r))
	p.numbers(counts, uint64(len(r.Keys[0])))
	p.b.WriteByte('\n')
}

// label writes a text in place of the names.
func (p *tablePrinter) label(text string) {
	p.name(0, text, p.layout.namesWidth())
}

// notes writes what the table leaves out.
func (p *tablePrinter) notes(r *engine.Report) {
	const prefix = "not shown, but included in the totals: "
	if n := len(r.Keys[0]) - p.layout.first; n > 0 {
		p.line(styleFaint, prefix+nounOf(r, 0).count(n))
	} else if n := p.layout.all - p.layout.lines; n > 0 {
		what := noun{"line", "lines"}
		if len(p.layout.names) == 1 {
			what = nounOf(r, 0)
		}
		p.line(styleFaint, prefix+what.count(n))
	}
	last := len(r.Keys) - 1
	if n := len(r.Keys[last]) - len(p.layout.events); n > 0 && p.layout.across {
		p.line(styleFaint, "not shown, but included in each total: "+nounOf(r, last).count(n))
	}
}

func (p *tablePrinter) line(style, text string) {
	p.style(style)
	p.b.WriteString(text)
	p.style(styleReset)
	p.b.WriteByte('\n')
}

// numbers writes the columns of the event types that fit, with a hyphen for a
// pair that never occurred, and the total.
func (p *tablePrinter) numbers(counts []uint64, total uint64) {
	for i, w := range p.layout.events {
		if counts[i] == 0 {
			p.right("-", w)
		} else {
			p.right(human.Count(counts[i]), w)
		}
	}
	p.right(human.Count(total), p.layout.total)
}

// optional writes a column unless its width is 0.
func (p *tablePrinter) optional(s string, width int) {
	if width > 0 {
		p.right(s, width)
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

// name writes the column i of names, with s at its left edge.
func (p *tablePrinter) name(i int, s string, width int) {
	if i > 0 {
		p.spaces(2)
	}
	s = display.Shorten(s, width)
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
