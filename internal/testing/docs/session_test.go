package docs

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// session runs the examples of a page in one shell, as a reader types them.
type session struct {
	shell   io.Writer     // standard input of the shell
	results *bufio.Reader // a line from the shell for each command
	files   string        // directory of the outputs

	asPrinted, asRun *strings.Replacer // replace the ports of a text
}

// port matches the ports in a page.
var port = regexp.MustCompile(`(?:localhost|127\.0\.0\.1):([0-9]+)`)

// defaultPort is the port of "fastcount serve", also where the page does not
// mention it.
const defaultPort = "8000"

// newSession starts a shell in dir. Each port in the page stands for a free
// one, the same one everywhere.
func newSession(t *testing.T, dir, page string) *session {
	t.Helper()
	printed := []string{defaultPort}
	for _, match := range port.FindAllStringSubmatch(page, -1) {
		printed = append(printed, match[1])
	}
	slices.Sort(printed)
	var toRun, toPrint []string
	listen := ""
	for _, p := range slices.Compact(printed) {
		free := freePort(t)
		toRun = append(toRun, "localhost:"+p, "localhost:"+free, "127.0.0.1:"+p, "127.0.0.1:"+free)
		toPrint = append(toPrint, "localhost:"+free, "localhost:"+p, "127.0.0.1:"+free, "127.0.0.1:"+p)
		if p == defaultPort {
			listen = "127.0.0.1:" + free
		}
	}
	s := &session{files: t.TempDir(), asRun: strings.NewReplacer(toRun...), asPrinted: strings.NewReplacer(toPrint...)}
	cmd := shell(t, dir, `exec sh`)
	cmd.Env = append(cmd.Env, "FASTCOUNT_PROGRESS=none", "FASTCOUNT_LISTEN="+listen, "PGHOST="+os.Getenv("PGHOST"), "PGUSER=postgres")
	stdin, err := cmd.StdinPipe()
	check(t, err)
	ours, theirs, err := os.Pipe()
	check(t, err)
	cmd.ExtraFiles = []*os.File{theirs} // descriptor 3
	check(t, cmd.Start())
	check(t, theirs.Close())
	s.shell, s.results = stdin, bufio.NewReader(ours)
	t.Cleanup(func() {
		_, _ = io.WriteString(stdin, "kill $servers; wait; exit 0\n") // fails if the shell has ended
		_ = stdin.Close()
		_ = cmd.Wait()
		_ = ours.Close()
	})
	return s
}

// freePort returns a port that nothing listens on. It is not one of those that
// systems assign by themselves.
func freePort(t *testing.T) string {
	t.Helper()
	for range 1000 {
		p := strconv.Itoa(20000 + rand.IntN(10000))
		if l, err := net.Listen("tcp", "127.0.0.1:"+p); err == nil {
			check(t, l.Close())
			return p
		}
	}
	t.Fatal("no free port found")
	return ""
}

func (s *session) run(t *testing.T, e example) {
	t.Helper()
	if i := slices.IndexFunc(e.needs, missing); i >= 0 {
		if *require {
			t.Errorf("%s is not installed: $ %s", e.needs[i], e.command)
		}
		return
	}
	command := s.asRun.Replace(e.command)
	stdout, stderr := filepath.Join(s.files, "stdout"), filepath.Join(s.files, "stderr")
	_, background := strings.CutSuffix(strings.TrimSpace(command), "&")
	report := `echo "code $?" >&3`
	if background {
		report = `servers="$servers $!"; ` + report
	}
	if slices.ContainsFunc(e.output, fromStderr) {
		stderr = stdout
	}
	check(t, os.WriteFile(stdout, nil, 0o600))
	check(t, os.WriteFile(stderr, nil, 0o600))
	_, err := fmt.Fprintf(s.shell, "{ %s\n} >>%q 2>>%q </dev/null; %s\n", command, stdout, stderr, report)
	check(t, err)
	result, err := s.results.ReadString('\n')
	if err != nil {
		t.Fatalf("$ %s\nthe shell ended: %v", e.command, err)
	}
	if background {
		waitForServer(t, e.command, stderr)
		return
	}
	got, messages := s.output(t, stdout), ""
	if stderr != stdout {
		messages = s.output(t, stderr)
	}
	if result != "code 0\n" {
		t.Errorf("$ %s\n%s%s%s", e.command, got, messages, result)
		return
	}
	if e.output != nil && !e.matches(got) {
		t.Errorf("$ %s\nprints:\n%sbut the page has:\n%s\n", e.command, got, strings.Join(e.output, "\n"))
	}
}

// missing reports whether a program is not installed, or has no server.
func missing(tool string) bool {
	return !have(tool) || tool == "psql" && os.Getenv("PGHOST") == ""
}

// output returns the contents of a file with the ports of the page.
func (s *session) output(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	check(t, err)
	return s.asPrinted.Replace(string(text))
}

// waitForServer returns when the server that was started in the background has
// printed its URL, which a reader sees before typing the next command.
func waitForServer(t *testing.T, command, stderr string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		text, err := os.ReadFile(stderr)
		check(t, err)
		if strings.Contains(string(text), " at http://") {
			return
		}
		if strings.Contains(string(text), "\n") {
			t.Fatalf("$ %s\n%s", command, text)
		}
	}
	t.Fatalf("$ %s\nthe server printed no URL", command)
}
