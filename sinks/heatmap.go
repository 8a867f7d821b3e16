package sinks

import (
	"math"
	"strconv"

	"fastcount/engine"
	"fastcount/internal/human"
)

// heatmap is the content of the table of patients and event types, or of the
// first two keys.
type heatmap struct {
	places   []place  // the patients, in the order of the page
	distinct []int    // for each patient of the report the number of values of the last key
	totals   []uint64 // rows of each event type of the report
	events   []int    // the event types, indexes into Report.Keys[1] in their order
	columns  []int    // for each event type of the report its index into events, or -1
	counts   []uint64 // of one patient, for the event types in the table; reused
	scale    scale
}

func newHeatmap(r *engine.Report, s selection) *heatmap {
	h := &heatmap{totals: r.Totals, columns: make([]int, len(r.Keys[1]))}
	if len(r.Keys) > 2 {
		h.totals = make([]uint64, len(r.Keys[1]))
		for group, n := range r.All() {
			h.totals[group[1]] += n
		}
	}
	h.distinct, _ = r.Distinct()
	h.events = largestValues(h.totals, maxHTMLEvents)
	s.top = min(s.count(r), maxHTMLPatients, maxHTMLCells/max(1, len(h.events)))
	h.places = s.places(r, s.top)
	for i := range h.columns {
		h.columns[i] = -1
	}
	for column, event := range h.events {
		h.columns[event] = column
	}
	h.counts = make([]uint64, len(h.events))
	h.scale = h.fitScale(r)
	return h
}

// row returns the counts of a patient. They are valid until the next call.
func (h *heatmap) row(r *engine.Report, patient place) []uint64 {
	clear(h.counts)
	for event, n := range patient.counts(r, 1) {
		if column := h.columns[event]; column >= 0 {
			h.counts[column] += n
		}
	}
	return h.counts
}

// fitScale returns the scale for the counts in the table.
func (h *heatmap) fitScale(r *engine.Report) scale {
	least, most := uint64(math.MaxUint64), uint64(0)
	for _, place := range h.places {
		for _, n := range h.row(r, place) {
			if n > 0 {
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
func (p htmlPrinter) heatmap(r *engine.Report, s HTML) {
	h := newHeatmap(r, selection{s.Order, s.Top})
	p.raw("<section>\n<h2 id=\"patients\">")
	if r.By == nil {
		p.raw("Patients")
	} else {
		p.text(heading(r, 0) + " and " + heading(r, 1))
	}
	p.raw("</h2>\n<div class=\"tools\">\n")
	p.tools(r, r.KeyNames()[:2], s.Safe)
	p.legend(h.scale)
	p.raw("</div>\n")
	p.cutNote(r, 0, len(h.places))
	p.cutNote(r, 1, len(h.events))
	p.printNote(len(h.places), maxPrintedRows)
	p.raw("<div class=\"frame\" role=\"region\" aria-labelledby=\"patients\" tabindex=\"0\">\n<table id=\"heat\"")
	if len(h.events) > 20 {
		p.raw(" class=\"dense\"")
	}
	p.raw(">\n")
	p.columnHeaders(r, h, s.Order)
	p.raw("<tbody>\n")
	for _, place := range h.places {
		p.patient(r, h, place)
	}
	p.raw("</tbody>\n<tfoot><tr><th scope=\"row\">totals<td>" + human.Count(r.Rows) + "<td>" + human.Count(uint64(len(r.Totals))))
	for _, event := range h.events {
		p.raw("<td>" + human.Count(h.totals[event]))
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

func (p htmlPrinter) columnHeaders(r *engine.Report, h *heatmap, o Order) {
	p.raw("<thead><tr><th scope=\"col\"" + sortedBy(o, ByName) + ">")
	p.text(heading(r, 0))
	p.raw("<th scope=\"col\"" + sortedBy(o, ByCount) + ">total<th scope=\"col\">")
	p.text(distinctHeading(r))
	for _, event := range h.events {
		p.nameCell(`th scope="col"`, r.Keys[1][event])
	}
	p.raw("</thead>\n")
}

// patient writes a row. data-n is the index of the patient by name, for the
// script.
func (p htmlPrinter) patient(r *engine.Report, h *heatmap, place place) {
	p.raw("<tr data-n=" + strconv.Itoa(place.patient(r)) + ">")
	p.nameCell(`th scope="row"`, place.name(r))
	p.raw("<td>" + human.Count(place.total) + "<td>" + human.Count(uint64(h.distinct[place.patient(r)])))
	for _, n := range h.row(r, place) {
		if n == 0 {
			p.raw("<td>")
		} else {
			p.raw("<td class=h" + strconv.Itoa(h.scale.step(n)) + ">" + human.Count(n))
		}
	}
	p.raw("</tr>\n") // without the end tag, the line break would be part of the last cell
}
