package docs

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"fastcount/mockserver"
)

// TestCheck runs the commands of check.md, whose output must equal that of
// fastcount. It skips programs that are not installed.
func TestCheck(t *testing.T) {
	dir := t.TempDir()
	if err := mockserver.Generate(t.Context(), "demo", filepath.Join(dir, "data"), 2, nil); err != nil {
		t.Fatal(err)
	}
	want, err := shell(t, dir, "fastcount -s csv data/*.csv").Output()
	if err != nil {
		t.Fatal(err)
	}
	commands := commandsOf(t, pages+"check.md")
	if len(commands) < 6 {
		t.Fatalf("check.md has %d commands", len(commands))
	}
	for _, c := range commands {
		for _, tool := range c.tools {
			t.Run(strings.ReplaceAll(tool, "/", "-"), func(t *testing.T) {
				t.Parallel()
				c.run(t, dir, tool, want)
			})
		}
	}
}

// command is a block that begins with ```sh needs=TOOL,... If it names several
// tools, the command runs once with each of them in place of "awk ".
type command struct {
	tools []string
	text  string
}

func commandsOf(t *testing.T, name string) (found []command) {
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range strings.Split(string(text), "\n```sh needs=")[1:] {
		tools, rest, _ := strings.Cut(block, "\n")
		body, _, closed := strings.Cut(rest, "\n```\n")
		if !closed {
			t.Fatalf("%s: %s: unterminated block", name, tools)
		}
		found = append(found, command{strings.Split(tools, ","), body})
	}
	return found
}

func (c command) run(t *testing.T, dir, tool string, want []byte) {
	if !have(tool) {
		t.Skipf("%s is not installed", tool)
	}
	text := c.text
	if len(c.tools) > 1 {
		text = strings.ReplaceAll(text, "awk ", tool+" ")
	}
	cmd := shell(t, dir, text)
	cmd.Env = append(cmd.Env, "NODE_PATH="+os.Getenv("NODE_PATH"))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	got, err := cmd.Output()
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v\n%s%s\nwant\n%s", err, got, &stderr, want)
	}
}

// have reports whether a program, or a package of Node whose name begins with
// @, is installed.
func have(tool string) bool {
	if strings.HasPrefix(tool, "@") {
		return exec.Command("node", "-e", "require.resolve('"+tool+"')").Run() == nil
	}
	_, err := exec.LookPath(tool)
	return err == nil
}
