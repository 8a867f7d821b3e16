// Package results holds what was measured: one Run a line in a TSV file, which run writes and table and plot read.
package results

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
)

// Subject is the program that all others are compared with.
const Subject = "fastcount"

// What became of a run's answer.
const (
	Checked   = "checked"   // it is the known answer
	Unchecked = "unchecked" // the program gives none
	Wrong     = "wrong"     // it is not the known answer
	Failed    = "failed"    // the program did not end well
	Missing   = "missing"   // the program could not be installed
)

// Run is one run of one program. A program that is missing has one Run, of round 0, without figures.
type Run struct {
	Series  string // what was counted, with how many threads; the heading of a table
	Program string
	Version string
	Threads string // a number, or "any" where it cannot be set
	Floor   bool   // the program reads the files but does not count
	Round   int    // from 1
	Wall    float64
	CPU     float64 // of the program and its children, user and system, in seconds like Wall
	RSS     int64   // peak, in bytes
	Bytes   int64   // of all files
	Rows    int64   // of all files, without their headers
	Answer  string
	Note    string // why, where Answer is Failed or Missing
}

// Good says whether the run may stand in a table.
func (r Run) Good() bool { return r.Answer == Checked || r.Answer == Unchecked }

var columns = []string{"series", "program", "version", "threads", "floor", "round",
	"wall_s", "cpu_s", "peak_rss_bytes", "bytes", "rows", "answer", "note"}

// Append adds runs to a file, which it makes, with a header, if need be.
func Append(path string, runs []Run) (err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	w := tsvWriter(f)
	if info.Size() == 0 {
		if err := w.Write(columns); err != nil {
			return err
		}
	}
	for _, r := range runs {
		if err := w.Write(r.record()); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

func tsvWriter(f io.Writer) *csv.Writer {
	w := csv.NewWriter(f)
	w.Comma = '\t'
	return w
}

func (r Run) record() []string {
	seconds := func(s float64) string { return strconv.FormatFloat(s, 'f', 6, 64) }
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	return []string{r.Series, r.Program, r.Version, r.Threads, strconv.FormatBool(r.Floor), strconv.Itoa(r.Round),
		seconds(r.Wall), seconds(r.CPU), number(r.RSS), number(r.Bytes), number(r.Rows), r.Answer, r.Note}
}

// Read returns all runs of a file that Append wrote.
func Read(path string) ([]Run, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	in := csv.NewReader(bufio.NewReader(f))
	in.Comma = '\t'
	in.FieldsPerRecord = len(columns)
	records, err := in.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var runs []Run
	for i, record := range records[min(1, len(records)):] {
		r, err := parse(record)
		if err != nil {
			return nil, fmt.Errorf("%s: record %d: %w", path, i+2, err)
		}
		runs = append(runs, r)
	}
	return runs, nil
}

func parse(f []string) (Run, error) {
	var errs []error
	seconds := func(s string) float64 {
		v, err := strconv.ParseFloat(s, 64)
		errs = append(errs, err)
		return v
	}
	number := func(s string) int64 {
		v, err := strconv.ParseInt(s, 10, 64)
		errs = append(errs, err)
		return v
	}
	floor, err := strconv.ParseBool(f[4])
	r := Run{f[0], f[1], f[2], f[3], floor, int(number(f[5])),
		seconds(f[6]), seconds(f[7]), number(f[8]), number(f[9]), number(f[10]), f[11], f[12]}
	return r, errors.Join(append(errs, err)...)
}

// Summary is what all good runs of a program in a series say together. The first run stands for what they share.
type Summary struct {
	Run          // with the medians of Wall, CPU and RSS
	Rounds   int // good runs
	Ratio    float64
	Compared int // rounds in which both this program and the subject ran
	Faster   int // of these, rounds in which this program was faster than the subject
}

// Speed returns GB/s, a GB being 10⁹ bytes; 0 where nothing was measured.
func (s Summary) Speed() float64 {
	if s.Wall == 0 {
		return 0
	}
	return float64(s.Bytes) / s.Wall / 1e9
}

// Series is one table.
type Series struct {
	Name     string
	Programs []Summary // the fastest first; those without a good run last
}

// Subject returns the summary of the program that the others are compared with.
func (s Series) Subject() (Summary, bool) {
	i := slices.IndexFunc(s.Programs, func(p Summary) bool { return p.Program == Subject })
	if i < 0 || s.Programs[i].Rounds == 0 {
		return Summary{}, false
	}
	return s.Programs[i], true
}

// Summarise makes one Series of each that occurs in runs, in their order.
func Summarise(runs []Run) []Series {
	var list []Series
	for _, name := range distinct(runs, func(r Run) string { return r.Series }) {
		of := slices.DeleteFunc(slices.Clone(runs), func(r Run) bool { return r.Series != name })
		list = append(list, summariseSeries(name, of))
	}
	return list
}

func summariseSeries(name string, runs []Run) Series {
	subject := make(map[int]float64)
	for _, r := range runs {
		if r.Program == Subject && r.Good() {
			subject[r.Round] = r.Wall
		}
	}
	s := Series{Name: name}
	for _, program := range distinct(runs, func(r Run) string { return r.Program }) {
		of := slices.DeleteFunc(slices.Clone(runs), func(r Run) bool { return r.Program != program })
		s.Programs = append(s.Programs, summariseProgram(of, subject))
	}
	slices.SortStableFunc(s.Programs, func(a, b Summary) int {
		return cmp.Or(cmp.Compare(b2i(a.Rounds == 0), b2i(b.Rounds == 0)), cmp.Compare(a.Wall, b.Wall))
	})
	return s
}

// summariseProgram compares round by round, so that a noisy minute of the machine, which meets all, cancels out.
func summariseProgram(runs []Run, subject map[int]float64) Summary {
	s := Summary{Run: runs[0]}
	var wall, cpu, ratio []float64
	var rss []int64
	for _, r := range runs {
		if !r.Good() {
			s.Answer, s.Note = r.Answer, r.Note
			continue
		}
		s.Rounds++
		wall, cpu, rss = append(wall, r.Wall), append(cpu, r.CPU), append(rss, r.RSS)
		if t, ok := subject[r.Round]; ok {
			ratio = append(ratio, r.Wall/t)
			s.Compared++
			s.Faster += b2i(r.Wall < t)
		}
	}
	s.Wall, s.CPU, s.RSS, s.Ratio = Median(wall), Median(cpu), Median(rss), Median(ratio)
	return s
}

// Median returns the middle value, the mean of the two in the middle, or 0 of none.
func Median[T float64 | int64](values []T) T {
	n := len(values)
	if n == 0 {
		return 0
	}
	v := slices.Sorted(slices.Values(values))
	return (v[(n-1)/2] + v[n/2]) / 2
}

// Figures prints a number from 0 on with so many significant digits, never as a power of ten: all digits before the
// point, and at most three behind it.
func Figures(v float64, digits int) string {
	decimals := digits
	for limit := 1.0; v >= limit && decimals > 0; limit *= 10 {
		decimals--
	}
	for limit := 0.1; v > 0 && v < limit && decimals < 3; limit /= 10 {
		decimals++
	}
	return strconv.FormatFloat(v, 'f', decimals, 64)
}

func distinct(runs []Run, key func(Run) string) []string {
	var keys []string
	for _, r := range runs {
		if !slices.Contains(keys, key(r)) {
			keys = append(keys, key(r))
		}
	}
	return keys
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
