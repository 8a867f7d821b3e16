package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"fastcount/engine"
	"fastcount/internal/atomicfile"
	"fastcount/internal/cli"
	"fastcount/internal/progress"
	"fastcount/internal/simd"
	"fastcount/internal/stats"
)

// account writes what --stats and --metrics-file request, when the run has
// ended or has not stopped in time: see within. Its methods may be called
// concurrently.
type account struct {
	options *countOptions
	labels  []stats.Label
	begin   time.Time

	mu       sync.Mutex
	progress *engine.Progress
	report   *engine.Report // of the result that was written, else nil
	took     time.Duration  // for the result
	sink     time.Duration  // part of took: writing the result
	claimed  bool           // no file of the run is that of --metrics-file
}

// metricsMode is the mode of the metrics file. It holds no ids, and the program
// that collects metrics is usually another user.
const metricsMode = 0o644

// open makes p write the statistics at its end, if the flags request any.
func (o *countOptions) open(p *program) error {
	labels, err := stats.ParseLabels(o.metricsLabels)
	if err != nil {
		return cli.Usagef("--metrics-label: %w", err)
	}
	if o.metricsFile == "" {
		if err := p.refuseAll([]string{"metrics-label"}, "no --metrics-file", "name the file with --metrics-file FILE"); err != nil {
			return err
		}
	}
	o.reporter = progress.New(p.ui, o.progress.Word)
	o.account = &account{options: o, labels: labels, begin: time.Now()}
	if !o.dryRun {
		p.account.Store(o.account)
	}
	return nil
}

// started records that the files of the run are known and the counting begins.
func (a *account) started(p *engine.Progress) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.progress, a.claimed = p, true
}

// finished records the result of the run, which took the time took and spent
// the time sink on writing it.
func (a *account) finished(r *engine.Report, took, sink time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.report, a.took, a.sink = r, took, sink
}

// close writes the statistics of a run that ended with err, reports its end,
// and returns the error of the program.
func (a *account) close(p *program, err error) error {
	err = a.write(p, err)
	code := exitCode(err)
	a.options.reporter.Finished(code, errorClass(code), time.Since(a.begin))
	return err
}

// write writes the statistics of a run that ended with err. It returns err, or
// the error of writing if that is nil.
func (a *account) write(p *program, err error) error {
	if a.options.stats.Word == "" && a.options.metricsFile == "" {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.statistics(exitCode(err))
	switch a.options.stats.Word {
	case "json":
		p.ui.WriteJSON(s.JSON() + "\n")
	case "text":
		p.lines(s.Text())
	}
	if a.options.metricsFile == "" {
		return err
	}
	failed := a.writeMetrics(s, err)
	switch {
	case failed == nil:
	case err == nil:
		return fmt.Errorf("--metrics-file: %w", failed)
	default:
		p.ui.Warn("--metrics-file: " + failed.Error())
	}
	return err
}

func (a *account) statistics(code int) *stats.Statistics {
	o, r := a.options, a.report
	run := stats.Run{
		ExitCode: code, ErrorClass: errorClass(code), Wall: a.took, Sink: a.sink,
		Jobs: o.workers(), Kernel: simd.Current().Name, Verify: o.verify.Word, Unsplit: o.unsplit(), Retries: o.reporter.Retries(),
	}
	progress := cmp.Or(a.progress, new(engine.Progress))
	run.Wait, run.Decode, run.Parse, run.Count = progress.Stages()
	if r == nil {
		run.NoResult = true
		r, run.Wall = stats.Unfinished(progress.All()), time.Since(a.begin)
	}
	return stats.New(r, run)
}

// writeMetrics writes the metrics of a run that ended with err. Without a
// result, a device or FIFO is not written to, and neither is a file that may
// be a source or an output of the run.
func (a *account) writeMetrics(s *stats.Statistics, err error) error {
	place, locateErr := atomicfile.Locate(a.options.metricsFile)
	if locateErr != nil {
		return locateErr
	}
	earlier, earlierErr := earlierMetrics(place)
	success, ours := stats.Success(earlier)
	if err != nil {
		_, conflict := errors.AsType[*atomicfile.ConflictError](err)
		switch {
		case earlierErr != nil:
			return earlierErr
		case conflict, a.report == nil && place.Direct(), !a.claimed && place.Info != nil && !ours:
			return nil
		}
	}
	return atomicfile.Replace(atomicfile.OS{}, a.options.metricsFile, metricsMode, func(w io.Writer) error {
		_, err := io.WriteString(w, s.Metrics(a.labels, time.Now().Unix(), success))
		return err
	})
}

// earlierMetrics returns the beginning of the file at place, or nil if there is
// no regular file.
func earlierMetrics(place atomicfile.Place) ([]byte, error) {
	if place.Info == nil || !place.Info.Mode().IsRegular() {
		return nil, nil
	}
	f, err := os.Open(place.Path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, stats.MaxMetrics))
}
