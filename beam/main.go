// Command fastcount-beam counts a plan of fastcount on Apache Beam: on Flink,
// Spark or Dataflow, or on Prism, which is part of the program. The result is
// byte for byte that of fastcount.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/log"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/options/jobopts"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/runners/dataflow"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/runners/flink"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/runners/prism"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/runners/spark"
)

// runnerNames are the values of --runner, a flag of Beam. The first is the
// default.
var runnerNames = []string{"prism", "flink", "spark", "dataflow"}

// options holds the flags that are not flags of Beam.
type options struct {
	job
	workerPool string
	logLevel   string
}

// gcPercent is GOGC unless that is set. A worker counts one shard after
// another, each of which leaves tables as large as those of the next: with the
// default of 100, it holds almost twice the memory.
const gcPercent = 50

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	var o options
	o.define(flag.CommandLine)
	flag.Parse()
	log.SetupLogging(o.logLevel, "text")
	registerAll()
	beam.Init() // does not return in a worker that a runner has started

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := o.run(ctx, flag.Args()); err != nil {
		fmt.Fprintf(os.Stderr, "fastcount-beam: %v\n", err)
		os.Exit(1)
	}
}

// define defines the flags.
func (o *options) define(f *flag.FlagSet) {
	f.StringVar(&o.Plan, "plan", "", "`FILE` written by 'fastcount plan'; the path must be valid on every worker")
	f.IntVar(&o.Shards, "shards", 0, "number of shards; one to four per slot of the runner")
	f.StringVar(&o.Output, "output", "", "`FILE` for the result, in a directory that all workers share")
	f.StringVar(&o.Sink, "sink", "json", "format of the result, as for fastcount")
	f.IntVar(&o.Limits.Patients, "max-patients", 0, "limit of distinct patient ids (0: as for fastcount)")
	f.IntVar(&o.Limits.Events, "max-events", 0, "limit of distinct event types (0: as for fastcount)")
	f.IntVar(&o.Limits.Pairs, "max-pairs", 0, "limit of distinct pairs of patient and event type (0: as for fastcount)")
	f.StringVar(&o.workerPool, "worker-pool", "", "serve as a pool of workers at `:PORT` and run no job")
	f.StringVar(&o.logLevel, "log-level", "warn", "log level of Beam: debug, info, warn or error")
}

func (o *options) run(ctx context.Context, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%q: unexpected argument; name the plan with --plan", args[0])
	}
	if o.workerPool != "" {
		return serveWorkers(ctx, o.workerPool)
	}
	if *runners.Runner == "" {
		*runners.Runner = runnerNames[0]
	}
	if !slices.Contains(runnerNames, *runners.Runner) {
		return fmt.Errorf("--runner %q: want one of %s", *runners.Runner, strings.Join(runnerNames, ", "))
	}
	if err := sendThisBinary(); err != nil {
		return err
	}
	return o.runJob(ctx)
}

// sendThisBinary makes workers in containers run this program. By default, Beam
// compiles one.
func sendThisBinary() (err error) {
	if *jobopts.WorkerBinary == "" {
		*jobopts.WorkerBinary, err = os.Executable()
	}
	return err
}

// runJob runs the pipeline and verifies that it has written a result.
func (o *options) runJob(ctx context.Context) error {
	if err := o.check(); err != nil {
		return err
	}
	before, err := stat(o.Output)
	if err != nil {
		return err
	}
	if _, err := beam.Run(ctx, *runners.Runner, o.pipeline()); err != nil {
		return err
	}
	if *jobopts.Async {
		return nil
	}
	// Beam reports a cancelled job as done.
	after, err := stat(o.Output)
	if err == nil && !replaced(before, after) {
		err = errors.New("the job ended without a result: it was cancelled")
	}
	return err
}
