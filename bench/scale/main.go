// Command scale measures how the cost of counting grows on one machine, up to a
// plan of 10¹² rows, and compares it with the formula in docs/scale.md. It
// verifies every result. The tables, in Markdown, are for bench/README.md.
//
//	go run ./bench/scale          # about three minutes and 5 GB of disk
//	go run ./bench/scale -quick   # a hundredth of the work
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"fastcount/engine"
	"fastcount/internal/testing/shapes"
	"fastcount/sources"
)

func main() {
	quick := flag.Bool("quick", false, "do a hundredth of the work")
	flag.Parse()
	if err := run(context.Background(), *quick); err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(1)
	}
}

// lab is the environment of the measurements.
type lab struct {
	ctx     context.Context
	dir     string
	program string
	divide  int // divisor of the amounts of work
}

func run(ctx context.Context, quick bool) (err error) {
	dir, err := os.MkdirTemp("", "fastcount-scale-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	l := &lab{ctx: ctx, dir: dir, program: filepath.Join(dir, "fastcount"), divide: 1}
	if quick {
		l.divide = 100
	}
	if out, err := exec.Command("go", "build", "-o", l.program, "./cmd/fastcount").CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	for _, measure := range []func() error{l.rows, l.files, l.pairs, l.shards, l.trillion} {
		if err := measure(); err != nil {
			return err
		}
	}
	return nil
}

// header prints the header of a table.
func header(title string, columns ...string) {
	fmt.Printf("\n%s\n\n|", title)
	for _, c := range columns {
		fmt.Printf(" %s |", c)
	}
	fmt.Print("\n|")
	for range columns {
		fmt.Print("---:|")
	}
	fmt.Println()
}

// row prints a row of a table.
func row(cells ...any) {
	fmt.Print("|")
	for _, c := range cells {
		fmt.Printf(" %v |", c)
	}
	fmt.Println()
}

// reference returns a file with the given number of rows like those of the
// built-in exports.
func (l *lab) reference(rows int) (*sources.File, error) {
	path := filepath.Join(l.dir, fmt.Sprintf("reference-%d.csv", rows))
	if err := shapes.WriteFile(path, "crlf", uint64(rows)); err != nil {
		return nil, err
	}
	return sources.NewFile(path, sources.LocalOptions{})
}

// count counts parts and returns the time taken.
func (l *lab) count(parts []engine.Part, jobs int) (*engine.Report, time.Duration, error) {
	begin := time.Now()
	r, err := engine.Run(l.ctx, parts, engine.Config{Jobs: jobs, Limits: engine.Limits{Patients: 1 << 30, Pairs: 1 << 30}})
	return r, time.Since(begin), err
}

// repeated returns n parts that read f.
func repeated(f *sources.File, n int) []engine.Part {
	parts := make([]engine.Part, n)
	for i := range parts {
		parts[i] = f.Named(fmt.Sprintf("%s, %d", f.Name(), i))
	}
	return parts
}

// rows measures 10⁴ to 10⁹ rows, more than 10⁷ of them as one file repeatedly.
func (l *lab) rows() error {
	header("Rows, one file or the same file repeatedly, all processors", "rows", "seconds", "ns/row")
	most := 10_000_000 / l.divide
	for rows := 10_000; rows <= 1_000_000_000/l.divide; rows *= 10 {
		f, err := l.reference(min(rows, most))
		if err != nil {
			return err
		}
		times := max(1, rows/most)
		r, took, err := l.count(repeated(f, times), runtime.GOMAXPROCS(0))
		if err != nil {
			return err
		}
		if r.Rows != uint64(rows) {
			return fmt.Errorf("counted %d rows, want %d", r.Rows, rows)
		}
		row(rows, fmt.Sprintf("%.4f", took.Seconds()), fmt.Sprintf("%.1f", float64(took.Nanoseconds())/float64(rows)))
	}
	return nil
}

// files measures 1 to 10⁵ files of 100 rows.
func (l *lab) files() error {
	header("Files of 100 rows, the whole program", "files", "seconds", "µs/file")
	dir := filepath.Join(l.dir, "files")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	text := "patient_id,event_time,event_type,value\n"
	for i := range 100 {
		text += fmt.Sprintf("P%03d,2026-01-01T00:00:00,bp_%d,%d\n", i%20, i%8, i)
	}
	made := 0
	for files := 1; files <= 100_000/l.divide; files *= 10 {
		for ; made < files; made++ {
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%06d.csv", made)), []byte(text), 0o600); err != nil {
				return err
			}
		}
		begin := time.Now()
		out, err := exec.Command(l.program, "-q", "-s", "csv", filepath.Join(dir, "*.csv")).Output()
		if err != nil {
			return err
		}
		took := time.Since(begin)
		if got, want := sumCounts(out), uint64(files*100); got != want {
			return fmt.Errorf("counted %d rows, want %d", got, want)
		}
		row(files, fmt.Sprintf("%.3f", took.Seconds()), fmt.Sprintf("%.0f", float64(took.Microseconds())/float64(files)))
	}
	return nil
}

// pairs measures an increasing number of distinct pairs.
func (l *lab) pairs() error {
	header("Distinct pairs in 4 million rows, one worker", "pairs", "seconds", "ns/row")
	rows := 4_000_000 / l.divide
	for patients := 100; patients <= 1_000_000/l.divide; patients *= 10 {
		path := filepath.Join(l.dir, fmt.Sprintf("pairs-%d.csv", patients))
		if err := writePairs(path, rows, patients); err != nil {
			return err
		}
		f, err := sources.NewFile(path, sources.LocalOptions{})
		if err != nil {
			return err
		}
		r, took, err := l.count([]engine.Part{f}, 1)
		if err != nil {
			return err
		}
		if r.Rows != uint64(rows) || len(r.Keys[0]) != patients {
			return fmt.Errorf("counted %d rows of %d patients, want %d of %d", r.Rows, len(r.Keys[0]), rows, patients)
		}
		row(len(r.Counts), fmt.Sprintf("%.3f", took.Seconds()), fmt.Sprintf("%.0f", float64(took.Nanoseconds())/float64(rows)))
	}
	return nil
}
