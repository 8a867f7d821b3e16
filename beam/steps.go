package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"fastcount/engine"
	"fastcount/internal/atomicfile"
	"fastcount/internal/merge"
	"fastcount/internal/plan"
	"fastcount/sources"
)

// listShards emits the numbers of the shards of a plan that are not empty.
type listShards struct{ Job job }

// ProcessElement ignores its input, which is the path of the plan.
func (f *listShards) ProcessElement(_ string, emit func(int)) error {
	p, err := f.Job.read()
	if err != nil {
		return err
	}
	for shard := range f.Job.Shards {
		if from, to := p.Interval(shard, f.Job.Shards); from < to {
			emit(shard)
		}
	}
	return nil
}

// countShard counts shards. Runners process several shards in one process.
type countShard struct {
	Job job

	plan    *plan.Plan
	clients map[string]*sources.Client // by server
}

// Setup is called once before the first shard.
func (f *countShard) Setup() (err error) {
	f.clients = make(map[string]*sources.Client)
	if f.plan, err = f.Job.read(); err != nil {
		return err
	}
	return f.plan.CheckServer(os.Getenv("FASTCOUNT_SERVER"), token() != "")
}

// Teardown is called after the last shard.
func (f *countShard) Teardown() {
	for _, c := range f.clients {
		c.Close()
	}
}

// ProcessElement returns the group and the partial result of a shard, after all
// of it has been read. A runner can repeat it.
func (f *countShard) ProcessElement(ctx context.Context, shard int) (int, []byte, error) {
	partial, err := f.count(ctx, shard)
	if err != nil {
		return 0, nil, fmt.Errorf("shard %d/%d: %w", shard, f.Job.Shards, err)
	}
	return f.Job.group(shard), partial, nil
}

func (f *countShard) count(ctx context.Context, shard int) ([]byte, error) {
	parts, err := f.plan.Parts(ctx, f.plan.Shard(shard, f.Job.Shards), sources.LocalOptions{}, f.client)
	if err != nil {
		return nil, err
	}
	cfg := engine.Config{Limits: f.Job.Limits}
	f.plan.Rules.Config(&cfg)
	report, err := engine.Run(ctx, parts, cfg)
	if err != nil {
		return nil, err
	}
	// The counter is for display only: it includes repeated shards twice.
	beam.NewCounter("fastcount", "rows").Inc(ctx, int64(report.Rows))
	return pack(func(w io.Writer) error { return f.plan.WriteShard(w, shard, f.Job.Shards, report) })
}

// token returns the token of the server that FASTCOUNT_SERVER names. It is in
// the environment of the worker, which runners do not display.
func token() string { return strings.TrimSpace(os.Getenv("FASTCOUNT_TOKEN")) }

// client returns the client of the server of the plan. Setup has checked that
// it may receive the token, if there is one.
func (f *countShard) client(server string) (*sources.Client, error) {
	if c := f.clients[server]; c != nil {
		return c, nil
	}
	c, err := sources.NewClient(sources.Options{Server: server, Token: token(), UserAgent: "fastcount-beam"})
	if err == nil {
		f.clients[server] = c
	}
	return c, err
}

// addGroup merges the partial results of a group of shards.
type addGroup struct{}

// ProcessElement returns the sum of a group. All sums have the same key, so
// that writeResult receives all of them.
func (f *addGroup) ProcessElement(_ int, partials func(*[]byte) bool) (key int, sum []byte, err error) {
	err = withSet(partials, func(set *merge.Set, dir string) error {
		path := filepath.Join(dir, "sum")
		if err := set.ToPartial(atomicfile.OS{}, path, dir); err != nil {
			return err
		}
		sum, err = packFile(path)
		return err
	})
	return 0, sum, err
}

// writeResult merges the sums of all groups and writes the result atomically,
// if it is complete. A runner can repeat it.
type writeResult struct{ Job job }

// ProcessElement processes the sums of all groups.
func (f *writeResult) ProcessElement(_ int, sums func(*[]byte) bool) error {
	return withSet(sums, func(set *merge.Set, _ string) error {
		if set.Job != f.Job.PlanID {
			return fmt.Errorf("%w: the job has another plan", merge.ErrOtherJob)
		}
		report, err := set.Report(f.Job.Limits)
		if err != nil {
			return err
		}
		outputs, err := f.Job.outputs(new(atomicfile.Claims))
		if err != nil {
			return err
		}
		_, err = outputs.Write(io.Discard, report)
		return err
	})
}

// registerAll registers the steps of the pipeline by name, without which a
// stripped program cannot find them. It must be called before beam.Init.
func registerAll() {
	register.DoFn2x1[string, func(int), error](&listShards{})
	register.DoFn2x3[context.Context, int, int, []byte, error](&countShard{})
	register.DoFn2x3[int, func(*[]byte) bool, int, []byte, error](&addGroup{})
	register.DoFn2x1[int, func(*[]byte) bool, error](&writeResult{})
	register.Emitter1[int]()
	register.Iter1[[]byte]()
}
