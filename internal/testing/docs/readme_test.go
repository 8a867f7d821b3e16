package docs

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestReadme runs the examples in README and in the pages of docs. They are
// fenced as ```console:
//
//   - A line that begins with "$ " is a command, which continues in the next
//     line if it ends in a backslash or in "|". All commands of a page run in
//     one shell, in order, in a copy of the directory that is named like the
//     page, such as docs/exports, or in an empty one. Each must exit with code
//     0; an example of a failure ends in "; echo $?".
//   - The lines up to the next command are its standard output, together with
//     its standard error if one of them begins with "fastcount: " or "hint: ".
//     Without such lines the output is not checked. A line "..." matches any
//     number of lines, and "..." within a line any text.
//   - The command after one that ends in "&" runs when the server that was
//     started has printed its URL. The server runs to the end of the page.
//   - A fence with needs=TOOL,... is left out if one of these programs is not
//     installed, or, with -require, an error. PostgreSQL also requires PGHOST,
//     the directory of the socket of a server.
//   - Ports are replaced by free ones, since other tests run at the same time:
//     equal ports by equal ones, so that two servers on one port collide.
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
			dir := t.TempDir()
			if samples := os.DirFS(strings.TrimSuffix(page, ".md")); isDir(samples) {
				check(t, os.CopyFS(dir, samples))
			}
			s := newSession(t, dir, string(text))
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
	needs   []string // programs that it runs
}

// examples returns the commands in the console fences of a text.
func examples(text string) []example {
	var found []example
	const fence = "```console"
	fenced := false
	var needs []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		last := len(found) - 1
		switch {
		case !fenced && line == fence:
			fenced, needs = true, nil
		case !fenced && strings.HasPrefix(line, fence+" needs="):
			fenced, needs = true, strings.Split(strings.TrimPrefix(line, fence+" needs="), ",")
		case !fenced:
		case line == "```":
			fenced = false
		case last >= 0 && found[last].continues() && found[last].output == nil:
			found[last].command += "\n" + line
		case strings.HasPrefix(line, "$ "):
			found = append(found, example{command: line[2:], needs: needs})
		case last >= 0:
			found[last].output = append(found[last].output, line)
		}
	}
	return found
}

// continues reports whether the command goes on in the next line.
func (e example) continues() bool {
	return strings.HasSuffix(e.command, "\\") || strings.HasSuffix(e.command, "|")
}

// fromStderr reports whether a line is a message on standard error.
func fromStderr(line string) bool {
	return strings.HasPrefix(line, "fastcount: ") || strings.HasPrefix(line, "hint: ")
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
