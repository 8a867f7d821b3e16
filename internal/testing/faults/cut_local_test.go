package faults

import (
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"fastcount/engine"
	"fastcount/internal/testing/proof"
	"fastcount/sources"
)

// localForms are codings that the first bytes identify. Those of several parts
// are read by several workers.
var localForms = []coding{
	codings[0], codings[5], codings[6],
	{name: "a .gz file of members", format: gzipped, parts: 6},
	{name: "a .zst file of frames", format: zstandard, parts: 6},
}

// TestCutStdinEverywhere ends standard input at every byte. A cut of compressed
// data is always detected. A cut of plain data cannot be: the result is that of
// encoding/csv.
func TestCutStdinEverywhere(t *testing.T) {
	cutLocally(t, engine.ProofNone, engine.Config{}, func(_ string, body []byte) engine.Part {
		return sources.NewStdin(newReader(body), sources.LocalOptions{})
	})
}

// TestCutFileEverywhere is the same for files, read as a whole and in ranges.
func TestCutFileEverywhere(t *testing.T) {
	for name, cfg := range map[string]engine.Config{"in one go": {}, "in ranges": {Jobs: 2, RangeSize: 300}} {
		t.Run(name, func(t *testing.T) {
			cutLocally(t, engine.ProofLength, cfg, func(path string, body []byte) engine.Part {
				if os.Truncate(path, int64(len(body))) != nil { // the file does not exist yet
					must(os.WriteFile(path, body, 0o600))
				}
				file, err := sources.NewFile(path, sources.LocalOptions{})
				must(err)
				time.Sleep(5 * time.Second) // of the bubble's clock: so that the young file is not waited for
				return file
			})
		})
	}
}

// cutLocally cuts every form. least is the weakest proof of any part.
func cutLocally(t *testing.T, least engine.Proof, cfg engine.Config, part func(path string, body []byte) engine.Part) {
	var runs atomic.Int64
	t.Cleanup(func() { proof.Cases(t, "cuts-local", int(runs.Load())) })
	for name, d := range fixtures() {
		for _, c := range localForms {
			t.Run(name+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					e, path := newPress().encode(c, d.data), filepath.Join(t.TempDir(), "cut.csv")
					for n := len(e.body); n >= 0; n -= stride() { // decreasing, because truncating a file is cheap
						cutAt(t, least, cfg, e, n, part(path, e.body[:n]))
						runs.Add(1)
					}
				})
			})
		}
	}
}

// cutAt counts a part that holds the first n bytes of e.
func cutAt(t *testing.T, least engine.Proof, cfg engine.Config, e encoded, n int, part engine.Part) {
	var r result
	want, proven := fails(final, classTruncated), least
	if content, whole := e.prefix(n); whole {
		want = anything(content)
		want.raw = n
	}
	if e.coding.format != plain {
		proven = max(least, engine.ProofChecksum)
	}
	report, err := engine.Run(t.Context(), []engine.Part{part}, cfg)
	switch {
	case want.verdict != fine:
		checkError("the part", err, want, &r)
	case err != nil:
		r.wrongf("%v, but nothing is missing", err)
	default:
		checkReport(report, []outcome{{name: part.Name(), attempts: 1, want: want, proof: proven}}, &r)
		if got := report.Parts[0].Unterminated; got != (e.coding.format == plain && unterminated(want.data)) {
			r.wrongf("the part is reported as unterminated: %v", got)
		}
	}
	for _, wrong := range r.wrong {
		t.Errorf("cut at %d of %d: %s", n, len(e.body), wrong)
	}
}
