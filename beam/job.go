package main

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"

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
	PlanID string // the digest of the plan: a worker that finds another one stops
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
	shards := beam.ParDo(s.Scope("shards"), &listShards{j}, beam.Create(s, j.Plan))
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
	p, err := plan.Read(j.Plan)
	if err != nil {
		return fmt.Errorf("--plan: %w", err)
	}
	j.PlanID = p.ID
	outputs, err := j.outputs()
	if err != nil {
		return err
	}
	return j.checkEntries(p, outputs)
}

// outputs checks where the result is to go.
func (j *job) outputs() (*sinks.Outputs, error) {
	sink, err := sinks.Builtin(sinks.Options{}).Lookup(j.Sink)
	if err != nil {
		return nil, fmt.Errorf("--sink: %w", err)
	}
	return sinks.NewOutputs([]sinks.Output{{Sink: sink, File: j.Output}})
}

// checkEntries refuses a plan that workers cannot count, and an output that would replace the plan or one of its files.
func (j *job) checkEntries(p *plan.Plan, outputs *sinks.Outputs) error {
	if len(p.Units) == 0 {
		return errors.New("--plan: there is nothing in the plan")
	}
	inputs := []string{j.Plan}
	for _, u := range p.Units {
		switch {
		case u.File != nil:
			inputs = append(inputs, p.Path(u.File))
		case u.Download.Server == "":
			return errors.New("--plan: it is of the built-in mock server, which workers do not have; " +
				"run 'fastcount serve' and make a plan with its --server")
		}
	}
	return j.checkFiles(inputs, outputs)
}

// checkFiles returns an error if an output would replace an input.
func (j *job) checkFiles(inputs []string, outputs *sinks.Outputs) error {
	var claims wholefile.Claims
	for _, file := range inputs {
		if _, err := os.Stat(file); err != nil {
			continue // it may be visible to workers only
		}
		if err := claims.Add(wholefile.Reads, file, file); err != nil {
			return err
		}
	}
	for _, files := range outputs.Files() {
		for _, file := range files {
			if err := claims.Add(wholefile.Writes, "--output "+j.Output, file); err != nil {
				return err
			}
		}
	}
	return nil
}

// read reads the plan on a worker.
func (j *job) read() (*plan.Plan, error) {
	p, err := plan.Read(j.Plan)
	if err != nil {
		return nil, err
	}
	if p.ID != j.PlanID {
		return nil, fmt.Errorf("%s: it is another plan than when the job began", j.Plan)
	}
	return p, nil
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
