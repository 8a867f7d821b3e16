package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"fastcount/engine"
	"fastcount/internal/atomicfile"
	"fastcount/internal/cli"
	"fastcount/internal/credentials"
	"fastcount/internal/human"
	"fastcount/internal/merge"
	"fastcount/internal/plan"
	"fastcount/internal/scheduler"
	"fastcount/internal/stats"
	"fastcount/sources"
)

// scaleOptions are the flags about the shard of a plan.
type scaleOptions struct {
	plan   string
	shard  string
	outDir string
}

// shard is a shard of a plan.
type shard struct {
	plan         *plan.Plan
	index, count int
	file         string // of its partial result
}

// runShard counts a shard of a plan, and writes its partial result.
func (o *countOptions) runShard(ctx context.Context, p *program, args []string) (err error) {
	if err := o.checkShard(p, args); err != nil {
		return err
	}
	s, err := o.readShard(p.environ)
	if err != nil {
		return err
	}
	if err := s.claim(p); err != nil {
		return err
	}
	endProfile, err := o.profile.Start()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, endProfile()) }()
	cfg, err := o.config(p)
	if err != nil {
		return err
	}
	s.plan.Rules.Config(&cfg)
	if err := p.checkLimits(s.plan.Rules.KeyNames()); err != nil {
		return err
	}
	return o.countShard(ctx, p, s, cfg)
}

// readShard reads the plan, and the shard that the flags or the scheduler name.
func (o *countOptions) readShard(environ []string) (s shard, err error) {
	if s.index, s.count, err = parseShard(o.shard, environ); err != nil {
		return s, cli.Usage(err)
	}
	if s.plan, err = plan.Read(o.plan); err != nil {
		return s, fmt.Errorf("--plan: %w", err)
	}
	s.file = filepath.Join(o.outDir, fmt.Sprintf("shard-%06d-of-%06d%s", s.index, s.count, merge.Suffix))
	return s, nil
}

// countShard counts the entries of a shard and writes its partial result.
func (o *countOptions) countShard(ctx context.Context, p *program, s shard, cfg engine.Config) error {
	begin := time.Now()
	client, err := o.planClient(p, s.plan)
	if err != nil {
		return err
	}
	defer client.close()
	local, err := o.localOptions(uint64(o.maxWindow))
	if err != nil {
		return err
	}
	parts, err := s.plan.Parts(ctx, s.plan.Shard(s.index, s.count), local, client.get)
	if err != nil {
		return err
	}
	report, err := o.countParts(ctx, p, parts, &cfg)
	if err != nil {
		return plan.Changed(err)
	}
	counted := time.Now()
	if err := s.write(report); err != nil {
		return err
	}
	took := time.Since(begin)
	o.account.finished(report, took, time.Since(counted))
	p.listParts(report)
	if len(parts) == 0 {
		p.ui.Info("shard %d/%d: nothing to count: the plan has no entry for it, and at most %s; %s", s.index, s.count, usefulShards(s.plan), s.file)
		return nil
	}
	p.ui.Info("shard %d/%d: %s, %s in %s%s; %s", s.index, s.count, human.Rows(report.Rows), human.Bytes(report.Bytes),
		human.Duration(took), stats.Notes(report.Parts), s.file)
	return nil
}

// claim records the files of the plan and the file of the result.
func (s shard) claim(p *program) error {
	for _, e := range s.plan.Entries {
		if e.File == nil {
			continue
		}
		path := s.plan.Path(e.File)
		if err := p.claim(atomicfile.Reads, "the source "+path, path); err != nil {
			return err
		}
	}
	return p.claim(atomicfile.Writes, "the partial result "+s.file, s.file)
}

// checkShard returns an error if a flag is set that does not apply to a shard.
func (o *countOptions) checkShard(p *program, args []string) error {
	switch {
	case o.shard == "" || o.outDir == "":
		return cli.Usage(cli.Hint(errors.New("--plan: no --shard or no --out-dir"),
			"name both, such as: fastcount --plan work.plan --shard 3/64 --out-dir parts"))
	case len(args) > 0:
		return cli.Usage(cli.Hint(errors.New("--plan: sources on the command line"), "name the sources when you make the plan: fastcount plan SOURCE..."))
	}
	for _, r := range notOfShard() {
		if name := p.set(r.flags); name != "" {
			return cli.Usage(cli.Hint(fmt.Errorf("--%s: not with --plan: %s", name, r.why), r.hint))
		}
	}
	return cmp.Or(
		p.refuseAll([]string{"allow"}, "nothing to compare with", "merge the partial results, and compare with fastcount diff"),
		p.refuseAll(append([]string{"rejects"}, outputFlags...), "a shard has no output other than its partial result", "give it to fastcount merge instead"),
	)
}

// flagRule is a reason why some flags are refused, and what to do instead.
type flagRule struct {
	flags     []string
	why, hint string
}

// notOfShard returns the flags that are refused for a shard, also as variables.
func notOfShard() []flagRule {
	return []flagRule{
		{recordedFlags(), "the plan records how sources are read", "give it to fastcount plan instead"},
		{[]string{"files-from"}, "the plan lists the sources", "give it to fastcount plan instead"},
		{[]string{"against"}, "a shard has only some of the rows", "merge the partial results, and compare with fastcount diff"},
		{[]string{"expect-rows"}, "a shard has only some of the rows", "give it to fastcount merge instead"},
		{[]string{"allow-partial", "max-bad-rows", "verify", "state", "grow"}, "a shard is complete or absent", "count without a plan to accept less, or to continue"},
		{[]string{"dry-run"}, "it is about sources", "give it to a count of the sources without a plan"},
	}
}

// recordedFlags returns the names of the flags that a plan records.
func recordedFlags() []string {
	names := []string{"member", "allow-duplicate-ids"}
	f := pflag.NewFlagSet("", pflag.ContinueOnError)
	new(dialectOptions).dialectFlags(f)
	f.VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return names
}

// parseShard parses i/n or auto/n. The index i begins at 0; auto is the task
// number that the scheduler sets.
func parseShard(text string, environ []string) (index, count int, err error) {
	first, second, ok := strings.Cut(text, "/")
	if count, err = strconv.Atoi(second); !ok || err != nil || count < 1 {
		return 0, 0, fmt.Errorf("--shard %q: want I/N or auto/N, such as 3/64", text)
	}
	if first == "auto" {
		index, err = scheduler.TaskIndex(environ)
		if err != nil {
			err = fmt.Errorf("--shard auto: %w", err)
		}
		if errors.Is(err, scheduler.ErrNoIndex) {
			err = cli.Hint(err, "see 'fastcount help scale' for the variables")
		}
	} else if index, err = strconv.Atoi(first); err != nil {
		err = fmt.Errorf("--shard %q: want I/N or auto/N, such as 3/64", text)
	}
	if err == nil && (index < 0 || index >= count) {
		err = fmt.Errorf("--shard %s: %d out of range; want 0 to %d", text, index, count-1)
	}
	return index, count, err
}

// write writes the partial result of a shard.
func (s shard) write(r *engine.Report) error {
	if err := os.MkdirAll(filepath.Dir(s.file), 0o700); err != nil {
		return err
	}
	return atomicfile.Write(atomicfile.OS{}, s.file, func(w io.Writer) error {
		return s.plan.WriteShard(w, s.index, s.count, r)
	})
}

// planClient makes the client for the downloads and URLs of a plan when it is
// first needed.
type planClient struct {
	p           *program
	o           *countOptions
	downloads   bool // the plan has downloads
	credentials credentials.Credentials
	remote      *remote
}

// planClient returns a client that sends credentials only to the server that
// --server names.
func (o *countOptions) planClient(p *program, work *plan.Plan) (*planClient, error) {
	c, err := o.credentials(p)
	if err != nil {
		return nil, err
	}
	err = work.CheckServer(o.server, c.Any())
	switch {
	case errors.Is(err, plan.ErrOtherServer):
		return nil, cli.Usagef("--server: %w", err)
	case errors.Is(err, plan.ErrSecrets):
		return nil, cli.Usage(cli.Hint(err, "name that server with --server if the token and the headers are for it; "+
			"otherwise leave out --token-file, --header, --header-file and "+cli.TokenVariable))
	}
	if err == nil {
		err = o.checkCredentials(p)
	}
	o.planned = true
	_, downloads := work.Server()
	return &planClient{p: p, o: o, downloads: downloads, credentials: c}, err
}

// get returns the client of the server of the plan, "" for the built-in one. If
// the plan has no downloads, it is for URLs alone.
func (c *planClient) get(server string) (_ *sources.Client, err error) {
	switch {
	case c.remote != nil:
	case server == "" && c.downloads:
		c.remote, err = c.o.dialBuiltin(c.p, uint64(c.o.maxWindow), "counting built-in mock exports")
	case c.o.server == "":
		c.remote, err = c.o.dialServer(server, credentials.Credentials{}, uint64(c.o.maxWindow))
	default:
		c.remote, err = c.o.dialServer(c.o.server, c.credentials, uint64(c.o.maxWindow))
	}
	if err != nil {
		return nil, err
	}
	return c.remote.Client, nil
}

func (c *planClient) close() {
	if c.remote != nil {
		c.remote.close()
	}
}
