package main

import (
	"bytes"
	"context"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/prism"
)

// prismPort is the environment variable that makes the test binary a runner at
// that port.
const prismPort = "FASTCOUNT_BEAM_TEST_PRISM"

func servePrism(port string) {
	n, err := strconv.Atoi(port)
	if err == nil {
		_, err = prism.CreateJobServer(context.Background(), prism.Options{Port: n})
	}
	if err != nil {
		panic(err)
	}
	select {}
}

// freePort returns an unused port. It is not one of those that systems assign
// by themselves, such as to a connection that is made meanwhile.
func freePort(t *testing.T) string {
	t.Helper()
	for range 1000 {
		port := strconv.Itoa(20000 + rand.IntN(10000))
		if l, err := net.Listen("tcp", "localhost:"+port); err == nil {
			if err := l.Close(); err != nil {
				t.Error(err)
			}
			return port
		}
	}
	t.Fatal("no free port found")
	return ""
}

// start runs a program until the test ends, and waits until it accepts
// connections at its port.
func start(t *testing.T, port string, cmd *exec.Cmd) {
	t.Helper()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s:\n%s", cmd, stderr.String())
		}
	})
	for range 1200 { // for a minute
		if c, err := net.Dial("tcp", "localhost:"+port); err == nil {
			_ = c.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("port %s: no connection:\n%s", port, stderr.String())
}

func beamCommand(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	program, err := beamProgram()
	if err != nil {
		t.Fatal(err)
	}
	return exec.Command(program, args...)
}

// portable is a cluster of processes on one machine.
type portable struct {
	args []string // flags for a job on the cluster
	pool *exec.Cmd
}

// poolToken is the token of the pool. No other process has one.
const poolToken = "of-the-pool"

// startPortable starts a runner and a pool of workers in separate processes.
// The workers have a token for server.
func startPortable(t *testing.T, server string) portable {
	t.Helper()
	runnerPort, poolPort := freePort(t), freePort(t)
	runner := exec.Command(os.Args[0])
	runner.Env = append(os.Environ(), prismPort+"="+runnerPort)
	start(t, runnerPort, runner)
	pool := beamCommand(t, "--worker-pool", ":"+poolPort)
	pool.Env = append(os.Environ(), "FASTCOUNT_TOKEN="+poolToken, "FASTCOUNT_SERVER="+server)
	start(t, poolPort, pool)
	return portable{[]string{"--runner", "flink", "--endpoint", "localhost:" + runnerPort,
		"--environment_type", "EXTERNAL", "--environment_config", "localhost:" + poolPort}, pool}
}

// A stripped program submits a job to a runner in another process, and workers
// in a third process count, as on Flink and Spark. The token, which only that
// process has, shows which process counted.
func TestPortable(t *testing.T) {
	s, dir := serve(t), t.TempDir()
	p := startPortable(t, s.URL)
	fastcount(t, dir, "generate", "demo", "--out-dir", "data")
	sources := []string{"data/*.csv", "demo", "--server", s.URL}
	plan, want, output := planned(t, dir, sources...), fastcount(t, dir, sources...), filepath.Join(dir, "counts.json")
	out, err := beamCommand(t, append(p.args, "--plan", plan, "--shards", "9", "--output", output)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !bytes.Equal(read(t, output), want) {
		t.Error("the result differs")
	}
	if got := *s.token.Load(); got != "Bearer "+poolToken {
		t.Errorf("the last request had the token %q", got)
	}
}

// If workers are killed while they count, there is no result.
func TestWorkersKilled(t *testing.T) {
	s, dir := serve(t), t.TempDir()
	p := startPortable(t, s.URL)
	plan, output := planned(t, dir, "demo", "--server", s.URL), filepath.Join(dir, "counts.json")
	s.setFaults(t, "stall=100000")
	job := beamCommand(t, append(p.args, "--plan", plan, "--shards", "4", "--output", output)...)
	if err := job.Start(); err != nil {
		t.Fatal(err)
	}
	for range 1200 { // for a minute
		if *s.token.Load() != "" {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err := p.pool.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := job.Wait(); err == nil {
		t.Error("the job succeeded")
	}
	if files, _ := filepath.Glob(output + "*"); len(files) > 0 || *s.token.Load() == "" {
		t.Errorf("the pool sent the token %q, and the files are %q", *s.token.Load(), files)
	}
}
