package faults

import (
	"bytes"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"fastcount/engine"
	"fastcount/internal/testing/proof"
	"fastcount/internal/testing/simnet"
	"fastcount/sources"
)

// fixtures are downloads of about 2 kB, for cuts at each of their bytes.
func fixtures() map[string]download {
	var plain, quoted, crlf strings.Builder
	plain.WriteString("patient_id,event_time,event_type,value\n")
	quoted.WriteString("\"patient_id\",\"value\",\"event_type\"\n")
	crlf.WriteString("event_type,event_time,patient_id\r\n")
	for i := range 45 {
		patient, event := fmt.Sprint(patientMark, i%4), fmt.Sprint("bp_", i%3)
		fmt.Fprintf(&plain, "%s,2025-08-26T00:00:%02dZ,%s,%d\n", patient, i, event, i*7)
		fmt.Fprintf(&quoted, "\"%s\",\"a \"\"%d\"\", and\nmore, \r\n\",\"%s\"\n", patient, i, event)
		fmt.Fprintf(&crlf, "%s,2025-08-26T00:00:%02d.%06dZ,%s\r\n", event, i, i*i, patient)
	}
	d := declaration{rows: 45, events: []string{"bp_0", "bp_1", "bp_2"},
		patients: []string{patientMark + "0", patientMark + "1", patientMark + "2", patientMark + "3"}}
	out := map[string]download{}
	for name, text := range map[string]string{"plain": plain.String(), "quoted": quoted.String(), "CRLF": crlf.String()} {
		out[name] = download{id: "d", data: []byte(text), declared: d}
	}
	return out
}

// stride returns the distance between two cuts: 1 in a long run.
func stride() int { return proof.Bound(37, 1) }

// TestCutEverywhere ends the answer to a request for data at each of its bytes.
// If that is the first attempt, whose data then has another patient, the second
// attempt must give the exact counts. Without another attempt, the run must
// fail with the class of error for that position, unless nothing is missing.
func TestCutEverywhere(t *testing.T) {
	forms := []struct {
		coding  int
		framing simnet.Framing
	}{
		{0, simnet.Chunked}, {0, simnet.Length}, {0, simnet.UntilClose},
		{1, simnet.Chunked}, {1, simnet.UntilClose}, {2, simnet.Chunked}, {2, simnet.UntilClose},
	}
	var runs atomic.Int64
	t.Cleanup(func() { proof.Cases(t, "cuts-network", int(runs.Load())) })
	for name, d := range fixtures() {
		for _, form := range forms {
			for end, ended := range map[simnet.End]string{simnet.Close: "FIN", simnet.Reset: "RST"} {
				t.Run(fmt.Sprintf("%s/%s/%v/%s", name, codings[form.coding].name, form.framing, ended), func(t *testing.T) {
					t.Parallel()
					p := newPress()
					synctest.Test(t, func(t *testing.T) {
						runs.Add(newCutting(t, p, d, codings[form.coding], form.framing, end).all(stride()))
					})
				})
			}
		}
	}
}

// cutting is a download in one form of transfer, whose answers are cut.
type cutting struct {
	t          *testing.T
	maker      *maker
	end        simnet.End
	truth      simnet.Response
	encoded    encoded
	poisonWire []byte

	network  simnet.Network
	cuts     []simnet.Answer // answers to the next requests for data, before the complete one
	download *sources.Download
	hasty    *sources.Download // the same without a second attempt
}

func newCutting(t *testing.T, p *press, d download, c coding, f simnet.Framing, end simnet.End) *cutting {
	w := &world{downloads: []download{d}}
	u := &cutting{t: t, maker: &maker{press: p, question: w.dataQuestion(0, d.declared)}, end: end}
	respond := func(data []byte) (simnet.Response, encoded) {
		e := p.encode(c, data)
		r := simnet.Response{Body: e.body, Framing: f, Chunk: 500}
		if c.header != "" {
			r.Header = []string{"Content-Encoding: " + c.header}
		}
		return r, e
	}
	u.truth, u.encoded = respond(d.data)
	poison, _ := respond(bytes.ReplaceAll(d.data, []byte(patientMark), []byte(poisonMark+"~")))
	u.poisonWire, _ = poison.Wire()

	list, meta := w.listQuestion(), w.metaQuestion(0)
	u.network.Answer = func(r *simnet.Request) simnet.Answer {
		switch {
		case r.Target == list.path:
			return simnet.Response{Body: list.truth}.Answer()
		case r.Target == meta.path:
			return simnet.Response{Body: meta.truth}.Answer()
		case len(u.cuts) > 0:
			cut := u.cuts[0]
			if r.Kept && len(cut.Wire) == 0 {
				return cut // the client has to request again: that is not an attempt
			}
			u.cuts = u.cuts[1:]
			return cut
		}
		return u.truth.Answer()
	}
	u.download, u.hasty = u.open(1), u.open(-1)
	return u
}

func (u *cutting) open(retries int) *sources.Download {
	client, err := sources.NewClient(sources.Options{Server: origin, Retries: retries, DialContext: u.network.DialContext})
	must(err)
	u.t.Cleanup(client.Close)
	downloads, err := client.Export(u.t.Context(), export)
	must(err)
	return downloads[0]
}

// all cuts the answers at every stride-th byte, and returns the number of runs.
func (u *cutting) all(stride int) (runs int64) {
	for n := 0; n <= len(u.poisonWire); n += stride {
		u.first(n)
		runs++
	}
	wire, _ := u.truth.Wire()
	for n := 0; n <= len(wire); n += stride {
		u.only(wire, n)
		runs++
	}
	return runs
}

// first cuts the first attempt.
func (u *cutting) first(n int) {
	var r result
	u.cuts = []simnet.Answer{{Wire: u.poisonWire[:n], End: u.end}}
	report, err := engine.Run(u.t.Context(), []engine.Part{u.download}, engine.Config{})
	if err != nil {
		u.t.Errorf("the first attempt cut at %d: %v", n, err)
		return
	}
	checkReport(report, []outcome{u.outcome(2, u.maker.came(u.encoded.data, len(u.encoded.body)))}, &r)
	u.report("the first attempt", n, r)
}

// only cuts the only attempt.
func (u *cutting) only(wire []byte, n int) {
	var r result
	u.cuts = []simnet.Answer{{Wire: wire[:n], End: u.end}}
	report, err := engine.Run(u.t.Context(), []engine.Part{u.hasty}, engine.Config{})
	want := broken()
	if head := len(u.truth.Head()); n >= head {
		want = u.maker.cut(u.truth, u.encoded, n-head, u.end).want
	}
	switch {
	case want.verdict != fine:
		checkError("d", err, want, &r)
	case err != nil:
		r.wrongf("%v, but nothing is missing", err)
	default:
		checkReport(report, []outcome{u.outcome(1, want)}, &r)
	}
	u.report("the only attempt", n, r)
}

func (u *cutting) outcome(attempts int, want effect) outcome {
	return outcome{name: export + "/d", attempts: attempts, want: want, proof: engine.ProofRows}
}

func (u *cutting) report(attempt string, n int, r result) {
	if len(r.wrong) > 0 {
		u.t.Errorf("%s cut at %d: %s", attempt, n, strings.Join(r.wrong, "\n"))
	}
}
