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
	"fastcount/internal/atomicfile"
	"fastcount/internal/outfile"
	"fastcount/internal/plan"
	"fastcount/sinks"
)

// job holds the parameters of a job that every worker needs. It is part of the
// pipeline, as JSON, which runners store and display, and holds no secret.
type job struct {
	Plan   string // absolute path
	PlanID string // digest of the plan, which workers verify
	Shards int
	Limits engine.Limits
	Output string // absolute path
	Sink   string // name of a format
}

// pipeline returns the pipeline: it counts shards, merges the partial results
// of each group of neighbouring shards, and then those of the groups.
//
// All elements are complete partial results; see package partial. Each states
// which part of the plan and which byte ranges of which files it covers, and
// has a checksum. Merging some of them gives another one. Like 'fastcount
// merge', the last step can therefore verify that nothing is missing or
// included twice, regardless of which steps a runner has repeated.
func (j job) pipeline() *beam.Pipeline {
	p, s := beam.NewPipelineWithRoot()
	shards := beam.ParDo(s.Scope("shards"), &listShards{j}, beam.Create(s, j.Plan))
	counted := beam.ParDo(s.Scope("count"), &countShard{Job: j}, beam.Reshuffle(s, shards))
	groups := beam.ParDo(s.Scope("group"), &addGroup{}, beam.GroupByKey(s, counted))
	beam.ParDo0(s.Scope("result"), &writeResult{j}, beam.GroupByKey(s, groups))
	return p
}

// group returns the number of the group of a shard. The number of groups is
// about the number of shards in each of them.
func (j job) group(shard int) int {
	return shard / int(math.Ceil(math.Sqrt(float64(j.Shards))))
}

// check completes the job and reports errors that would otherwise occur only
// after counting.
func (j *job) check() (err error) {
	if j.Plan == "" || j.Output == "" || j.Shards < 1 {
		return errors.New("--plan, --output and --shards (at least 1) are required")
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
	claims, err := j.claims(p)
	if err != nil {
		return err
	}
	_, err = j.outputs(claims)
	return err
}

// outputs returns the output of the job, after checking that it can be written
// and that it is not one of the files in claims.
func (j *job) outputs(claims *atomicfile.Claims) (*outfile.Outputs, error) {
	sink, err := sinks.Builtin(sinks.Options{}).Lookup(j.Sink)
	if err != nil {
		return nil, fmt.Errorf("--sink: %w", err)
	}
	return outfile.New([]outfile.Output{{Name: "--output " + j.Output, Sink: sink, File: j.Output}}, claims)
}

// claims returns the inputs of the job: the plan and its files. It returns an
// error if workers cannot count the plan.
func (j *job) claims(p *plan.Plan) (*atomicfile.Claims, error) {
	claims := new(atomicfile.Claims)
	inputs := []string{j.Plan}
	for _, u := range p.Entries {
		switch {
		case u.File != nil:
			inputs = append(inputs, p.Path(u.File))
		case u.Download.Server == "":
			return nil, errors.New("--plan: workers have no built-in mock server; " +
				"run 'fastcount serve' and plan with --server")
		}
	}
	for _, file := range inputs {
		if _, err := os.Stat(file); err != nil {
			continue // it may be visible to workers only
		}
		if err := claims.Add(atomicfile.Reads, "the input "+file, file); err != nil {
			return nil, err
		}
	}
	return claims, nil
}

// read reads the plan on a worker and verifies its digest.
func (j *job) read() (*plan.Plan, error) {
	p, err := plan.Read(j.Plan)
	if err != nil {
		return nil, err
	}
	if p.ID != j.PlanID {
		return nil, fmt.Errorf("%s: the plan has changed since the job began", j.Plan)
	}
	return p, nil
}

// stat returns the FileInfo of a file, or nil if it does not exist. It opens
// the file, because network file systems then ask their server.
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
		err = fmt.Errorf("%s: not a regular file", path)
	}
	return info, err
}

// replaced reports whether after is a file that was created or replaced since
// before.
func replaced(before, after fs.FileInfo) bool {
	return after != nil && (before == nil || !os.SameFile(before, after) || !before.ModTime().Equal(after.ModTime()))
}
