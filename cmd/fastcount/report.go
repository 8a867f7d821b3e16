package main

import (
	"fmt"
	"io"
	"time"

	"fastcount/engine"
	"fastcount/internal/atomicfile"
	"fastcount/internal/simd"
	"fastcount/internal/stats"
	"fastcount/sources"
)

// reportStats writes what --stats and --metrics-file request.
func (o *countOptions) reportStats(p *program, r *engine.Report, m stats.Run) error {
	if o.stats.Word == "" && o.metricsFile == "" {
		return nil
	}
	m.Jobs, m.Verify = o.workers(), o.verify.Word
	s := stats.New(r, m)
	switch o.stats.Word {
	case "json":
		p.ui.WriteJSON(s.JSON() + "\n")
	case "text":
		p.ui.Write(s.Text())
	}
	if o.metricsFile == "" {
		return nil
	}
	err := atomicfile.Replace(atomicfile.OS{}, o.metricsFile, metricsMode, func(w io.Writer) error {
		_, err := io.WriteString(w, s.Metrics())
		return err
	})
	if err != nil {
		return fmt.Errorf("--metrics-file: %w", err)
	}
	return nil
}

// measured returns the measurements of a run, which took the time took and
// spent the time sink on writing the result.
func measured(p *engine.Progress, took, sink time.Duration) stats.Run {
	m := stats.Run{Wall: took, Sink: sink, Kernel: simd.Current().Name}
	m.Wait, m.Decode, m.Parse, m.Count = p.Stages()
	return m
}

// metricsMode is the mode of the metrics file. It holds no ids, and the program
// that collects metrics is usually another user.
const metricsMode = 0o644

// summarise prints the closing line, and with -v a line for each part.
func (p *program) summarise(r *engine.Report, found []sources.Source, took time.Duration, ignored bool) {
	if p.ui.Verbose {
		for _, part := range r.Parts {
			p.ui.Info("%s", stats.Part(part))
		}
	}
	line := stats.Summary(r, found, took)
	if ignored {
		line += "; not compared with metadata (--verify off)"
	}
	p.ui.Info("%s", line)
}
