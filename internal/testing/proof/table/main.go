// Command table updates the table of proofs in a Markdown page with the cases
// that tests recorded.
//
//	PROOFS=DIR go test ./...
//	go run ./internal/testing/proof/table DIR docs/trust.md
//
// The comment <!-- key --> in the first cell of a row holds its key. The second
// cell is replaced by the number of cases, and the third by the time they took.
// With -check, nothing is written; the exit code is 1 if a number of cases on
// the page differs from the recorded one, or if a row or a record has no
// counterpart.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"fastcount/internal/testing/proof"
)

func main() {
	check := flag.Bool("check", false, "compare only")
	flag.Parse()
	if flag.NArg() != 2 {
		fmt.Fprintln(os.Stderr, "usage: table [-check] DIR PAGE")
		os.Exit(2)
	}
	if err := run(flag.Arg(0), flag.Arg(1), *check, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "table:", err)
		os.Exit(1)
	}
}

func run(dir, page string, check bool, out io.Writer) error {
	sums, err := read(dir)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	filled, differences := fill(string(text), sums)
	if check {
		for _, d := range differences {
			fmt.Fprintln(out, d)
		}
		if len(differences) > 0 {
			return errors.New("the page differs from the recorded cases")
		}
		return nil
	}
	return os.WriteFile(page, []byte(filled), 0o666)
}

// read returns the sums of the records in dir by key.
func read(dir string) (map[string]proof.Record, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	sums := make(map[string]proof.Record)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var r proof.Record
		if err := json.Unmarshal(text, &r); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		sum := sums[r.Key]
		sum.Cases += r.Cases
		sum.Seconds += r.Seconds
		sums[r.Key] = sum
	}
	return sums, nil
}

var rowOfProof = regexp.MustCompile(`^\|(.*<!-- ([a-z0-9-]+) -->.*?)\|([^|]*)\|([^|]*)\|(.*)$`)

// fill returns page with the figures inserted, and its differences from them.
func fill(page string, sums map[string]proof.Record) (filled string, differences []string) {
	lines := strings.Split(page, "\n")
	unused := maps.Clone(sums)
	for i, line := range lines {
		m := rowOfProof.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		key, had := m[2], strings.TrimSpace(m[3])
		sum, ok := sums[key]
		if !ok {
			differences = append(differences, key+": no record")
			continue
		}
		delete(unused, key)
		cases := grouped(sum.Cases)
		if had != cases {
			differences = append(differences, fmt.Sprintf("%s: the page has %q, want %s", key, had, cases))
		}
		lines[i] = fmt.Sprintf("|%s| %s | %s |%s", m[1], cases, seconds(sum.Seconds), m[5])
	}
	for _, key := range slices.Sorted(maps.Keys(unused)) {
		differences = append(differences, key+": no row on the page")
	}
	return strings.Join(lines, "\n"), differences
}

// grouped formats n with a comma between groups of three digits.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func seconds(s float64) string {
	if s < 1 {
		return "under 1 s"
	}
	return fmt.Sprintf("%.0f s", s)
}
