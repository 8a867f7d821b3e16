package main

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"fastcount/engine"
	"fastcount/internal/plan"
	"fastcount/internal/wholefile"
	"fastcount/sinks"
)

// job is what every worker must know. It travels as JSON within the pipeline, which runners keep and show: it holds no
// secret.
type job struct {
	Plan   string // an absolute path
	Work   string // the digest of the plan: a worker that finds another one stops
	Shards int
	Limits engine.Limits
	Output string // an absolute path
	Sink   string // the name of a format
}

// pipeline counts shards apart, adds each group of neighbouring ones up, and then the groups. What flows are partial
// results of package engine, in whole: each says which stretch of the work it covers, and which ranges of which files,
// and has a checksum. A sum of them is another one, so that the last step can prove that nothing is missing and nothing
// in it twice, as 'fastcount merge' does, whatever a runner has begun again.
func (j job) pipeline() *beam.Pipeline {
	p, s := beam.NewPipelineWithRoot()
	shards := beam.ParDo(s.Scope("shards"), &shareOut{j}, beam.Create(s, j.Plan))
	counted := beam.ParDo(s.Scope("count"), &countShard{Job: j}, beam.Reshuffle(s, shards))
	groups := beam.ParDo(s.Scope("group"), &addGroup{}, beam.GroupByKey(s, counted))
	beam.ParDo0(s.Scope("result"), &writeResult{j}, beam.GroupByKey(s, groups))
	return p
}

// group is the group of a shard: there are about as many groups as shards in each.
func (j job) group(shard int) int {
	return shard / int(math.Ceil(math.Sqrt(float64(j.Shards))))
}

// check completes the job and finds, before the work begins, what would only fail after it.
func (j *job) check() (err error) {
	if j.Plan == "" || j.Output == "" || j.Shards < 1 {
		return errors.New("--plan, --output and --shards, at least 1, are needed")
	}
	if j.Plan, err = filepath.Abs(j.Plan); err != nil {
		return err
	}
	if j.Output, err = filepath.Abs(j.Output); err != nil {
		return err
	}
	work, err := plan.Read(j.Plan)
	if err != nil {
		return fmt.Errorf("--plan: %w", err)
	}
	j.Work = work.ID
	outputs, err := j.outputs()
	if err != nil {
		return err
	}
	return j.checkUnits(work, outputs)
}

// outputs checks where the result is to go.
func (j *job) outputs() (*sinks.Outputs, error) {
	sink, err := sinks.Builtin(sinks.Options{}).Lookup(j.Sink)
	if err != nil {
		return nil, fmt.Errorf("--sink: %w", err)
	}
	return sinks.NewOutputs([]sinks.Output{{Sink: sink, File: j.Output}})
}

// checkUnits refuses a plan that workers cannot count, and an output that would replace the plan or one of its files.
func (j *job) checkUnits(work *plan.Plan, outputs *sinks.Outputs) error {
	paths := []string{j.Plan}
	for _, u := range work.Units {
		switch {
		case u.File != nil:
			paths = append(paths, work.Path(u.File))
		case u.Download.Server == "":
			return errors.New("--plan: it is of the built-in mock server, which workers do not have; " +
				"run 'fastcount serve' and make a plan with its --server")
		}
	}
	return claimAll(outputs, paths)
}

// claimAll refuses an output that is one of the inputs.
func claimAll(outputs *sinks.Outputs, inputs []string) error {
	var claims wholefile.Claims
	for _, file := range slices.Concat(outputs.Files()...) {
		if err := claims.Add(wholefile.Writes, "--output "+file, file); err != nil {
			return err
		}
	}
	for _, path := range inputs {
		if _, err := os.Stat(path); err != nil {
			continue // it may be there for the workers alone
		}
		if err := claims.Add(wholefile.Reads, "the input "+path, path); err != nil {
			return err
		}
	}
	return nil
}

// read reads the plan on a worker.
func (j *job) read() (*plan.Plan, error) {
	work, err := plan.Read(j.Plan)
	if err != nil {
		return nil, err
	}
	if work.ID != j.Work {
		return nil, fmt.Errorf("%s: it is another plan than when the job began", j.Plan)
	}
	return work, nil
}

// stat describes a file, nil where it is not there. It opens it, for network file systems ask their server then.
func stat(path string) (info fs.FileInfo, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err = f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s: is no regular file", path)
	}
	return info, err
}

// replaced says whether there is a file now that was not there before.
func replaced(before, after fs.FileInfo) bool {
	return after != nil && (before == nil || !os.SameFile(before, after) || !before.ModTime().Equal(after.ModTime()))
}
