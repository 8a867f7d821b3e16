// Package sinks formats reports as JSON, NDJSON, CSV, a Markdown table, a table
// for reading in a terminal, or an HTML page.
//
// A [Sink] writes a report to an io.Writer. It does not open files. The formats
// of this package are listed in [Builtin]; a [Registry] finds a sink by name.
//
// # Writing a sink
//
// A sink is a type with the method Write:
//
//	type list struct{}
//
//	func (list) Write(w io.Writer, r *engine.Report) error {
//		out := bufio.NewWriter(w)
//		for i, value := range r.Keys[len(r.Keys)-1] {
//			fmt.Fprintf(out, "%q %d\n", value, r.Totals[i])
//		}
//		return out.Flush()
//	}
//
// The ids in a report may hold any bytes, such as quotes, line breaks, control
// characters and bytes that are not UTF-8. A sink escapes what its format
// requires, or returns an error for a report that it cannot represent; two
// different ids must not look the same. If the format has a place to mark an
// incomplete report, the sink also implements [Marker].
//
// To test a sink, call Run of package sinktest, which checks the contract that
// Sink documents. To offer it on the command line, add it to Builtin.
package sinks

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"fastcount/engine"
	"fastcount/internal/display"
	"fastcount/internal/nearest"
)

// Sink writes a report in one format. A sink holds no state: it may be used any
// number of times.
type Sink interface {
	// Write writes r to w. The same report gives the same bytes, and r is
	// not changed. Write streams: it does not hold the whole output in
	// memory. It stops at the first error of w and returns it, possibly
	// wrapped. When it returns nil, everything was written to w.
	Write(w io.Writer, r *engine.Report) error
}

// Marker is a [Sink] that can mark an incomplete report, one whose member
// Incomplete is not empty. The output for such a report must differ from that
// for a complete one, and must name the part of each element of Incomplete, or
// of the first ones, with the number of the others.
//
// Any other sink is assumed to have no place for such a mark. Its output for an
// incomplete report looks complete, so that the caller must mark it by other
// means, such as the name of the file.
type Marker interface {
	Sink

	// MarksIncomplete reports whether this sink marks an incomplete report.
	// A type that embeds another sink must decide this for its own output.
	MarksIncomplete() bool
}

// Options configures the sinks of [Builtin]. The zero value selects the
// defaults of each sink.
type Options struct {
	Compact bool   // JSON.Compact
	CSVSafe bool   // Safe of each sink that has one
	Width   int    // Table.Width
	Color   bool   // Table.Color
	Order   Order  // Order of each sink that has one
	Top     int    // Top of each sink that has one
	About   *About // HTML.About
}

// Builtin returns a new registry of the formats of this package.
func Builtin(o Options) *Registry {
	r := &Registry{}
	r.Register("json", JSON{Compact: o.Compact})
	r.Register("csv", CSV{Safe: o.CSVSafe, Order: o.Order, Top: o.Top})
	r.Register("ndjson", NDJSON{Order: o.Order, Top: o.Top})
	r.Register("markdown", Markdown{Order: o.Order, Top: o.Top})
	r.Register("totals", Totals{Safe: o.CSVSafe})
	r.Register("table", Table{Width: o.Width, Color: o.Color, Order: o.Order, Top: o.Top})
	r.Register("html", HTML{Order: o.Order, Top: o.Top, Safe: o.CSVSafe, About: o.About})
	return r
}

// Registry maps names to sinks. The zero value is empty and ready for use.
// Several goroutines may use a Registry at once, except during Register.
type Registry struct {
	sinks map[string]Sink
}

// Register adds a sink. A name consists of lower case letters, digits and
// hyphens, and begins with a letter. Register panics if the name is invalid or
// registered already, or if the sink is nil.
func (r *Registry) Register(name string, s Sink) {
	switch _, taken := r.sinks[name]; {
	case !validName(name):
		panic(fmt.Sprintf("sinks: %q is not a valid name for a sink", name))
	case s == nil:
		panic(fmt.Sprintf("sinks: sink %q is nil", name))
	case taken:
		panic(fmt.Sprintf("sinks: sink %q is registered twice", name))
	}
	if r.sinks == nil {
		r.sinks = make(map[string]Sink)
	}
	r.sinks[name] = s
}

func validName(name string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyz"
	return name != "" && strings.Contains(letters, name[:1]) && strings.Trim(name, letters+"0123456789-") == ""
}

// Lookup returns the sink called name. The error for an unknown name lists the
// known names and suggests the nearest one.
func (r *Registry) Lookup(name string) (Sink, error) {
	if s, ok := r.sinks[name]; ok {
		return s, nil
	}
	names := r.Names()
	hint := ""
	if near := nearest.Word(name, names); near != "" {
		hint = fmt.Sprintf("; did you mean %s?", near)
	}
	return nil, fmt.Errorf("unknown output format %q%s (known: %s)", name[:min(len(name), 200)], hint, strings.Join(names, ", "))
}

// Names returns the names of all sinks, in order.
func (r *Registry) Names() []string {
	return slices.Sorted(maps.Keys(r.sinks))
}

// missingLine returns what is missing as one line of printable characters.
func missingLine(s *engine.PartError) string {
	return display.Line(s.Part) + ": " + display.Line(s.Err.Error())
}

// bufferSize is the size of the buffers of sinks, in bytes.
const bufferSize = 64 << 10

// buffered returns w as a buffered writer, or w itself if it is one that is
// large enough. A bufio.Writer keeps its first error and ignores later writes,
// so that sinks need to check only the error of Flush.
func buffered(w io.Writer) *bufio.Writer {
	return bufio.NewWriterSize(w, bufferSize)
}
