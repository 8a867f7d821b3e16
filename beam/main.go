// Command fastcount-beam counts a plan of fastcount on Apache Beam: on Flink, Spark or Dataflow, or on Prism, which it
// holds itself. The result is that of fastcount, byte for byte.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
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

// runnerNames are the values of --runner, a flag of Beam's; the first one is the default.
var runnerNames = []string{"prism", "flink", "spark", "dataflow"}

// options are the flags that are not Beam's.
type options struct {
	job
	workerPool string
	logLevel   string
}

func main() {
	var o options
	o.define(flag.CommandLine)
	flag.Parse()
	log.SetupLogging(o.logLevel, "text")
	registerAll()
	beam.Init() // returns only where this process is not a worker that a runner has started

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := o.run(ctx, flag.Args()); err != nil {
		fmt.Fprintf(os.Stderr, "fastcount-beam: %v\n", err)
		os.Exit(1)
	}
}

// define adds the flags to those of Beam.
func (o *options) define(f *flag.FlagSet) {
	f.StringVar(&o.Plan, "plan", "", "the plan, as 'fastcount plan' writes it: a path that is good on every worker")
	f.IntVar(&o.Shards, "shards", 0, "into how many shards the work is cut; one to four for each slot of the runner")
	f.StringVar(&o.Output, "output", "", "the file of the result: a path in a folder that all workers share")
	f.StringVar(&o.Sink, "sink", "json", "the format of the result, as for fastcount")
	f.IntVar(&o.Limits.Patients, "max-patients", 0, "most distinct patient ids (0 is the default of fastcount)")
	f.IntVar(&o.Limits.Events, "max-events", 0, "most distinct event types (0 is the default of fastcount)")
	f.IntVar(&o.Limits.Pairs, "max-pairs", 0, "most distinct pairs of patient and event type (0 is the default of fastcount)")
	f.StringVar(&o.workerPool, "worker-pool", "", "serve as a pool of workers at this port, such as :50000, and run no job")
	f.StringVar(&o.logLevel, "log-level", "warn", "what Beam logs: debug, info, warn or error")
}

func (o *options) run(ctx context.Context, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%q is no flag; a plan is named with --plan", args[0])
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

// sendThisBinary lets workers that run in containers get this program. Beam would else compile one.
func sendThisBinary() (err error) {
	if *jobopts.WorkerBinary == "" {
		*jobopts.WorkerBinary, err = os.Executable()
	}
	return err
}

// runJob runs the pipeline to its end, and looks whether it came to a good one.
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
	// Beam takes a job that was cancelled for one that is done.
	after, err := stat(o.Output)
	if err == nil && !replaced(before, after) {
		err = errors.New("the job has ended without a result: it was cancelled")
	}
	return err
}
