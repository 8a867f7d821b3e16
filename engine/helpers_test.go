package engine_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"fastcount/engine"
	"fastcount/internal/testing/corpus"
	"fastcount/internal/testing/oracle"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is a part in memory.
type memory struct {
	name string
	data []byte
}

func (m memory) Name() string          { return m.name }
func (m memory) Info() engine.PartInfo { return engine.PartInfo{} }

func (m memory) Open(context.Context) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(m.data)), nil
}

// plain is a part in memory that can be split, like a plain file.
type plain struct{ memory }

func (p plain) Info() engine.PartInfo {
	return engine.PartInfo{Size: int64(len(p.data)), SizeKnown: true}
}

func (p plain) Boundary(_ context.Context, at int64) (int64, error) { return at, nil }

func (p plain) OpenRange(_ context.Context, from, to int64) (io.ReadCloser, error) {
	return plainRange{&corpus.Pieces{Data: p.data[from:]}, to - from}, nil
}

type plainRange struct {
	io.Reader
	limit int64
}

func (r plainRange) Info() engine.StreamInfo { return engine.StreamInfo{Limit: r.limit} }
func (r plainRange) Close() error            { return nil }

// download is a part with a declaration, and with another stream for each
// attempt.
type download struct {
	name     string
	attempts []io.Reader
	declared engine.Declaration
	opened   int
}

func (d *download) Name() string                               { return d.name }
func (d *download) Retry(n int, _ error) (time.Duration, bool) { return 0, n < len(d.attempts) }

func (d *download) Info() engine.PartInfo {
	return engine.PartInfo{Remote: true, Declared: &d.declared}
}

func (d *download) Open(context.Context) (io.ReadCloser, error) {
	d.opened++
	return &framed{Reader: d.attempts[d.opened-1]}, nil
}

// framed is a stream with ProofFraming.
type framed struct {
	io.Reader
	n int64
}

func (f *framed) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	f.n += int64(n)
	return n, err
}

func (f *framed) Close() error { return nil }

func (f *framed) Info() engine.StreamInfo {
	return engine.StreamInfo{Proof: engine.ProofFraming, Checked: true, RawBytes: f.n}
}

// pairs returns the counts of a report as a map.
func pairs(r *engine.Report) map[[2]string]uint64 {
	out := map[[2]string]uint64{}
	for group, n := range r.All() {
		out[[2]string{r.Keys[0][group[0]], r.Keys[1][group[1]]}] += n
	}
	return out
}

// checkReport compares a report with the expected counts, and checks that it is
// consistent.
func checkReport(t *testing.T, r *engine.Report, want map[[2]string]uint64) {
	t.Helper()
	if got := pairs(r); !maps.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	if !slices.IsSorted(r.Keys[0]) || !slices.IsSorted(r.Keys[1]) {
		t.Errorf("names are not sorted: %q, %q", r.Keys[0], r.Keys[1])
	}
	var rows uint64
	totals := make([]uint64, len(r.Keys[1]))
	var last []uint32
	for group, n := range r.All() {
		if slices.Compare(last, group) >= 0 {
			t.Errorf("group %v is not in order", group)
		}
		last = group
		rows += n
		totals[group[1]] += n
	}
	if r.Rows != rows || !slices.Equal(totals, r.Totals) {
		t.Errorf("got %d rows and totals %v; the counts add up to %d and %v", r.Rows, r.Totals, rows, totals)
	}
}

func mustCount(t *testing.T, data []byte) map[[2]string]uint64 {
	t.Helper()
	want, err := oracle.Counts(data, ',', "patient_id", "event_type")
	if err != nil {
		t.Fatal(err)
	}
	return want
}

// export returns rows of plain CSV over a few patients and event types.
func export(seed, rows int) []byte {
	var b bytes.Buffer
	b.WriteString("patient_id,event_time,event_type,value\n")
	for i := range rows {
		n := uint32(seed*1_000_003+i) * 2654435761 >> 8
		fmt.Fprintf(&b, "P%03d,2025-08-26T00:00:%02dZ,%s,%d\n", n%7, i%60, []string{"bp", "heart_rate", "spo2"}[n/7%3], n%200)
	}
	return b.Bytes()
}

func reportOf(t testing.TB, data []byte, cfg engine.Config) *engine.Report {
	t.Helper()
	r, err := engine.Run(t.Context(), []engine.Part{memory{"a", data}}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// oddIDs is an export with ids that contain quotes, line feeds and other bytes
// that have a meaning in formats.
var oddIDs = []byte("patient_id,event_type\n\"4:P001,\",\"a\nb\"\n\"\",\"\"\n\"{\",x\n\"{\",x\n\x00,\u2028\n" + strings.Repeat("y", 4000) + ",z\n")

// progressOf returns the progress of all parts.
func progressOf(p *engine.Progress) (parts []engine.PartProgress) {
	for _, part := range p.All() {
		parts = append(parts, part)
	}
	return parts
}
