package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"fastcount/engine"
	"fastcount/internal/merge"
	"fastcount/internal/plan"
	"fastcount/sources"
)

// sumCounts returns the sum of the counts of a result in CSV.
func sumCounts(result []byte) (sum uint64) {
	for line := range strings.Lines(string(result)) {
		n, err := strconv.ParseUint(strings.TrimSpace(line[strings.LastIndexByte(line, ',')+1:]), 10, 64)
		if err == nil { // the header has no count
			sum += n
		}
	}
	return sum
}

// writePairs writes rows of the given number of patients, each of them first
// once and then at random, with four event types.
func writePairs(path string, rows, patients int) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriterSize(f, 1<<20)
	fmt.Fprintln(w, "patient_id,event_type")
	state := uint64(1)
	for i := range rows {
		patient := i
		if i >= patients {
			state = state*6364136223846793005 + 1442695040888963407
			patient = int(state>>33) % patients
		}
		fmt.Fprintf(w, "P%07d,e%d\n", patient, i%4)
	}
	return w.Flush()
}

// writePlan writes a plan of files.
func (l *lab) writePlan(name string, files []*sources.File) (path string, err error) {
	entries := make([]plan.Entry, len(files))
	for i, f := range files {
		if entries[i], err = plan.NewFile(l.ctx, f); err != nil {
			return "", err
		}
	}
	var text bytes.Buffer
	if err := plan.Write(&text, plan.Rules{}, entries); err != nil {
		return "", err
	}
	path = filepath.Join(l.dir, name)
	return path, os.WriteFile(path, text.Bytes(), 0o600)
}

// shards counts one file in an increasing number of shards, one process each.
// The formula adds the time of an empty shard for each turn of the slots to the
// time of counting the file in one process.
func (l *lab) shards() error {
	slots := runtime.GOMAXPROCS(0)
	rows := 10_000_000 / l.divide
	f, err := l.reference(rows)
	if err != nil {
		return err
	}
	path, err := l.writePlan("shards.plan", []*sources.File{f})
	if err != nil {
		return err
	}
	_, whole, err := l.count([]engine.Part{f}, slots)
	if err != nil {
		return err
	}
	header(fmt.Sprintf("%d rows in shards, a process each, %d at once", rows, slots), "shards", "seconds", "by the formula", "merge, seconds")
	dispatch, err := l.dispatch(path)
	if err != nil {
		return err
	}
	for n := 1; n <= 1000; n *= 10 {
		dir := filepath.Join(l.dir, fmt.Sprintf("parts-%d", n))
		begin := time.Now()
		if err := l.countShards(path, dir, n, slots); err != nil {
			return err
		}
		took := time.Since(begin)
		begin = time.Now()
		r, err := report(dir)
		if err != nil {
			return err
		}
		if r.Rows != uint64(rows) {
			return fmt.Errorf("counted %d rows in %d shards, want %d", r.Rows, n, rows)
		}
		turns := (n + slots - 1) / slots
		formula := time.Duration(turns)*dispatch + whole*time.Duration(turns*slots)/time.Duration(n)
		row(n, fmt.Sprintf("%.3f", took.Seconds()), fmt.Sprintf("%.3f", formula.Seconds()), fmt.Sprintf("%.3f", time.Since(begin).Seconds()))
	}
	fmt.Printf("\n(A nearly empty shard takes %.1f ms.)\n", dispatch.Seconds()*1000)
	return nil
}

// dispatch returns the time that a process takes for a nearly empty shard.
func (l *lab) dispatch(path string) (time.Duration, error) {
	const processes, shards = 20, 1_000_000
	begin := time.Now()
	for i := range processes {
		out, err := exec.Command(l.program, "-q", "-j", "1", "--plan", path, "--shard", fmt.Sprintf("%d/%d", i, shards),
			"--out-dir", filepath.Join(l.dir, "empty")).CombinedOutput()
		if err != nil {
			return 0, fmt.Errorf("%w: %s", err, out)
		}
	}
	return time.Since(begin) / processes, nil
}

// countShards counts all shards, with the given number of concurrent processes.
func (l *lab) countShards(path, dir string, n, slots int) error {
	next := make(chan int)
	errs := make(chan error, slots)
	var workers sync.WaitGroup
	for range slots {
		workers.Go(func() {
			for i := range next {
				out, err := exec.Command(l.program, "-q", "-j", "1", "--plan", path, "--shard", fmt.Sprintf("%d/%d", i, n), "--out-dir", dir).CombinedOutput()
				if err != nil {
					select {
					case errs <- fmt.Errorf("shard %d of %d: %w: %s", i, n, err, out):
					default:
					}
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	workers.Wait()
	close(errs)
	return <-errs
}

// report merges the partial results in dir.
func report(dir string) (*engine.Report, error) {
	files, err := merge.Find([]string{dir})
	if err != nil {
		return nil, err
	}
	set, err := merge.Open(files)
	if err != nil {
		return nil, err
	}
	return set.Report(engine.Limits{})
}

// trillion plans 10¹² rows, as one file 10⁵ times, and counts some of the
// shards, whose results are known.
func (l *lab) trillion() error {
	const files = 100_000
	rows := 10_000_000 / l.divide
	f, err := l.reference(rows)
	if err != nil {
		return err
	}
	whole, _, err := l.count([]engine.Part{f}, 1)
	if err != nil {
		return err
	}
	list := make([]*sources.File, files)
	for i := range list {
		list[i] = f
	}
	header(fmt.Sprintf("A plan of %.0e rows: one file of %d rows, %d times", float64(rows)*files, rows, files), "what", "seconds")
	begin := time.Now()
	path, err := l.writePlan("trillion.plan", list)
	if err != nil {
		return err
	}
	row("write the plan", fmt.Sprintf("%.3f", time.Since(begin).Seconds()))
	begin = time.Now()
	work, err := plan.Read(path)
	if err != nil {
		return err
	}
	row("read the plan", fmt.Sprintf("%.3f", time.Since(begin).Seconds()))
	begin = time.Now()
	ranges := 0
	for i := range 10 * files {
		ranges += len(work.Shard(i, 10*files))
	}
	row(fmt.Sprintf("look up all of %d shards (%d byte ranges)", 10*files, ranges), fmt.Sprintf("%.3f", time.Since(begin).Seconds()))

	const sampled = 5
	begin = time.Now()
	for i := range sampled {
		shard := i * (files - 1) / (sampled - 1)
		r, err := l.shardOf(work, shard, files)
		if err != nil {
			return err
		}
		if r.Rows != whole.Rows || len(r.Counts) != len(whole.Counts) {
			return fmt.Errorf("shard %d: counted %d rows, want %d", shard, r.Rows, whole.Rows)
		}
	}
	each := time.Since(begin).Seconds() / sampled
	row(fmt.Sprintf("count one of %d shards, one processor", files), fmt.Sprintf("%.3f", each))
	row("all of them, in processor hours", fmt.Sprintf("%.1f", each*files/3600))
	return nil
}

// shardOf counts a shard in this process.
func (l *lab) shardOf(work *plan.Plan, i, n int) (*engine.Report, error) {
	parts, err := work.Parts(l.ctx, work.Shard(i, n), sources.LocalOptions{}, nil)
	if err != nil {
		return nil, err
	}
	r, _, err := l.count(parts, 1)
	return r, err
}
