package shapes

import (
	"bytes"
	"context"
	"encoding/csv"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"fastcount/engine"
	"fastcount/internal/testing/oracle"
)

// The engine counts what encoding/csv and a map count.
func TestCounts(t *testing.T) {
	const rows = 20_000
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			text := generated(t, name, rows)
			want, err := oracle.Counts(text, ',', "patient_id", "event_type")
			if err != nil {
				t.Fatal(err)
			}
			r := count(t, text)
			if got := pairCounts(r); r.Rows != rows || r.Bytes != uint64(len(text)) || !maps.Equal(got, want) {
				t.Errorf("%d rows, %d bytes and %d pairs, want %d, %d and %d, or else counts differ",
					r.Rows, r.Bytes, len(got), rows, len(text), len(want))
			}
		})
	}
}

func count(t *testing.T, text []byte) *engine.Report {
	t.Helper()
	part := engine.NewPart("memory", func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(text)), nil
	})
	r, err := engine.Run(t.Context(), []engine.Part{part}, engine.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func pairCounts(r *engine.Report) map[[2]string]uint64 {
	counts := map[[2]string]uint64{}
	for group, n := range r.All() {
		counts[[2]string{r.Keys[0][group[0]], r.Keys[1][group[1]]}] = n
	}
	return counts
}

// All names occur once there are that many rows, and they have the documented
// form.
func TestNamesOccur(t *testing.T) {
	const uuids = `[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`
	const plain = `heart_rate|spo2|bp_sys|bp_dia`
	for _, c := range []struct {
		name             string
		rows             uint64
		patients, events int
		patient, event   string // regular expressions
	}{
		{"uuid", 20, 20, 4, uuids, plain},
		{"quoted", 20, 20, 4, `L0[0-2]\d`, plain},
		{"crlf", 20, 20, 4, `L0[0-2]\d`, plain},
		{"wide", 20, 20, 4, `L0[0-2]\d`, plain},
		{"many-patients", 5000, 5000, 4, `P[01]\d{6}`, plain},
		{"many-events", 4096, 1000, 4096, `P[01]\d{3}`, `[a-z0-9_]{3,10}_[0-2]\d\d`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := count(t, generated(t, c.name, c.rows))
			if len(r.Keys[0]) != c.patients || len(r.Keys[1]) != c.events {
				t.Errorf("%d patients and %d event types, want %d and %d", len(r.Keys[0]), len(r.Keys[1]), c.patients, c.events)
			}
			matchAll(t, r.Keys[0], c.patient)
			matchAll(t, r.Keys[1], c.event)
		})
	}
}

func matchAll(t *testing.T, names []string, pattern string) {
	t.Helper()
	form := regexp.MustCompile(`^(` + pattern + `)$`)
	for _, name := range names {
		if !form.MatchString(name) {
			t.Fatalf("%q does not match %s", name, pattern)
		}
	}
}

// Each of the first 1,000,000 rows of many-patients has another patient.
func TestEveryPatient(t *testing.T) {
	const patients = 1_000_000
	_, rows, _ := bytes.Cut(generated(t, "many-patients", patients), []byte{'\n'})
	seen := make([]bool, patients+1)
	for line := range bytes.Lines(rows) {
		n, err := strconv.Atoi(string(line[1:8]))
		if err != nil || n < 1 || n > patients || seen[n] || line[0] != 'P' || line[8] != ',' {
			t.Fatalf("unexpected row %q", line)
		}
		seen[n] = true
	}
	if slices.Contains(seen[1:], false) {
		t.Error("a patient has no row")
	}
}

// Quotes, line ends and numbers of columns are as documented.
func TestLines(t *testing.T) {
	const plain = `[^,"\r\n]+(,[^,"\r\n]+){3}\n`
	for name, pattern := range map[string]string{
		"uuid":          plain,
		"quoted":        `"[^,"\r\n]+"(,"[^,"\r\n]+"){3}\n`,
		"crlf":          strings.ReplaceAll(plain, `){3}`, `){3}\r`),
		"wide":          `[^,"\r\n]+(,[^,"\r\n]*){39}\n`,
		"many-patients": plain,
		"many-events":   plain,
	} {
		var lines []string
		for line := range strings.Lines(string(generated(t, name, 3000))) {
			lines = append(lines, line)
		}
		matchAll(t, lines, pattern)
	}
}

// table returns the four columns that all shapes have, including the header.
func table(t *testing.T, name string, rows uint64) (columns [4][]string) {
	t.Helper()
	at := [4]int{0, 1, 2, 3}
	if name == "wide" {
		at = [4]int{5, 12, 21, 30}
	}
	records, err := csv.NewReader(bytes.NewReader(generated(t, name, rows))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, record := range records {
		for i := range columns {
			columns[i] = append(columns[i], record[at[i]])
		}
	}
	return columns
}

// The four shapes that differ in format alone hold the same table, except for
// the patient ids of uuid.
func TestSameTable(t *testing.T) {
	want := table(t, "crlf", 3000)
	for _, name := range []string{"quoted", "wide", "uuid"} {
		got := table(t, name, 3000)
		first := 0
		if name == "uuid" {
			first = 1
		}
		for i := first; i < len(want); i++ {
			if !slices.Equal(got[i], want[i]) {
				t.Errorf("%s: column %s differs", name, want[i][0])
			}
		}
	}
}

// Times increase from row to row, and values are within the limits of their
// event type.
func TestFields(t *testing.T) {
	const rows = 20_000
	for _, name := range []string{"crlf", "many-events"} {
		columns := table(t, name, rows)
		header := []string{columns[0][0], columns[1][0], columns[2][0], columns[3][0]}
		if want := []string{"patient_id", "event_time", "event_type", "value"}; !slices.Equal(header, want) {
			t.Errorf("%s: the header is %v", name, header)
		}
		matchAll(t, columns[1][1:], `2025-08-2\dT\d\d:\d\d:\d\d(\.\d{6})?Z`)
		for i, text := range columns[1][1:] {
			at, err := time.Parse(time.RFC3339Nano, text)
			begin := epoch.Add(time.Duration(i) * step)
			if err != nil || at.Before(begin) || !at.Before(begin.Add(step)) {
				t.Fatalf("%s: row %d has the time %s (%v)", name, i, text, err)
			}
		}
		for i, text := range columns[3][1:] {
			if value, err := strconv.Atoi(text); err != nil || value < 30 || value > 250 {
				t.Fatalf("%s: row %d has the value %q", name, i, text)
			}
		}
	}
}

// Values have the mean and the standard deviation of their event type, within
// its limits.
func TestValue(t *testing.T) {
	const draws = 100_000
	e := plainEvents[2] // bp_sys
	random, sum, squares := newGenerator(plainShape()).random, 0.0, 0.0
	for range draws {
		v := float64(e.value(random.Uint64()))
		sum += v
		squares += v * v
	}
	mean := sum / draws
	variance := squares/draws - mean*mean
	if mean < 119.5 || mean > 120.5 || variance < 19*19 || variance > 21*21 {
		t.Errorf("the mean is %v, the variance %v", mean, variance)
	}
	if low, high := e.value(0), e.value(1<<64-1); low != 60 || high != 217 {
		t.Errorf("the ends are %d and %d", low, high)
	}
}
