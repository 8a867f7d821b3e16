// Command run measures programs that count the same files. In each round it
// runs every program once. It verifies every answer, and appends the runs to a
// TSV file (see package results).
//
//	run -programs LIST -series NAME -answer SHA256 -tsv FILE
//		[-rounds N] [-budget SECONDS] FILE...
//
// LIST has a line for each program, with fields separated by tabs: name,
// version, threads, kind of output, and the command with its arguments, to
// which the files are appended. The kinds of output are
//
//	counts    the counts, as CSV lines patient,event,count in any order, or as
//	          fastcount's JSON
//	lines     the number of lines, as wc prints it (a lower bound of the time)
//	nothing   no output (a lower bound of the time)
//	missing   the program could not be installed; the next field is the reason
//
// The exit code is 1 if a program failed or printed a wrong answer.
package main

import (
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"fastcount/bench/peers/results"
)

func main() {
	var o options
	programs := flag.String("programs", "", "file with the list of programs")
	tsv := flag.String("tsv", "", "file to which runs are appended")
	flag.StringVar(&o.series, "series", "", "name of this series of runs")
	flag.StringVar(&o.answer, "answer", "", "SHA-256 of the known answer, as sorted CSV lines")
	flag.IntVar(&o.rounds, "rounds", 5, "number of runs of each program")
	flag.Float64Var(&o.budget, "budget", 60, "skip the remaining rounds of a program after this number of seconds")
	flag.Parse()
	o.files = flag.Args()

	list, err := readPrograms(*programs)
	if err != nil {
		fatal(err)
	}
	if o.bytes, o.lines, err = warm(o.files); err != nil {
		fatal(err)
	}
	runs := o.measure(list)
	if err := results.Append(*tsv, runs); err != nil {
		fatal(err)
	}
	for _, r := range runs {
		if r.Answer == results.Wrong || r.Answer == results.Failed {
			os.Exit(1)
		}
	}
}

func fatal(err error) {
	fmt.Fprintln(os.Stderr, "run:", err)
	os.Exit(1)
}

// program is a line of the list of programs.
type program struct {
	name, version, threads string
	prints                 string
	command                []string
}

func readPrograms(path string) (list []program, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(text)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) < 5 {
			return nil, fmt.Errorf("%s: %q: too few fields", path, line)
		}
		list = append(list, program{f[0], f[1], f[2], f[3], f[4:]})
	}
	return list, nil
}

// warm reads all files, so that they are in the page cache, and returns the
// size and the number of lines of their text.
func warm(files []string) (size, lines int64, err error) {
	buf := make([]byte, 256<<10) // one, because the peak memory of this process hides that of small programs
	for _, path := range files {
		n, l, err := readAll(path, buf)
		if err != nil {
			return 0, 0, fmt.Errorf("%s: %w", path, err)
		}
		size += n
		lines += l
	}
	return size, lines, nil
}

// readAll reads a file, which may be compressed, through buf.
func readAll(path string, buf []byte) (size, lines int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	var text io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if text, err = gzip.NewReader(f); err != nil {
			return 0, 0, err
		}
	}
	for err == nil {
		var n int
		n, err = text.Read(buf)
		size += int64(n)
		lines += int64(bytes.Count(buf[:n], []byte{'\n'}))
	}
	if err != io.EOF {
		return 0, 0, err
	}
	return size, lines, nil
}
