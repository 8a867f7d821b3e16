package check

import (
	"fmt"
	"os"
	"slices"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// job parses a manifest. It rejects unknown and duplicate fields.
func job(t *testing.T, name string) *batchv1.Job {
	t.Helper()
	text, err := os.ReadFile("../kubernetes/" + name)
	if err != nil {
		t.Fatal(err)
	}
	j := new(batchv1.Job)
	if err := yaml.UnmarshalStrict(text, j); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if j.APIVersion != "batch/v1" || j.Kind != "Job" {
		t.Fatalf("%s: %s %s, want batch/v1 Job", name, j.APIVersion, j.Kind)
	}
	return j
}

// TestKubernetesPods checks conditions that the API server requires, and that
// pods have no unnecessary rights.
func TestKubernetesPods(t *testing.T) {
	for _, name := range []string{"count.yaml", "merge.yaml"} {
		t.Run(name, func(t *testing.T) {
			j := job(t, name)
			checkPod(t, j.Spec.Template.Spec, j.Spec.PodFailurePolicy)
		})
	}
}

func checkPod(t *testing.T, pod corev1.PodSpec, policy *batchv1.PodFailurePolicy) {
	t.Helper()
	if len(pod.Containers) != 1 {
		t.Fatalf("%d containers, want 1", len(pod.Containers))
	}
	if pod.RestartPolicy != corev1.RestartPolicyNever {
		t.Errorf("restartPolicy %q; podFailurePolicy requires Never", pod.RestartPolicy)
	}
	checkRights(t, pod)
	checkMounts(t, pod)
	checkFailurePolicy(t, policy, pod.Containers[0].Name)
	checkResources(t, pod.Containers[0].Resources)
}

func checkRights(t *testing.T, pod corev1.PodSpec) {
	t.Helper()
	p, c := pod.SecurityContext, pod.Containers[0].SecurityContext
	if p == nil || !is(p.RunAsNonRoot, true) || p.RunAsUser == nil || *p.RunAsUser == 0 {
		t.Error("the pod may run as root")
	}
	if c == nil || !is(c.ReadOnlyRootFilesystem, true) || !is(c.AllowPrivilegeEscalation, false) {
		t.Error("the container may write to its root file system, or gain rights")
	}
	if c != nil && (c.Capabilities == nil || !slices.Contains(c.Capabilities.Drop, "ALL")) {
		t.Error("the container keeps capabilities")
	}
	if !is(pod.AutomountServiceAccountToken, false) {
		t.Error("the pod has a service account token")
	}
}

func is(b *bool, want bool) bool { return b != nil && *b == want }

func checkResources(t *testing.T, r corev1.ResourceRequirements) {
	t.Helper()
	for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		request, limit := r.Requests[name], r.Limits[name]
		if request.IsZero() || limit.Cmp(request) < 0 {
			t.Errorf("%s: request %v, limit %v", name, &request, &limit)
		}
	}
}

func checkMounts(t *testing.T, pod corev1.PodSpec) {
	t.Helper()
	var volumes, mounts []string
	for _, v := range pod.Volumes {
		volumes = append(volumes, v.Name)
		if v.PersistentVolumeClaim == nil {
			t.Errorf("volume %s: want a persistentVolumeClaim", v.Name)
		}
	}
	for _, m := range pod.Containers[0].VolumeMounts {
		mounts = append(mounts, m.Name)
	}
	if slices.Sort(volumes); !slices.Equal(volumes, slices.Sorted(slices.Values(mounts))) {
		t.Errorf("volumes %q, but mounts %q", volumes, mounts)
	}
}

// checkFailurePolicy checks conditions that the types do not express: exit
// codes are sorted, do not include 0, and refer to an existing container.
func checkFailurePolicy(t *testing.T, policy *batchv1.PodFailurePolicy, container string) {
	t.Helper()
	if policy == nil {
		t.Fatal("no podFailurePolicy")
	}
	for i, rule := range policy.Rules {
		codes := rule.OnExitCodes
		if (codes == nil) == (len(rule.OnPodConditions) == 0) {
			t.Errorf("rule %d: want either exit codes or conditions", i)
		}
		if codes == nil {
			continue
		}
		if codes.ContainerName == nil || *codes.ContainerName != container {
			t.Errorf("rule %d: want container %s", i, container)
		}
		if !slices.IsSorted(codes.Values) || codes.Operator == batchv1.PodFailurePolicyOnExitCodesOpIn && slices.Contains(codes.Values, 0) {
			t.Errorf("rule %d: exit codes %v", i, codes.Values)
		}
	}
}

// TestKubernetes runs the commands of the manifests, once for each index.
func TestKubernetes(t *testing.T) {
	count, merge := job(t, "count.yaml").Spec, job(t, "merge.yaml").Spec
	if count.CompletionMode == nil || *count.CompletionMode != batchv1.IndexedCompletion || count.Completions == nil || count.BackoffLimitPerIndex == nil {
		t.Fatal("want an Indexed Job with completions and backoffLimitPerIndex")
	}
	shards := int(*count.Completions)
	args := count.Template.Spec.Containers[0].Args
	if want := fmt.Sprintf("--shard=auto/%d", shards); !slices.Contains(args, want) {
		t.Errorf("completions %d, but the arguments are %q", shards, args)
	}
	runAll(t, shards, "JOB_COMPLETION_INDEX", args, merge.Template.Spec.Containers[0].Args)
}
