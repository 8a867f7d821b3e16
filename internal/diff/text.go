package diff

import (
	"bufio"
	"fmt"
	"strings"

	"fastcount/internal/display"
	"fastcount/internal/human"
)

// widest is the largest width to which names are aligned, in columns. Longer
// names move what follows them.
const widest = 40

// textLine is a line of text: a title if it has no counts.
type textLine struct {
	name string
	*Change
}

// writeText writes what differs, aligned for reading. It writes nothing if
// nothing differs and both results are complete.
func (d *Diff) writeText(b *bufio.Writer, o Options) {
	incomplete := d.incompleteLines()
	if d.Empty() && len(incomplete) == 0 {
		return
	}
	fmt.Fprintf(b, "--- %s\n+++ %s\n", display.Line(d.Old.Name), display.Line(d.New.Name))
	for _, line := range incomplete {
		fmt.Fprintln(b, line)
	}
	if d.Empty() {
		return
	}
	rows := d.Rows()
	lines := []textLine{{name: "rows", Change: &rows}}
	for _, s := range d.sections() {
		if o.HideValues {
			lines = append(lines, textLine{name: s.title()})
			continue
		}
		lines = append(lines, textLine{name: "\n" + s.title()})
		shown := s.largest(o.Top)
		for i := range shown {
			lines = append(lines, textLine{name: "  " + shown[i].shown(), Change: &shown[i]})
		}
		if n := s.kinds.sum() - len(shown); n > 0 {
			lines = append(lines, textLine{name: "  … and " + human.Numbered(n, "other", "others")})
		}
	}
	writeAligned(b, lines)
}

// writeAligned writes lines with their counts in columns.
func writeAligned(b *bufio.Writer, lines []textLine) {
	var width [5]int // of the columns
	cells := func(l textLine) [5]string {
		return [...]string{l.name, human.Count(l.Old), human.Count(l.New), l.signed(), l.Percent()}
	}
	for _, l := range lines {
		if l.Change == nil {
			continue
		}
		for i, cell := range cells(l) {
			width[i] = max(width[i], display.Width(cell))
		}
	}
	width[0] = min(width[0], widest)
	for _, l := range lines {
		if l.Change == nil {
			fmt.Fprintln(b, l.name)
			continue
		}
		c := cells(l)
		fmt.Fprintf(b, "%s%s  %*s → %-*s  %*s  %*s\n", c[0], strings.Repeat(" ", max(0, width[0]-display.Width(c[0]))),
			width[1], c[1], width[2], c[2], width[3], c[3], width[4], c[4])
	}
}

// writeMarkdown writes what differs as tables in the syntax of GitHub Flavored
// Markdown. It writes nothing if nothing differs and both results are complete.
func (d *Diff) writeMarkdown(b *bufio.Writer, o Options) {
	incomplete := d.incompleteLines()
	if d.Empty() && len(incomplete) == 0 {
		return
	}
	fmt.Fprintf(b, "**rows** %s\n", d.Rows())
	for _, line := range incomplete {
		fmt.Fprintf(b, "\n%s\n", display.AppendMarkdown(nil, line))
	}
	for _, s := range d.sections() {
		fmt.Fprintf(b, "\n%s\n\n| %s | old | new | change | percent |\n|---|---:|---:|---:|---:|\n",
			display.AppendMarkdown(nil, s.title()), display.AppendMarkdown(nil, display.Line(s.name)))
		shown := s.largest(o.Top)
		for _, c := range shown {
			fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", display.AppendMarkdown(nil, c.shown()),
				human.Count(c.Old), human.Count(c.New), c.signed(), strings.Replace(c.Percent(), "<", `\<`, 1))
		}
		if n := s.kinds.sum() - len(shown); n > 0 {
			fmt.Fprintf(b, "\nNot shown: %s.\n", human.Numbered(n, "difference", "differences"))
		}
	}
}
