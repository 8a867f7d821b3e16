package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fastcount/internal/cli"
	"fastcount/internal/console"
	"fastcount/mockserver"
)

// runHere runs the program in this process, with only these variables.
func runHere(environ []string, args ...string) (code int, stdout, stderr string) {
	var out, messages bytes.Buffer
	p := &program{stdin: strings.NewReader(""), stdout: &out, ui: console.New(&messages), environ: environ}
	code = p.run(args)
	return code, out.String(), messages.String()
}

// mustRun runs the program in this process, which must succeed, and returns its
// output.
func mustRun(t *testing.T, args ...string) string {
	t.Helper()
	code, stdout, stderr := runHere(nil, args...)
	if code != 0 {
		t.Fatalf("%q: exit code %d: %s", args, code, stderr)
	}
	return stdout
}

// recorder serves exports and records the headers of all requests.
type recorder struct {
	*httptest.Server
	mu      sync.Mutex
	headers []http.Header
}

func newRecorder(t *testing.T, exports ...mockserver.Export) *recorder {
	t.Helper()
	r := new(recorder)
	handler, err := mockserver.New(mockserver.Options{Exports: exports, OnRequest: func(q *http.Request) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.headers = append(r.headers, q.Header)
	}})
	if err != nil {
		t.Fatal(err)
	}
	r.Server = httptest.NewServer(handler)
	t.Cleanup(r.Close)
	return r
}

// take returns the headers of the requests since the last call.
func (r *recorder) take() []http.Header {
	r.mu.Lock()
	defer r.mu.Unlock()
	headers := r.headers
	r.headers = nil
	return headers
}

// The ids of downloads look like those of servers.
const (
	id1 = "00000000-0000-4000-8000-000000000001"
	id2 = "00000000-0000-4000-8000-000000000002"
	id3 = "00000000-0000-4000-8000-000000000003"
)

// tiny returns an export with one row in each download.
func tiny(id string, downloads ...string) mockserver.Export {
	e := mockserver.Export{ID: id}
	for _, d := range downloads {
		e.Downloads = append(e.Downloads, mockserver.Download{ID: d, Rows: 1, Patients: []string{"P1"}, Events: []string{"e"},
			Body: func(w io.Writer) error {
				_, err := io.WriteString(w, "patient_id,event_type\nP1,e\n")
				return err
			}})
	}
	return e
}

// save writes a file into a directory of its own.
func save(t *testing.T, name, text string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A worker that does not name the server of a plan sends no secret and no
// request to it.
func TestSecretsOfWorkers(t *testing.T) {
	server, other := newRecorder(t, tiny("x", id1, id2)), newRecorder(t, tiny("x", id1, id2))
	job := save(t, "job.plan", mustRun(t, "plan", "-q", "--server", server.URL, "x"))
	server.take()
	token, headers := save(t, "token", "canary-token\n"), save(t, "headers", "X-Api-Key: canary\n")
	secrets := map[string][]string{
		"token file":  {"--token-file", token},
		"header file": {"--header-file", headers},
		"header":      {"--header", "X-Trace: canary"},
		"variable":    {},
	}
	for name, flags := range secrets {
		var environ []string
		if name == "variable" {
			environ = []string{cli.TokenVariable + "=canary-token"}
		}
		shard := append([]string{"-q", "--plan", job, "--shard", "0/1", "--out-dir", t.TempDir()}, flags...)
		code, _, stderr := runHere(environ, shard...)
		if code != exitUsage || !strings.Contains(stderr, "--server") || strings.Contains(stderr, "canary") {
			t.Errorf("%s: exit code %d: %s", name, code, stderr)
		}
		code, _, stderr = runHere(environ, append(shard, "--server", other.URL)...)
		if code != exitUsage || !strings.Contains(stderr, "plan for another server") || strings.Contains(stderr, "canary") {
			t.Errorf("%s: another server: exit code %d: %s", name, code, stderr)
		}
		if n := len(server.take()) + len(other.take()); n > 0 {
			t.Errorf("%s: %d requests were sent", name, n)
		}

		for _, named := range []string{server.URL, server.URL + "/"} {
			if code, _, stderr = runHere(environ, append(shard, "--server", named)...); code != 0 {
				t.Errorf("%s: the server is named: exit code %d: %s", name, code, stderr)
			}
			sent := server.take()
			if len(sent) == 0 {
				t.Errorf("%s: nothing was sent to the server that is named", name)
			}
			for _, h := range sent {
				if !strings.Contains(fmt.Sprint(h), "canary") {
					t.Errorf("%s: the server that is named received %v", name, h)
				}
			}
		}
	}
	code, _, stderr := runHere([]string{"FASTCOUNT_SERVER=" + server.URL, cli.TokenVariable + "=canary"},
		"-q", "--plan", job, "--shard", "0/1", "--out-dir", t.TempDir())
	if sent := server.take(); code != 0 || len(sent) == 0 || sent[0].Get("Authorization") != "Bearer canary" {
		t.Errorf("the server is named by a variable: exit code %d: %s, sent %v", code, stderr, sent)
	}
	mustRun(t, "-q", "--plan", job, "--shard", "0/1", "--out-dir", t.TempDir())
	for _, h := range server.take() {
		if h.Get("Authorization") != "" {
			t.Errorf("without a token, %v was sent", h)
		}
	}
}

// A worker that has a token can count the files of any plan.
func TestSecretsAndPlansOfFiles(t *testing.T) {
	file := save(t, "a.csv", "patient_id,event_type\nP1,e\n")
	job := save(t, "job.plan", mustRun(t, "plan", "-q", file))
	code, _, stderr := runHere([]string{cli.TokenVariable + "=canary", "FASTCOUNT_SERVER=https://elsewhere"},
		"-q", "--plan", job, "--shard", "0/1", "--out-dir", t.TempDir())
	if code != 0 {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	code, _, stderr = runHere(nil, "-q", "--plan", job, "--shard", "0/1", "--out-dir", t.TempDir(), "--token-file", file+"x")
	if code == 0 || !strings.Contains(stderr, "--token-file") {
		t.Errorf("no such file: exit code %d: %s", code, stderr)
	}
}

// signed returns a plan with the checksum that belongs to it.
func signed(plan string) string {
	const member = `"sha256":"`
	covered := plan[:strings.LastIndex(plan, member)]
	return fmt.Sprintf("%s%s%x\"}\n", covered, member, sha256.Sum256([]byte(covered)))
}

// A shard fails and writes nothing if its server is down, or if the downloads
// of the plan are missing or changed.
func TestShardsThatCannotBeCounted(t *testing.T) {
	full := newRecorder(t, tiny("x", id1, id2))
	more := tiny("x", id1, id2)
	more.Downloads[1].Rows = 2
	renamed := tiny("x", id1, id2)
	renamed.Downloads[1].Patients = []string{"P2"}
	for name, c := range map[string]struct {
		exports []mockserver.Export
		code    int
		want    string
	}{
		"no export":   {[]mockserver.Export{tiny("y", id1, id2)}, exitNotFound, "download x/" + id1},
		"no download": {[]mockserver.Export{tiny("x", id1)}, exitNotFound, "download x/" + id2},
		"more rows":   {[]mockserver.Export{more}, exitMismatch, "x/" + id2 + ": changed since the plan was made"},
		"other names": {[]mockserver.Export{renamed}, exitMismatch, "x/" + id2 + ": changed since the plan was made"},
		"down":        {nil, exitRetries, "download x/" + id1},
	} {
		server := newRecorder(t, c.exports...)
		if name == "down" {
			server.Close()
		}
		text := strings.ReplaceAll(mustRun(t, "plan", "-q", "--server", full.URL, "x"), full.URL, server.URL)
		job, dir := save(t, "job.plan", signed(text)), t.TempDir()
		code, _, stderr := runHere(nil, "-q", "--plan", job, "--shard", "0/1", "--out-dir", dir, "--retries", "0")
		if code != c.code || !strings.Contains(stderr, c.want) {
			t.Errorf("%s: exit code %d, want %d: %s", name, code, c.code, stderr)
		}
		if files, err := os.ReadDir(dir); err != nil || len(files) > 0 {
			t.Errorf("%s: there are %v, %v", name, files, err)
		}
	}
}

// The result of an export that is counted in shards, in any number and order,
// is that of one run.
func TestShardsOfAnExport(t *testing.T) {
	large := mockserver.Builtin()[0]
	server := newRecorder(t, tiny("x", id1, id2, id3), large)
	want := mustRun(t, "-q", "--server", server.URL, "x", large.ID)
	job := save(t, "job.plan", mustRun(t, "plan", "-q", "--server", server.URL, "x", large.ID))
	for _, n := range []int{1, 3, 20} {
		dir := t.TempDir()
		for i := range n {
			mustRun(t, "-q", "--plan", job, "--shard", fmt.Sprintf("%d/%d", n-1-i, n), "--out-dir", dir)
		}
		if got := mustRun(t, "merge", "-q", dir); got != want {
			t.Errorf("%d shards: got %s\nwant %s", n, got, want)
		}
	}
}

// A download id that two exports list is refused by plan, in a plan, and by
// merge.
func TestDownloadInTwoExports(t *testing.T) {
	server := newRecorder(t, tiny("x", id1, id2), tiny("y", id3, id2))
	code, stdout, stderr := runHere(nil, "plan", "-q", "--server", server.URL, "x", "y")
	if code != exitUsage || stdout != "" || !strings.Contains(stderr, id2) || !strings.Contains(stderr, "x") || !strings.Contains(stderr, "y") {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}

	lines := strings.SplitAfter(mustRun(t, "plan", "-q", "--server", server.URL, "x"), "\n")
	twice := lines[0] + lines[1] + lines[2] + strings.Replace(lines[2], `"export":"x"`, `"export":"y"`, 1) + `{"entries":3,"total":132,"sha256":""}`
	job := save(t, "job.plan", signed(twice))
	code, _, stderr = runHere(nil, "-q", "--plan", job, "--shard", "0/1", "--out-dir", t.TempDir())
	if code != exitUsage || !strings.Contains(stderr, "download "+id2+": listed by the exports x and y") {
		t.Errorf("exit code %d: %s", code, stderr)
	}

	allowed := save(t, "job.plan", mustRun(t, "plan", "-q", "--server", server.URL, "--allow-duplicate-ids", "x", "y"))
	code, _, stderr = runHere(nil, "-q", "--plan", allowed, "--shard", "0/1", "--out-dir", t.TempDir(), "--allow-duplicate-ids")
	if code != exitUsage || !strings.Contains(stderr, "fastcount plan") {
		t.Errorf("allowed by a worker: exit code %d: %s", code, stderr)
	}
	dir := t.TempDir()
	for i := range 3 {
		mustRun(t, "-q", "--plan", allowed, "--shard", fmt.Sprintf("%d/3", i), "--out-dir", dir)
	}
	if got := mustRun(t, "merge", "-q", "--compact", dir); got != `{"patients":{"P1":{"e":4}},"totals":{"e":4}}`+"\n" {
		t.Errorf("allowed: got %s", got)
	}
}

// TestFlagsThatShardsRefuse sets each flag that belongs to the plan or to
// merge, alone, to the smallest value that has an effect.
func TestFlagsThatShardsRefuse(t *testing.T) {
	file := save(t, "a.csv", smallCSV)
	job := save(t, "job.plan", mustRun(t, "plan", "-q", file))
	for _, args := range [][]string{
		{file}, {"--files-from", file}, {"--delimiter", ";"}, {"--no-header"}, {"--patient-column", "2"}, {"--event-column", "2"},
		{"--invalid-utf8", "escape"}, {"--allow-duplicate-ids"}, {"-s", "csv"}, {"-o", "x"}, {"--rejects", "x"}, {"--allow-partial"},
		{"--max-bad-rows", "1"}, {"--verify", "warn"}, {"--state", "x"}, {"--dry-run"},
	} {
		dir := filepath.Join(t.TempDir(), "parts")
		code, stdout, stderr := runHere(nil, append([]string{"-q", "--plan", job, "--shard", "0/1", "--out-dir", dir}, args...)...)
		if _, err := os.Stat(dir); code != exitUsage || stdout != "" || err == nil {
			t.Errorf("%q: exit code %d, %s, %s", args, code, stdout, stderr)
		}
	}
}

// Each flag that a plan records has the same effect in shards as in one run.
func TestFlagsOfPlans(t *testing.T) {
	rows := func(head, row string) string {
		text := head
		for i := range 50 {
			text += fmt.Sprintf(row, i%7)
		}
		return text
	}
	for _, c := range []struct {
		flags []string
		text  string
	}{
		{nil, rows("value,patient_id,event_type\n", "1,Q%d,e\n")},
		{[]string{"-d", ";"}, rows("value;patient_id;event_type\n", "1;Q%d;e\n")},
		{[]string{"-n"}, rows("", "Q%d,1,e\n")},
		{[]string{"--patient-column", "a"}, rows("a,patient_id,event_type\n", "Q%d,1,e\n")},
		{[]string{"--patient-column", "1"}, rows("a,patient_id,event_type\n", "Q%d,1,e\n")},
		{[]string{"--event-column", "a"}, rows("a,patient_id,event_type\n", "e%d,Q,e\n")},
		{[]string{"--event-column", "1"}, rows("a,patient_id,event_type\n", "e%d,Q,e\n")},
		{[]string{"--invalid-utf8", "escape"}, rows("patient_id,event_type\n", "Q%d\xff,\\e\n")},
	} {
		file := save(t, "a.csv", c.text)
		want := mustRun(t, append(c.flags, "-q", file)...)
		if code, other, _ := runHere(nil, "-q", file); len(c.flags) > 0 && code == 0 && other == want {
			t.Errorf("%q changes nothing", c.flags)
		}
		job := save(t, "job.plan", mustRun(t, append([]string{"plan", "-q", file}, c.flags...)...))
		dir := t.TempDir()
		for i := range 3 {
			mustRun(t, "-q", "--plan", job, "--shard", fmt.Sprintf("%d/3", i), "--out-dir", dir)
			if len(c.flags) == 0 {
				continue
			}
			shard := append(slices.Clone(c.flags), "-q", "--plan", job, "--shard", "0/3", "--out-dir", dir)
			if code, _, stderr := runHere(nil, shard...); code != exitUsage || !strings.Contains(stderr, "fastcount plan") {
				t.Errorf("%q for a shard: exit code %d: %s", c.flags, code, stderr)
			}
		}
		if got := mustRun(t, "merge", "-q", dir); got != want {
			t.Errorf("%q: got %s\nwant %s", c.flags, got, want)
		}
	}
}

// Shards without entries are not missing if they have no result.
func TestMissingShards(t *testing.T) {
	const text = "patient_id,event_type\nQ1,e\n"
	job := save(t, "job.plan", mustRun(t, "plan", "-q", save(t, "a.csv", text)))
	random := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 7, len(text), 50} {
		for range 4 {
			dir, want, present := t.TempDir(), []string{}, 0
			for i := range n {
				if random.IntN(3) > 0 || i == n-1 && present == 0 {
					present++
					mustRun(t, "-q", "--plan", job, "--shard", fmt.Sprintf("%d/%d", i, n), "--out-dir", dir)
				} else if i*len(text)/n < (i+1)*len(text)/n {
					want = append(want, strconv.Itoa(i))
				}
			}
			missing := strings.Join(want, ",")
			if got := mustRun(t, "merge", "--missing", dir); got != missing+"\n" {
				t.Errorf("%d shards: got %swant %s", n, got, missing)
			}
			code, stdout, stderr := runHere(nil, "merge", "-q", dir)
			if missing == "" && code != exitDone || missing != "" && (code != exitMerge || stdout != "" || !strings.Contains(stderr, want[0])) {
				t.Errorf("%d shards without %s: exit code %d: %s%s", n, missing, code, stdout, stderr)
			}
		}
	}
}

// TestLimitsOfMerges checks each limit of merge and the flag in its hint.
func TestLimitsOfMerges(t *testing.T) {
	file := save(t, "a.csv", "patient_id,event_type\nP1,e1\nP1,e2\nP2,e1\nP3,e1\n")
	job, dir := save(t, "job.plan", mustRun(t, "plan", "-q", file)), t.TempDir()
	for i := range 2 {
		mustRun(t, "-q", "--plan", job, "--shard", fmt.Sprintf("%d/2", i), "--out-dir", dir)
	}
	for _, c := range []struct{ flag, good, bad string }{
		{"--max-patients", "3", "2"}, {"--max-events", "2", "1"}, {"--max-pairs", "4", "3"}, {"--max-names-size", "10", "9"}, {"--max-id", "2", "1"},
	} {
		mustRun(t, "merge", "-q", c.flag, c.good, dir)
		code, stdout, stderr := runHere(nil, "merge", "-q", c.flag, c.bad, dir)
		if code != exitLimit || stdout != "" || !strings.Contains(stderr, c.flag) {
			t.Errorf("%s %s: exit code %d: %s", c.flag, c.bad, code, stderr)
		}
	}
}

// TestDescriptorsOfShards counts the open files before and after each
// subcommand, with and without an error.
func TestDescriptorsOfShards(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // garbage collection closes files
	file := save(t, "a.csv", "patient_id,event_type\nP1,e\n")
	dir := t.TempDir()
	var job string
	before := 0
	for round := range 3 {
		job = save(t, "job.plan", mustRun(t, "plan", "-q", "--scan", file, "demo"))
		mustRun(t, "-q", "--plan", job, "--shard", "0/1", "--out-dir", dir)
		mustRun(t, "merge", "-q", dir)
		runHere(nil, "merge", "-q", file)
		runHere(nil, "-q", "--plan", file, "--shard", "0/1", "--out-dir", dir)
		runHere(nil, "-q", "--plan", job, "--shard", "0/1", "--out-dir", filepath.Join(file, "x"))
		if round == 0 {
			before = openFiles(t) // the runtime opens files of its own
		}
		// The server of demo closes its connections after the client.
		for deadline := time.Now().Add(30 * time.Second); openFiles(t) > before; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%d files are open, after the first round there were %d", openFiles(t), before)
			}
		}
	}
}

// openFiles returns the number of open files.
func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("the system does not list open files:", err)
	}
	return len(entries)
}

// TestURLThatChanges changes the data at a URL before a shard of its plan is
// counted, and while it is. The exit code and the hint are the same.
func TestURLThatChanges(t *testing.T) {
	data := "patient_id,event_type\n" + strings.Repeat("P1,e\n", 200_000)
	for _, last := range []int64{0, 1, 2} { // request of the shard that is answered with the data of the plan
		var left atomic.Int64
		left.Store(1 << 30)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("ETag", `"old"`)
			if left.Add(-1) < 0 {
				w.Header().Set("ETag", `"new"`)
			}
			w.Header().Set("Content-Type", "text/csv")
			http.ServeContent(w, r, "", time.Time{}, strings.NewReader(data))
		}))
		url := server.URL + "/a.csv?canary"
		job, dir := save(t, "job.plan", mustRun(t, "plan", "-q", url)), t.TempDir()
		left.Store(last)
		code, _, stderr := runHere(nil, "-q", "--plan", job, "--shard", "0/2", "--out-dir", dir)
		server.Close()
		want := []string{server.URL + "/a.csv: ", "changed", "ETag or modification time differs", "make the plan again"}
		for _, text := range want {
			if !strings.Contains(stderr, text) {
				t.Errorf("after %d requests: %q is missing in %s", last, text, stderr)
			}
		}
		if files, err := os.ReadDir(dir); code != exitMismatch || err != nil || len(files) > 0 || strings.Contains(stderr, "canary") || strings.Contains(stderr, "file") {
			t.Errorf("after %d requests: exit code %d, files %v, %v: %s", last, code, files, err, stderr)
		}
	}
}
