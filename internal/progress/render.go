package progress

import (
	"fmt"
	"strings"

	"fastcount/internal/display"
	"fastcount/internal/human"
)

// logLine returns a view as one line.
func logLine(v view) string {
	facts := []string{rowsOf(v.total)}
	if v.total.fraction >= 0 {
		facts[0] += fmt.Sprintf(" (%s)", percent(v.total.fraction))
	}
	facts = append(facts, human.Rate(v.total.rate())+" rows/s")
	if eta, ok := v.total.eta(); ok {
		facts = append(facts, human.ETA(eta)+" left")
	}
	facts = append(facts, fmt.Sprintf("%d of %s done", v.done, human.Numbered(v.count, "part", "parts")))
	if v.failed > 0 {
		facts = append(facts, fmt.Sprintf("%d failed", v.failed))
	}
	if v.retries > 0 {
		facts = append(facts, human.Numbered(v.retries, "retry", "retries"))
	}
	return strings.Join(facts, ", ")
}

// rowsOf returns the rows of a gauge, and the declared number if there is one.
func rowsOf(g gauge) string {
	if g.declared > 0 && g.fraction >= 0 {
		return fmt.Sprintf("%s of %s rows", human.Count(g.rows), human.Count(g.declared))
	}
	return human.Count(g.rows) + " rows"
}

// percent rounds down: 100% is facts only of what is complete.
func percent(fraction float64) string {
	return fmt.Sprintf("%d%%", int(fraction*100))
}

// Widths in a block, in columns of the terminal.
const (
	maxName   = 24 // of a name
	minName   = 16 // of a longer name, before there is space for a bar
	leastName = 12 // of a longer name, before there is space for a fact
	maxBar    = 20
	minBar    = 6
)

// block returns a view as at most height lines of at most width columns: one
// for each part that is being read, as far as they fit, and one for the whole
// run.
func block(v view, width, height int) []string {
	shown := min(len(v.parts), max(height-2, 0))
	rows := make([]row, 0, shown+1)
	for _, g := range v.parts[:shown] {
		rows = append(rows, newRow(g, attemptOf(g)))
	}
	done := fmt.Sprintf("%d of %d done", v.done, v.count)
	if v.failed > 0 {
		done += fmt.Sprintf(", %d failed", v.failed)
	}
	l := newLayout(append(rows, newRow(v.total, "")), width)
	var lines []string
	for _, r := range rows {
		lines = append(lines, l.line(r))
	}
	if more := len(v.parts) - shown; more > 0 && height > 1 {
		lines = append(lines, display.Shorten(fmt.Sprintf("and %d more", more), width))
	}
	return append(lines, l.line(newRow(v.total, done)))
}

func attemptOf(g gauge) string {
	switch {
	case g.pausing:
		return fmt.Sprintf("attempt %d soon", g.attempt+1)
	case g.attempt > 1:
		return fmt.Sprintf("attempt %d", g.attempt)
	}
	return ""
}

// fact is a column of a block.
type fact int

// The facts about a part, from left to right.
const (
	percentDone fact = iota
	exactRows
	shortRows // where exactRows does not fit
	rate
	timeLeft
	attempts
	facts // number of facts
)

// importance lists the facts. The last ones are left out first.
var importance = [...]fact{percentDone, timeLeft, exactRows, shortRows, attempts, rate}

// leastWidths keep the columns where they are while numbers grow.
var leastWidths = [facts]int{percentDone: len("100%"), rate: len("1.23 M/s"), timeLeft: len("59 s left")}

// row is what a line of a block contains. Facts that are unknown are empty.
type row struct {
	name     string
	fraction float64 // negative if unknown
	facts    [facts]string
}

// newRow returns the line of a gauge. tail is its last fact.
func newRow(g gauge, tail string) row {
	r := row{name: display.Line(g.name), fraction: g.fraction}
	if g.fraction >= 0 {
		r.facts[percentDone] = percent(g.fraction)
	}
	r.facts[exactRows] = human.Count(g.rows) + " rows"
	r.facts[shortRows] = human.Rate(float64(g.rows))
	if g.elapsed > 0 {
		r.facts[rate] = human.Rate(g.rate()) + "/s"
	}
	if eta, ok := g.eta(); ok {
		r.facts[timeLeft] = human.ETA(eta) + " left"
	}
	r.facts[attempts] = tail
	return r
}

// layout holds the widths of the columns of a block. They are two columns of
// the terminal apart. A width of 0 leaves out a column.
type layout struct {
	width, name, bar int
	facts            [facts]int
}

// newLayout returns the layout in which the most important facts of rows fit
// into width.
func newLayout(rows []row, width int) layout {
	l := layout{width: width}
	name, known := 0, false
	var widths [facts]int
	for _, r := range rows {
		name = max(name, display.Width(r.name))
		known = known || r.fraction >= 0
		for f, text := range r.facts {
			if text != "" {
				widths[f] = max(widths[f], len(text), leastWidths[f])
			}
		}
	}
	name = min(name, maxName)
	free := width - min(name, leastName)
	for _, f := range importance {
		if w := widths[f]; w > 0 && 2+w <= free && !(f == shortRows && l.facts[exactRows] > 0) {
			l.facts[f] = w
			free -= 2 + w
		}
	}
	free += min(name, leastName)
	l.name = min(name, max(minName, free-2-minBar), free)
	if bar := free - l.name - 2; known && bar >= minBar {
		l.bar = min(bar, maxBar)
	} else {
		l.name = min(name, free)
	}
	return l
}

// line returns a row as a line. A last fact that is wider than its column is
// left out unless the line has space for it.
func (l layout) line(r row) string {
	name := display.Shorten(r.name, l.name)
	line := name + spaces(l.name-display.Width(name))
	if l.bar > 0 {
		line += "  " + bar(r.fraction, l.bar)
	}
	for f := range attempts {
		if w := l.facts[f]; w > 0 {
			line += fmt.Sprintf("  %*s", w, r.facts[f])
		}
	}
	if tail := r.facts[attempts]; display.Width(line)+2+len(tail) <= l.width {
		line += "  " + tail
	}
	return strings.TrimRight(line, " ")
}

// bar draws a fraction; it is blank if that is unknown.
func bar(fraction float64, width int) string {
	if fraction < 0 {
		return spaces(width)
	}
	full := int(fraction * float64(width))
	return strings.Repeat("█", full) + strings.Repeat("░", width-full)
}

func spaces(n int) string { return strings.Repeat(" ", n) }
