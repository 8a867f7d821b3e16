// Command table updates the table of proofs in a Markdown page with the numbers
// of cases in the output of tests, which it reads from standard input.
//
//	LONG_TESTS=1 go test -v ./... >OUTPUT
//	go run ./internal/testing/proof/table docs/trust.md <OUTPUT
//
// The comment <!-- key --> in the first cell of a row holds its key. The second
// cell is replaced by the number of cases. With -check, nothing is written; the
// exit code is 1 if a number on the page differs from that of the tests, or if
// a row or a key has no counterpart.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"fastcount/internal/testing/proof"
)

func main() {
	check := flag.Bool("check", false, "compare only")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: table [-check] PAGE <OUTPUT")
		os.Exit(2)
	}
	if err := run(os.Stdin, flag.Arg(0), *check); err != nil {
		fmt.Fprintln(os.Stderr, "table:", err)
		os.Exit(1)
	}
}

func run(output io.Reader, page string, check bool) error {
	cases, err := read(output)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	filled, differences := fill(string(text), cases)
	if check {
		return errors.Join(differences...)
	}
	return os.WriteFile(page, []byte(filled), 0o666)
}

// attribute matches a line of go test -v that [proof.Cases] causes.
var attribute = regexp.MustCompile(`^=== ATTR +\S+ ` + proof.Prefix + `(\S+) (\d+)$`)

// read returns the numbers of cases in the output of go test -v, by key.
func read(output io.Reader) (map[string]int, error) {
	cases := make(map[string]int)
	lines := bufio.NewScanner(output)
	lines.Buffer(nil, 1<<30) // a failing test may print a long line
	for lines.Scan() {
		m := attribute.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		n, err := strconv.Atoi(m[2])
		if err != nil {
			return nil, err
		}
		cases[m[1]] += n
	}
	return cases, lines.Err()
}

var rowOfProof = regexp.MustCompile(`^(\|.*<!-- ([a-z0-9-]+) -->.*?\|)([^|]*)\|$`)

// fill returns page with the numbers inserted, and its differences from them.
func fill(page string, cases map[string]int) (filled string, differences []error) {
	lines := strings.Split(page, "\n")
	unused := maps.Clone(cases)
	for i, line := range lines {
		m := rowOfProof.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		key, had := m[2], strings.TrimSpace(m[3])
		n, ok := cases[key]
		if !ok {
			differences = append(differences, fmt.Errorf("%s: no test has this key", key))
			continue
		}
		delete(unused, key)
		want := grouped(n)
		if had != want {
			differences = append(differences, fmt.Errorf("%s: the page has %q, want %s", key, had, want))
		}
		lines[i] = fmt.Sprintf("%s %s |", m[1], want)
	}
	for _, key := range slices.Sorted(maps.Keys(unused)) {
		differences = append(differences, fmt.Errorf("%s: no row on the page", key))
	}
	return strings.Join(lines, "\n"), differences
}

// grouped formats n with a comma between groups of three digits.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
