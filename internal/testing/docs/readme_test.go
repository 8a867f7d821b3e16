package docs

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"fastcount/internal/testing/program"
)

// TestReadme runs the examples in README and in the pages of docs. They are
// fenced as ```console:
//
//   - A line that begins with "$ " is a command of sh, which continues in the
//     next line if it ends in a backslash. All commands of a page run in order,
//     in a copy of the directory that is named like the page, such as
//     docs/exports, or in an empty one. Each must exit with code 0; an example
//     of a failure ends in "; echo $?".
//   - The lines up to the next command are its standard output, together with
//     its standard error if one of them begins with "fastcount: " or "hint: ".
//     Without such lines the output is not checked. A line "..." matches any
//     number of lines, and "..." within a line any text.
//   - A "fastcount serve ... &" is started on a free port and runs to the end
//     of the page. In later commands, http://localhost:8000 and
//     http://127.0.0.1:8000 are replaced by its URL. Its output is not checked.
func TestReadme(t *testing.T) {
	found, err := filepath.Glob(pages + "*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range append(found, root+"README.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.Base(page), func(t *testing.T) {
			t.Parallel()
			s := session{dir: t.TempDir()}
			if samples := os.DirFS(strings.TrimSuffix(page, ".md")); isDir(samples) {
				if err := os.CopyFS(s.dir, samples); err != nil {
					t.Fatal(err)
				}
			}
			for _, e := range examples(string(text)) {
				s.run(t, e)
			}
		})
	}
}

func isDir(f fs.FS) bool {
	_, err := fs.Stat(f, ".")
	return err == nil
}

// example is a command and its output.
type example struct {
	command string
	output  []string
}

// examples returns the commands in the console fences of a text.
func examples(text string) []example {
	var found []example
	fenced := false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		last := len(found) - 1
		switch {
		case !fenced && line == "```console":
			fenced = true
		case !fenced:
		case line == "```":
			fenced = false
		case last >= 0 && strings.HasSuffix(found[last].command, "\\") && found[last].output == nil:
			found[last].command += "\n" + line
		case strings.HasPrefix(line, "$ "):
			found = append(found, example{command: line[2:]})
		case last >= 0:
			found[last].output = append(found[last].output, line)
		}
	}
	return found
}

// session runs the examples of a page.
type session struct {
	dir string
	url string // of the server, if one was started
}

func (s *session) run(t *testing.T, e example) {
	command := e.command
	if s.url != "" {
		command = strings.NewReplacer("http://localhost:8000", s.url, "http://127.0.0.1:8000", s.url).Replace(command)
	}
	if serve, ok := strings.CutSuffix(strings.TrimSpace(command), "&"); ok {
		s.serve(t, serve)
		return
	}
	cmd := s.shell(t, command)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if slices.ContainsFunc(e.output, fromStderr) {
		cmd.Stderr = &stdout
	}
	if err := cmd.Run(); err != nil {
		t.Errorf("$ %s\n%s%s%v", e.command, &stdout, &stderr, err)
		return
	}
	if e.output != nil && !e.matches(stdout.String()) {
		t.Errorf("$ %s\nprints:\n%sbut the page has:\n%s\n", e.command, &stdout, strings.Join(e.output, "\n"))
	}
}

// fromStderr reports whether a line is a message on standard error.
func fromStderr(line string) bool {
	return strings.HasPrefix(line, "fastcount: ") || strings.HasPrefix(line, "hint: ")
}

// shell returns a command whose output does not depend on the speed of the
// machine.
func (s *session) shell(t *testing.T, command string) *exec.Cmd {
	cmd := shell(t, s.dir, command)
	cmd.Env = append(cmd.Env, "FASTCOUNT_PROGRESS=none")
	return cmd
}

func (s *session) serve(t *testing.T, command string) {
	cmd := s.shell(t, "exec "+command)
	cmd.Env = append(cmd.Env, "FASTCOUNT_LISTEN=127.0.0.1:0")
	url, stop, err := program.StartServer(cmd)
	if err != nil {
		t.Fatalf("$ %s &\n%v", command, err)
	}
	t.Cleanup(stop)
	s.url = url
}

// matches reports whether an output is that of the example.
func (e example) matches(output string) bool {
	var pattern bytes.Buffer
	pattern.WriteString(`\A`)
	for _, line := range e.output {
		if line == "..." {
			pattern.WriteString(`(?:.*\n)*?`)
			continue
		}
		pattern.WriteString(strings.ReplaceAll(regexp.QuoteMeta(line), `\.\.\.`, ".*") + `\n`)
	}
	pattern.WriteString(`\z`)
	return regexp.MustCompile(pattern.String()).MatchString(output)
}

func TestExamplesAreFound(t *testing.T) {
	got := examples("text\n```sh\n$ no\n```\n```console\n$ one \\\n  more\n1\n2\n$ two\n```\n$ no\n```console\n$ three\n```\n")
	if len(got) != 3 || got[0].command != "one \\\n  more" || len(got[0].output) != 2 || got[1].output != nil {
		t.Errorf("got %+v", got)
	}
}

func TestExamplesMatch(t *testing.T) {
	for _, c := range []struct {
		page, prints string
		want         bool
	}{
		{"a\nb", "a\nb\n", true},
		{"a", "a\nb\n", false},
		{"a\n...", "a\nb\nc\n", true},
		{"...\nc", "c\n", true},
		{"a\n...\nc", "a\nb\nd\n", false},
		{"in ... s: [x]", "in 1.2 s: [x]\n", true},
		{"in ... s", "in 1\n2 s\n", false},
		{"a.b", "axb\n", false},
	} {
		if got := (example{output: strings.Split(c.page, "\n")}).matches(c.prints); got != c.want {
			t.Errorf("%q for %q: %v", c.page, c.prints, got)
		}
	}
}
