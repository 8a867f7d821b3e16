//go:build unix

package program

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestSignals checks that a run ends soon after the first signal, although it
// reads from a pipe to which nothing is written.
func TestSignals(t *testing.T) {
	for _, c := range []struct {
		signal syscall.Signal
		code   int
		want   string
	}{
		{syscall.SIGINT, 130, "fastcount: interrupted\n"},
		{syscall.SIGTERM, 143, "fastcount: terminated\n"},
		{syscall.SIGHUP, 129, "fastcount: hung up\n"},
	} {
		t.Run(c.signal.String(), func(t *testing.T) {
			t.Parallel()
			deliver(t, c.signal)
			metrics := filepath.Join(t.TempDir(), "metrics")
			cmd := exec.Command("fastcount", "-", "--progress", "none",
				"--cpuprofile", filepath.Join(t.TempDir(), "cpu"), "--metrics-file", metrics)
			var stderr strings.Builder
			cmd.Stderr = &stderr
			stdin, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			defer stdin.Close()
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			// This is more than a pipe holds: once it is written, the program
			// reads, and catches signals.
			if _, err := io.WriteString(stdin, "patient_id,event_type\n"+strings.Repeat("P1,up\n", 30_000)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(100 * time.Millisecond) // usually enough to empty the pipe and block
			begin := time.Now()
			if err := cmd.Process.Signal(c.signal); err != nil {
				t.Fatal(err)
			}
			if got := ExitCode(t, cmd.Wait()); got != c.code {
				t.Errorf("exit code %d, want %d", got, c.code)
			}
			if took := time.Since(begin); took > time.Minute {
				t.Errorf("took %v to end", took)
			}
			if stderr.String() != c.want {
				t.Errorf("got %q, want %q", &stderr, c.want)
			}
			text, err := os.ReadFile(metrics)
			if err != nil || !strings.Contains(string(text), fmt.Sprintf("\nfastcount_exit_code %d\n", c.code)) {
				t.Errorf("metrics: %v\n%s", err, text)
			}
		})
	}
}

// deliver ensures that the programs that the test starts receive a signal, even
// if this process was started by nohup or in the background: programs inherit
// ignored signals, but not caught ones.
func deliver(t *testing.T, s os.Signal) {
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, s)
	t.Cleanup(func() { signal.Stop(caught) })
}

// TestSignalIgnoredAtStart checks that a run continues after a signal that was
// ignored when it started, as in the background of a shell, and is ended by
// another signal.
func TestSignalIgnoredAtStart(t *testing.T) {
	deliver(t, syscall.SIGTERM)
	for _, end := range []bool{false, true} {
		cmd := exec.Command("sh", "-c", "trap '' INT && exec fastcount -q --compact -")
		var stdout strings.Builder
		cmd.Stdout = &stdout
		stdin, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// This is more than a pipe holds: once it is written, the program
		// reads.
		if _, err := io.WriteString(stdin, "patient_id,event_type\n"+strings.Repeat("P1,up\n", 30_000)); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
		}
		want, code := `{"patients":{"P1":{"up":30001}},"totals":{"up":30001}}`+"\n", exitDone
		if end {
			want, code = "", exitTerminated
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
		} else if _, err := io.WriteString(stdin, "P1,up\n"); err != nil {
			t.Fatal(err)
		}
		if !end {
			if err := stdin.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if got := ExitCode(t, cmd.Wait()); got != code || stdout.String() != want {
			t.Errorf("exit code %d, want %d; %s", got, code, &stdout)
		}
	}
}

// TestServeStops checks that a signal ends a server.
func TestServeStops(t *testing.T) {
	deliver(t, syscall.SIGINT)
	cmd := exec.Command("fastcount", "serve", "--listen", "127.0.0.1:0")
	_, stop, err := StartServer(cmd)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if got := ExitCode(t, cmd.Wait()); got != 130 {
		t.Errorf("exit code %d, want 130", got)
	}
}

// TestClosedOutput checks that the program prints nothing and leaves no
// temporary file when nobody reads its output.
func TestClosedOutput(t *testing.T) {
	dir := t.TempDir()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	defer w.Close()
	cmd := exec.Command("fastcount", "-q", "-s", "json", "-s", "csv="+filepath.Join(dir, "x.csv"), "demo")
	var stderr strings.Builder
	cmd.Stdout, cmd.Stderr = w, &stderr
	if got := ExitCode(t, cmd.Run()); got != exitBrokenPipe {
		t.Errorf("exit code %d", got)
	}
	if stderr.Len() > 0 {
		t.Errorf("got %q", &stderr)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

// TestStatusSignal checks that SIGUSR1 prints a line, even with -q, and does
// not end the run.
func TestStatusSignal(t *testing.T) {
	cmd := exec.Command("fastcount", "-q", "--compact", "-")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stdout strings.Builder
	cmd.Stdout = &stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// This is more than a pipe holds: once it is written, the program reads.
	if _, err := stdin.Write([]byte("patient_id,event_type\n" + strings.Repeat("P1,up\n", 30_000))); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stderr).ReadString('\n')
	want := regexp.MustCompile(`^fastcount: [-+\dT:Z]+ ([\d,]+ rows, .* 0 of 1 part done|nothing is read yet), [\d.]+ MB in memory\n$`)
	if err != nil || !want.MatchString(line) {
		t.Errorf("got %q, %v", line, err)
	}
	if err := stdin.Close(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil || stdout.String() != `{"patients":{"P1":{"up":30000}},"totals":{"up":30000}}`+"\n" {
		t.Errorf("%v, %s", err, &stdout)
	}
}

// resultCommands are commands whose result goes to standard output. They find
// partial results in the directory parts.
var resultCommands = []string{
	"a.csv", "-s csv a.csv", "-s json=x -s table a.csv", "-o - a.csv", "--max-bad-rows 1 --rejects - -o x a.csv", "--dry-run a.csv",
	"plan a.csv", "plan --scan a.csv", "merge parts", "merge -s csv parts", "merge --missing parts", "exports", "demo",
	"help", "help csv", "--help", "-h", "plan --help", "version", "--version", "completion bash",
}

// resultDir returns a directory with the inputs of resultCommands.
func resultDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	WriteText(t, filepath.Join(dir, "a.csv"), smallCSV)
	cmd := exec.Command("sh", "-c", "fastcount plan -q a.csv >work.plan && fastcount -q --plan work.plan --shard 0/1 --out-dir parts")
	cmd.Dir = dir
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return dir
}

// TestClosedStandardOutputIsRefused checks that no command counts, or reports
// success, if its result would be lost.
func TestClosedStandardOutputIsRefused(t *testing.T) {
	dir := resultDir(t)
	for _, redirect := range []string{">&-", "1<>/dev/null", "1</dev/null", "1<work.plan"} {
		for _, command := range resultCommands {
			cmd := exec.Command("sh", "-c", "fastcount "+command+" "+redirect)
			cmd.Dir = dir
			var stderr strings.Builder
			cmd.Stderr = &stderr
			code := ExitCode(t, cmd.Run())
			if code != exitUsage || !strings.HasPrefix(stderr.String(), "fastcount: standard output ") || !strings.Contains(stderr.String(), "\nhint: ") {
				t.Errorf("fastcount %s %s: exit code %d, %s", command, redirect, code, &stderr)
			}
			if _, err := os.Stat(filepath.Join(dir, "x")); err == nil {
				t.Fatalf("fastcount %s %s: wrote another output", command, redirect)
			}
		}
	}
}

// TestDiscardedStandardOutput checks that standard output may be discarded by a
// shell, and that a command whose result goes to a file does not need it.
func TestDiscardedStandardOutput(t *testing.T) {
	dir := resultDir(t)
	commands := []string{"-o y a.csv >&-", "-o y a.csv 1<>/dev/null", "a.csv 1<>y", "merge -o y parts >&-", "merge --partial z parts >&-"}
	for _, command := range resultCommands {
		commands = append(commands, command+" >/dev/null")
	}
	for _, command := range commands {
		cmd := exec.Command("sh", "-c", "fastcount "+command)
		cmd.Dir = dir
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("fastcount %s: %v, %s", command, err, text)
		}
	}
}

// TestFullStandardOutput checks that a result that cannot be written is a
// failure.
func TestFullStandardOutput(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("/dev/full does not exist")
	}
	dir := resultDir(t)
	for _, command := range resultCommands {
		cmd := exec.Command("sh", "-c", "fastcount "+command+" >/dev/full")
		cmd.Dir = dir
		var stderr strings.Builder
		cmd.Stderr = &stderr
		if code := ExitCode(t, cmd.Run()); code != exitFailure || !strings.Contains(stderr.String(), "no space left on device") {
			t.Errorf("fastcount %s: exit code %d, %s", command, code, &stderr)
		}
	}
}

// TestReaderThatLeft checks that all commands exit with the code of SIGPIPE if
// nobody reads their result.
func TestReaderThatLeft(t *testing.T) {
	dir := resultDir(t)
	for _, command := range resultCommands {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		cmd := exec.Command("fastcount", strings.Fields(command)...)
		cmd.Dir, cmd.Stdout = dir, w
		if code := ExitCode(t, cmd.Run()); code != exitBrokenPipe {
			t.Errorf("fastcount %s: exit code %d", command, code)
		}
		w.Close()
	}
}

// TestFewDescriptors checks, for several limits of open files, that a run
// succeeds or exits with the code of a limit, not with that of the runtime (2).
func TestFewDescriptors(t *testing.T) {
	dir := t.TempDir()
	WriteText(t, filepath.Join(dir, "a.csv"), smallCSV)
	codes := map[int]int{}
	for n := 5; n <= 32; n++ {
		cmd := exec.Command("sh", "-c", fmt.Sprintf("ulimit -n %d && exec fastcount -q -o out.json a.csv", n))
		cmd.Dir = dir
		var stderr strings.Builder
		cmd.Stderr = &stderr
		code := ExitCode(t, cmd.Run())
		codes[code]++
		if code != exitDone && (code != exitLimit || !strings.Contains(stderr.String(), "\nhint: raise the limit, such as with: ulimit -n 1024")) {
			t.Errorf("%d files: exit code %d, %s", n, code, &stderr)
		}
	}
	if codes[exitDone] == 0 || codes[exitLimit] < 5 {
		t.Errorf("exit codes and how often they occurred: %v", codes)
	}
}
