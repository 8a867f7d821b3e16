package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fastcount/engine"
	"fastcount/internal/atomicfile"
	"fastcount/internal/cli"
	"fastcount/internal/display"
	"fastcount/internal/human"
	"fastcount/internal/outfile"
	"fastcount/internal/progress"
	"fastcount/internal/resources"
	"fastcount/internal/simd"
	"fastcount/internal/stats"
	"fastcount/parser"
	"fastcount/sources"
)

func newCount(p *program) *cobra.Command {
	o, s := new(countOptions), new(cli.FlagSet)
	f := s.Group("Sources")
	o.sourceFlags(f)
	o.inputFlags(f)
	o.csvFlags(s.Group("CSV"))
	o.limitFlags(s.Group("Limits"))
	o.outputFlags(s.Group("Output"))
	f = s.Group("Transfer")
	o.transferFlags(f)
	o.verify = cli.NewChoice("strict", "strict", "warn", "off")
	f.Var(&o.verify, "verify", "how to treat downloads that disagree with their metadata; warn counts them and exits with 3")
	o.proofFlags(f)
	f.BoolVar(&o.allowPartial, "allow-partial", false, "if sources fail, write the result of the rest and exit with 3")
	cli.AddText(f, &o.state, "state", "DIR", "directory to keep finished parts in, and to continue from (see help state)")
	f.Var(&o.maxDuration, "max-duration", "stop with exit code 10 after this time")
	o.workFlags(s.Group("Work"))
	f = s.Group("Scale")
	cli.AddText(f, &o.plan, "plan", "PLAN", "plan to count a shard of (see help scale)")
	cli.AddText(f, &o.shard, "shard", "I/N", "shard to count, from 0; auto/N takes I from the scheduler")
	cli.AddText(f, &o.outDir, "out-dir", "DIR", "directory for the partial result of the shard")
	return p.command(cli.DefaultCommand+" [flags] SOURCE...", "count files, globs, URLs, - for standard input, or export ids",
		s, o.run, o.completeSources(p))
}

// run counts the sources that args name. Everything that can be refused is refused before the first row is read, and
// nothing is written before the last one is verified.
func (o *countOptions) run(ctx context.Context, p *program, args []string) (err error) {
	switch {
	case o.plan != "":
	case o.shard != "" || o.outDir != "":
		return cli.Usagef("--shard and --out-dir go with --plan")
	case len(args) == 0 && o.filesFrom == "":
		return noSource(p)
	}
	defer resources.LimitMemory(ctx, resources.FlagLimit(uint64(o.maxMemory)), p.stop)()
	if o.maxDuration > 0 {
		defer time.AfterFunc(time.Duration(o.maxDuration), func() { p.stop(errTimeUp) }).Stop()
	}
	if o.plan != "" {
		return o.runShard(ctx, p, args)
	}
	found, err := o.resolve(p, args, uint64(o.maxWindow))
	if err != nil {
		return err
	}
	if err := o.keepable(found); err != nil {
		return err
	}
	cfg, err := o.config(p)
	if err != nil {
		return err
	}
	if err := p.claimSources(found); err != nil {
		return err
	}
	outputs, err := o.countOutputs(p)
	if err != nil {
		return err
	}
	endProfile, err := o.profile.Start()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, endProfile()) }()
	return o.count(ctx, p, found, cfg, outputs)
}

// count counts what was found and writes the result.
func (o *countOptions) count(ctx context.Context, p *program, found []sources.Source, cfg engine.Config, outputs *outfile.Outputs) (err error) {
	begin := time.Now()
	shown := progress.New(p.ui, o.progress.Word)
	o.retrying = shown.Retry
	remote, err := o.connect(p, found, uint64(o.maxWindow))
	if err != nil {
		return err
	}
	defer remote.close()
	parts, err := remote.parts(ctx, found)
	if err != nil {
		return err
	}
	if o.dryRun {
		return o.tellPlan(p, parts)
	}
	endState, err := o.useState(p, remote, parts, &cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, endState()) }()
	cfg.Progress, cfg.Retrying = new(engine.Progress), shown.Retry
	stop := shown.Show(ctx, cfg.Progress, parts, p.asked)
	report, err := engine.Run(ctx, parts, cfg)
	stop()
	if err != nil {
		return err
	}
	if err := o.checkProof(report); err != nil {
		return err
	}
	if err := p.warnEqualFiles(ctx, parts, report.Parts); err != nil {
		return err
	}
	counted := time.Now()
	if err := p.write(outputs, report); err != nil {
		return err
	}
	took := time.Since(begin)
	p.summarise(report, found, took, cfg.IgnoreDeclared)
	err = o.reportStats(p, report, measured(cfg.Progress, took, time.Since(counted)))
	if err != nil {
		return err
	}
	if len(report.Incomplete) > 0 {
		return &incompleteError{report.Incomplete}
	}
	return nil
}

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

// measured returns what was measured of a run that took some time, of it that
// for writing the result.
func measured(p *engine.Progress, took, sink time.Duration) stats.Run {
	m := stats.Run{Wall: took, Sink: sink, Kernel: simd.Current().Name}
	m.Wait, m.Decode, m.Parse, m.Count = p.Stages()
	return m
}

// metricsMode is the mode of the metrics file. It holds no ids, and the program
// that collects metrics is usually another user.
const metricsMode = 0o644

// summarise prints what was done and what proves it.
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

// noSource says that there is nothing to count.
func noSource(p *program) error {
	err := errors.New("no sources")
	if f, ok := p.stdin.(*os.File); ok {
		if info, statErr := f.Stat(); statErr == nil && (info.Mode()&fs.ModeNamedPipe != 0 || info.Mode().IsRegular()) {
			err = cli.Hint(err, "count standard input with: fastcount -")
		}
	}
	return cli.Misuse(err)
}

// config says how the sources are to be counted.
func (o *countOptions) config(p *program) (engine.Config, error) {
	if o.noHeader && (o.patient.Name != "" || o.event.Name != "") {
		return engine.Config{}, cli.Usagef("--no-header: without a header columns are chosen by number")
	}
	if o.rejects != "" && o.maxBadRows == 0 {
		return engine.Config{}, cli.Usage(cli.Hint(errors.New("--rejects: no rows are left out"), "leave out up to N rows with --max-bad-rows N"))
	}
	rangeSize, err := rangeSize(p.environ)
	if err != nil {
		return engine.Config{}, err
	}
	cfg := engine.Config{
		Jobs:      o.workers(),
		Transfers: int(o.transfers),
		Patient:   parser.Selector(o.patient),
		Event:     parser.Selector(o.event),

		AllowMismatch:  o.verify.Word == "warn",
		IgnoreDeclared: o.verify.Word == "off",
		AllowPartial:   o.allowPartial,
		MaxBadRows:     uint64(o.maxBadRows),
		KeepBadRows:    o.rejects != "",
		EscapeIDs:      o.utf8.Word == "escape",
		ShowData:       o.showData,

		Dialect:      parser.Dialect{Delimiter: o.delimiter.String(), NoHeader: o.noHeader},
		RecordLimits: parser.Limits{MaxRecord: int(o.maxRecord), MaxRecordLines: int(o.maxLines), MaxColumns: int(o.maxColumns)},
		Limits:       o.limits(),
		RangeSize:    rangeSize,
	}
	if err := cmp.Or(cfg.Validate(), useKernel(p.environ)); err != nil {
		return engine.Config{}, cli.Usage(err)
	}
	return cfg, nil
}

// useKernel selects the kernel that the environment names, if it names one.
func useKernel(environ []string) error {
	if name := cli.Variables(environ)[cli.KernelVariable]; name != "" {
		return simd.Use(name)
	}
	return nil
}

// tellPlan tells for --dry-run what the run would read and write.
func (o *countOptions) tellPlan(p *program, parts []engine.Part) error {
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
	if o.state != "" {
		fmt.Fprintf(&b, "  checkpoint to the directory %s\n", display.Line(o.state))
	}
	return p.print(b.String())
}

// destination names the file of an output.
func destination(file string) string {
	if file == "" {
		return "standard output"
	}
	return display.Line(file)
}

// extent is how much is to be read, as far as that is known beforehand.
type extent struct {
	rows, bytes    uint64
	declared, size bool // whether rows and bytes are known, of a sum those of any part
	unknown        int  // parts of which neither is
}

// extentOf returns how much there is of a part.
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

// rangeSize returns how many bytes of a file a worker is to count at once, 0
// where that is not set. Tests split small files with it.
func rangeSize(environ []string) (int64, error) {
	text := cli.Variables(environ)[cli.RangeVariable]
	if text == "" {
		return 0, nil
	}
	var n cli.Size
	if err := n.Set(text); err != nil {
		return 0, cli.Usage(fmt.Errorf("%s %q: %w", cli.RangeVariable, text, err))
	}
	return int64(n), nil
}
