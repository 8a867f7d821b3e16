package main

import (
	"fmt"
	"io"
	"path/filepath"

	"fastcount/internal/merge"
	"fastcount/internal/wholefile"
)

// addGroup adds the partial results of a group of shards up to one.
type addGroup struct{}

// ProcessElement gives every sum the same key: they all meet in writeResult.
func (f *addGroup) ProcessElement(_ int, tables func(*[]byte) bool) (key int, sum []byte, err error) {
	err = withSet(tables, func(set *merge.Set, dir string) error {
		path := filepath.Join(dir, "sum")
		if err := set.ToPartial(wholefile.OS{}, path, dir); err != nil {
			return err
		}
		sum, err = packFile(path)
		return err
	})
	return 0, sum, err
}

// writeResult adds the sums of all groups up and writes the result, if it is complete, under a temporary name first. To
// be begun again does no harm.
type writeResult struct{ Job job }

// ProcessElement gets all sums at once.
func (f *writeResult) ProcessElement(_ int, sums func(*[]byte) bool) error {
	return withSet(sums, func(set *merge.Set, _ string) error {
		if set.Work != f.Job.Work {
			return fmt.Errorf("%w: the job is of another one", merge.ErrOtherWork)
		}
		report, err := set.Report(f.Job.Limits)
		if err != nil {
			return err
		}
		outputs, err := f.Job.outputs()
		if err != nil {
			return err
		}
		return outputs.Write(io.Discard, report)
	})
}
