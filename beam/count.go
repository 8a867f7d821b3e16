package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"fastcount/engine"
	"fastcount/internal/plan"
	"fastcount/sources"
)

// shareOut gives the numbers of the shards of a plan in which there is something.
type shareOut struct{ Job job }

// ProcessElement gets the plan's path, which is that of the job.
func (f *shareOut) ProcessElement(_ string, emit func(int)) error {
	work, err := f.Job.read()
	if err != nil {
		return err
	}
	for shard := range f.Job.Shards {
		if from, to := work.Stretch(shard, f.Job.Shards); from < to {
			emit(shard)
		}
	}
	return nil
}

// countShard counts a shard. Runners make several of it in one process.
type countShard struct {
	Job job

	work    *plan.Plan
	clients map[string]*sources.Client // by server
}

// Setup is called once, before the first shard.
func (f *countShard) Setup() (err error) {
	f.clients = make(map[string]*sources.Client)
	if f.work, err = f.Job.read(); err != nil {
		return err
	}
	return f.work.CheckServer(os.Getenv("FASTCOUNT_SERVER"), token() != "")
}

// Teardown is called after the last shard.
func (f *countShard) Teardown() {
	for _, c := range f.clients {
		c.Close()
	}
}

// ProcessElement returns the group of a shard, and its partial result once all of it has been read: a runner that
// begins it again throws away nothing but that.
func (f *countShard) ProcessElement(ctx context.Context, shard int) (int, []byte, error) {
	table, err := f.count(ctx, shard)
	if err != nil {
		return 0, nil, fmt.Errorf("shard %d/%d: %w", shard, f.Job.Shards, err)
	}
	return f.Job.group(shard), table, nil
}

func (f *countShard) count(ctx context.Context, shard int) ([]byte, error) {
	parts, err := f.work.Parts(ctx, f.work.Shard(shard, f.Job.Shards), sources.LocalOptions{}, f.client)
	if err != nil {
		return nil, err
	}
	cfg := engine.Config{Limits: f.Job.Limits}
	f.work.Rules.Config(&cfg)
	report, err := engine.Run(ctx, parts, cfg)
	if err != nil {
		return nil, err
	}
	beam.NewCounter("fastcount", "rows").Inc(ctx, int64(report.Rows)) // for the runner's page; shards begun again count twice
	return pack(func(w io.Writer) error { return f.work.WriteShard(w, shard, f.Job.Shards, report) })
}

// token returns the token of the server that FASTCOUNT_SERVER names. It is in the
// environment of the worker, where no runner shows it.
func token() string { return strings.TrimSpace(os.Getenv("FASTCOUNT_TOKEN")) }

// client returns the client of the server of the plan. Setup has checked that it
// may receive the token, if there is one.
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
