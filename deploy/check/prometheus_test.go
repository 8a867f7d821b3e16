package check

import (
	"bytes"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// TestMetrics parses the metrics of a complete run and of runs that failed with
// the parser of Prometheus, and checks the labels and what a failure keeps.
func TestMetrics(t *testing.T) {
	const label = "ward \"7\"\\ \n é"
	dir := t.TempDir()
	file := filepath.Join(dir, "demo.prom")
	run := func(code float64, class string, args ...string) map[string]*dto.MetricFamily {
		t.Helper()
		fails(t, int(code), append([]string{"--quiet", "--output=" + os.DevNull, "--metrics-file=" + file, "--metrics-label=export=" + label}, args...)...)
		families := parse(t, file)
		for name, f := range families {
			checkFamily(t, name, f, label)
		}
		if got := value(families, "fastcount_exit_code"); got != code {
			t.Errorf("exit code %v, want %v", got, code)
		}
		if got := labelOf(families["fastcount_error_info"], "class"); got != class {
			t.Errorf("class %q, want %q", got, class)
		}
		return families
	}
	if success := value(run(4, "not_found", filepath.Join(dir, "none.csv")), "fastcount_last_success_seconds"); success != 0 {
		t.Errorf("the last success is %v before there was one", success)
	}
	whole := run(0, "none", "demo")
	success := value(whole, "fastcount_last_success_seconds")
	if rows := value(whole, "fastcount_rows"); rows != 18784 || success < 1.7e9 || success != value(whole, "fastcount_finished_seconds") {
		t.Errorf("%v rows, success at %v", rows, success)
	}
	failed := run(9, "mismatch", "--expect-rows=7", "demo")
	if len(failed) != len(whole) {
		t.Errorf("%d metrics after a failure, want %d", len(failed), len(whole))
	}
	if got := value(failed, "fastcount_last_success_seconds"); got != success || value(failed, "fastcount_complete") != 0 {
		t.Errorf("the last success is %v after a failure, want %v", got, success)
	}
}

// fails runs fastcount, which must exit with a code.
func fails(t *testing.T, code int, args ...string) {
	t.Helper()
	cmd := exec.Command(program, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	_ = cmd.Run() // the code is checked
	if got := cmd.ProcessState.ExitCode(); got != code {
		t.Fatalf("fastcount %q: exit code %d, want %d\n%s", args, got, code, &stderr)
	}
}

// parse parses a file in the text format of Prometheus.
func parse(t *testing.T, file string) map[string]*dto.MetricFamily {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	// The parser accepts metrics without help and type.
	for name := range families {
		for _, line := range []string{"# HELP " + name + " ", "# TYPE " + name + " gauge\n"} {
			if strings.Count(string(text), line) != 1 {
				t.Errorf("%q is not there once", line)
			}
		}
	}
	if info, err := os.Stat(file); err != nil || info.Mode() != 0o644 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	return families
}

// checkFamily checks that a metric has one sample, with the label.
func checkFamily(t *testing.T, name string, f *dto.MetricFamily, label string) {
	t.Helper()
	if f.GetType() != dto.MetricType_GAUGE || f.GetHelp() == "" || len(f.GetMetric()) != 1 {
		t.Fatalf("got %v", f)
	}
	if v := f.GetMetric()[0].GetGauge().GetValue(); math.IsNaN(v) || v < 0 {
		t.Errorf("%s: %v", name, v)
	}
	if got := labelOf(f, "export"); got != label {
		t.Errorf("%s: label %q, want %q", name, got, label)
	}
}

func labelOf(f *dto.MetricFamily, name string) string {
	for _, l := range f.GetMetric()[0].GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}

// value returns the value of a metric, or NaN if there is none.
func value(families map[string]*dto.MetricFamily, name string) float64 {
	f := families[name]
	if f == nil {
		return math.NaN()
	}
	return f.GetMetric()[0].GetGauge().GetValue()
}
