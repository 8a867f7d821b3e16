package program

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fastcount/internal/partial"
	"fastcount/internal/testing/proof"
	"fastcount/mockserver"
)

// slowExport returns an export. Each of its downloads takes as long as pause.
func slowExport(downloads int, pause time.Duration) mockserver.Export {
	e := mockserver.Export{ID: "slow"}
	for i := range downloads {
		const rows, patients, events = 3000, 300, 4
		d := mockserver.Download{ID: fmt.Sprintf("d%d", i), Rows: rows}
		for p := range patients {
			d.Patients = append(d.Patients, fmt.Sprintf("P%d", i+p))
		}
		for n := range events {
			d.Events = append(d.Events, fmt.Sprintf("e%d", n))
		}
		d.Body = func(w io.Writer) error {
			_, err := io.WriteString(w, "patient_id,event_type\n")
			for row := 0; row < rows && err == nil; row++ {
				if row%(rows/4) == 0 {
					time.Sleep(pause / 4)
				}
				_, err = fmt.Fprintf(w, "%s,%s\n", d.Patients[row*7%patients], d.Events[row%events*row%events])
			}
			return err
		}
		e.Downloads = append(e.Downloads, d)
	}
	return e
}

// requests records the downloads whose data was requested.
type requests struct {
	mu      sync.Mutex
	names   map[string]bool
	left    int           // until reached is closed
	reached chan struct{} // or nil
}

func (r *requests) note(q *http.Request) {
	if path, data := strings.CutSuffix(q.URL.Path, "/data"); data {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.names[strings.TrimPrefix(path, "/api/export/")] = true
		r.count(1)
	}
}

// count counts n requests.
func (r *requests) count(n int) {
	r.left -= n
	if r.left <= 0 && r.reached != nil {
		close(r.reached)
		r.reached = nil
	}
}

// after returns a channel that is closed after n more requests for data, unless
// n is never.
func (r *requests) after(n int) (reached <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := make(chan struct{})
	r.left, r.reached = n, c
	if n == never {
		r.reached = nil
	}
	r.count(0)
	return c
}

const never = -1

// take returns the downloads that were requested since the last call.
func (r *requests) take() map[string]bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	names := r.names
	r.names = make(map[string]bool)
	return names
}

// slowServer serves an export and records the requests.
func slowServer(t *testing.T, e mockserver.Export) (url string, requested *requests) {
	t.Helper()
	requested = &requests{names: make(map[string]bool)}
	handler, err := mockserver.New(mockserver.Options{Exports: []mockserver.Export{e}, OnRequest: requested.note})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL, requested
}

// kept returns the names of the parts in a checkpoint. All of its partial
// results must be complete.
func kept(t *testing.T, dir string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.partial"))
	if err != nil {
		t.Fatal(err)
	}
	names := make(map[string]bool)
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		_, r, err := partial.Read(f)
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, p := range r.Parts {
			names[p.Name] = true
		}
	}
	return names
}

// TestKill kills the program after a random number of requests and starts it
// again, until it succeeds. It checks that nothing finished is requested again,
// that every file is complete, and that the result is that of one run.
func TestKill(t *testing.T) {
	t.Parallel()
	kills := proof.Bound(10, 50)
	proof.Cases(t, "kills", kills)
	const downloads, pause = 24, 40 * time.Millisecond
	url, requested := slowServer(t, slowExport(downloads, pause))
	dir := t.TempDir()
	args := []string{"-q", "--server", url, "slow"}
	for i := range 200 {
		file := filepath.Join(dir, fmt.Sprintf("%d.csv", i))
		if err := os.WriteFile(file, []byte("patient_id,event_type\n"+strings.Repeat(fmt.Sprintf("P%d,file\n", i), 10)), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, file)
	}
	want, err := exec.Command("fastcount", args...).Output()
	if err != nil {
		t.Fatal(err)
	}

	random := rand.New(rand.NewPCG(1, 2))
	begin, starts, resumed := time.Now(), 0, 0
	for run := 0; kills > 0; run++ {
		state := filepath.Join(dir, fmt.Sprint(run))
		k := killing{state: state, output: state + ".json", args: args, want: string(want), requested: requested}
		for done := false; !done; starts++ {
			n := never
			if kills > 0 {
				n = random.IntN(downloads)
			}
			if done = k.start(t, n, time.Duration(random.Int64N(int64(pause)))); !done {
				kills--
			}
			if k.before > 0 {
				resumed++
			}
		}
	}
	t.Logf("%d starts, %d of them with finished parts, in %v", starts, resumed, time.Since(begin))
	if resumed == 0 {
		t.Error("no run continued another")
	}
}

// killing is a run that is killed repeatedly.
type killing struct {
	state     string // directory of the checkpoint
	output    string // file of the result
	args      []string
	want      string
	requested *requests
	before    int // finished parts at the last start
}

// start starts the program, kills it some time after n requests for data, and
// reports whether it succeeded before that.
func (k *killing) start(t *testing.T, n int, after time.Duration) (done bool) {
	t.Helper()
	finished := kept(t, k.state)
	k.before = len(finished)
	k.requested.take()

	var stderr strings.Builder
	cmd := exec.Command("fastcount", append([]string{"--state", k.state, "-o", k.output}, k.args...)...)
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	reached, ended := k.requested.after(n), make(chan struct{})
	go func() {
		select {
		case <-reached:
			time.Sleep(after)
			_ = cmd.Process.Kill() // fails if it has ended
		case <-ended:
		}
	}()
	err := cmd.Wait()
	close(ended)
	if stderr.Len() > 0 {
		t.Fatalf("got %s", &stderr)
	}

	for name := range k.requested.take() {
		if finished[name] {
			t.Errorf("%s was finished, and is requested again", name)
		}
	}
	if after := kept(t, k.state); len(after) < len(finished) {
		t.Errorf("%d parts were kept, and now %d", len(finished), len(after))
	}
	got, readErr := os.ReadFile(k.output)
	if readErr == nil && string(got) != k.want {
		t.Fatalf("the result differs: %s", got)
	}
	if err != nil {
		return false
	}
	if readErr != nil {
		t.Fatal(readErr)
	}
	if temps, err := filepath.Glob(filepath.Join(k.state, ".fastcount-*.tmp")); err != nil || len(temps) > 0 {
		t.Errorf("left %q, %v", temps, err)
	}
	return true
}

// TestGrowKilled adds downloads and files to a job at random, kills the program
// after a random number of requests, and starts it again until everything is
// counted. It checks that nothing finished is requested again, and that each
// result is that of one run over the same sources.
func TestGrowKilled(t *testing.T) {
	t.Parallel()
	kills := proof.Bound(6, 50)
	proof.Cases(t, "grow-kills", kills)
	const downloads, pause = 12, 40 * time.Millisecond
	url, list, requested := growingServer(t, slowExport(downloads, pause))
	dir := t.TempDir()
	random := rand.New(rand.NewPCG(3, 4))
	for run := 0; kills > 0; run++ {
		state := filepath.Join(dir, fmt.Sprint(run))
		k := killing{state: state, requested: requested}
		n := 1 + random.IntN(3)
		for step := 0; n < downloads; step++ {
			file := fmt.Sprintf("%s-%d.csv", state, step)
			if err := os.WriteFile(file, []byte("patient_id,event_type\n"+strings.Repeat(fmt.Sprintf("P%d,file\n", n), step)), 0o600); err != nil {
				t.Fatal(err)
			}
			if n = min(n+random.IntN(5), downloads); step == 0 {
				k.args = []string{"-q", "--grow", "--server", url, "slow"}
			}
			list(n)
			k.args = append(k.args, file)
			want, err := exec.Command("fastcount", append([]string{"-q"}, k.args[2:]...)...).Output()
			if err != nil {
				t.Fatal(err)
			}
			k.want, k.output = string(want), fmt.Sprintf("%s-%d.json", state, step)
			for done := false; !done && (step == 0 || random.IntN(4) > 0); { // sometimes it grows before it is complete
				requests := never
				if kills > 0 {
					requests = random.IntN(downloads / 2)
				}
				if done = k.start(t, requests, time.Duration(random.Int64N(int64(pause)))); !done {
					kills--
				}
			}
		}
		if !k.start(t, never, 0) {
			t.Error("the last run failed")
		}
	}
}

// growingServer serves the first downloads of an export, the number of which
// list sets, and records the requests.
func growingServer(t *testing.T, e mockserver.Export) (url string, list func(n int), requested *requests) {
	t.Helper()
	requested = &requests{names: make(map[string]bool)}
	var current atomic.Pointer[http.Handler]
	list = func(n int) {
		listed := e
		listed.Downloads = e.Downloads[:n]
		handler, err := mockserver.New(mockserver.Options{Exports: []mockserver.Export{listed}, OnRequest: requested.note})
		if err != nil {
			t.Fatal(err)
		}
		current.Store(&handler)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*current.Load()).ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	return server.URL, list, requested
}
