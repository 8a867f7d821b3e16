// Command table prints the runs in a TSV file (see package results) in
// Markdown: for each series a table, and a list of programs that are better
// than fastcount in some respect.
//
//	table [-short] FILE
//
// With -short it prints only the tables, with the columns of README.md.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"fastcount/bench/peers/results"
)

func main() {
	short := flag.Bool("short", false, "print only the tables, with few columns")
	flag.Parse()
	if flag.NArg() != 1 {
		fatal(errors.New("usage: table [-short] FILE"))
	}
	runs, err := results.Read(flag.Arg(0))
	if err != nil {
		fatal(err)
	}
	var out bytes.Buffer
	for _, s := range results.Summarise(runs) {
		if *short {
			shortTable(&out, s)
			continue
		}
		table(&out, s)
		losses(&out, s)
	}
	if _, err := os.Stdout.Write(out.Bytes()); err != nil {
		fatal(err)
	}
}

func fatal(err error) {
	fmt.Fprintln(os.Stderr, "table:", err)
	os.Exit(1)
}

func table(out *bytes.Buffer, s results.Series) {
	first := s.Programs[0]
	fmt.Fprintf(out, "### %s: %s GB, %s million rows\n\n", s.Name,
		figures(float64(first.Bytes)/1e9), figures(float64(first.Rows)/1e6))
	out.WriteString("| program | threads | wall, s | CPU, s | CPU / fastcount's | GB per CPU second | peak memory, MiB | rounds | answer |\n")
	out.WriteString("|---|---:|---:|---:|---:|---:|---:|---:|---|\n")
	for _, p := range s.Programs {
		row(out, p)
	}
	out.WriteString("\nWall, CPU and memory are medians of the rounds. A program marked as floor reads the files but does not count.\n")
}

func row(out *bytes.Buffer, p results.Summary) {
	name := strings.TrimSpace(p.Program + " " + p.Version)
	switch {
	case p.Program == results.Subject:
		name = "**" + name + "**"
	case p.Floor:
		name += " (floor)"
	}
	if p.Rounds == 0 {
		fmt.Fprintf(out, "| %s | %s | | | | | | 0 | %s |\n", name, p.Threads, verdict(p))
		return
	}
	fmt.Fprintf(out, "| %s | %s | %s | %s | %s | %s | %s | %d | %s |\n", name, p.Threads, figures(p.Wall), figures(p.CPU),
		ratio(p), figures(p.Speed()), figures(mebibytes(p)), p.Rounds, verdict(p))
}

// shortTable prints the programs that have a valid run.
func shortTable(out *bytes.Buffer, s results.Series) {
	fmt.Fprintf(out, "%s:\n\n", s.Name)
	out.WriteString("| program | CPU seconds | CPU / fastcount's | peak memory, MiB |\n|---|---:|---:|---:|\n")
	for _, p := range s.Programs {
		switch {
		case p.Rounds == 0:
		case p.Program == results.Subject:
			fmt.Fprintf(out, "| **%s** | **%s** | **1** | **%s** |\n", p.Program, figures(p.CPU), results.Figures(mebibytes(p), 2))
		default:
			fmt.Fprintf(out, "| %s | %s | %s | %s |\n", strings.TrimSpace(p.Program+" "+p.Version), figures(p.CPU), ratio(p), results.Figures(mebibytes(p), 2))
		}
	}
	out.WriteString("\n")
}

// verdict returns the result of the verification. One wrong answer outweighs
// all correct ones.
func verdict(p results.Summary) string {
	switch p.Answer {
	case results.Unchecked:
		return "not counted"
	case results.Wrong:
		return "**wrong**: " + p.Note
	case results.Failed, results.Missing:
		return p.Answer + ": " + p.Note
	}
	return "correct"
}

func ratio(p results.Summary) string {
	if p.Ratio == 0 {
		return ""
	}
	return results.Figures(p.Ratio, 2)
}

func mebibytes(p results.Summary) float64 { return float64(p.RSS) / (1 << 20) }

func figures(v float64) string { return results.Figures(v, 3) }

// losses lists the programs that are better than fastcount in some respect.
func losses(out *bytes.Buffer, s results.Series) {
	subject, ok := s.Subject()
	if !ok {
		out.WriteString("\nfastcount has no valid run.\n\n")
		return
	}
	out.WriteString("\nWhere other programs are better:\n\n")
	lose(out, s, "CPU time", func(p results.Summary) (string, bool) {
		return fmt.Sprintf("%s of the time of fastcount, less in %d of %d rounds", ratio(p), p.Faster, p.Compared), p.Faster > 0
	})
	lose(out, s, "memory (fastcount: "+figures(mebibytes(subject))+" MiB)", func(p results.Summary) (string, bool) {
		return figures(mebibytes(p)) + " MiB", p.RSS < subject.RSS
	})
	out.WriteString("\n")
}

// lose prints a line with the programs for which better returns true, and the
// text that it returns.
func lose(out *bytes.Buffer, s results.Series, in string, better func(results.Summary) (string, bool)) {
	var to []string
	for _, p := range s.Programs {
		if p.Program == results.Subject || p.Rounds == 0 {
			continue
		}
		if how, ok := better(p); ok {
			to = append(to, fmt.Sprintf("%s (%s)", p.Program, how))
		}
	}
	if len(to) == 0 {
		to = []string{"none"}
	}
	fmt.Fprintf(out, "- %s: %s\n", in, strings.Join(to, ", "))
}
