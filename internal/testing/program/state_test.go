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
	mu    sync.Mutex
	names map[string]bool
}

func (r *requests) note(q *http.Request) {
	if path, data := strings.CutSuffix(q.URL.Path, "/data"); data {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.names[strings.TrimPrefix(path, "/api/export/")] = true
	}
}

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
		names[r.Parts[0].Name] = true
	}
	return names
}

// TestKill kills the program at random times and starts it again, until it
// succeeds. It checks that nothing finished is requested again, that every file
// is complete, and that the result is that of one run.
func TestKill(t *testing.T) {
	t.Parallel()
	kills := proof.Bound(10, 50)
	proof.Cases(t, "kills", kills)
	const downloads, pause = 24, 40 * time.Millisecond
	url, requested := slowServer(t, slowExport(downloads, pause))
	dir := t.TempDir()
	args := []string{"-q", "--server", url, "slow"}
	for i := range 5 {
		file := filepath.Join(dir, fmt.Sprintf("%d.csv", i))
		if err := os.WriteFile(file, []byte("patient_id,event_type\n"+strings.Repeat(fmt.Sprintf("P%d,file\n", i), 1000)), 0o600); err != nil {
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
		k := killing{dir: filepath.Join(dir, fmt.Sprint(run)), args: args, want: string(want), requested: requested}
		for done := false; !done; starts++ {
			// Usually before everything is read, which takes pause for each of
			// downloads/4, the number of transfers.
			done = k.start(t, time.Duration(random.Int64N(int64(downloads/4*pause))))
			if !done {
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
	dir       string // of the checkpoint and the output
	args      []string
	want      string
	requested *requests
	before    int // finished parts at the last start
}

// start starts the program, kills it after a time, and reports whether it
// succeeded before that.
func (k *killing) start(t *testing.T, after time.Duration) (done bool) {
	t.Helper()
	state, output := filepath.Join(k.dir, "state"), filepath.Join(k.dir, "out.json")
	if err := os.MkdirAll(k.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	finished := kept(t, state)
	k.before = len(finished)
	k.requested.take()

	var stderr strings.Builder
	cmd := exec.Command("fastcount", append([]string{"--state", state, "-o", output}, k.args...)...)
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() }) // fails if it has ended
	defer timer.Stop()
	err := cmd.Wait()
	if stderr.Len() > 0 {
		t.Fatalf("got %s", &stderr)
	}

	for name := range k.requested.take() {
		if finished[name] {
			t.Errorf("%s was finished, and is requested again", name)
		}
	}
	if after := kept(t, state); len(after) < len(finished) {
		t.Errorf("%d parts were kept, and now %d", len(finished), len(after))
	}
	got, readErr := os.ReadFile(output)
	if readErr == nil && string(got) != k.want {
		t.Fatalf("the result differs: %s", got)
	}
	if err != nil {
		return false
	}
	if readErr != nil {
		t.Fatal(readErr)
	}
	if temps, err := filepath.Glob(filepath.Join(state, ".fastcount-*.tmp")); err != nil || len(temps) > 0 {
		t.Errorf("left %q, %v", temps, err)
	}
	return true
}
