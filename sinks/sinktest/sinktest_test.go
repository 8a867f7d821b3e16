package sinktest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"fastcount/engine"
)

func TestReport(t *testing.T) {
	got := Report(map[string]map[string]uint64{
		"b": {"y": 2, "x": 1},
		"a": {"y": 4, "never": 0},
		"c": {"never": 0},
		"d": nil,
	})
	want := &engine.Report{
		Keys:   [][]string{{"a", "b"}, {"x", "y"}},
		Groups: []uint32{0, 1, 1, 0, 1, 1},
		Counts: []uint64{4, 1, 2},
		Totals: []uint64{1, 6},
		Rows:   7,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("Report gave\n%+v, want\n%+v", got, want)
	}
}

func TestReportOverflow(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("rows that do not fit into 64 bits did not panic")
		}
	}()
	Report(map[string]map[string]uint64{"a": {"x": 1<<64 - 1}, "b": {"x": 1}})
}

func TestSamplesAreReports(t *testing.T) {
	for _, s := range append(Samples(), Sample{"large", Large(100, 7)}) {
		t.Run(s.Name, func(t *testing.T) {
			r := s.Report
			last := len(r.Keys) - 1
			for _, values := range r.Keys {
				if !slices.IsSorted(values) {
					t.Error("names are not sorted")
				}
			}
			totals := make([]uint64, len(r.Keys[last]))
			var rows uint64
			for group, n := range r.All() {
				totals[group[last]] += n
				rows += n
			}
			if !slices.Equal(totals, r.Totals) || rows != r.Rows {
				t.Error("totals disagree with the counts")
			}
			if !reflect.DeepEqual(ReportBy(r.By, Groups(r)...), r) {
				t.Error("Groups is not the inverse of ReportBy")
			}
			if r.By == nil && !reflect.DeepEqual(Report(Counts(r)), r) {
				t.Error("Counts is not the inverse of Report")
			}
		})
	}
}

type sinkFunc func(w io.Writer, r *engine.Report) error

func (f sinkFunc) Write(w io.Writer, r *engine.Report) error { return f(w, r) }

// good writes an unbuffered line for each group.
func good(w io.Writer, r *engine.Report) error {
	for group, n := range r.All() {
		for i, value := range group {
			if _, err := fmt.Fprintf(w, "%q ", r.Keys[i][value]); err != nil {
				return err
			}
		}
		if _, err := fmt.Fprintf(w, "%d\n", n); err != nil {
			return err
		}
	}
	return nil
}

func TestGoodSink(t *testing.T) {
	Run(t, sinkFunc(good), Options{Parse: parseGood})
}

func parseGood(output []byte) (groups []Group, err error) {
	for line := range strings.Lines(string(output)) {
		var g Group
		for strings.HasPrefix(line, `"`) {
			quoted, err := strconv.QuotedPrefix(line)
			if err != nil {
				return nil, err
			}
			value, err := strconv.Unquote(quoted)
			if err != nil {
				return nil, err
			}
			g.Values = append(g.Values, value)
			line = strings.TrimPrefix(line[len(quoted):], " ")
		}
		if _, err := fmt.Sscanf(line, "%d\n", &g.Count); err != nil {
			return nil, err
		}
		groups = append(groups, g)
	}
	return groups, nil
}

// TestBadSinks checks that Run detects a violation of each clause of the
// contract.
func TestBadSinks(t *testing.T) {
	calls := 0
	tests := []struct {
		name string
		sink sinkFunc
		want string // part of the error
	}{
		{"other bytes the second time", func(w io.Writer, r *engine.Report) error {
			calls++
			_, err := fmt.Fprintln(w, calls)
			return err
		}, "second output differs"},
		{"changes the report", func(w io.Writer, r *engine.Report) error {
			r.Counts[0]++
			return good(w, r)
		}, "changed the report"},
		{"swallows errors", func(w io.Writer, r *engine.Report) error {
			good(w, r)
			return nil
		}, "got error <nil>"},
		{"returns another error", func(w io.Writer, r *engine.Report) error {
			if good(w, r) != nil {
				return errors.New("something failed")
			}
			return nil
		}, "got error something failed"},
		{"goes on after an error", func(w io.Writer, r *engine.Report) error {
			err := good(w, r)
			return errors.Join(err, good(w, r))
		}, "written to again"},
		{"fails", func(io.Writer, *engine.Report) error { return io.ErrNoProgress }, "Write: multiple Read calls"},
		{"wrong count", func(w io.Writer, r *engine.Report) error {
			_, err := fmt.Fprint(w, "\"P001\" \"bp_dia\" 3105\n")
			return err
		}, "want 3106"},
		{"leaves out a patient", func(w io.Writer, r *engine.Report) error {
			c := clone(r)
			c.Groups, c.Counts = c.Groups[4:], c.Counts[2:]
			return good(w, c)
		}, "missing"},
		{"invents an event", func(w io.Writer, r *engine.Report) error {
			if _, err := fmt.Fprint(w, "\"P001\" \"new\" 1\n"); err != nil {
				return err
			}
			return good(w, r)
		}, "not in the report"},
		{"repeats a pair", func(w io.Writer, r *engine.Report) error {
			if err := good(w, r); err != nil {
				return err
			}
			return good(w, r)
		}, "occurs twice"},
		{"unreadable", func(w io.Writer, r *engine.Report) error {
			_, err := fmt.Fprintln(w, "?")
			return err
		}, "parse: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := check(tt.sink, Options{Parse: parseGood}, Demo())
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
}

func TestSinkThatHoldsItsOutput(t *testing.T) {
	hoarder := sinkFunc(func(w io.Writer, r *engine.Report) error {
		var b bytes.Buffer
		if err := good(&b, r); err != nil {
			return err
		}
		_, err := w.Write(b.Bytes())
		return err
	})
	if err := checkMemory(hoarder, Options{}); err == nil {
		t.Error("a sink that holds its whole output passed")
	}
	if err := checkMemory(hoarder, Options{MaxHeap: 64 << 20}); err != nil {
		t.Errorf("with a higher limit: %v", err)
	}
}

// marker is a sink that claims to mark incomplete reports.
type marker struct{ sinkFunc }

func (marker) MarksIncomplete() bool { return true }

// TestBadMarkers checks that Run detects a Marker that does not mark.
func TestBadMarkers(t *testing.T) {
	tests := []struct {
		name string
		sink sinkFunc
		want string // part of the error; "" for none
	}{
		{"marks nothing", good, `missing part "ward-1.csv" is not named`},
		{"names the first alone", func(w io.Writer, r *engine.Report) error {
			for _, s := range r.Incomplete[:min(len(r.Incomplete), 1)] {
				if _, err := fmt.Fprintln(w, s.Part); err != nil {
					return err
				}
			}
			return good(w, r)
		}, `missing part "ward-2.csv" is not named`},
		{"always names them", func(w io.Writer, r *engine.Report) error {
			_, err := io.WriteString(w, "ward-1.csv ward-2.csv\n")
			return err
		}, "as for a complete one"},
		{"swallows errors", func(w io.Writer, r *engine.Report) error {
			for _, s := range r.Incomplete {
				fmt.Fprintln(w, s.Part)
			}
			return good(w, r)
		}, "got error <nil>"},
		{"names them", namesThem, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := checkIncomplete(marker{tt.sink})
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
	if err := checkIncomplete(sinkFunc(good)); err != nil {
		t.Errorf("a sink that is not a Marker: %v", err)
	}
}

func namesThem(w io.Writer, r *engine.Report) error {
	for _, s := range r.Incomplete {
		if _, err := fmt.Fprintf(w, "%s: %q\n", s.Part, s.Err); err != nil {
			return err
		}
	}
	return good(w, r)
}
