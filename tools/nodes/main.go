// Command nodes plays the scheduler and the kubelets of a Kubernetes cluster,
// with the containers of pods as processes of this machine.
//
//	nodes [flags] NODE...
//
// It runs the first container of each pod, whose image is ignored and whose
// entry point is the program fastcount. A directory replaces /counting, where
// the pods of fastcount mount their volumes.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	typed "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// capacity is the number of pods that a node runs at the same time.
const capacity = 8

// interval is the time between two looks at all pods.
const interval = 100 * time.Millisecond

// cluster is the state of the nodes.
type cluster struct {
	nodes    typed.NodeInterface
	pods     typed.PodInterface
	counting string // directory that replaces /counting
	kill     int    // the first process of each index divisible by kill is killed
	stop     string // node whose processes are stopped forever
	running  map[types.UID]*exec.Cmd
	attempts map[string]int // started processes, by job and index
	assigned map[string]int // pods that were ever assigned to each node
	ended    chan end
}

// end is the end of a process.
type end struct {
	pod  *corev1.Pod
	code int
}

func main() {
	log.SetFlags(0)
	c := cluster{running: map[types.UID]*exec.Cmd{}, attempts: map[string]int{}, assigned: map[string]int{}, ended: make(chan end)}
	kubeconfig := flag.String("kubeconfig", "", "`FILE` with the address of the cluster")
	flag.StringVar(&c.counting, "counting", "", "`DIR` that replaces /counting")
	flag.IntVar(&c.kill, "kill", 0, "kill the first process of every `N`-th index (0: none)")
	flag.StringVar(&c.stop, "stop", "", "stop all processes on `NODE` as soon as they have started")
	flag.Parse()
	ctx, done := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer done()
	if err := c.run(ctx, *kubeconfig, flag.Args()); err != nil && ctx.Err() == nil {
		log.Fatalf("nodes: %v", err)
	}
}

// run registers the nodes and runs pods until ctx is done. Then it kills the
// processes that are left.
func (c *cluster) run(ctx context.Context, kubeconfig string, names []string) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	config.RateLimiter = nil
	config.QPS, config.Burst = -1, 0
	if err := c.connect(ctx, config, names); err != nil {
		return err
	}
	defer c.killAll()
	ticks := time.NewTicker(interval)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case e := <-c.ended:
			err = c.report(ctx, e)
		case <-ticks.C:
			err = c.look(ctx)
		}
		if err != nil {
			return err
		}
	}
}

// connect registers the nodes.
func (c *cluster) connect(ctx context.Context, config *rest.Config, names []string) error {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	c.nodes, c.pods = client.CoreV1().Nodes(), client.CoreV1().Pods(metav1.NamespaceDefault)
	for _, name := range names {
		n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}
		if _, err := c.nodes.Create(ctx, n, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	return nil
}

func (c *cluster) killAll() {
	for range len(c.running) {
		for _, cmd := range c.running {
			_ = cmd.Process.Kill() // it may have ended
		}
		delete(c.running, (<-c.ended).pod.UID)
	}
}

// look assigns new pods to nodes, starts the processes of assigned ones, and
// ends those that are to be deleted.
func (c *cluster) look(ctx context.Context) error {
	pods, err := c.pods.List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	free, err := c.free(ctx, pods.Items)
	if err != nil {
		return err
	}
	for i := range pods.Items {
		pod := &pods.Items[i]
		switch {
		case pod.DeletionTimestamp != nil:
			err = c.end(ctx, pod)
		case pod.Spec.NodeName == "":
			err = c.assign(ctx, pod, free)
		case pod.Status.Phase == corev1.PodPending && c.running[pod.UID] == nil:
			err = c.start(ctx, pod)
		}
		if err != nil && !errors.IsConflict(err) && !errors.IsNotFound(err) {
			return err
		}
	}
	return nil
}

// free returns the number of pods that each node may still run. A node that is
// cordoned runs no other pods.
func (c *cluster) free(ctx context.Context, pods []corev1.Pod) (map[string]int, error) {
	nodes, err := c.nodes.List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	free := map[string]int{}
	for _, n := range nodes.Items {
		if !n.Spec.Unschedulable {
			free[n.Name] = capacity
		}
	}
	for _, pod := range pods { // those without a node count for no node
		if p := pod.Status.Phase; p == corev1.PodPending || p == corev1.PodRunning {
			free[pod.Spec.NodeName]--
		}
	}
	return free, nil
}

// assign assigns a pod to a node with room: to the one that has had the fewest
// pods.
func (c *cluster) assign(ctx context.Context, pod *corev1.Pod, free map[string]int) error {
	best := ""
	for name, n := range free {
		if n > 0 && (best == "" || c.assigned[name] < c.assigned[best]) {
			best = name
		}
	}
	if best == "" {
		return nil
	}
	free[best]--
	c.assigned[best]++
	return c.pods.Bind(ctx, &corev1.Binding{
		ObjectMeta: metav1.ObjectMeta{Name: pod.Name, UID: pod.UID},
		Target:     corev1.ObjectReference{Kind: "Node", Name: best},
	}, metav1.CreateOptions{})
}

// start starts the process of a pod.
func (c *cluster) start(ctx context.Context, pod *corev1.Pod) error {
	container := pod.Spec.Containers[0]
	var args []string
	for _, arg := range container.Args {
		args = append(args, strings.Replace(arg, "/counting", c.counting, 1))
	}
	cmd := exec.Command("fastcount", args...)
	cmd.Env = append(os.Environ(), environment(pod, container.Env)...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	err := c.setStatus(ctx, pod, corev1.PodRunning, corev1.ContainerState{Running: &corev1.ContainerStateRunning{}})
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	c.running[pod.UID] = cmd
	if err := c.harm(pod, cmd); err != nil {
		return err
	}
	go func() {
		_ = cmd.Wait() // its exit code follows
		code := cmd.ProcessState.ExitCode()
		if s := cmd.ProcessState.Sys().(syscall.WaitStatus); s.Signaled() {
			code = 128 + int(s.Signal())
		}
		c.ended <- end{pod, code}
	}()
	return nil
}

// harm kills or stops a process if the flags demand that.
func (c *cluster) harm(pod *corev1.Pod, cmd *exec.Cmd) error {
	index := 1
	job, text := pod.Labels["batch.kubernetes.io/job-name"], pod.Annotations["batch.kubernetes.io/job-completion-index"]
	if text == "" {
		return nil
	}
	if _, err := fmt.Sscan(text, &index); err != nil {
		return err
	}
	c.attempts[job+" "+text]++
	switch {
	case pod.Spec.NodeName == c.stop:
		return cmd.Process.Signal(syscall.SIGSTOP)
	case c.kill > 0 && index%c.kill == 0 && c.attempts[job+" "+text] == 1:
		log.Printf("nodes: killing %s", pod.Name)
		return cmd.Process.Kill()
	}
	return nil
}

var field = regexp.MustCompile(`^metadata\.(labels|annotations)\['(.*)'\]$`)

// environment returns the environment variables of a container.
func environment(pod *corev1.Pod, env []corev1.EnvVar) (list []string) {
	for _, v := range env {
		value := v.Value
		if v.ValueFrom != nil && v.ValueFrom.FieldRef != nil {
			if m := field.FindStringSubmatch(v.ValueFrom.FieldRef.FieldPath); m != nil {
				value = map[string]map[string]string{"labels": pod.Labels, "annotations": pod.Annotations}[m[1]][m[2]]
			}
		}
		list = append(list, v.Name+"="+value)
	}
	return list
}

// report sets the status of a pod whose process has ended.
func (c *cluster) report(ctx context.Context, e end) error {
	delete(c.running, e.pod.UID)
	phase := corev1.PodSucceeded
	if e.code != 0 {
		phase = corev1.PodFailed
	}
	err := c.setStatus(ctx, e.pod, phase, corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: int32(e.code)}})
	if errors.IsNotFound(err) {
		return nil
	}
	return err
}

// end kills the process of a pod that is to be deleted, and lets the pod be
// deleted when it has ended.
func (c *cluster) end(ctx context.Context, pod *corev1.Pod) error {
	if cmd := c.running[pod.UID]; cmd != nil {
		_ = cmd.Process.Kill() // it may have ended
		return nil
	}
	if pod.DeletionGracePeriodSeconds != nil && *pod.DeletionGracePeriodSeconds == 0 {
		return nil // a finalizer remains
	}
	now := int64(0)
	return c.pods.Delete(ctx, pod.Name, metav1.DeleteOptions{GracePeriodSeconds: &now, Preconditions: &metav1.Preconditions{UID: &pod.UID}})
}

// setStatus sets the phase of a pod and the state of its container, and keeps
// conditions that others have set.
func (c *cluster) setStatus(ctx context.Context, pod *corev1.Pod, phase corev1.PodPhase, state corev1.ContainerState) error {
	for {
		current, err := c.pods.Get(ctx, pod.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		current.Status.Phase = phase
		container := current.Spec.Containers[0]
		current.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: container.Name, Image: container.Image, State: state}}
		if _, err = c.pods.UpdateStatus(ctx, current, metav1.UpdateOptions{}); !errors.IsConflict(err) {
			return err
		}
	}
}
