//go:build !race

package program

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"fastcount/internal/testing/proof"
)

// attack is an input that is meant to exhaust the memory or the time of its
// reader: it is endless, or small and expands. It is a file, or the response of
// a server to every request.
type attack struct {
	file     content
	response http.HandlerFunc
	export   bool // whether the source is the export demo of the server instead of a URL
	flags    []string
	code     int
	message  string // text on standard error
	peak     int64  // MiB; 0 means peakRemote for a response and peakLocal for a file
}

// processors limits the processors of a run. The number of jobs, each of which
// takes memory, depends on it.
const processors = "GOMAXPROCS=2"

// Limits of the peak memory of a run, in MiB. The Go runtime and the program
// itself take 10 to 12 of them.
const (
	peakRemote = 26
	peakLocal  = 18
)

// allowed limits the duration of a run. On a busy or slow machine, a run may
// take longer, but neither allowedCPU of processor time nor a minute.
const (
	allowed    = time.Second
	allowedCPU = 3 * time.Second
)

const (
	header = "patient_id,event_time,event_type,value\n"
	row    = "P001,2025-08-26T00:00:04.906404Z,bp_sys,71\n"
)

// attacks is a table of attacks by name.
func attacks() map[string]attack {
	all := map[string]attack{
		"zstd window over HTTP": {response: data("zstd", frame(29)), code: 8, message: "raise the limit with --max-window"},
		"zstd window in a file": {file: frame(29), code: 8, message: "raise the limit with --max-window"},
		"largest window in a file": {file: join(frame(27), stored(header), repeated('x', 1<<17, 80_000)),
			code: 8, message: "raise the limit with --max-record", peak: 128 + peakLocal},
		"largest window over HTTP": {response: data("zstd", join(frame(23), stored(header), repeated('x', 1<<17, endless))),
			code: 8, message: "raise the limit with --max-record"},

		"record":                 {file: join(text(header), sparse(10<<30)), code: 8, message: "raise the limit with --max-record"},
		"record over HTTP":       {response: data("", join(text(header), again("x", endless))), code: 8, message: "raise the limit with --max-record"},
		"record in gzip":         {file: join(gzipHead, deflated(header), deflatedAgain("x", 10<<10)), code: 8, message: "raise the limit with --max-record"},
		"record in gzip by HTTP": {response: data("gzip", join(gzipHead, deflated(header), deflatedAgain("x", endless))), code: 8, message: "raise the limit with --max-record"},

		"header":                 {file: sparse(10 << 30), code: 8, message: "raise the limit with --max-record"},
		"header over HTTP":       {response: data("", again("x", endless)), code: 8, message: "raise the limit with --max-record"},
		"header in gzip":         {file: join(gzipHead, deflatedAgain("x", 10<<10)), code: 8, message: "raise the limit with --max-record"},
		"header in zstd by HTTP": {response: data("zstd", join(frame(17), repeated('x', 1<<17, endless))), code: 8, message: "raise the limit with --max-record"},

		"quoted field":           {file: join(text(header+`P1,"`), sparse(10<<30)), code: 8, message: "raise the limit with --max-record"},
		"quoted field over HTTP": {response: data("", join(text(header+`P1,"`), again("x", endless))), code: 8, message: "raise the limit with --max-record"},
		"long ids":               {file: join(frame(17), stored(header), longIDs(250_000)), code: 8, message: "raise the limit with --max-names-size", peak: 384},
		"long ids over HTTP": {response: data("zstd", join(frame(17), stored(header), longIDs(250_000))), flags: []string{"--max-names-size", "32M"},
			code: 8, message: "raise the limit with --max-names-size", peak: 96},
		"quoted lines": {response: data("", join(text(header+`P1,"`), again("x\n", endless))), code: 8, message: "raise the limit with --max-record-lines"},
		"quoted field in zstd by HTTP": {response: data("zstd", join(frame(17), stored(header+`P1,"`), repeated('\n', 1<<17, endless))),
			code: 8, message: "raise the limit with --max-record-lines"},

		"columns":           {file: join(text("patient_id,event_type" + strings.Repeat(",", 1_000_000) + "\n")), code: 8, message: "raise the limit with --max-columns"},
		"columns over HTTP": {response: data("", join(text("patient_id,event_type"+strings.Repeat(",", 1_000_000)+"\n"))), code: 8, message: "raise the limit with --max-columns"},

		// These are valid and large, and are counted until a limit ends the
		// run.
		"rows in gzip by HTTP": {response: data("gzip", join(gzipHead, deflated(header), deflatedAgain(row, endless))),
			flags: []string{"--max-duration", "300ms"}, code: 10, message: "--max-duration: time limit exceeded"},
		"rows in gzip": {file: join(gzipHead, deflated(header), deflatedAgain(row, 10<<10)),
			flags: []string{"--max-duration", "300ms"}, code: 10, message: "--max-duration: time limit exceeded"},

		"response":            {export: true, response: api("", join(text(`{"data":{"id":"demo","x":"`), again("x", endless))), code: 8, message: "raise the limit with --max-json"},
		"response of spaces":  {export: true, response: api("", again(" ", endless)), code: 8, message: "raise the limit with --max-json"},
		"response in zstd":    {export: true, response: api("zstd", join(frame(23), stored(`{"data":{"id":"`), repeated('x', 1<<17, endless))), code: 8, message: "raise the limit with --max-json"},
		"response nested":     {export: true, response: api("", again("[", 15)), code: 8, message: "raise the limit with --max-json"},
		"response of objects": {export: true, response: api("", again(`{"a":`, 15)), code: 8, message: "raise the limit with --max-json"},
		"response of values":  {export: true, response: api("", join(text(`{"data":{"id":"demo","x":[0`), again(",0", 15), text("]}}"))), code: 6, message: "malformed response"},
		"response of numbers": {export: true, response: api("", join(text(`{"data":{"id":"demo","download_ids":[0`), again(",0000000", 15), text("]}}"))), code: 6, message: "malformed response"},
		"one id again":        {export: true, response: api("", join(text(`{"data":{"id":"demo","download_ids":["0"`), again(`,"000000"`, 15), text("]}}"))), code: 6, message: "malformed response"},
		"a million ids":       {export: true, response: api("", join(text(`{"data":{"id":"demo","download_ids":["0"`), listed(1_000_000), text("]}}"))), code: 8, message: "raise the limit with --max-downloads"},
		"a terabyte":          {export: true, response: announced(1<<40, join(text(`{"data":{"id":"demo","x":"`), again("x", endless))), code: 8, message: "raise the limit with --max-json"},
		"patients again":      {export: true, response: metadata(again(`,"P01"`, 15)), message: "proof of completeness: rows"},
		"many patients":       {export: true, response: metadata(listed(400_000)), message: "proof of completeness: rows", peak: 128},

		"headers":        {response: raw(join(text("HTTP/1.1 200 OK\r\n"), again("X: y\r\n", endless))), code: 5, message: "--retries"},
		"one header":     {response: raw(join(text("HTTP/1.1 200 OK\r\nX: "), again("y", endless))), code: 5, message: "--retries"},
		"status line":    {response: raw(again("H", endless)), code: 5, message: "--retries"},
		"chunk size":     {response: raw(join(text("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), again("0", endless))), code: 5, message: "--retries"},
		"error":          {response: failing("", again("x", endless)), code: 5, message: "500"},
		"error in gzip":  {response: failing("gzip", join(gzipHead, deflatedAgain("x", endless))), code: 5, message: "500"},
		"error of JSON":  {response: failing("", join(text(`{"detail":"`), again("x", endless))), code: 5, message: "500"},
		"redirects":      {response: redirects, code: 7, message: "redirect refused: more than 3 in a row"},
		"drip":           {response: dripping(header), flags: []string{"--idle-timeout", "300ms"}, code: 5, message: "--idle-timeout"},
		"drip of an API": {response: dripping(`{"data":`), export: true, flags: []string{"--idle-timeout", "300ms"}, code: 5, message: "--idle-timeout"},
	}
	maps.Copy(all, archiveAttacks())
	return all
}

// TestResourceExhaustion runs the program as users install it with each attack.
// The kernel reports the memory and the processor time that it used.
func TestResourceExhaustion(t *testing.T) {
	dir := t.TempDir()
	if err := Build(dir); err != nil {
		t.Fatal(err)
	}
	proof.Cases(t, "exhaustion", len(attacks()))
	for name, a := range attacks() {
		t.Run(name, func(t *testing.T) {
			command := append([]string{Name(dir)}, a.command(t)...)
			var m outcome
			for range tries {
				m = measure(t, command...)
				if m.Code != a.code || !strings.Contains(m.Stderr, a.message) || (m.Stdout != "") != (m.Code == exitDone) {
					t.Fatalf("exit code %d, want %d; got %.500q, want %q", m.Code, a.code, m.Stderr, a.message)
				}
				if (m.Took <= allowed || m.CPU <= allowedCPU && m.Took <= time.Minute) && m.Peak <= a.allowedPeak()<<10 {
					t.Logf("exit code %d after %v, %v of processor time, %.1f MiB", m.Code, m.Took.Round(time.Millisecond), m.CPU.Round(time.Millisecond), float64(m.Peak)/1024)
					return
				}
			}
			t.Errorf("took %v, %v of processor time and %d KiB of memory, want at most %v and %d MiB", m.Took, m.CPU, m.Peak, allowed, a.allowedPeak())
		})
	}
}

// tries is the number of runs of which one must stay within the limits, since
// the machine may be busy.
const tries = 3

// allowedPeak returns the limit of the peak memory, in MiB.
func (a attack) allowedPeak() int64 {
	switch {
	case a.peak > 0:
		return a.peak
	case a.file != nil:
		return peakLocal
	}
	return peakRemote
}

// command returns the arguments of the program. It writes the file, or starts
// the server.
func (a attack) command(t *testing.T) []string {
	t.Helper()
	if a.file != nil {
		name := filepath.Join(t.TempDir(), "input")
		writeFile(t, name, a.file)
		return append(a.flags, name)
	}
	s := httptest.NewServer(a.response)
	t.Cleanup(s.Close)
	if a.export {
		return append(a.flags, "--retries", "0", "--server", s.URL, "demo")
	}
	return append(a.flags, "--retries", "0", s.URL+"/input.csv")
}

func writeFile(t *testing.T, name string, c content) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c(f), f.Close()); err != nil {
		t.Fatal(err)
	}
}

// outcome is what a program did, and the resources that it used according to
// the kernel.
type outcome struct {
	Code   int
	Took   time.Duration
	CPU    time.Duration // processor time
	Peak   int64         // resident memory in KiB
	Stdout string
	Stderr string
}

// measure runs a command. The peak memory of a process includes that of the
// process that started it, and this one, with its servers, is large. Therefore
// a small process in between starts the command.
func measure(t *testing.T, command ...string) (m outcome) {
	t.Helper()
	cmd := exec.Command(os.Args[0], append([]string{"-test.run=^TestMeasurer$", "--"}, command...)...)
	cmd.Env = append(os.Environ(), measurerVariable+"=1")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	err = json.NewDecoder(stdout).Decode(&m)
	_, restErr := io.Copy(io.Discard, stdout) // the summary of the test
	if err := errors.Join(err, restErr, cmd.Wait()); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestMeasurer is not a test: it is the process that measure starts.
func TestMeasurer(t *testing.T) {
	if os.Getenv(measurerVariable) == "" {
		t.Skip("only for measure")
	}
	cmd := exec.Command(flag.Arg(0), flag.Args()[1:]...)
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "FASTCOUNT_") && !strings.HasPrefix(v, "GO") { // such as GOGC
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, processors)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	begin := time.Now()
	code := ExitCode(t, cmd.Run())
	m := outcome{Code: code, Took: time.Since(begin), Stdout: stdout.String(), Stderr: stderr.String()}
	m.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	m.Peak = int64(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)
	if err := json.NewEncoder(os.Stdout).Encode(m); err != nil {
		t.Fatal(err)
	}
}

// TestSystemLimitsEndARun lowers a limit of the system until a run fails, and
// checks that the exit code is that of a limit, not that of the runtime (2).
func TestSystemLimitsEndARun(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.csv")
	WriteText(t, file, smallCSV)
	for letter, name := range map[string]string{"v": "address space", "d": "data"} {
		failed := false
		for kilobytes := 64 << 20; !failed && kilobytes > 1<<10; kilobytes -= kilobytes / 20 {
			cmd := exec.Command("sh", "-c", fmt.Sprintf("ulimit -%s %d && exec fastcount -q %s", letter, kilobytes, file))
			var stderr strings.Builder
			cmd.Stderr = &stderr
			code := ExitCode(t, cmd.Run())
			if failed = code != exitDone; failed && (code != exitLimit || !strings.Contains(stderr.String(), name)) {
				t.Errorf("ulimit -%s %d: exit code %d, %s", letter, kilobytes, code, &stderr)
			}
		}
		if !failed {
			t.Errorf("no run failed for the limit of %s", name)
		}
		cmd := exec.Command("sh", "-c", "ulimit -"+letter+" 67108864 && exec fastcount -q --max-memory 1M "+file)
		if code := ExitCode(t, cmd.Run()); code != exitLimit {
			t.Errorf("--max-memory next to a limit of %s: exit code %d", name, code)
		}
	}
}
