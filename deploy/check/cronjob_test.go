package check

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	"sigs.k8s.io/yaml"
)

// cronJob parses the CronJob of docs/operations.md. It rejects unknown and
// duplicate fields.
func cronJob(t *testing.T) *batchv1.CronJob {
	t.Helper()
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, found := strings.Cut(string(page), "\n```yaml file=cronjob.yaml\n")
	text, _, ended := strings.Cut(text, "\n```\n")
	if !found || !ended {
		t.Fatal("no manifest")
	}
	j := new(batchv1.CronJob)
	if err := yaml.UnmarshalStrict([]byte(text), j); err != nil {
		t.Fatal(err)
	}
	if j.APIVersion != "batch/v1" || j.Kind != "CronJob" || len(strings.Fields(j.Spec.Schedule)) != 5 {
		t.Fatalf("%s %s, schedule %q", j.APIVersion, j.Kind, j.Spec.Schedule)
	}
	return j
}

// TestCronJob checks the CronJob as TestKubernetesPods does the Jobs, and runs
// its command.
func TestCronJob(t *testing.T) {
	j := cronJob(t)
	spec := j.Spec.JobTemplate.Spec
	checkPod(t, spec.Template.Spec, spec.PodFailurePolicy)
	if j.Spec.ConcurrencyPolicy != batchv1.ForbidConcurrent {
		t.Error("two runs may write one file at the same time")
	}
	dir := t.TempDir()
	fastcount(t, dir, nil, "generate", "demo", "--out-dir", "data")
	fastcount(t, dir, nil, spec.Template.Spec.Containers[0].Args...)
	got, err := os.ReadFile(filepath.Join(dir, "counts.json"))
	if err != nil {
		t.Fatal(err)
	}
	if want := fastcount(t, dir, nil, "demo"); !bytes.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
