package stats

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Label is a label of every metric.
type Label struct{ Name, Value string }

// labelName matches the names that Prometheus accepts. Those that begin with
// two underscores are for its own use.
var labelName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// classLabel is the label of the one metric that has its own.
const classLabel = "class"

// ParseLabels parses labels of the form NAME=VALUE.
func ParseLabels(texts []string) ([]Label, error) {
	var labels []Label
	for _, text := range texts {
		name, value, found := strings.Cut(text, "=")
		var err error
		switch {
		case !found:
			err = errors.New("want NAME=VALUE, such as export=ward-7")
		case !labelName.MatchString(name) || strings.HasPrefix(name, "__"):
			err = errors.New("not a name of a label: want letters, digits and _, no digit first, and not __ first")
		case name == classLabel:
			err = errors.New("fastcount uses this name itself")
		case !utf8.ValidString(value):
			err = errors.New("not UTF-8")
		case slices.ContainsFunc(labels, func(l Label) bool { return l.Name == name }):
			err = errors.New("given twice")
		}
		if err != nil {
			return nil, fmt.Errorf("label %q: %w", name, err)
		}
		labels = append(labels, Label{name, value})
	}
	return labels, nil
}

// escaper escapes the value of a label.
var escaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// labelText returns labels in braces, or "" without labels.
func labelText(labels []Label) string {
	if len(labels) == 0 {
		return ""
	}
	texts := make([]string, len(labels))
	for i, l := range labels {
		texts[i] = l.Name + `="` + escaper.Replace(l.Value) + `"`
	}
	return "{" + strings.Join(texts, ",") + "}"
}

// lastSuccess is the metric with the time of the last run with exit code 0.
const lastSuccess = "fastcount_last_success_seconds"

// metricsBegin is how a file of metrics begins.
const metricsBegin = "# HELP fastcount_"

// MaxMetrics is more than the size of any file of metrics, in bytes.
const MaxMetrics = 1 << 20

// Success returns the time of the last run with exit code 0, in seconds since
// 1970, in a file that holds the metrics of an earlier run; 0 if there was
// none. It returns false if the file holds something else.
func Success(file []byte) (seconds int64, ok bool) {
	if !bytes.HasPrefix(file, []byte(metricsBegin)) {
		return 0, false
	}
	for line := range strings.Lines(string(file)) {
		rest, found := strings.CutPrefix(line, lastSuccess)
		if !found || !strings.HasPrefix(rest, " ") && !strings.HasPrefix(rest, "{") {
			continue
		}
		value := strings.TrimSpace(rest[strings.LastIndexByte(rest, ' ')+1:])
		if seconds, err := strconv.ParseInt(value, 10, 64); err == nil {
			return seconds, true
		}
	}
	return 0, true
}

// Metrics returns the statistics in the text format of Prometheus, version
// 0.0.4, which the textfile collector of its node exporter reads. Every metric
// has the labels. The run ended at the time now, and the last one before it
// with exit code 0 at the time success, both in seconds since 1970.
func (s *Statistics) Metrics(labels []Label, now, success int64) string {
	failed, complete := 0, 0
	for _, p := range s.Parts {
		if p.Error != "" {
			failed++
		}
	}
	if s.Complete {
		complete = 1
	}
	if s.ExitCode == 0 {
		success = now
	}
	var b strings.Builder
	metric := func(name, help string, value any, more ...Label) {
		fmt.Fprintf(&b, "# HELP %[1]s %[2]s\n# TYPE %[1]s gauge\n%[1]s%[3]s %[4]v\n", name, help, labelText(append(slices.Clone(labels), more...)), value)
	}
	metric("fastcount_exit_code", "Exit code of the run; 0 is complete success.", s.ExitCode)
	metric("fastcount_error_info", "Always 1; the label class is a word for the exit code.", 1, Label{classLabel, s.ErrorClass})
	metric("fastcount_complete", "Whether the result is complete (1) or not (0).", complete)
	metric("fastcount_finished_seconds", "Time of the end of the run, in seconds since 1970.", now)
	metric(lastSuccess, "Time of the end of the last run with exit code 0, in seconds since 1970; 0 without one.", success)
	metric("fastcount_rows", "Rows counted.", s.Rows)
	metric("fastcount_bad_rows", "Rows left out.", s.BadRows)
	metric("fastcount_multiline_rows", "Records that span lines, including those left out.", s.MultilineRows)
	metric("fastcount_ragged_rows", "Rows with another number of fields than the header.", s.RaggedRows)
	metric("fastcount_comments", "Lines left out as comments.", s.Comments)
	metric("fastcount_repeated_headers", "Rows left out because they repeat the header.", s.RepeatedHeaders)
	metric("fastcount_skipped_rows", "Rows left out after the header and at the end.", s.SkippedRows)
	metric("fastcount_empty_inputs", "Sources of 0 bytes.", s.EmptyInputs)
	metric("fastcount_unchecked_times", "Values of event_time that could not be compared with the server's metadata.", s.Unchecked)
	metric("fastcount_patients", "Distinct patient ids of the result.", s.Patients)
	metric("fastcount_event_types", "Distinct event types of the result.", s.EventTypes)
	metric("fastcount_bytes_read", "Bytes read from sources, before decompression.", s.BytesRead)
	metric("fastcount_bytes_decoded", "Bytes of CSV.", s.BytesDecoded)
	metric("fastcount_wall_seconds", "Duration of the run.", s.WallSeconds)
	metric("fastcount_cpu_seconds", "Processor time of the run.", s.CPUSeconds)
	metric("fastcount_peak_rss_bytes", "Largest resident memory.", s.PeakRSS)
	metric("fastcount_parts", "Sources and downloads of the run.", len(s.Parts))
	metric("fastcount_parts_failed", "Sources and downloads that failed or disagree with the server's metadata.", failed)
	metric("fastcount_retries", "Failed attempts that were repeated, also of requests for metadata.", s.Retries)
	return b.String()
}
