package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"fastcount/bench/peers/results"
)

// limit is the maximum duration of a run.
const limit = time.Hour

// options holds what all programs of a series share.
type options struct {
	series, answer string
	rounds         int
	budget         float64
	files          []string
	bytes, lines   int64
}

// measure runs all programs in rounds and returns their runs. Each round begins
// with another program, so that none always follows the same one.
func (o options) measure(list []program) (runs []results.Run) {
	var ready []*contestant
	for _, p := range list {
		r := o.prepare(p)
		if r.Answer != "" {
			runs = append(runs, r)
			continue
		}
		ready = append(ready, &contestant{program: p, run: r})
	}
	for round := range o.rounds {
		for i := range ready {
			e := ready[(i+round)%len(ready)]
			if e.out || e.spent > o.budget {
				continue
			}
			r := o.once(e, round+1)
			fmt.Fprintf(os.Stderr, "%s, round %d: %s %.3f s %s %s\n", o.series, r.Round, r.Program, r.Wall, r.Answer, r.Note)
			e.spent += r.Wall
			e.out = !r.Good()
			runs = append(runs, r)
		}
	}
	return runs
}

// contestant is a program that takes part in a series.
type contestant struct {
	program
	run   results.Run // fields that all its runs share
	spent float64     // seconds
	out   bool        // it failed
}

// prepare returns the fields that all runs of a program share. It runs the
// program once with the first file, so that the program is in the page cache.
// If that is not possible, Answer is set.
func (o options) prepare(p program) results.Run {
	r := results.Run{Series: o.series, Program: p.name, Version: p.version, Threads: p.threads,
		Floor: p.prints == "nothing" || p.prints == "lines", Bytes: o.bytes, Rows: o.lines - int64(len(o.files))}
	if p.prints == results.Missing {
		r.Answer, r.Note = results.Missing, p.command[0]
		return r
	}
	if _, _, err := execute(p, o.files[:1]); err != nil {
		r.Answer, r.Note = results.Failed, err.Error()
	}
	return r
}

// once runs a program once.
func (o options) once(e *contestant, round int) results.Run {
	r := e.run
	r.Round = round
	out, use, err := execute(e.program, o.files)
	r.Wall, r.CPU, r.RSS = use.wall, use.cpu, use.rss
	switch {
	case err != nil:
		r.Answer, r.Note = results.Failed, err.Error()
	default:
		r.Answer, r.Note = o.check(e.prints, out)
	}
	return r
}

// usage is the resource usage of a run, in seconds and bytes.
type usage struct {
	wall, cpu float64
	rss       int64
}

// execute runs a program and returns its output. The output of a program that
// prints nothing useful goes to the null device, as in "cat FILE >/dev/null".
func execute(p program, files []string) (out []byte, use usage, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.command[0], append(p.command[1:len(p.command):len(p.command)], files...)...)
	stdout, err := os.CreateTemp("", "answer-")
	if err != nil {
		return nil, use, err
	}
	defer func() { err = errors.Join(err, stdout.Close(), os.Remove(stdout.Name())) }()
	var stderr tail
	cmd.Stderr = &stderr
	if p.prints != "nothing" {
		cmd.Stdout = stdout
	}

	begin := time.Now()
	err = cmd.Run()
	use.wall = time.Since(begin).Seconds()
	if cmd.ProcessState == nil {
		return nil, use, err
	}
	use.cpu = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	if kernel, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		use.rss = kernel.Maxrss << 10
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n%s\n", p.name, err, stderr)
		return nil, use, err
	}
	if _, err = stdout.Seek(0, io.SeekStart); err != nil {
		return nil, use, err
	}
	out, err = io.ReadAll(stdout)
	return out, use, err
}

// tail is a writer that keeps the last bytes.
type tail []byte

func (t *tail) Write(b []byte) (int, error) {
	const size = 2000
	*t = append(*t, b...)
	*t = (*t)[max(0, len(*t)-size):]
	return len(b), nil
}
