package main

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"fastcount/engine"
	"fastcount/internal/outfile"
	"fastcount/internal/progress"
	"fastcount/internal/resources"
	"fastcount/internal/simd"
	"fastcount/parser"
	"fastcount/sources"
)

// run counts the sources that args name. Everything that can be refused is refused before the first row is read, and
// nothing is written before the last one is verified.
func (o *countOptions) run(ctx context.Context, p *program, args []string) (err error) {
	switch {
	case o.plan != "":
	case o.shard != "" || o.outDir != "":
		return clash("--shard and --out-dir go with --plan")
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
	found, err := o.resolve(p, args)
	if err != nil {
		return err
	}
	if err := o.keepable(found); err != nil {
		return err
	}
	cfg, err := o.config(p, found)
	if err != nil {
		return err
	}
	if err := p.claimSources(found); err != nil {
		return err
	}
	outputs, err := o.outputs(p)
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
	cfg.Progress = new(engine.Progress)
	stop := progress.Show(ctx, p.ui, o.progress.word, cfg.Progress, parts, p.asked)
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
	p.summarise(report, found, took, cfg.Verify)
	err = o.tellStats(p, report, measured{wall: took, sink: time.Since(counted), stages: cfg.Progress.Stages(), kernel: simd.Current().Name})
	if err != nil {
		return err
	}
	if len(report.Incomplete) > 0 {
		return &incompleteError{report.Incomplete}
	}
	return nil
}

// noSource says that there is nothing to count.
func noSource(p *program) error {
	err := errors.New("no sources")
	if f, ok := p.stdin.(*os.File); ok {
		if info, statErr := f.Stat(); statErr == nil && (info.Mode()&fs.ModeNamedPipe != 0 || info.Mode().IsRegular()) {
			err = hinted(err, "count standard input with: fastcount -")
		}
	}
	return misuse(err)
}

// config says how the sources are to be counted.
func (o *countOptions) config(p *program, found []sources.Source) (engine.Config, error) {
	if o.noHeader && (o.patient.Name != "" || o.event.Name != "") {
		return engine.Config{}, clash("--no-header: without a header columns are chosen by number")
	}
	if o.rejects != "" && o.maxBadRows == 0 {
		return engine.Config{}, usage(hinted(errors.New("--rejects: no rows are left out"), "leave out up to N rows with --max-bad-rows N"))
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

		Verify:       verifying[o.verify.word],
		AllowPartial: o.allowPartial,
		MaxBadRows:   uint64(o.maxBadRows),
		KeepBadRows:  o.rejects != "",
		EscapeIDs:    o.utf8.word == "escape",
		ShowData:     o.showData,

		Dialect:      parser.Dialect{Delimiter: byte(o.delimiter), NoHeader: o.noHeader},
		RecordLimits: parser.Limits{MaxRecord: int(o.maxRecord), MaxRecordLines: int(o.maxLines), MaxColumns: int(o.maxColumns)},
		Limits:       o.limits(),
		RangeSize:    rangeSize,
	}
	if err := cmp.Or(cfg.Validate(), useKernel(p.environ)); err != nil {
		return engine.Config{}, usage(err)
	}
	return cfg, nil
}

// useKernel selects the kernel that the environment names, if it names one.
func useKernel(environ []string) error {
	if name := variables(environ)[kernelVariable]; name != "" {
		return simd.Use(name)
	}
	return nil
}

// verifying are the words of --verify.
var verifying = map[string]engine.Verify{"strict": engine.VerifyStrict, "warn": engine.VerifyWarn, "off": engine.VerifyOff}
