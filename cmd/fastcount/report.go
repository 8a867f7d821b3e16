package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"fastcount/engine"
	"fastcount/internal/diagnose"
	"fastcount/internal/display"
	"fastcount/internal/human"
	"fastcount/internal/stats"
	"fastcount/sources"
)

// unsplit returns the flag because of which large files are not split, or "".
func (o *countOptions) unsplit() string {
	switch {
	case o.skipFooter > 0:
		return "--skip-footer: which rows are the last is known only at the end"
	case o.maxBadRows > 0:
		return "--max-bad-rows: which rows are left out depends on their order"
	}
	return ""
}

// summarise prints the closing line, and with -v a line for each part.
func (o *countOptions) summarise(p *program, r *engine.Report, found []sources.Source, took time.Duration) {
	p.listParts(r)
	line := stats.Summary(r, found, took, o.reporter.Retries()) + o.notShown(r)
	if o.verify.Word == "off" {
		line += "; not compared with metadata (--verify off)"
	}
	p.ui.Info("%s", line)
}

// listParts prints a line for each part if --verbose is set.
func (p *program) listParts(r *engine.Report) {
	if p.ui.Verbose {
		for _, part := range r.Parts {
			p.ui.Info("%s", stats.Part(part))
		}
	}
}

// printDryRun prints what the run would read and write, and how it would read
// the beginning of each part. It returns the first problem.
func (o *countOptions) printDryRun(ctx context.Context, p *program, parts []engine.Part, cfg engine.Config) error {
	specs, err := o.specs()
	if err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString("would count:\n")
	names := 0
	for _, part := range parts {
		names = max(names, display.Width(display.Line(part.Name())))
	}
	var sum extent
	for _, part := range parts {
		e := extentOf(part)
		sum.add(e)
		name := display.Line(part.Name())
		fmt.Fprintf(&b, "  %s%*s  %s\n", name, names-display.Width(name), "", e)
	}
	fmt.Fprintf(&b, "in all %s: %s\n", human.Numbered(len(parts), "part", "parts"), sum)
	b.WriteString("would write:\n")
	for _, s := range specs {
		fmt.Fprintf(&b, "  %s to %s\n", s.Format, destination(s.File))
	}
	if o.rejects != "" {
		fmt.Fprintf(&b, "  the rows that are left out to %s\n", destination(fileOf(o.rejects)))
	}
	if o.metricsFile != "" {
		fmt.Fprintf(&b, "  metrics to %s\n", destination(o.metricsFile))
	}
	for _, f := range []struct{ what, file string }{
		{"a CPU profile", o.profile.CPU}, {"a memory profile", o.profile.Memory}, {"an execution trace", o.profile.Trace},
	} {
		if f.file != "" {
			fmt.Fprintf(&b, "  %s to %s\n", f.what, destination(f.file))
		}
	}
	if o.state != "" {
		fmt.Fprintf(&b, "  checkpoint to the directory %s\n", display.Line(o.state))
	}
	cfg.Retrying = o.reporter.Retry
	text, problem := diagnose.Beginnings(ctx, parts, cfg, p.hints)
	return cmp.Or(p.print(b.String()+text), problem)
}

// destination returns the name of an output for reading.
func destination(file string) string {
	if file == "" {
		return "standard output"
	}
	return display.Line(file)
}

// extent is the size of a part or of several, as far as it is known before they
// are read.
type extent struct {
	rows, bytes    uint64
	declared, size bool // whether rows and bytes are known for any part
	unknown        int  // number of parts for which neither is known
}

// extentOf returns the extent of a part.
func extentOf(part engine.Part) extent {
	switch info := part.Info(); {
	case info.Declared != nil:
		return extent{rows: info.Declared.Rows, declared: true}
	case info.SizeKnown:
		return extent{bytes: uint64(info.Size), size: true}
	}
	return extent{unknown: 1}
}

func (e *extent) add(other extent) {
	e.rows += other.rows
	e.bytes += other.bytes
	e.declared = e.declared || other.declared
	e.size = e.size || other.size
	e.unknown += other.unknown
}

func (e extent) String() string {
	var known []string
	if e.size {
		known = append(known, fmt.Sprintf("%s on the disk", human.Bytes(e.bytes)))
	}
	if e.declared {
		known = append(known, human.Rows(e.rows)+" declared")
	}
	switch {
	case len(known) == 0:
		known = []string{"of unknown size"}
	case e.unknown > 0:
		known = append(known, fmt.Sprintf("%d of unknown size", e.unknown))
	}
	return strings.Join(known, ", ")
}
