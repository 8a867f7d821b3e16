package stats

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestMetrics: every number, and the format that Prometheus reads.
func TestMetrics(t *testing.T) {
	s := New(runReport(), runMeasured())
	s.CPUSeconds, s.PeakRSS = 1.5, 1<<20
	text := s.Metrics([]Label{{"export", "ward 7"}}, 2000, 1000)
	want := map[string]string{
		"exit_code": "3", "complete": "0", "finished_seconds": "2000", "last_success_seconds": "1000", "error_info": "1",
		"rows": "1000", "bad_rows": "7", "multiline_rows": "5", "ragged_rows": "7", "comments": "1", "repeated_headers": "2", "skipped_rows": "1000", "empty_inputs": "1", "unchecked_times": "1003", "patients": "3", "event_types": "2", "bytes_read": "800", "bytes_decoded": "8000",
		"wall_seconds": "4", "cpu_seconds": "1.5", "peak_rss_bytes": "1048576", "parts": "4",
		"parts_failed": "2", "retries": "12",
	}
	got := map[string]string{}
	pattern := regexp.MustCompile(`^# HELP fastcount_(\w+) [A-Z1].*\n# TYPE fastcount_(\w+) gauge\nfastcount_(\w+)\{export="ward 7"(?:,class="incomplete")?\} ([0-9.e+]+)\n`)
	for text != "" {
		m := pattern.FindStringSubmatch(text)
		if m == nil || m[1] != m[2] || m[1] != m[3] {
			t.Fatalf("not a metric: %.200q", text)
		}
		got[m[1]] = m[4]
		text = strings.TrimPrefix(text, m[0])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestLastSuccess: the time of the last complete run is kept until the next.
func TestLastSuccess(t *testing.T) {
	failed, whole := runReport(), runReport()
	whole.Incomplete = nil
	run := runMeasured()
	labels := []Label{{"a", `x} 7` + "\n"}}
	for _, l := range [][]Label{nil, labels} {
		run.ExitCode = 0
		text := New(whole, run).Metrics(l, 50, 20)
		if at, ok := Success([]byte(text)); at != 50 || !ok || !strings.Contains(text, "fastcount_complete"+labelText(l)+" 1\n") {
			t.Errorf("a complete run: %d, %v in\n%s", at, ok, text)
		}
		run.ExitCode = 12
		text = New(whole, run).Metrics(l, 70, 50)
		if at, ok := Success([]byte(text)); at != 50 || !ok || !strings.Contains(text, "fastcount_complete"+labelText(l)+" 1\n") {
			t.Errorf("a complete run that differs: %d, %v in\n%s", at, ok, text)
		}
		run.ExitCode = 3
		text = New(failed, run).Metrics(l, 60, 50)
		if at, ok := Success([]byte(text)); at != 50 || !ok {
			t.Errorf("a failure after it: %d, %v in\n%s", at, ok, text)
		}
	}
	for text, ours := range map[string]bool{
		"": false, "patient_id,event_type\n": false, "# HELP fastcount_rows Rows.\n": true, // of an older version
		"# HELP fastcount_x\nfastcount_last_success_seconds": true, "# HELP fastcount_x\nfastcount_last_success_seconds x\n": true,
		"# HELP fastcount_x\nfastcount_last_success_seconds_total 7\n": true,
	} {
		if at, ok := Success([]byte(text)); at != 0 || ok != ours {
			t.Errorf("%q: %d, %v", text, at, ok)
		}
	}
}

func TestParseLabels(t *testing.T) {
	got, err := ParseLabels([]string{"export=ward 7", "_a1=", `b=x="y\` + "\n"})
	if err != nil {
		t.Fatal(err)
	}
	if text := labelText(got); text != `{export="ward 7",_a1="",b="x=\"y\\\n"}` {
		t.Errorf("got %s", text)
	}
	if labelText(nil) != "" {
		t.Error("braces without a label")
	}
	for _, bad := range []string{"", "a", "=x", "1a=x", "a-b=x", "é=x", "__a=x", "class=x", "a=\xff"} {
		if labels, err := ParseLabels([]string{bad}); err == nil {
			t.Errorf("%q: %v", bad, labels)
		}
	}
	if _, err := ParseLabels([]string{"a=x", "a=y"}); err == nil {
		t.Error("a name twice is accepted")
	}
}
