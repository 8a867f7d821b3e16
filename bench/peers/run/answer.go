package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"fastcount/bench/peers/results"
)

// check compares the output of a program with the known answer.
func (o options) check(prints string, out []byte) (answer, note string) {
	var err error
	switch prints {
	case "nothing":
		return results.Unchecked, ""
	case "lines":
		err = checkLines(out, o.lines)
	default:
		err = checkCounts(out, o.answer)
	}
	if err != nil {
		return results.Wrong, err.Error()
	}
	return results.Checked, ""
}

// checkLines checks the last line that wc printed: a number, possibly followed
// by "total".
func checkLines(out []byte, want int64) error {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	fields := strings.Fields(lines[len(lines)-1])
	if len(fields) == 0 || fields[0] != strconv.FormatInt(want, 10) {
		return fmt.Errorf("printed %q, want %d lines", fields, want)
	}
	return nil
}

// checkCounts compares the hash of an answer with that of the known one.
func checkCounts(out []byte, want string) error {
	a, err := parseAnswer(out)
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(a.text()))
	if got := hex.EncodeToString(sum[:]); got != want {
		return fmt.Errorf("%d pairs with SHA-256 %.12s…, want %.12s…", len(a), got, want)
	}
	return nil
}

// answer holds a line patient,event,count for each pair.
type answer []string

// text returns the text to hash: the sorted lines, each with a line feed. It
// equals the output of "fastcount --sink csv" without the header.
func (a answer) text() string {
	slices.Sort(a)
	return strings.Join(a, "\n") + "\n"
}

func parseAnswer(out []byte) (answer, error) {
	out = bytes.TrimSpace(out)
	if bytes.HasPrefix(out, []byte{'{'}) {
		return parseJSON(out)
	}
	return strings.Split(strings.ReplaceAll(string(out), "\r\n", "\n"), "\n"), nil
}

// parseJSON parses fastcount's JSON format and verifies the totals.
func parseJSON(out []byte) (a answer, err error) {
	var result struct {
		Patients map[string]map[string]uint64
		Totals   map[string]uint64
	}
	result.Totals = make(map[string]uint64)
	d := json.NewDecoder(bytes.NewReader(out))
	d.DisallowUnknownFields()
	if err := d.Decode(&result); err != nil {
		return nil, err
	}
	for patient, events := range result.Patients {
		for event, n := range events {
			a = append(a, fmt.Sprintf("%s,%s,%d", patient, event, n))
			result.Totals[event] -= n
		}
	}
	for event, left := range result.Totals {
		if left != 0 {
			return nil, fmt.Errorf("%s: total differs from the sum of the counts", event)
		}
	}
	return a, nil
}
