package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"fastcount/engine"
	"fastcount/internal/cli"
	"fastcount/internal/human"
	"fastcount/internal/plan"
	"fastcount/internal/progress"
	"fastcount/internal/stdout"
	"fastcount/sources"
)

// planOptions are the flags of plan.
type planOptions struct {
	inputOptions
	dialectOptions
	recordLimits
	scan bool
}

func newPlan(p *program) *cobra.Command {
	o, s := new(planOptions), new(cli.FlagSet)
	f := s.Group("Sources")
	o.sourceFlags(f)
	o.inputFlags(f)
	o.dialectFlags(s.Group("CSV"))
	s.Complete("COLUMN", o.completeColumns(p))
	s.Complete("COLUMNS", o.completeKeys(p))
	o.transferFlags(s.Group("Transfer"))
	f = s.Group("Plan")
	f.BoolVar(&o.scan, "scan", false, "read plain files and URLs once to cut them where no quote is open")
	o.recordFlags(f)
	f.BoolP("quiet", "q", false, "do not print the closing line")
	return p.command("plan [flags] SOURCE... > PLAN", "split a job into shards for several machines", s, o.run, o.completeSources(p))
}

// run writes a plan for the sources to standard output.
func (o *planOptions) run(ctx context.Context, p *program, args []string) error {
	if len(args) == 0 && o.filesFrom == "" {
		return noSource(p)
	}
	if err := cmp.Or(o.checkCredentials(p), stdout.Check(p.stdout)); err != nil {
		return err
	}
	found, err := o.resolve(p, args, 0)
	if err != nil {
		return err
	}
	for _, s := range found {
		if s.Kind == sources.KindStdin {
			return cli.Usage(cli.Hint(fmt.Errorf("%s: not a file, a URL or an export", s.Name), "save it to a file first: the workers must be able to open it again"))
		}
	}
	if err := p.claimSources(found); err != nil {
		return err
	}
	cfg, err := o.config(p)
	if err != nil {
		return err
	}
	o.retrying = progress.New(p.ui, "log").Retry
	remote, err := o.connect(p, found, 0)
	if err != nil {
		return err
	}
	defer remote.close()
	entries, err := o.entries(ctx, p, remote, found, cfg)
	if err != nil {
		return err
	}
	if err := p.warnEqualInPlan(ctx, found, cfg); err != nil {
		return err
	}
	if err := plan.Write(stdout.NewWriter(p.stdout), o.rules(cfg), entries); err != nil {
		return err
	}
	job := plan.Plan{Entries: entries}
	for _, e := range entries {
		job.Total += e.Weight
	}
	p.ui.Info("%s, about %s of CSV; at most %s", human.Numbered(len(entries), "entry", "entries"), human.Bytes(uint64(job.Total)), usefulShards(&job))
	return nil
}

// usefulShards returns how many shards of a plan are useful.
func usefulShards(p *plan.Plan) string {
	if n := p.MaxShards(); n > 1 {
		return fmt.Sprintf("%d shards are useful", n)
	}
	return "1 shard is useful"
}

// config returns the configuration of the engine for reading the sources.
func (o *planOptions) config(p *program) (cfg engine.Config, err error) {
	if !o.scan {
		if err := p.refuseAll([]string{"max-record", "max-record-lines", "max-columns"}, "no effect without --scan", "give it to the shards, or set --scan"); err != nil {
			return cfg, err
		}
	}
	cfg.RecordLimits = o.parserLimits()
	if err := o.setDialect(&cfg); err != nil {
		return cfg, err
	}
	if err := cmp.Or(cfg.Validate(), useKernel(p.environ)); err != nil {
		return cfg, cli.Usage(err)
	}
	return cfg, nil
}

// rules returns the flags that apply to all shards.
func (o *planOptions) rules(cfg engine.Config) plan.Rules {
	return plan.Rules{
		Dialect: plan.Dialect(cfg.Dialect), Patient: plan.NewColumn(cfg.Patient), Event: plan.NewColumn(cfg.Event), By: plan.NewKeys(cfg.By),
		EscapeIDs: o.utf8.Word == "escape", AllowDuplicateIDs: o.allowDuplicateIDs, Pre: o.pre.String(),
	}
}

// entries returns the entries of the plan.
func (o *planOptions) entries(ctx context.Context, p *program, r *remote, found []sources.Source, cfg engine.Config) ([]plan.Entry, error) {
	var entries []plan.Entry
	for _, s := range found {
		switch s.Kind {
		case sources.KindFile:
			e, err := plan.NewFile(ctx, s.Part)
			if errors.Is(err, plan.ErrUnplannable) {
				err = cli.Usage(err)
			}
			if err == nil {
				e.File.Whole = e.File.Whole || o.skipFooter > 0
				err = o.scanEntry(ctx, &e, s.Part, cfg)
			}
			if err != nil {
				return nil, err
			}
			entries = append(entries, e)
		case sources.KindURL:
			e, err := o.urlEntry(ctx, p, r, s, cfg)
			if err != nil {
				return nil, err
			}
			entries = append(entries, e)
		default:
			downloads, err := r.export(ctx, s.Value)
			if err != nil {
				return nil, err
			}
			for _, d := range downloads {
				entries = append(entries, plan.NewDownload(r.planned(), s.Value, d))
			}
		}
	}
	return entries, nil
}

// scanEntry scans an entry, if the flags request that.
func (o *planOptions) scanEntry(ctx context.Context, e *plan.Entry, part engine.Part, cfg engine.Config) error {
	if !o.scan {
		return nil
	}
	if err := plan.Scan(ctx, e, part, cfg); err != nil {
		return fmt.Errorf("%s: %w", part.Name(), err)
	}
	return nil
}

// urlEntry returns the entry of a URL. It warns if its query may be a secret,
// and reports if it cannot be split.
func (o *planOptions) urlEntry(ctx context.Context, p *program, r *remote, s sources.Source, cfg engine.Config) (plan.Entry, error) {
	u, err := r.URL(s.Value, s.Name)
	if err == nil {
		err = r.downloads.AddURL(u)
	}
	if err != nil {
		return plan.Entry{}, err
	}
	// The end of this context closes a response that holds all data.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	e, err := plan.NewURL(ctx, s.Value, u)
	if err != nil {
		return e, err
	}
	if strings.Contains(s.Value, "?") {
		p.ui.Warn(s.Name + ": the plan contains the query of this URL, which may be a secret")
	}
	if e.URL.Validator == "" {
		p.ui.Info("%s: its server does not send byte ranges of it, so one shard counts it", s.Name)
	}
	e.URL.Whole = e.URL.Whole || o.skipFooter > 0
	return e, o.scanEntry(ctx, &e, u, cfg)
}

// planned returns the server as it is written in a plan: "" is the built-in
// one.
func (r *remote) planned() string {
	if r.mock != nil {
		return ""
	}
	return r.Server()
}
