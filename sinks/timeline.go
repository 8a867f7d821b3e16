package sinks

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"

	"fastcount/engine"
	"fastcount/internal/display"
	"fastcount/internal/human"
)

// buckets are the parts of a time by which a key column may count, with the
// layouts of their values.
var buckets = map[string][]string{
	"year":  {"2006"},
	"month": {"2006-01", "200601"},
	"day":   {"2006-01-02", "20060102"},
	"hour":  {"2006-01-02T15", "2006-01-02 15", "20060102T15", "20060102 15"},
}

// bucketOf returns the bucket of a key column, the end of its name after a
// colon, or "" if its values are not times.
func bucketOf(name string) string {
	bucket := name[strings.LastIndexByte(name, ':')+1:]
	if bucket == name || buckets[bucket] == nil {
		return ""
	}
	return bucket
}

// number returns the number of a time among the buckets of this length: two
// adjacent times have adjacent numbers.
func number(t time.Time, bucket string) int64 {
	switch bucket {
	case "year":
		return int64(t.Year())
	case "month":
		return int64(12*t.Year()) + int64(t.Month())
	case "day":
		return t.Unix() / (24 * 60 * 60)
	}
	return t.Unix() / (60 * 60)
}

// numbers returns the numbers of times. It reports whether all could be parsed.
func numbers(values []string, bucket string) ([]int64, bool) {
	list := make([]int64, len(values))
next:
	for i, value := range values {
		for _, layout := range buckets[bucket] {
			if t, err := time.Parse(layout, value); err == nil {
				list[i] = number(t, bucket)
				continue next
			}
		}
		return nil, false
	}
	return list, true
}

// timeline is the time scale of a chart: the values of a key column, which are
// times, on a line. Two values may be the same time, written differently.
type timeline struct {
	key     int // number of the key column
	keys    int // number of key columns of the report
	bucket  string
	offsets []int64 // of the distinct times, from the earliest
	times   []int   // for each value its index into offsets
	first   string  // the earliest value
	last    string  // the latest
	span    int64   // number of buckets from the first to the last
}

// Limits of a chart.
const (
	maxTimeline   = 20_000 // buckets, those without rows included
	maxStripTimes = 1_000  // times for which values of another key have charts, too
	maxStrips     = 8      // those values
)

// newTimeline returns the time scale of a key column, or nil if its values are
// not times or more than a chart can show.
func newTimeline(r *engine.Report, key int) *timeline {
	values, bucket := r.Keys[key], bucketOf(r.KeyNames()[key])
	if bucket == "" || len(values) < 2 {
		return nil
	}
	numbers, ok := numbers(values, bucket)
	if !ok {
		return nil
	}
	t := &timeline{key: key, keys: len(r.Keys), bucket: bucket, offsets: slices.Compact(slices.Sorted(slices.Values(numbers)))}
	earliest, latest := t.offsets[0], t.offsets[len(t.offsets)-1]
	t.span = latest - earliest + 1
	if t.span > maxTimeline {
		return nil
	}
	t.first, t.last = values[slices.Index(numbers, earliest)], values[slices.Index(numbers, latest)]
	for _, n := range numbers {
		i, _ := slices.BinarySearch(t.offsets, n)
		t.times = append(t.times, i)
	}
	for i := range t.offsets {
		t.offsets[i] -= earliest
	}
	return t
}

// timelines writes a chart for each key column of times.
func (p htmlPrinter) timelines(r *engine.Report) {
	for key := range r.Keys {
		if t := newTimeline(r, key); t != nil {
			p.timeline(r, t)
		}
	}
}

// timeline writes a chart of all rows, and one for each of the most frequent
// values of another key column: the one before, or the second.
func (p htmlPrinter) timeline(r *engine.Report, t *timeline) {
	id := "time" + strconv.Itoa(t.key)
	all := make([]uint64, len(t.offsets))
	for group, n := range r.All() {
		all[t.times[group[t.key]]] += n
	}
	strips := len(r.Keys) > 1 && len(t.offsets) <= maxStripTimes
	p.raw("<section>\n<h2 id=\"" + id + "\">Rows per " + t.bucket + "</h2>\n")
	if n := len(r.Keys[t.other()]); strips && n > maxStrips {
		p.raw("<p class=\"note\">With charts of the " + strconv.Itoa(maxStrips) + " ")
		p.text(nounOf(r, t.other()).many)
		p.raw(" that have the most rows, of " + human.Count(uint64(n)) + ".</p>\n")
	}
	p.raw("<table class=\"strips\">\n<thead><tr><th scope=\"col\">rows of<th scope=\"col\">most per " + t.bucket + "<td></thead>\n<tbody>\n")
	p.strip(t, "all", all)
	if strips {
		p.strips(r, t)
	}
	p.raw("</tbody>\n<tfoot><tr><td><td><td><div><span>")
	p.text(display.Name(t.first))
	p.raw("</span> <span>" + human.Numbered(int(t.span), t.bucket, t.bucket+"s") + "</span> <span>")
	p.text(display.Name(t.last))
	p.raw("</span></div></tfoot>\n</table>\n</section>\n")
}

// other returns the key column whose values have charts, too: the one before,
// or the second. It is t.key if there is a single one.
func (t *timeline) other() int {
	switch {
	case t.key > 0:
		return t.key - 1
	case t.keys > 1:
		return 1
	}
	return 0
}

// strips writes the charts of the most frequent values of another key column.
func (p htmlPrinter) strips(r *engine.Report, t *timeline) {
	other := t.other()
	totals := make([]uint64, len(r.Keys[other]))
	for group, n := range r.All() {
		totals[group[other]] += n
	}
	shown := largestValues(totals, maxStrips)
	rows := make(map[uint32][]uint64, len(shown))
	for _, value := range shown {
		rows[uint32(value)] = make([]uint64, len(t.offsets))
	}
	for group, n := range r.All() {
		if of := rows[group[other]]; of != nil {
			of[t.times[group[t.key]]] += n
		}
	}
	for _, value := range shown {
		p.strip(t, r.Keys[other][value], rows[uint32(value)])
	}
}

// strip writes a chart of rows, whose height is that of the largest number. Its
// label describes it for readers who do not see it.
func (p htmlPrinter) strip(t *timeline, name string, rows []uint64) {
	peak, filled := slices.Max(rows), uint64(0)
	for _, n := range rows {
		if n > 0 {
			filled++
		}
	}
	label := human.Count(filled) + " of " + human.Numbered(int(t.span), t.bucket, t.bucket+"s") + " have rows"
	p.raw("<tr>")
	p.nameCell(`th scope="row"`, name)
	p.raw("<td>" + human.Count(peak) + `<td><svg viewBox="0 0 ` + strconv.FormatInt(t.span, 10) +
		` 100" preserveAspectRatio="none" role="img" aria-label="` + label + `"><path d="`)
	p.b.Write(t.path(rows, peak))
	p.raw("\"/></svg></tr>\n")
}

// path returns columns as a path: one for each time with rows, from the lower
// edge of the chart, 100 high at the peak.
func (t *timeline) path(rows []uint64, peak uint64) []byte {
	var b bytes.Buffer
	for i, n := range rows {
		if n == 0 {
			continue
		}
		height := oneDecimal(max(percent(n, peak), 2))
		b.WriteString("M" + strconv.FormatInt(t.offsets[i], 10) + " 100v-" + height + "h1v" + height + "z")
	}
	return b.Bytes()
}
