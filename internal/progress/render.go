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

// block returns a view as at most height lines of at most width columns: one
// for each part that is being read, as far as they fit, and one for the whole
// run.
func block(v view, width, height int) []string {
	shown := min(len(v.parts), max(height-2, 0))
	names := 0
	for _, g := range v.parts[:shown] {
		names = max(names, display.Width(display.Line(g.name)))
	}
	share := 3
	if width < narrow {
		share = 4
	}
	names = max(min(names, 24, width/share), min(len("total"), width))
	var lines []string
	for _, g := range v.parts[:shown] {
		lines = append(lines, gaugeLine(g, attemptOf(g), names, width))
	}
	if more := len(v.parts) - shown; more > 0 && height > 1 {
		lines = append(lines, display.Shorten(fmt.Sprintf("and %d more", more), width))
	}
	tail := fmt.Sprintf("%d of %d done", v.done, v.count)
	if v.failed > 0 {
		tail += fmt.Sprintf(", %d failed", v.failed)
	}
	return append(lines, gaugeLine(v.total, tail, names, width))
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

// gaugeLine returns a gauge as a line: the name in its own column, then the
// facts that fit, the most important first.
func gaugeLine(g gauge, tail string, names, width int) string {
	line := display.Shorten(display.Line(g.name), names)
	line += strings.Repeat(" ", names-display.Width(line))
	facts := wideFacts
	if width < narrow {
		facts = narrowFacts
	}
	for _, fact := range append(facts(g, width), tail) {
		if fact == "" {
			continue
		}
		if display.Width(line)+2+display.Width(fact) > width {
			break
		}
		line += "  " + fact
	}
	return line
}

// wideFacts returns the facts about a gauge that a line of at least narrow
// columns shows.
func wideFacts(g gauge, width int) (facts []string) {
	if g.fraction >= 0 {
		facts = append(facts, bar(g.fraction, barWidth(width)), fmt.Sprintf("%4s", percent(g.fraction)))
	}
	facts = append(facts, fmt.Sprintf("%13s rows", human.Count(g.rows)), fmt.Sprintf("%6s/s", human.Rate(g.rate())))
	if eta, ok := g.eta(); ok {
		facts = append(facts, human.ETA(eta)+" left")
	}
	return facts
}

// narrow is the number of columns below which a line shows narrowFacts.
const narrow = 60

// narrowFacts returns the percentage and the remaining time, which matter most,
// and the rows in short form.
func narrowFacts(g gauge, _ int) []string {
	if g.fraction < 0 {
		return []string{fmt.Sprintf("%13s rows", human.Count(g.rows))}
	}
	left := ""
	if eta, ok := g.eta(); ok {
		left = human.ETA(eta) + " left"
	}
	return []string{fmt.Sprintf("%4s", percent(g.fraction)), fmt.Sprintf("%13s", left), fmt.Sprintf("%6s", human.Rate(float64(g.rows)))}
}

// barWidth returns the length of bars on a terminal of width columns; 0 leaves
// the line to the facts.
func barWidth(width int) int {
	switch {
	case width >= 100:
		return 20
	case width >= 70:
		return 10
	}
	return 0
}

func bar(fraction float64, width int) string {
	full := int(fraction * float64(width))
	return strings.Repeat("█", full) + strings.Repeat("░", width-full)
}
