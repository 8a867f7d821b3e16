package stats

import (
	"testing"
	"time"

	"fastcount/engine"
	"fastcount/sources"
)

func TestClosingLine(t *testing.T) {
	part := func(proof engine.Proof, attempts int) engine.PartReport {
		return engine.PartReport{Bytes: 1000, RawBytes: 1000, Attempts: attempts, Verified: proof}
	}
	file, export := sources.Source{Kind: sources.KindFile}, sources.Source{Kind: sources.KindExport}
	for _, c := range []struct {
		name   string
		report engine.Report
		found  []sources.Source
		again  int
		want   string
	}{
		{"export", engine.Report{Rows: 2e6, Bytes: 8e7, Parts: []engine.PartReport{part(engine.ProofRows, 1), part(engine.ProofRows, 3)}},
			[]sources.Source{export}, 3,
			"2,000,000 rows, 80.0 MB (2.00 kB compressed) in 2.00 s: 1.00 M rows/s, 40.0 MB/s; 2 downloads, 3 retries; proof of completeness: rows (row counts match)"},
		{"file", engine.Report{Rows: 1, Bytes: 1000, Parts: []engine.PartReport{part(engine.ProofNone, 1)}}, []sources.Source{file}, 0,
			"1 row, 1.00 kB in 2.00 s: 0 rows/s, 500 B/s; 1 file; proof of completeness: none (the input ended; a cut cannot be seen)"},
		{"both", engine.Report{Rows: 4000, Bytes: 2000, Parts: []engine.PartReport{part(engine.ProofRows, 1), part(engine.ProofNone, 1)}},
			[]sources.Source{export, file}, 0,
			"4,000 rows, 2.00 kB in 2.00 s: 2.00 k rows/s, 1.00 kB/s; 2 parts, 0 retries; " +
				"weakest proof of completeness: none (the input ended; a cut cannot be seen) for 1 of 2"},
		{"times", engine.Report{Rows: 1, Bytes: 1000, Parts: []engine.PartReport{{Verified: engine.ProofRows, RawBytes: 1000, UncheckedTimes: 1}}}, []sources.Source{export}, 1,
			"1 row, 1.00 kB in 2.00 s: 0 rows/s, 500 B/s; 1 download, 1 retry; proof of completeness: rows (row counts match); " +
				"1 value of event_time not compared with metadata"},
	} {
		if got := Summary(&c.report, c.found, 2*time.Second, c.again); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}
