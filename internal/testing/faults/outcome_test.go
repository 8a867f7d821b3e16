package faults

import (
	"math"
	"slices"
	"strings"

	"fastcount/engine"
	"fastcount/internal/testing/oracle"
	"fastcount/parser"
	"fastcount/sinks/sinktest"
)

// outcome is the required result of a part.
type outcome struct {
	name     string
	attempts int
	want     effect
	proof    engine.Proof
	passed   bool // although it is not what was declared
	kept     bool // from an earlier run
}

// failed reports whether no row of the part may be counted.
func (o outcome) failed() bool { return o.want.verdict != fine && !o.passed }

// outcomes returns the required results of all parts of a run, in their order.
func (s *schedule) outcomes() (out []outcome) {
	for i, e := range s.data {
		o := outcome{name: export + "/" + s.downloads[i].id, attempts: e.expected, want: e.last, proof: engine.ProofRows}
		o.passed = s.verify == warn && e.last.class == classMismatch
		if o.passed || s.verify == off {
			o.proof = e.proof()
		}
		out = append(out, o)
	}
	for _, e := range s.urls {
		out = append(out, outcome{name: origin + e.path, attempts: e.expected, want: e.last, proof: e.proof()})
	}
	for _, l := range s.local {
		o := outcome{name: l.part.Name(), attempts: 1, want: l.want}
		if l.want.raw != len(l.want.data) { // it was compressed
			o.proof = engine.ProofChecksum
		}
		out = append(out, o)
	}
	return out
}

// checkRun checks the result of engine.Run: the report, or an error that lists
// exactly the failed parts.
func (s *schedule) checkRun(report *engine.Report, err error, r *result) {
	var failed []outcome
	outcomes := s.outcomes()
	if s.store != nil {
		checkKept(s.store, outcomes, r)
	}
	for _, o := range outcomes {
		if o.failed() {
			failed = append(failed, o)
		}
	}
	if len(failed) > 0 && !(s.config.AllowPartial && len(failed) < len(outcomes)) {
		checkFailures(report, err, failed, r)
		return
	}
	if err != nil {
		r.wrongf("it failed, but should not have: %v", err)
		return
	}
	checkReport(report, outcomes, r)
	checkMissing(report, outcomes, r)
}

func checkFailures(report *engine.Report, err error, failed []outcome, r *result) {
	list := engine.Failures(err)
	if len(list) != len(failed) || report != nil {
		r.wrongf("got %v, want %d failures", err, len(failed))
		return
	}
	for i, e := range list {
		if e.Part != failed[i].name || e.Attempts != failed[i].attempts {
			r.wrongf("%s failed after %d attempts, want %s after %d: %v", e.Part, e.Attempts,
				failed[i].name, failed[i].attempts, e)
		}
		checkError(e.Part, e, failed[i].want, r)
	}
}

// checkMissing checks the list of missing parts and other defects in a report.
func checkMissing(report *engine.Report, outcomes []outcome, r *result) {
	rest := report.Incomplete
	for _, o := range outcomes {
		if o.want.verdict == fine {
			continue
		}
		if len(rest) == 0 || rest[0].Part != o.name {
			r.wrongf("the report does not mention %s: %v", o.name, report.Incomplete)
			return
		}
		checkError(o.name, rest[0].Err, o.want, r)
		checkSecrets(rest[0].Err, r)
		rest = rest[1:]
	}
	if len(rest) > 0 {
		r.wrongf("the report lists too much: %v", rest)
	}
}

// checkReport compares a report with the counts of the oracle.
func checkReport(got *engine.Report, outcomes []outcome, r *result) {
	sum := map[string]map[string]uint64{}
	bytes := uint64(0)
	var parts []engine.PartReport
	for _, o := range outcomes {
		if o.failed() {
			parts = append(parts, engine.PartReport{Name: o.name, Attempts: o.attempts, Failed: true})
			continue
		}
		rows := uint64(0)
		for pair, n := range o.want.counts {
			if sum[pair[0]] == nil {
				sum[pair[0]] = map[string]uint64{}
			}
			sum[pair[0]][pair[1]] += n
			rows += n
		}
		bytes += uint64(len(o.want.data))
		_, download, _ := strings.Cut(o.name, export+"/")
		parts = append(parts, engine.PartReport{Name: o.name, Download: download, Rows: rows, Bytes: uint64(len(o.want.data)),
			RawBytes: uint64(o.want.raw), Attempts: o.attempts, Verified: o.proof, Kept: o.kept,
			Stats: parser.Stats{Multiline: multilineRows(o.want.data)}})
	}
	want := sinktest.Report(sum)
	if !slices.EqualFunc(got.Keys, want.Keys, slices.Equal) || !slices.Equal(got.Groups, want.Groups) ||
		!slices.Equal(got.Counts, want.Counts) || !slices.Equal(got.Totals, want.Totals) ||
		got.Rows != want.Rows || got.Bytes != bytes {
		r.wrongf("the report is %+v, want %+v and %d bytes", got, want, bytes)
	}
	checkUnterminated(got.Parts, outcomes, r)
	if reported := comparable(got.Parts); !slices.Equal(reported, parts) {
		r.wrongf("the parts are %+v, want %+v", reported, parts)
	}
}

// checkUnterminated checks that no part with a line feed at its end is reported
// as unterminated. Whether another part is depends on its framing.
func checkUnterminated(parts []engine.PartReport, outcomes []outcome, r *result) {
	for i, p := range parts {
		if p.Unterminated && i < len(outcomes) && !unterminated(outcomes[i].want.data) {
			r.wrongf("%s is reported as unterminated", p.Name)
		}
	}
}

func unterminated(data []byte) bool { return len(data) > 0 && data[len(data)-1] != '\n' }

// multilineRows returns the number of rows of data that span lines.
func multilineRows(data []byte) uint64 {
	_, n, _ := oracle.MachineLimited(data, ',', math.MaxInt)
	return uint64(n)
}

// comparable returns parts without their errors, which are compared by class,
// and without Unterminated, which [checkUnterminated] checks.
func comparable(parts []engine.PartReport) []engine.PartReport {
	parts = slices.Clone(parts)
	for i := range parts {
		parts[i].Err = nil
		parts[i].Unterminated = false
	}
	return parts
}
