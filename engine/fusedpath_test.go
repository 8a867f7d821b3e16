package engine

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"fastcount/internal/fused"
	"fastcount/internal/simd"
	"fastcount/parser"
)

type textPart string

func (textPart) Name() string   { return "text" }
func (textPart) Info() PartInfo { return PartInfo{} }
func (p textPart) Open(context.Context) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(string(p))), nil
}

// The fused path counts all rows except those of the first blocks, in which the
// names are new, for each form of records that it supports, and no rows of
// other forms.
func TestRowsOfTheFusedPath(t *testing.T) {
	if !fused.Available {
		t.Skip("the fused path is not available here")
	}
	const header, rows = "patient_id,event_time,event_type,value\n", 20_000
	wide := strings.Repeat("c,", 30) + "event_type,patient_id,last\n"
	for name, tt := range map[string]struct {
		header string
		row    func(patient, event string) string
		limits parser.Limits
		kernel string
		slow   bool
	}{
		"plain":  {header: header, row: func(p, e string) string { return p + ",2025-08-26T00:00:00Z," + e + ",71\n" }},
		"CRLF":   {header: header, row: func(p, e string) string { return p + ",2025-08-26T00:00:00Z," + e + ",71\r\n" }},
		"quoted": {header: header, row: func(p, e string) string { return `"` + p + `","2025","` + e + "\",\"71\"\n" }},
		"long ids": {header: header, row: func(p, e string) string {
			return "0b3e1f5a-7c1d-4a89-9e55-" + p + ",2025," + e + ",71\n"
		}},
		"wide":    {header: wide, row: func(p, e string) string { return strings.Repeat("12,", 30) + e + "," + p + ",x\n" }},
		"generic": {header: header, row: func(p, e string) string { return p + ",2025," + e + ",71\n" }, kernel: "generic", slow: true},
		"short records": {header: header, row: func(p, e string) string { return p + ",2025," + e + ",71\n" },
			limits: parser.Limits{MaxRecord: minRecord - 1}, slow: true},
	} {
		t.Run(name, func(t *testing.T) {
			useKernel(t, tt.kernel)
			var b strings.Builder
			b.WriteString(tt.header)
			for i := range rows {
				b.WriteString(tt.row(fmt.Sprintf("P%03d", i*7%50), []string{"bp", "heart_rate", "spo2"}[i%3]))
			}
			cfg, err := Config{RecordLimits: tt.limits}.withDefaults()
			if err != nil {
				t.Fatal(err)
			}
			part, total := textPart(b.String()), newAccumulator(cfg)
			run := newRun([]Part{part}, cfg)
			w := newWorker(run)
			defer w.release()
			report, err := w.attempt(t.Context(), part, total, &run.states[0])
			if err != nil || report.Rows != rows {
				t.Fatalf("%d rows, %v", report.Rows, err)
			}
			first := uint64(64<<10)/uint64(len(tt.row("P000", "bp"))) + 1 // rows of the first block
			switch {
			case tt.slow && total.fusedRows > 0:
				t.Errorf("the fused path counted %d rows", total.fusedRows)
			case !tt.slow && total.fusedRows < rows-2*first:
				t.Errorf("the fused path counted %d of %d rows, want all but %d", total.fusedRows, rows, 2*first)
			}
		})
	}
}

// useKernel selects the kernel with the given name, if any, until the end of
// the test.
func useKernel(t *testing.T, name string) {
	t.Helper()
	if name == "" {
		return
	}
	before := simd.Current().Name
	t.Cleanup(func() {
		if err := simd.Use(before); err != nil {
			t.Error(err)
		}
	})
	if err := simd.Use(name); err != nil {
		t.Fatal(err)
	}
}
