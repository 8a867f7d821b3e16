// Package sinks turns a report into bytes: JSON, CSV, NDJSON, a table for eyes, a page for a browser, or a format of
// your own.
//
// A Sink only formats; where its bytes go is the business of Outputs, which writes files whole or not at all.
// A Registry knows sinks by name. The formats of this package are listed in Builtin, and nowhere else.
package sinks

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"

	"fastcount/engine"
	"fastcount/internal/nearest"
)

// Sink writes a report in one format. The package sinktest holds the contract as a test: the same report gives the
// same bytes, the report is not changed, the first error of w ends the work and is returned (wrapped or not), and
// the output is streamed rather than built up in memory. One sink may be used any number of times. Sinks that can say
// that a report is incomplete are of the kind Marker.
type Sink interface {
	// Write renders the whole of r into w. Nothing that it buffers may be left behind when it returns nil.
	Write(w io.Writer, r *engine.Report) error
}

// Options are the choices that the built-in sinks offer. The zero value gives each sink's own defaults.
type Options struct {
	Compact bool  // JSON.Compact
	CSVSafe bool  // CSV.Safe
	Width   int   // Table.Width
	Color   bool  // Table.Color
	Rows    int   // Table.Rows
	Order   Order // Table.Order and HTML.Order
}

// Builtin returns a new registry that holds every sink of this package.
func Builtin(o Options) *Registry {
	r := &Registry{}
	r.Register("json", JSON{Compact: o.Compact})
	r.Register("csv", CSV{Safe: o.CSVSafe})
	r.Register("ndjson", NDJSON{})
	r.Register("table", Table{Width: o.Width, Color: o.Color, Rows: o.Rows, Order: o.Order})
	r.Register("html", HTML{Order: o.Order})
	return r
}

// Registry knows sinks by name. Its zero value is empty and ready for use. It may be read by several goroutines
// at once, but not while a sink is being registered.
type Registry struct {
	sinks map[string]Sink
}

// Register adds a sink. A name consists of small letters, digits and hyphens and begins with a letter, so that it
// can stand before the "=" of an output's spec. Which names a program registers is written in the program, so an
// invalid name, a name used before and a nil sink are mistakes of the programmer, and Register panics.
func (r *Registry) Register(name string, s Sink) {
	switch _, taken := r.sinks[name]; {
	case !validName(name):
		panic(fmt.Sprintf("sinks: %q is no valid name of a sink", name))
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

// Lookup returns the sink called name. The error for an unknown name lists the known ones and the nearest.
func (r *Registry) Lookup(name string) (Sink, error) {
	if s, ok := r.sinks[name]; ok {
		return s, nil
	}
	names := r.Names()
	hint := ""
	if near := nearest.Word(name, names); near != "" {
		hint = fmt.Sprintf("; did you mean %s?", near)
	}
	return nil, fmt.Errorf("unknown output format %q%s (known: %s)", cut(name, 200), hint, strings.Join(names, ", "))
}

// Names returns the names of all sinks, sorted.
func (r *Registry) Names() []string {
	return slices.Sorted(maps.Keys(r.sinks))
}

// cut shortens s to at most n bytes, for error messages.
func cut(s string, n int) string {
	return s[:min(len(s), n)]
}

// bufferSize is how many bytes a sink or an output gathers before it writes.
const bufferSize = 64 << 10

// buffered returns w as a buffered writer, w itself if it is one that is large enough. A bufio.Writer keeps its
// first error and ignores what follows, so that the sinks check the one error of Flush.
func buffered(w io.Writer) *bufio.Writer {
	return bufio.NewWriterSize(w, bufferSize)
}

// byPatient yields each patient id, in order, with the patient's pairs.
func byPatient(r *engine.Report) iter.Seq2[string, []engine.Pair] {
	return func(yield func(string, []engine.Pair) bool) {
		for rest := r.Pairs; len(rest) > 0; {
			patient, n := rest[0].Patient, 1
			for n < len(rest) && rest[n].Patient == patient {
				n++
			}
			if !yield(r.Patients[patient], rest[:n]) {
				return
			}
			rest = rest[n:]
		}
	}
}
