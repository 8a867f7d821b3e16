package sinks

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"fastcount/engine"
	"fastcount/internal/human"
)

// heatmap is the content of the table of patients and event types.
type heatmap struct {
	order   Order
	places  []place // the patients, in the order of the page
	events  []int   // the event types, indexes into Report.Keys[1] in their order
	columns []int   // for each event type of the report its index into events, or -1
	scale   scale
}

func newHeatmap(r *engine.Report, s selection) heatmap {
	h := heatmap{order: s.order, events: largestEvents(r, maxHTMLEvents), columns: make([]int, len(r.Keys[1]))}
	s.top = min(s.count(r), maxHTMLPatients, maxHTMLCells/max(1, len(h.events)))
	h.places = s.places(r, s.top)
	for i := range h.columns {
		h.columns[i] = -1
	}
	for column, event := range h.events {
		h.columns[event] = column
	}
	h.scale = h.fitScale(r)
	return h
}

// largestEvents returns the n event types with the largest totals, in the order
// of the report.
func largestEvents(r *engine.Report, n int) []int {
	events := make([]int, len(r.Keys[1]))
	for i := range events {
		events[i] = i
	}
	slices.SortStableFunc(events, func(a, b int) int { return cmp.Compare(r.Totals[b], r.Totals[a]) })
	events = events[:min(n, len(events))]
	slices.Sort(events)
	return events
}

// fitScale returns the scale for the counts in the table.
func (h *heatmap) fitScale(r *engine.Report) scale {
	least, most := uint64(math.MaxUint64), uint64(0)
	for _, place := range h.places {
		for event, n := range place.counts(r) {
			if h.columns[event] >= 0 {
				least, most = min(least, n), max(most, n)
			}
		}
	}
	return newScale(least, most)
}

// scale assigns one of a few colours to each count.
type scale struct {
	// starts holds the least count of each step. A step without counts has
	// the same start as the next one.
	starts [8]uint64
	most   uint64
	steps  int // 8, or 1 where all counts are equal
}

// newScale returns steps of equal ratio from least to most, so that counts of
// any spread can be distinguished. It uses square roots and products, which
// every processor rounds alike, unlike logarithms.
func newScale(least, most uint64) scale {
	var at [9]float64
	at[0], at[8] = float64(least), float64(most)
	for _, half := range []int{4, 2, 1} {
		for i := half; i < 8; i += 2 * half {
			at[i] = math.Sqrt(at[i-half] * at[i+half])
		}
	}
	s := scale{most: most, steps: 8}
	if least == most {
		s.steps = 1
	}
	for i := range s.starts {
		const below = 1<<64 - 1<<11 // the largest float64 that is a uint64
		s.starts[i] = min(most, max(least, uint64(min(math.Ceil(at[i]), below))))
	}
	return s
}

// step returns the number of the step of a count, from 1.
func (s scale) step(count uint64) int {
	n := 1
	for n < s.steps && count >= s.starts[n] {
		n++
	}
	return n
}

// last returns the largest count of a step, less than its start if the step has
// no counts.
func (s scale) last(step int) uint64 {
	if step == s.steps {
		return s.most
	}
	return s.starts[step] - 1
}

// heatmap writes the table of patients with its search field, legend and notes.
func (p htmlPrinter) heatmap(r *engine.Report, s selection) {
	h := newHeatmap(r, s)
	p.raw("<section>\n<h2 id=\"patients\">Patients</h2>\n<div class=\"tools\">\n" +
		"<label id=\"find\" hidden>Find patients <input type=\"search\" autocomplete=\"off\" spellcheck=\"false\"></label>\n" +
		"<span id=\"found\" role=\"status\"></span>\n")
	p.legend(h.scale)
	p.raw("</div>\n")
	p.cutNotes(r, h)
	p.raw("<div class=\"frame\" role=\"region\" aria-labelledby=\"patients\" tabindex=\"0\">\n<table id=\"heat\">\n")
	p.columnHeaders(r, h)
	p.raw("<tbody>\n")
	counts := make([]uint64, len(h.events))
	for _, place := range h.places {
		p.patient(r, h, place, counts)
	}
	p.raw("</tbody>\n<tfoot><tr><th scope=\"row\">totals<td>" + human.Count(r.Rows))
	for _, event := range h.events {
		p.raw("<td>" + human.Count(r.Totals[event]))
	}
	p.raw("</tfoot>\n</table>\n</div>\n</section>\n")
}

// legend writes the range of counts of each colour.
func (p htmlPrinter) legend(s scale) {
	if s.most == 0 {
		return
	}
	p.raw("<p class=\"legend\">count ")
	for step := 1; step <= s.steps; step++ {
		first, last := s.starts[step-1], s.last(step)
		if first > last {
			continue
		}
		p.raw("<span class=\"h" + strconv.Itoa(step) + "\">" + human.Count(first))
		if first < last {
			p.raw("–" + human.Count(last))
		}
		p.raw("</span> ")
	}
	p.raw("</p>\n")
}

// cutNotes writes what the table leaves out.
func (p htmlPrinter) cutNotes(r *engine.Report, h heatmap) {
	if n := len(r.Keys[0]) - len(h.places); n > 0 {
		p.raw("<p class=\"note\">The table shows the " + human.Count(uint64(len(h.places))) + " patients with the largest totals. Not shown, but included in all totals: " +
			plural(n, "patient") + ".</p>\n")
	}
	if n := len(r.Keys[1]) - len(h.events); n > 0 {
		p.raw("<p class=\"note\">The table shows the " + human.Count(uint64(len(h.events))) + " most frequent event types. Not shown, but included in each total: " +
			plural(n, "event type") + ".</p>\n")
	}
}

func (p htmlPrinter) columnHeaders(r *engine.Report, h heatmap) {
	sorted := [2]string{ByName: "", ByCount: ""}
	sorted[h.order] = [2]string{ByName: ` aria-sort="ascending"`, ByCount: ` aria-sort="descending"`}[h.order]
	p.raw("<thead><tr><th scope=\"col\"" + sorted[ByName] + ">patient<th scope=\"col\"" + sorted[ByCount] + ">total")
	for _, event := range h.events {
		p.nameCell(`th scope="col"`, r.Keys[1][event])
	}
	p.raw("</thead>\n")
}

// patient writes a row. data-n is the index of the patient by name, for the
// script. counts is a buffer with an element for each event type in the table.
func (p htmlPrinter) patient(r *engine.Report, h heatmap, place place, counts []uint64) {
	clear(counts)
	for event, n := range place.counts(r) {
		if column := h.columns[event]; column >= 0 {
			counts[column] = n
		}
	}
	p.raw("<tr data-n=" + strconv.Itoa(place.patient(r)) + ">")
	p.nameCell(`th scope="row"`, place.name(r))
	p.raw("<td>" + human.Count(place.total))
	for _, n := range counts {
		if n == 0 {
			p.raw("<td>")
		} else {
			p.raw("<td class=h" + strconv.Itoa(h.scale.step(n)) + ">" + human.Count(n))
		}
	}
	p.raw("</tr>\n") // without the end tag, the line break would be part of the last cell
}
