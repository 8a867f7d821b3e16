// Command plot draws the runs in a TSV file (see package results) as bars in
// SVG, one panel per series and one bar per program. The scale is linear, from
// 0. The number next to a bar shows speeds that are too low to be visible. The
// colours follow the reader's light or dark scheme.
//
//	plot FILE >speed.svg
package main

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	"math"
	"os"

	"fastcount/bench/peers/results"
)

// Sizes in pixels.
const (
	width   = 760
	left    = 220 // where bars begin
	right   = 90  // for the number after the longest bar
	bar     = 16
	step    = 24 // distance of bars
	heading = 44 // of a panel
	axis    = 30 // below the bars
)

const style = `<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600; font-size: 15px }
.small { font-size: 11px; fill: #59636e }
.line { stroke: #d1d9e0 }
.peer { fill: #8c959f } .floor { fill: #d1d9e0 } .subject { fill: #0969da }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc } .small { fill: #9198a1 } .line { stroke: #3d444d }
  .peer { fill: #656c76 } .floor { fill: #3d444d } .subject { fill: #4493f8 }
}
</style>
`

func main() {
	if len(os.Args) != 2 {
		fatal(errors.New("usage: plot FILE"))
	}
	runs, err := results.Read(os.Args[1])
	if err != nil {
		fatal(err)
	}
	if _, err := os.Stdout.Write(draw(results.Summarise(runs))); err != nil {
		fatal(err)
	}
}

func fatal(err error) {
	fmt.Fprintln(os.Stderr, "plot:", err)
	os.Exit(1)
}

func draw(list []results.Series) []byte {
	var body bytes.Buffer
	y := 0
	for _, s := range list {
		y = panel(&body, y, s)
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%[1]d" height="%[2]d" role="img">`+"\n", width, y)
	out.WriteString("<title>Speed of fastcount and other programs on the same files, in GB per second of processor time</title>\n" + style)
	out.Write(body.Bytes())
	out.WriteString("</svg>\n")
	return out.Bytes()
}

// panel draws a series from y and returns the y at which it ends.
func panel(out *bytes.Buffer, y int, s results.Series) int {
	text(out, 8, y+26, "title", "start", s.Name+", GB per second of processor time")
	y += heading
	var fastest float64
	for _, p := range s.Programs {
		fastest = max(fastest, p.Speed())
	}
	tick := tickOf(fastest)
	scale := (width - left - right) / max(fastest, tick)
	bottom := y + measured(s)*step
	for i := 0; float64(i)*tick <= fastest; i++ {
		x := left + float64(i)*tick*scale
		fmt.Fprintf(out, `<line class="line" x1="%.1f" y1="%d" x2="%.1f" y2="%d"/>`+"\n", x, y-4, x, bottom)
		text(out, x, bottom+14, "small", "middle", fmt.Sprintf("%.4g", float64(i)*tick))
	}
	for _, p := range s.Programs {
		if p.Rounds > 0 {
			oneBar(out, y, scale, p)
			y += step
		}
	}
	return bottom + axis
}

func oneBar(out *bytes.Buffer, y int, scale float64, p results.Summary) {
	class, label := "peer", p.Program
	switch {
	case p.Program == results.Subject:
		class = "subject"
	case p.Floor:
		class, label = "floor", label+" (does not count)"
	}
	length := p.Speed() * scale
	text(out, left-8, y+13, "", "end", label)
	fmt.Fprintf(out, `<rect class="%s" x="%d" y="%d" width="%.1f" height="%d"/>`+"\n", class, left, y, length, bar)
	text(out, left+length+6, y+13, "", "start", results.Figures(p.Speed(), 2))
}

func measured(s results.Series) (n int) {
	for _, p := range s.Programs {
		if p.Rounds > 0 {
			n++
		}
	}
	return n
}

// tickOf returns the distance of the grid lines: 1, 2 or 5 times a power of
// ten, which gives 3 to 8 lines.
func tickOf(fastest float64) float64 {
	if fastest <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(fastest)))
	switch v := fastest / power; {
	case v < 1.5:
		return power / 5
	case v < 3.5:
		return power / 2
	case v < 7:
		return power
	}
	return power * 2
}

// text writes a line of text. x, y is the start, middle or end of its base
// line.
func text[X int | float64](out *bytes.Buffer, x X, y int, class, anchor, s string) {
	fmt.Fprintf(out, `<text class="%s" x="%.1f" y="%d" text-anchor="%s">%s</text>`+"\n", class, float64(x), y, anchor, html.EscapeString(s))
}
