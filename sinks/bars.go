package sinks

import (
	"cmp"
	"html"
	"slices"
	"strconv"

	"fastcount/engine"
	"fastcount/internal/human"
)

// maxTall is the largest number of values that are all visible above the table
// of patients. More of them can be scrolled.
const maxTall = 8

// totals writes a table of the values of the last key: the rows of each, how
// many values of the first key have them, and the share of all rows with a bar.
func (p htmlPrinter) totals(r *engine.Report, s HTML) {
	last, single := len(r.Keys)-1, len(r.Keys) == 1
	limit := maxHTMLBars
	if single {
		limit = maxHTMLPatients
		if s.Top > 0 {
			limit = min(limit, s.Top)
		}
	}
	shown := largestValues(r.Totals, limit)
	if s.Order == ByCount {
		sortByTotal(shown, r.Totals)
	}
	p.raw("<section>\n<h2 id=\"values\">")
	p.text(valuesHeading(r, last))
	p.raw("</h2>\n")
	if single {
		p.raw("<div class=\"tools\">\n")
		p.tools(r, r.KeyNames(), s.Safe)
		p.raw("</div>\n")
	}
	p.cutNote(r, last, len(shown))
	p.printNote(len(shown), maxPrintedRows)
	class := "tall"
	if !single && len(shown) > maxTall {
		class = "tall short"
	}
	p.raw("<div class=\"" + class + "\" role=\"region\" aria-labelledby=\"values\" tabindex=\"0\"><table id=\"bars\">\n" +
		"<thead><tr><th scope=\"col\"" + sortedBy(s.Order, ByName) + ">")
	p.text(heading(r, last))
	p.raw("<th scope=\"col\"" + sortedBy(s.Order, ByCount) + ">rows")
	if !single {
		p.raw("<th scope=\"col\">" + html.EscapeString(distinctName(r, 0)))
	}
	p.raw("<th scope=\"col\">share<td></thead>\n")
	p.totalRows(r, shown)
	p.raw("</table></div>\n</section>\n")
}

// totalRows writes a row for each of the values shown, and the sum of all.
func (p htmlPrinter) totalRows(r *engine.Report, shown []int) {
	last, single := len(r.Keys)-1, len(r.Keys) == 1
	p.raw("<tbody>\n")
	_, distinct := r.Distinct()
	for _, i := range shown {
		n := r.Totals[i]
		p.raw("<tr data-n=" + strconv.Itoa(i) + ">")
		p.nameCell(`th scope="row"`, r.Keys[last][i])
		p.raw("<td>" + human.Count(n))
		if !single {
			p.raw("<td>" + human.Count(uint64(distinct[i])))
		}
		p.raw("<td>" + html.EscapeString(share(n, r.Rows)) + "<td>" + svgBar(n, r.Rows) + "</tr>\n")
	}
	p.raw("</tbody>\n<tfoot><tr><th scope=\"row\">total<td>" + human.Count(r.Rows))
	if !single {
		p.raw("<td>" + human.Count(uint64(len(r.Keys[0]))))
	}
	p.raw("<td>")
	if r.Rows > 0 {
		p.raw("100.0%")
	}
	p.raw("<td></tfoot>\n")
}

// valuesHeading returns the heading of the section about the values of a key.
func valuesHeading(r *engine.Report, key int) string {
	if r.By == nil {
		return [...]string{"Patients", "Event types"}[key]
	}
	return "Values of " + heading(r, key)
}

// cutNote writes how many values of a key a table leaves out.
func (p htmlPrinter) cutNote(r *engine.Report, key, shown int) {
	n := len(r.Keys[key]) - shown
	if n == 0 {
		return
	}
	p.raw("<p class=\"note\">The table has the " + human.Count(uint64(shown)) + " ")
	p.text(nounOf(r, key).many)
	p.raw(" with the most rows. Not shown, but included in the totals: ")
	p.text(nounOf(r, key).count(n))
	p.raw(".</p>\n")
}

// largestValues returns the n values with the largest totals, as indexes in
// their order.
func largestValues(totals []uint64, n int) []int {
	values := make([]int, len(totals))
	for i := range values {
		values[i] = i
	}
	if n >= len(values) {
		return values
	}
	sortByTotal(values, totals)
	values = values[:n]
	slices.Sort(values)
	return values
}

// sortByTotal sorts values, which are in their order, by their totals, the
// largest first.
func sortByTotal(values []int, totals []uint64) {
	slices.SortStableFunc(values, func(a, b int) int { return cmp.Compare(totals[b], totals[a]) })
}

// svgBar draws the share of n in whole, of which the width of the drawing is
// 100 %. Every share above 0 is visible. The width is an attribute of a
// drawing, because the policy forbids inline styles.
func svgBar(n, whole uint64) string {
	return `<svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true"><rect width="` +
		oneDecimal(max(percent(n, whole), 0.3)) + `" height="1"/></svg>`
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
