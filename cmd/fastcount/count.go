package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"fastcount/engine"
	"fastcount/internal/checkpoint"
	"fastcount/internal/cli"
	"fastcount/internal/outfile"
	"fastcount/internal/resources"
	"fastcount/internal/simd"
	"fastcount/sources"
)

func newCount(p *program) *cobra.Command {
	o, s := new(countOptions), new(cli.FlagSet)
	f := s.Group("Sources")
	o.sourceFlags(f)
	o.inputFlags(f)
	o.csvFlags(s.Group("CSV"))
	s.Complete("COLUMN", o.completeColumns(p))
	s.Complete("COLUMNS", o.completeKeys(p))
	o.limitFlags(s.Group("Limits"))
	o.outputFlags(s.Group("Output"))
	f = s.Group("Transfer")
	o.transferFlags(f)
	o.verify = cli.NewChoice("strict", "strict", "warn", "off")
	f.Var(&o.verify, "verify", "how to treat downloads that disagree with their metadata; warn counts them and exits with 3")
	o.proofFlags(f)
	o.againstFlags(f)
	s.Complete("SPEC", completeSpecs)
	f.BoolVar(&o.allowPartial, "allow-partial", false, "if sources fail, write the result of the rest and exit with 3")
	cli.AddText(f, &o.state, "state", "DIR", "directory to keep finished parts in, and to continue from (see help state)")
	f.BoolVar(&o.grow, "grow", false, "add new sources to the finished parts in the directory of --state")
	f.Var(&o.maxDuration, "max-duration", "stop with exit code 10 after this time")
	o.workFlags(s.Group("Work"))
	f = s.Group("Scale")
	cli.AddText(f, &o.plan, "plan", "PLAN", "plan to count a shard of (see help scale)")
	cli.AddText(f, &o.shard, "shard", "I/N", "shard to count, from 0; auto/N takes I from the scheduler")
	cli.AddText(f, &o.outDir, "out-dir", "DIR", "directory for the partial result of the shard")
	return p.command(cli.DefaultCommand+" [flags] SOURCE...", "count files, globs, URLs, - for standard input, or export ids",
		s, o.run, o.completeSources(p))
}

// run counts the sources in args. It returns usage errors before it reads a
// row, and writes nothing before every source is verified.
func (o *countOptions) run(ctx context.Context, p *program, args []string) (err error) {
	if err := cmp.Or(o.open(p), o.checkQuiet(p)); err != nil {
		return err
	}
	if o.plan == "" {
		if err := o.checkWhole(p, args); err != nil {
			return err
		}
	}
	o.retrying = o.reporter.Retry
	defer resources.LimitMemory(ctx, resources.FlagLimit(uint64(o.maxMemory)), p.stop)()
	if o.maxDuration > 0 {
		defer time.AfterFunc(time.Duration(o.maxDuration), func() { p.stop(errTimeUp) }).Stop()
	}
	if o.plan != "" {
		return o.runShard(ctx, p, args)
	}
	if o.state != "" && !o.dryRun {
		o.known = checkpoint.Known(o.state)
	}
	found, err := o.resolve(p, args, uint64(o.maxWindow))
	if err != nil {
		return err
	}
	if err := o.keepable(p, found); err != nil {
		return err
	}
	cfg, err := o.config(p)
	if err != nil {
		return err
	}
	if err := cmp.Or(p.checkLimits(o.by.Names()), p.claimSources(found)); err != nil {
		return err
	}
	outputs, err := o.countOutputs(p)
	if err != nil {
		return err
	}
	if !o.dryRun {
		endProfile, err := o.profile.Start()
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, endProfile()) }()
	}
	old, err := o.openAgainst(ctx, p, (&engine.Report{By: o.by.Names()}).KeyNames())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, old.close()) }()
	o.about.Title = o.titleOf(args, found)
	return o.count(ctx, p, found, cfg, outputs, old)
}

// count counts sources, writes the result, and compares it with an older one
// unless old is nil.
func (o *countOptions) count(ctx context.Context, p *program, found []sources.Source, cfg engine.Config, outputs *outfile.Outputs, old *comparer) (err error) {
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
		return o.printDryRun(ctx, p, parts, cfg)
	}
	o.describe(found, parts)
	store, err := o.useState(p, remote, parts, &cfg)
	if err != nil {
		return err
	}
	if store != nil {
		defer func() { err = errors.Join(err, store.Close()) }()
	}
	probe(ctx, parts, cfg.Transfers)
	report, err := o.countParts(ctx, p, parts, &cfg)
	if err == nil && store != nil {
		err = flush(store)
	}
	if err != nil {
		return err
	}
	if err := p.warnEqualFiles(ctx, parts, report, store); err != nil {
		return err
	}
	counted := time.Now()
	if err := p.write(outputs, report); err != nil {
		return err
	}
	took := time.Since(begin)
	o.account.finished(report, took, time.Since(counted))
	o.summarise(p, report, found, took)
	compared := old.compare(p, report, o.showData)
	if len(report.Incomplete) > 0 {
		return errors.Join(compared, &incompleteError{report.Incomplete})
	}
	return compared
}

// countParts counts parts, shows the progress, and checks that the report has
// the proof that the flags require. It sets cfg.Progress.
func (o *countOptions) countParts(ctx context.Context, p *program, parts []engine.Part, cfg *engine.Config) (*engine.Report, error) {
	cfg.Progress, cfg.Retrying = new(engine.Progress), o.reporter.Retry
	o.account.started(cfg.Progress)
	stop := o.reporter.Show(ctx, cfg.Progress, parts, p.asked)
	report, err := engine.Run(ctx, parts, *cfg)
	stop()
	if err != nil {
		return nil, err
	}
	if err := o.checkProof(report); err != nil {
		return nil, err
	}
	if len(report.Incomplete) == 0 {
		o.reporter.Verified(report.Rows, report.Proof())
	}
	return report, nil
}

// checkWhole returns an error if the command line does not describe a count
// without a plan.
func (o *countOptions) checkWhole(p *program, args []string) error {
	const plan = "name the plan with --plan PLAN; 'fastcount plan' writes one"
	switch {
	case o.shard != "":
		return cli.Usage(cli.Hint(errors.New("--shard: no --plan"), plan))
	case len(args) == 0 && o.filesFrom == "":
		return cmp.Or(p.refuseAll([]string{"out-dir"}, "no --plan", plan), noSource(p))
	}
	return cmp.Or(p.refuseAll([]string{"out-dir"}, "no --plan", plan), o.checkCredentials(p))
}

// noSource returns the error for a command line without a source.
func noSource(p *program) error {
	err := errors.New("no sources")
	if f, ok := p.stdin.(*os.File); ok {
		if info, statErr := f.Stat(); statErr == nil && (info.Mode()&fs.ModeNamedPipe != 0 || info.Mode().IsRegular()) {
			err = cli.Hint(err, "count standard input with: fastcount -")
		}
	}
	return cli.Misuse(err)
}

// config returns the configuration of the engine.
func (o *countOptions) config(p *program) (engine.Config, error) {
	if o.maxBadRows == 0 {
		if err := p.refuseAll([]string{"rejects"}, "no rows are left out", "leave out up to N rows with --max-bad-rows N"); err != nil {
			return engine.Config{}, err
		}
		o.rejects = ""
	}
	rangeSize, err := rangeSize(p.environ)
	if err != nil {
		return engine.Config{}, err
	}
	cfg := engine.Config{
		Jobs:      o.workers(),
		Transfers: int(o.transfers),

		AllowMismatch:  o.verify.Word == "warn",
		IgnoreDeclared: o.verify.Word == "off",
		AllowPartial:   o.allowPartial,
		MaxBadRows:     uint64(o.maxBadRows),
		KeepBadRows:    o.rejects != "",
		ShowData:       o.showData,

		RecordLimits: o.parserLimits(),
		Limits:       o.limits(),
		RangeSize:    rangeSize,
	}
	if err := o.setDialect(&cfg); err != nil {
		return engine.Config{}, err
	}
	if err := cmp.Or(cfg.Validate(), useKernel(p.environ)); err != nil {
		return engine.Config{}, cli.Usage(err)
	}
	return cfg, nil
}

// useKernel selects the kernel in the environment, if one is set.
func useKernel(environ []string) error {
	if name := cli.Variables(environ)[cli.KernelVariable]; name != "" {
		return simd.Use(name)
	}
	return nil
}

// rangeSize returns the size of the byte ranges of files in the environment, or
// 0 if it is not set. Tests split small files with it.
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
