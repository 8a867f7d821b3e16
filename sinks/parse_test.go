package sinks_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"fastcount/sinks/sinktest"
)

// parseJSON parses the result token by token, because decoding into maps does
// not detect a repeated key.
func parseJSON(output []byte) ([]sinktest.Group, error) {
	d := json.NewDecoder(bytes.NewReader(output))
	d.UseNumber()
	var groups []sinktest.Group
	keys, all, totals := 2, uint64(0), map[string]uint64{}
	take := func(values []string, n uint64) {
		groups = append(groups, sinktest.Group{Values: slices.Clone(values), Count: n})
		totals[values[keys-1]] -= n
		all += n
	}
	var members []string
	err := eachMember(d, func(name string) error {
		members = append(members, name)
		switch name {
		case "by":
			var by []string
			err := d.Decode(&by)
			keys = len(by)
			return err
		case "patients", "counts":
			return eachGroup(d, keys, nil, take)
		case "total":
			n, err := number(d)
			if err == nil && n != all {
				err = fmt.Errorf("the total is %d, the sum %d", n, all)
			}
			clear(totals)
			return err
		case "totals":
			return eachGroup(d, 1, nil, func(values []string, n uint64) { totals[values[0]] += n })
		}
		return fmt.Errorf("unexpected member %q", name)
	})
	if err != nil {
		return nil, err
	}
	if !slices.Equal(members, []string{"patients", "totals"}) && !slices.Equal(members, []string{"by", "counts", "total"}) {
		return nil, fmt.Errorf("members %q", members)
	}
	for value, n := range totals {
		if n != 0 {
			return nil, fmt.Errorf("the total of %q is not the sum", value)
		}
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("something follows the object: %v", err)
	}
	return groups, nil
}

// eachMember calls f with each key of the next object; f reads the value.
func eachMember(d *json.Decoder, f func(key string) error) error {
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		if err := f(key.(string)); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

// eachGroup calls f with each count in nested objects.
func eachGroup(d *json.Decoder, depth int, values []string, f func(values []string, n uint64)) error {
	return eachMember(d, func(value string) error {
		values := append(values, value)
		if depth > 1 {
			return eachGroup(d, depth-1, values, f)
		}
		n, err := number(d)
		f(values, n)
		return err
	})
}

func number(d *json.Decoder) (n uint64, err error) {
	return n, d.Decode(&n)
}

// parseNDJSON parses each line token by token: the members are in the order of
// the keys.
func parseNDJSON(output []byte) (groups []sinktest.Group, err error) {
	for line := range bytes.Lines(output) {
		d := json.NewDecoder(bytes.NewReader(line))
		d.UseNumber()
		var g sinktest.Group
		err := eachMember(d, func(name string) (err error) {
			if name == "count" {
				g.Count, err = number(d)
				return err
			}
			var value string
			err = d.Decode(&value)
			g.Values = append(g.Values, value)
			return err
		})
		if err != nil {
			return nil, err
		}
		groups = append(groups, g)
	}
	return groups, nil
}

// parseCSV parses RFC 4180 exactly, and compares the records with those of
// encoding/csv, which turns a quoted CRLF into LF.
func parseCSV(output []byte) (groups []sinktest.Group, err error) {
	records := splitCSV(string(output))
	std, err := csv.NewReader(bytes.NewReader(output)).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(std) != len(records) {
		return nil, fmt.Errorf("%d records, but %d by encoding/csv", len(records), len(std))
	}
	for i, record := range records {
		for j := range record {
			if strings.ReplaceAll(record[j], "\r\n", "\n") != std[i][j] {
				return nil, fmt.Errorf("field %.100q is %.100q by encoding/csv", record[j], std[i][j])
			}
		}
		last := len(record) - 1
		if i == 0 {
			if record[last] != "count" {
				return nil, fmt.Errorf("header %q", record)
			}
			continue
		}
		n, err := strconv.ParseUint(record[last], 10, 64)
		if err != nil {
			return nil, err
		}
		groups = append(groups, sinktest.Group{Values: record[:last], Count: n})
	}
	return groups, nil
}

func splitCSV(s string) (records [][]string) {
	var record []string
	for s != "" {
		var field strings.Builder
		if rest, quoted := strings.CutPrefix(s, `"`); quoted {
			for more := true; more; {
				var part string
				part, rest, _ = strings.Cut(rest, `"`)
				field.WriteString(part)
				if rest, more = strings.CutPrefix(rest, `"`); more {
					field.WriteByte('"')
				}
			}
			s = rest
		} else {
			end := strings.IndexAny(s, ",\n")
			field.WriteString(s[:end])
			s = s[end:]
		}
		record = append(record, field.String())
		if s[0] == '\n' {
			records, record = append(records, record), nil
		}
		s = s[1:]
	}
	return records
}

// parseMarkdown reads a table back.
func parseMarkdown(output []byte) (groups []sinktest.Group, err error) {
	header, rest, _ := strings.Cut(string(output), "\n")
	rule, rows, ok := strings.Cut(rest, "\n")
	names := markdownCells(header)
	last := len(names) - 1
	if !ok || names[last] != "count" || rule != strings.Repeat("|---", last)+"|---:|" {
		return nil, fmt.Errorf("header %.100q, %.100q", header, rule)
	}
	for line := range strings.Lines(rows) {
		cells := markdownCells(strings.TrimSuffix(line, "\n"))
		if len(cells) != len(names) {
			return nil, fmt.Errorf("%d cells in %.100q", len(cells), line)
		}
		n, err := strconv.ParseUint(cells[last], 10, 64)
		if err != nil {
			return nil, err
		}
		for i := range cells[:last] {
			cells[i] = unquoteID(cells[i])
		}
		groups = append(groups, sinktest.Group{Values: cells[:last], Count: n})
	}
	return groups, nil
}

// markdownCells splits a row as the specification of GitHub Flavored Markdown
// does, and removes the escapes.
func markdownCells(line string) (cells []string) {
	line = strings.TrimSuffix(strings.TrimPrefix(line, "| "), " |")
	var cell strings.Builder
	for i := 0; i < len(line); i++ {
		switch {
		case line[i] == '\\' && i+1 < len(line):
			i++
			cell.WriteByte(line[i])
		case strings.HasPrefix(line[i:], " | "):
			cells = append(cells, cell.String())
			cell.Reset()
			i += 2
		default:
			cell.WriteByte(line[i])
		}
	}
	return append(cells, cell.String())
}

// unquoteID returns the id that a cell shows.
func unquoteID(cell string) string {
	if id, err := strconv.Unquote(cell); err == nil {
		return id
	}
	return cell
}
