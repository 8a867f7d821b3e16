package diff

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"

	"fastcount/internal/display"
	"fastcount/internal/human"
	"fastcount/internal/jsonline"
)

// Formats are the names of the formats of [Diff.Write]: text for reading, json
// and csv for programs, markdown for a page.
var Formats = []string{"text", "json", "csv", "markdown"}

// Options are the options of [Diff.Write].
type Options struct {
	// Top is the number of differences of each section of text and
	// markdown, the largest ones. 0 means all.
	Top int

	// HideValues leaves values out of text, so that it has no ids.
	HideValues bool

	// Exceeded is what Check returned.
	Exceeded []string
}

// ErrColumn is the error for key columns that CSV cannot have, because two of
// its columns would have one name.
var ErrColumn = errors.New("csv: a key column is called old or new")

// Write writes the differences in one of [Formats]. Text and Markdown have the
// largest differences first, and are empty if the results are equal and
// complete. JSON and CSV have all of them, in the order of their values.
func (d *Diff) Write(w io.Writer, format string, o Options) error {
	b := bufio.NewWriterSize(w, 64<<10)
	var err error
	switch format {
	case "text":
		d.writeText(b, o)
	case "markdown":
		d.writeMarkdown(b, o)
	case "json":
		err = d.writeJSON(b, o)
	case "csv":
		err = d.writeCSV(b)
	default:
		err = fmt.Errorf("unknown format %q", format)
	}
	return cmp.Or(err, b.Flush())
}

// section is a list of differences.
type section struct {
	name  string
	kinds Kinds
	all   iter.Seq[Change]
}

// sections returns the lists of text and Markdown, without empty ones.
func (d *Diff) sections() []section {
	last := len(d.Keys) - 1
	all := []section{{d.Keys[last], d.Last, d.LastChanges()}}
	if last > 0 {
		all = append(all, section{d.Keys[0], d.First, d.FirstChanges()},
			section{strings.Join(d.Keys, ","), d.Groups, d.GroupChanges()})
	}
	return slices.DeleteFunc(all, func(s section) bool { return s.kinds.sum() == 0 })
}

// title names a section and the numbers of its differences.
func (s section) title() string {
	var parts []string
	for _, k := range []struct {
		n    int
		what string
	}{{s.kinds.New, "new"}, {s.kinds.Vanished, "vanished"}, {s.kinds.Changed, "changed"}} {
		if k.n > 0 {
			parts = append(parts, human.Count(uint64(k.n))+" "+k.what)
		}
	}
	return display.Line(s.name) + ": " + strings.Join(parts, ", ")
}

// largest returns the n largest changes, or all if n is 0, the largest first.
// Its memory holds at most 2n of them.
func (s section) largest(n int) (best []Change) {
	floor := uint64(0) // of the changes so far, n are at least as large
	for c := range s.all {
		if c.size() <= floor && floor > 0 {
			continue
		}
		if n > 0 && len(best) == 2*n {
			best = trim(best, n)
			floor = best[n-1].size()
		}
		best = append(best, Change{slices.Clone(c.Values), c.Old, c.New})
	}
	return trim(best, cmp.Or(n, len(best)))
}

// trim sorts changes by size and returns the first n.
func trim(changes []Change, n int) []Change {
	slices.SortStableFunc(changes, func(a, b Change) int { return cmp.Compare(b.size(), a.size()) })
	return changes[:min(n, len(changes))]
}

// incompleteLines returns a line for each thing that is missing from a result.
func (d *Diff) incompleteLines() (lines []string) {
	for _, s := range []Side{d.Old, d.New} {
		for _, text := range s.Incomplete {
			lines = append(lines, display.Line(s.Name+" is incomplete: "+text))
		}
	}
	return lines
}

// signed returns the difference with its sign.
func (c Change) signed() string {
	switch sign := human.Count(c.size()); {
	case c.New > c.Old:
		return "+" + sign
	case c.New < c.Old:
		return "-" + sign
	default:
		return sign
	}
}

// shown returns the values for reading. No two groups look alike.
func (c Change) shown() string {
	names := make([]string, len(c.Values))
	for i, value := range c.Values {
		names[i] = display.Name(value)
		if len(c.Values) > 1 && names[i] == value && strings.Contains(value, ",") {
			names[i] = strconv.Quote(value)
		}
	}
	return strings.Join(names, ",")
}

// writeCSV writes a header, and a record for each group that differs.
func (d *Diff) writeCSV(b *bufio.Writer) error {
	if slices.Contains(d.Keys, "old") || slices.Contains(d.Keys, "new") {
		return ErrColumn
	}
	w := csv.NewWriter(b)
	record := append(slices.Clone(d.Keys), "old", "new")
	_ = w.Write(record) // an error is kept
	for c := range d.GroupChanges() {
		record = append(record[:0], c.Values...)
		record = append(record, strconv.FormatUint(c.Old, 10), strconv.FormatUint(c.New, 10))
		if err := w.Write(record); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

// writeJSON writes an object with all differences, one on each line.
func (d *Diff) writeJSON(b *bufio.Writer, o Options) error {
	last := len(d.Keys) - 1
	j := jsonWriter{b: b}
	j.line("{\n  \"keys\": ", d.Keys)
	j.line(",\n  \"rows\": ", jsonCounts{d.Old.Rows, d.New.Rows})
	j.line(",\n  \"incomplete\": ", jsonLists{list(d.Old.Incomplete), list(d.New.Incomplete)})
	j.line(",\n  \"allowed\": ", len(o.Exceeded) == 0)
	j.line(",\n  \"not_allowed\": ", list(o.Exceeded))
	j.line(",\n  \"values\": {\n    ", d.Keys[0])
	j.changes(d.FirstChanges(), "    ", false)
	if last > 0 {
		j.line(",\n    ", d.Keys[last])
		j.changes(d.LastChanges(), "    ", false)
	}
	j.line("\n  },\n  ", "groups")
	j.changes(d.GroupChanges(), "  ", true)
	b.WriteString("\n}\n")
	return j.err
}

// list returns a list that is not nil, which JSON writes as null.
func list(lines []string) []string { return append([]string{}, lines...) }

type jsonCounts struct {
	Old uint64 `json:"old"`
	New uint64 `json:"new"`
}

type jsonLists struct {
	Old []string `json:"old"`
	New []string `json:"new"`
}

// jsonWriter writes JSON and keeps the first error.
type jsonWriter struct {
	b   *bufio.Writer
	err error
}

// line writes a text and a value.
func (j *jsonWriter) line(before string, v any) {
	text, err := jsonline.Marshal(v)
	j.err = cmp.Or(j.err, err)
	j.b.WriteString(before)
	j.b.WriteString(display.JSON(string(text)))
}

// changes writes a list of changes after the name of its member. The values of
// groups are lists.
func (j *jsonWriter) changes(all iter.Seq[Change], indent string, groups bool) {
	open, end := `{"value":`, ""
	if groups {
		open, end = `{"values":[`, "]"
	}
	before, after := ": [\n"+indent+"  ", ": []"
	for c := range all {
		line := append(j.b.AvailableBuffer(), before...)
		line = append(line, open...)
		for i, value := range c.Values {
			if i > 0 {
				line = append(line, ',')
			}
			line = j.appendString(line, value)
		}
		line = append(line, end...)
		line = strconv.AppendUint(append(line, `,"old":`...), c.Old, 10)
		line = strconv.AppendUint(append(line, `,"new":`...), c.New, 10)
		j.b.Write(append(line, '}'))
		before, after = ",\n"+indent+"  ", "\n"+indent+"]"
	}
	j.b.WriteString(after)
}

// appendString appends a string. Most need no escapes.
func (j *jsonWriter) appendString(line []byte, value string) []byte {
	for i := range len(value) {
		if c := value[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			text, err := jsonline.Marshal(value)
			j.err = cmp.Or(j.err, err)
			return append(line, display.JSON(string(text))...)
		}
	}
	return append(append(append(line, '"'), value...), '"')
}
