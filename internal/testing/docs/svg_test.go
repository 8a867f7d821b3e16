package docs

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// Sizes of a cell and of the margin of the picture, in pixels.
const (
	cellWidth  = 7.8
	cellHeight = 19
	margin     = 16
)

const svgHead = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %[1]d %[2]d" width="%[1]d" height="%[2]d" role="img">
<title>%[3]s</title>
<style>
text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #1f2328; white-space: pre }
.ground { fill: #f6f8fa; stroke: #d1d9e0 } .faint { fill: #59636e } .bar { fill: #0969da } .bold { font-weight: 600 }
.warning { fill: #d1242f; font-weight: 600 } .frame { visibility: hidden }
%[4]s@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc } .ground { fill: #151b23; stroke: #3d444d } .faint { fill: #9198a1 } .bar { fill: #4493f8 }
  .warning { fill: #f85149 }
}
</style>
`

// Durations of each screen and of the last one, in seconds.
const (
	frameTime = 0.5
	lastTime  = 6
)

// draw returns a picture that shows screens of cells one after another, again
// and again: only the last one where nothing moves, as on paper or for readers
// who prefer that. Each run of cells with one style has the same width with any
// font.
func draw(title string, width int, screens [][][]cell) string {
	var b strings.Builder
	height := 0
	for _, lines := range screens {
		height = max(height, len(lines))
	}
	w, h := int(float64(width)*cellWidth)+2*margin, height*cellHeight+2*margin
	last := len(screens) - 1
	fmt.Fprintf(&b, svgHead, w, h, escaped(title), animation(last))
	fmt.Fprintf(&b, "<rect class=\"ground\" x=\"0.5\" y=\"0.5\" width=\"%d\" height=\"%d\" rx=\"6\"/>\n", w-1, h-1)
	for i, lines := range screens {
		class := "frame"
		if i == last {
			class = "last"
		}
		fmt.Fprintf(&b, "<g class=%q id=\"f%d\">\n", class, i)
		drawLines(&b, lines)
		b.WriteString("</g>\n")
	}
	return b.String() + "</svg>\n"
}

// animation returns the style that shows n frames, and then the last one.
func animation(n int) string {
	if n == 0 {
		return ""
	}
	var b strings.Builder
	all := float64(n)*frameTime + lastTime
	b.WriteString("@media (prefers-reduced-motion: no-preference) and (update: fast) {\n")
	for i := range n + 1 {
		from, to := float64(i)*frameTime/all*100, float64(i+1)*frameTime/all*100
		if i == n {
			to = 100
		}
		fmt.Fprintf(&b, "  #f%[1]d { animation: k%[1]d %[2]gs step-end infinite } @keyframes k%[1]d {", i, all)
		if from > 0 {
			b.WriteString(" 0% { visibility: hidden }")
		}
		fmt.Fprintf(&b, " %.2f%% { visibility: visible }", from)
		if to < 100 {
			fmt.Fprintf(&b, " %.2f%% { visibility: hidden }", to)
		}
		b.WriteString(" }\n")
	}
	b.WriteString("}\n")
	return b.String()
}

func drawLines(b *strings.Builder, lines [][]cell) {
	for row, line := range lines {
		for from := 0; from < len(line); {
			to := from + 1
			for to < len(line) && line[to].style == line[from].style {
				to++
			}
			drawRun(b, row, from, line[from:to])
			from = to
		}
	}
}

func drawRun(b *strings.Builder, row, col int, run []cell) {
	var text strings.Builder
	for _, c := range run {
		text.WriteRune(c.char)
	}
	if strings.TrimSpace(text.String()) == "" {
		return
	}
	class := ""
	if style := run[0].style; style != "" {
		class = fmt.Sprintf(" class=%q", style)
	}
	fmt.Fprintf(b, "<text%s x=\"%.1f\" y=\"%d\" textLength=\"%.1f\" lengthAdjust=\"spacingAndGlyphs\" xml:space=\"preserve\">%s</text>\n",
		class, margin+float64(col)*cellWidth, margin+row*cellHeight+14, float64(len(run))*cellWidth, escaped(text.String()))
}

func escaped(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder does not fail
	return b.String()
}
