package sinks

import (
	"bytes"
	"html"
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

// timeline is the content of a chart of the rows over time.
type timeline struct {
	bucket  string
	numbers []int64  // of the values of the key
	rows    []uint64 // in the order of the values
	peak    uint64
	first   int // index of the earliest value
	last    int // index of the latest
	span    int64
}

// maxTimeline is the largest number of buckets in a chart, those without rows
// included.
const maxTimeline = 20_000

// newTimeline returns the chart of a key column, or nil if its values are not
// times or more than a chart can show.
func newTimeline(r *engine.Report, key int) *timeline {
	values, bucket := r.Keys[key], bucketOf(r.KeyNames()[key])
	if bucket == "" || len(values) < 2 {
		return nil
	}
	numbers, ok := numbers(values, bucket)
	if !ok {
		return nil
	}
	t := &timeline{bucket: bucket, numbers: numbers, rows: make([]uint64, len(values))}
	for i, n := range numbers {
		if n < numbers[t.first] {
			t.first = i
		}
		if n > numbers[t.last] {
			t.last = i
		}
	}
	t.span = numbers[t.last] - numbers[t.first] + 1
	if t.span > maxTimeline {
		return nil
	}
	for group, n := range r.All() {
		t.rows[group[key]] += n
		t.peak = max(t.peak, t.rows[group[key]])
	}
	return t
}

// timelines writes a chart for each key column of times.
func (p htmlPrinter) timelines(r *engine.Report) {
	for key := range r.Keys {
		if t := newTimeline(r, key); t != nil {
			p.timeline(r, key, t)
		}
	}
}

// timeline writes a chart. Its caption describes it for readers who do not see
// it.
func (p htmlPrinter) timeline(r *engine.Report, key int, t *timeline) {
	values, id := r.Keys[key], "time"+strconv.Itoa(key)
	first, last := display.Name(values[t.first]), display.Name(values[t.last])
	p.raw("<section>\n<h2 id=\"" + id + "\">Rows per " + t.bucket + "</h2>\n<figure>\n<p class=\"note\">At most " + human.Count(t.peak) + "</p>\n" +
		`<svg class="chart" viewBox="0 0 ` + strconv.FormatInt(t.span, 10) + ` 100" preserveAspectRatio="none" role="img" aria-labelledby="` + id + " " + id + `c">`)
	p.b.WriteString(`<path d="`)
	p.b.Write(t.path())
	p.raw("\"/></svg>\n<figcaption id=\"" + id + "c\"><span>")
	p.text(first)
	p.raw("</span> <span>" + html.EscapeString(t.coverage()) + "</span> <span>")
	p.text(last)
	p.raw("</span></figcaption>\n</figure>\n</section>\n")
}

// coverage returns in how many of the buckets there are rows.
func (t *timeline) coverage() string {
	distinct := make(map[int64]bool, len(t.numbers))
	for _, n := range t.numbers {
		distinct[n] = true
	}
	all := human.Numbered(int(t.span), t.bucket, t.bucket+"s")
	if n := int(t.span) - len(distinct); n > 0 {
		return all + ", " + human.Count(uint64(n)) + " without rows"
	}
	return all + ", all with rows"
}

// path returns the columns of the chart as a path: one for each value, from the
// lower edge of the chart, 100 high at the peak.
func (t *timeline) path() []byte {
	var b bytes.Buffer
	for i, n := range t.numbers {
		height := oneDecimal(max(percent(t.rows[i], t.peak), 0.5))
		b.WriteString("M" + strconv.FormatInt(n-t.numbers[t.first], 10) + " 100v-" + height + "h1v" + height + "z")
	}
	return b.Bytes()
}
