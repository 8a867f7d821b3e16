package stats

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"fastcount/engine"
	"fastcount/parser"
)

// runReport is the report of a run in which a part was retried, one failed, one
// is not what was declared, and one was counted by an earlier run.
func runReport() *engine.Report {
	return &engine.Report{
		Keys: [][]string{{"P1", "P2", "P3"}, {"down", "up"}}, Rows: 1000, Bytes: 8000,
		Groups: []uint32{0, 0, 0, 1, 1, 1, 2, 1}, Counts: []uint64{500, 300, 100, 100},
		Parts: []engine.PartReport{
			{Name: "a", Rows: 300, BadRows: 2, Stats: parser.Stats{Multiline: 4, Ragged: 6, Comments: 1, RepeatedHeaders: 2, SkippedRows: 1000, EmptyInputs: 1}, Bytes: 3000, RawBytes: 300, Attempts: 3, Verified: engine.ProofRows, UncheckedTimes: 1000, Mapped: true},
			{Name: "b", Attempts: 8, Failed: true, Err: errors.New("gone")},
			{Name: "c", Rows: 100, BadRows: 5, Stats: parser.Stats{Multiline: 1, Ragged: 1}, Bytes: 1000, RawBytes: 100, Attempts: 2, Verified: engine.ProofFraming, UncheckedTimes: 3, Err: errors.New("differs")},
			{Name: "d", Rows: 600, Bytes: 4000, RawBytes: 400, Attempts: 6, Kept: true, Verified: engine.ProofFraming},
		},
		Incomplete: []*engine.PartError{{Part: "b", Err: errors.New("gone")}},
	}
}

func runMeasured() Run {
	return Run{
		ExitCode: 3, ErrorClass: "incomplete",
		Wall: 4 * time.Second, Sink: 500 * time.Millisecond, Jobs: 7, Kernel: "avx2", Verify: "warn", Unsplit: "because", Retries: 12,
		Wait: time.Second, Decode: 2 * time.Second, Parse: 3 * time.Second, Count: 5 * time.Second,
	}
}

// TestStatistics: every number, of a run of this and an earlier run's parts.
func TestStatistics(t *testing.T) {
	s := New(runReport(), runMeasured())
	if s.CPUSeconds < 0 || s.PeakRSS < 0 {
		t.Errorf("%v s, %d bytes", s.CPUSeconds, s.PeakRSS)
	}
	s.CPUSeconds, s.PeakRSS = 1.5, 1<<20
	want := `{"version":1,"exit_code":3,"error_class":"incomplete","rows":1000,"bad_rows":7,"multiline_rows":5,"unchecked_times":1003,"ragged_rows":7,"comments":1,"repeated_headers":2,"skipped_rows":1000,"empty_inputs":1,"patients":3,"event_types":2,"distinct":[{"of":"patient_id","per":"event_type","least":1,"median":1,"most":3},{"of":"event_type","per":"patient_id","least":1,"median":1,"most":2}],"bytes_read":800,"bytes_decoded":8000,` +
		`"wall_s":4,"cpu_s":1.5,"rows_per_s":100,"peak_rss":1048576,"retries":12,"jobs":7,"kernel":"avx2","verify":"warn","complete":false,"not_split":"because","proof":"framing",` +
		`"stages":{"wait":1,"decode":2,"parse":3,"count":5,"sink":0.5},"parts":[` +
		`{"name":"a","rows":300,"bad_rows":2,"multiline_rows":4,"unchecked_times":1000,"ragged_rows":6,"comments":1,"repeated_headers":2,"skipped_rows":1000,"empty_inputs":1,"bytes":3000,"attempts":3,"verified":"rows","read":"mapped"},` +
		`{"name":"b","rows":0,"bad_rows":0,"multiline_rows":0,"ragged_rows":0,"comments":0,"repeated_headers":0,"skipped_rows":0,"empty_inputs":0,"bytes":0,"attempts":8,"verified":"none","error":"gone"},` +
		`{"name":"c","rows":100,"bad_rows":5,"multiline_rows":1,"unchecked_times":3,"ragged_rows":1,"comments":0,"repeated_headers":0,"skipped_rows":0,"empty_inputs":0,"bytes":1000,"attempts":2,"verified":"framing","read":"read","error":"differs"},` +
		`{"name":"d","rows":600,"bad_rows":0,"multiline_rows":0,"ragged_rows":0,"comments":0,"repeated_headers":0,"skipped_rows":0,"empty_inputs":0,"bytes":4000,"attempts":6,"verified":"framing"}]}`
	var got, wanted any
	if err := errors.Join(json.Unmarshal([]byte(s.JSON()), &got), json.Unmarshal([]byte(want), &wanted)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Error(diff)
	}
	text := `statistics:
  exit code      3 (incomplete)
  rows           1,000 (7 left out, 5 span lines)
  also           7 ragged rows, 1 comment, 2 repeated headers left out, 1,000 rows skipped, 1 empty input
  not compared   1,003 values of event_time
  not split      because
  ids            3 patients, 2 event types
  distinct       1 of patient_id per event_type (median; 1 to 3)
  distinct       1 of event_type per patient_id (median; 1 to 2)
  bytes          8.00 kB (800 B compressed)
  mapped         1 of 4 sources
  retries        12
  time           4.00 s, processor time 1.50 s
  peak memory    1.05 MB
  proof          framing (the sender marked the end; a proxy can hide a cut)
  kernel         avx2, 7 jobs
  stages         waiting 1.00 s, decoding 2.00 s, parsing 3.00 s, counting 5.00 s (all workers); writing 500 ms
`
	if diff := cmp.Diff(text, s.Text()); diff != "" {
		t.Error(diff)
	}
}

// TestUnfinished: of a run without a result, only the parts that were read to
// their end have rows.
func TestUnfinished(t *testing.T) {
	read := engine.PartReport{Name: "a", Rows: 300, Bytes: 3000, RawBytes: 300, Attempts: 2, Verified: engine.ProofRows}
	gone := engine.PartReport{Name: "b", Attempts: 8, Failed: true, Err: errors.New("gone")}
	s := New(Unfinished(slices.All([]engine.PartProgress{
		{Name: "a", Phase: engine.Done, Rows: 300, Report: &read}, {Name: "b", Phase: engine.Failed, Rows: 7, Report: &gone},
		{Name: "c", Phase: engine.Running, Attempt: 3, Rows: 50, Bytes: 500, RawBytes: 50}, {Name: "d"},
	})), Run{ExitCode: 5, ErrorClass: "retries", NoResult: true, Retries: 10})
	if s.Rows != 300 || s.BytesRead != 300 || s.BytesDecoded != 3000 || s.Complete || s.Proof != engine.ProofRows || s.Retries != 10 {
		t.Errorf("got %+v", s)
	}
	for i, want := range []PartStatistics{
		{Name: "a", Rows: 300, Bytes: 3000, Attempts: 2, Verified: engine.ProofRows, Read: readCopied},
		{Name: "b", Attempts: 8, Error: "gone"}, {Name: "c", Attempts: 3}, {Name: "d"},
	} {
		if diff := cmp.Diff(want, s.Parts[i]); diff != "" {
			t.Error(diff)
		}
	}
	if text := s.Text(); strings.Contains(text, "proof") || strings.Contains(text, " ids ") || !strings.Contains(text, "exit code      5 (retries)\n") {
		t.Errorf("got %s", text)
	}
	if s := New(Unfinished(new(engine.Progress).All()), Run{ExitCode: 4, NoResult: true}); s.Complete || s.Proof != engine.ProofNone || len(s.Parts) > 0 {
		t.Errorf("before the start: got %+v", s)
	}
}
