package faults

import (
	"errors"
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"fastcount/engine"
	"fastcount/internal/testing/simnet"
	"fastcount/sources"
)

// TestProxyEndsCutBodyWell has a proxy turn a body that was cut into a complete
// chunked one, at each byte. A download declares its rows, so the cut is
// detected. For a URL it cannot be detected: the rows that arrived are counted,
// and the proof is at most framing, or the checksum of compressed data.
func TestProxyEndsCutBodyWell(t *testing.T) {
	for name, d := range fixtures() {
		for _, c := range codings {
			t.Run(name+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				p := newPress()
				synctest.Test(t, func(t *testing.T) {
					u := newCutting(t, p, d, c, simnet.Chunked, simnet.Close)
					client, err := sources.NewClient(sources.Options{Retries: -1, DialContext: u.network.DialContext})
					must(err)
					t.Cleanup(client.Close)
					link, err := client.URL(origin+"/x.csv", "")
					must(err)
					for n := len(u.encoded.body); n >= 0; n -= stride() {
						u.coverUp(link, n)
					}
				})
			})
		}
	}
}

// coverUp counts the download and the URL when a proxy received n bytes.
func (u *cutting) coverUp(link *sources.URL, n int) {
	var r result
	cut := u.maker.coveredUp(u.truth, u.encoded, n)
	u.cuts = []simnet.Answer{cut.answer(time.Time{}), cut.answer(time.Time{})}

	report, err := engine.Run(u.t.Context(), []engine.Part{u.hasty}, engine.Config{})
	if cut.want.verdict != fine {
		checkError("the download", err, cut.want, &r)
	} else if whole := u.maker.judge(u.encoded.data); !maps.Equal(cut.want.counts, whole.counts) {
		r.wrongf("the simulator judges a download as complete of which rows are missing")
	} else {
		checkReport(report, []outcome{u.outcome(1, cut.want)}, &r)
	}

	want := broken(sources.ErrTruncated)
	if content, whole := u.encoded.prefix(n); whole {
		want = anything(content)
		want.raw = n
	}
	report, err = engine.Run(u.t.Context(), []engine.Part{link}, engine.Config{})
	if want.verdict != fine {
		checkError("the URL", err, want, &r)
		u.report("a proxy's body", n, r)
		return
	}
	proven := engine.ProofFraming
	if u.encoded.coding.format != plain {
		proven = engine.ProofChecksum
	}
	checkReport(report, []outcome{{name: link.Name(), attempts: 1, want: want, proof: proven}}, &r)
	err = report.RequireProof(engine.ProofLength)
	if !errors.Is(err, engine.ErrWeakProof) || report.Proof() != proven {
		r.wrongf("length is required: %v, proof %v", err, report.Proof())
	}
	u.report("a proxy's body", n, r)
}
