// Command run measures programs that count the same files, in rounds: each program once, then each again. It checks
// every answer, and appends one line per run to a TSV file (package results).
//
//	run -programs LIST -series NAME -answer SHA256 -tsv FILE [-rounds N] [-budget SECONDS] FILE...
//
// LIST has one program a line, its fields parted by tabs: name, version, threads, what it prints, and the command
// with its arguments, to which the files are added. What it prints is one of
//
//	counts    the counts, as CSV lines patient,event,count in any order, or as fastcount's JSON
//	lines     the number of lines, as wc does (a floor)
//	nothing   (a floor)
//	missing   it could not be installed: the next field says why
//
// The exit code is 1 where a program failed or gave a wrong answer.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"fastcount/bench/peers/results"
)

func main() {
	var o options
	programs := flag.String("programs", "", "the list of programs")
	tsv := flag.String("tsv", "", "where the runs are added")
	flag.StringVar(&o.series, "series", "", "name of this series of runs")
	flag.StringVar(&o.answer, "answer", "", "SHA-256 of the known answer, as in type answer")
	flag.IntVar(&o.rounds, "rounds", 5, "runs of each program")
	flag.Float64Var(&o.budget, "budget", 60, "seconds after which a program sits out the remaining rounds")
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

// program is a line of the list.
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
			return nil, fmt.Errorf("%s: %q has too few fields", path, line)
		}
		list = append(list, program{f[0], f[1], f[2], f[3], f[4:]})
	}
	return list, nil
}

// warm reads all files, so that they are in the page cache, and returns their size and number of lines.
func warm(files []string) (size, lines int64, err error) {
	buf := make([]byte, 256<<10)
	for _, path := range files {
		f, err := os.Open(path)
		if err != nil {
			return 0, 0, err
		}

		for err == nil {
			var n int
			n, err = f.Read(buf)
			size += int64(n)
			lines += int64(bytes.Count(buf[:n], []byte{'\n'}))
		}
		f.Close()
		if err != io.EOF {
			return 0, 0, fmt.Errorf("%s: %w", path, err)
		}
	}
	return size, lines, nil
}
