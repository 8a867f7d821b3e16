// Package results reads and writes measurements as a TSV file with one run per
// line, and summarizes them.
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

// Subject is the program with which the others are compared.
const Subject = "fastcount"

// Results of the verification of a run.
const (
	Checked   = "checked"   // the answer is correct
	Unchecked = "unchecked" // the program does not count
	Wrong     = "wrong"     // the answer is not correct
	Failed    = "failed"    // the program failed
	Missing   = "missing"   // the program could not be installed
)

// Run is one run of a program. A program that is missing has one Run, with
// round 0 and without measurements.
type Run struct {
	Series  string // what was counted, and the number of threads: the title of a table
	Program string
	Version string
	Threads string  // a number, or "any" if it cannot be set
	Floor   bool    // the program reads the files but does not count
	Round   int     // from 1
	Wall    float64 // seconds
	CPU     float64 // user and system time of the program and its children, in seconds
	RSS     int64   // peak, in bytes
	Bytes   int64   // of all files
	Rows    int64   // of all files, without headers
	Answer  string
	Note    string // reason, if Answer is Wrong, Failed or Missing
}

// Good reports whether the run is valid.
func (r Run) Good() bool { return r.Answer == Checked || r.Answer == Unchecked }

var columns = []string{"series", "program", "version", "threads", "floor", "round",
	"wall_s", "cpu_s", "peak_rss_bytes", "bytes", "rows", "answer", "note"}

// Append appends runs to a file. If the file does not exist, it creates one
// with a header.
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

// Read returns the runs in a file written by Append.
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

// Summary summarizes the valid runs of a program in a series.
type Summary struct {
	Run              // the first run, with the medians of Wall, CPU and RSS
	Rounds   int     // number of valid runs
	Ratio    float64 // CPU relative to that of the subject; 0 if there is none
	Compared int     // number of rounds in which both the program and the subject ran
	Faster   int     // number of these rounds in which the program took less processor time
}

// Speed returns the number of GB (10⁹ bytes) per second of processor time, or 0
// if nothing was measured. Other than wall time, processor time hardly depends
// on what else the machine does.
func (s Summary) Speed() float64 {
	if s.CPU == 0 {
		return 0
	}
	return float64(s.Bytes) / s.CPU / 1e9
}

// Series is the summary of a series of runs.
type Series struct {
	Name     string
	Programs []Summary // by CPU; those without a valid run are last
}

// Subject returns the summary of the subject. It reports whether there is one.
func (s Series) Subject() (Summary, bool) {
	i := slices.IndexFunc(s.Programs, func(p Summary) bool { return p.Program == Subject })
	if i < 0 || s.Programs[i].Rounds == 0 {
		return Summary{}, false
	}
	return s.Programs[i], true
}

// Summarise returns the series that occur in runs, in their order.
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
			subject[r.Round] = r.CPU
		}
	}
	s := Series{Name: name}
	for _, program := range distinct(runs, func(r Run) string { return r.Program }) {
		of := slices.DeleteFunc(slices.Clone(runs), func(r Run) bool { return r.Program != program })
		s.Programs = append(s.Programs, summariseProgram(of, subject))
	}
	slices.SortStableFunc(s.Programs, func(a, b Summary) int {
		return cmp.Or(cmp.Compare(b2i(a.Rounds == 0), b2i(b.Rounds == 0)), cmp.Compare(a.CPU, b.CPU))
	})
	if first, ok := s.Subject(); ok && first.CPU > 0 {
		for i := range s.Programs {
			s.Programs[i].Ratio = s.Programs[i].CPU / first.CPU
		}
	}
	return s
}

// summariseProgram summarizes the runs of one program. subject holds the
// processor time of the subject by round.
func summariseProgram(runs []Run, subject map[int]float64) Summary {
	s := Summary{Run: runs[0]}
	var wall, cpu []float64
	var rss []int64
	for _, r := range runs {
		if !r.Good() {
			s.Answer, s.Note = r.Answer, r.Note
			continue
		}
		s.Rounds++
		wall, cpu, rss = append(wall, r.Wall), append(cpu, r.CPU), append(rss, r.RSS)
		if t, ok := subject[r.Round]; ok {
			s.Compared++
			s.Faster += b2i(r.CPU < t)
		}
	}
	s.Wall, s.CPU, s.RSS = Median(wall), Median(cpu), Median(rss)
	return s
}

// Median returns the median of values: the mean of the two middle ones for an
// even number, and 0 if there are no values.
func Median[T float64 | int64](values []T) T {
	n := len(values)
	if n == 0 {
		return 0
	}
	v := slices.Sorted(slices.Values(values))
	return (v[(n-1)/2] + v[n/2]) / 2
}

// Figures formats a nonnegative number with the given number of significant
// digits, but with all digits before the decimal point and at most three after
// it.
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
