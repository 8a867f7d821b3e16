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

// TestCheck runs the commands of check.md: each must print what fastcount prints. It skips by name what is not there.
func TestCheck(t *testing.T) {
	folder := t.TempDir()
	if err := mockserver.Generate(t.Context(), "demo", filepath.Join(folder, "data"), 2, nil); err != nil {
		t.Fatal(err)
	}
	want, err := shell(t, folder, "fastcount -s csv data/*.csv").Output()
	if err != nil {
		t.Fatal(err)
	}
	commands := commandsOf(t, "check.md")
	if len(commands) < 6 {
		t.Fatalf("check.md has %d commands", len(commands))
	}
	for _, c := range commands {
		for _, tool := range c.tools {
			t.Run(strings.ReplaceAll(tool, "/", "-"), func(t *testing.T) {
				t.Parallel()
				c.run(t, folder, tool, want)
			})
		}
	}
}

// command is a block that begins with ```sh needs=TOOL: for several tools, with "awk " for their name.
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
			t.Fatalf("%s: the block of %s does not end", name, tools)
		}
		found = append(found, command{strings.Split(tools, ","), body})
	}
	return found
}

func (c command) run(t *testing.T, folder, tool string, want []byte) {
	if !have(tool) {
		t.Skipf("there is no %s", tool)
	}
	text := c.text
	if len(c.tools) > 1 {
		text = strings.ReplaceAll(text, "awk ", tool+" ")
	}
	cmd := shell(t, folder, text)
	cmd.Env = append(cmd.Env, "NODE_PATH="+os.Getenv("NODE_PATH"))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	got, err := cmd.Output()
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v\n%s%s\nfastcount prints:\n%s", err, got, &stderr, want)
	}
}

// have says whether there is a program of that name, or a package of Node where it begins with @.
func have(tool string) bool {
	if strings.HasPrefix(tool, "@") {
		return exec.Command("node", "-e", "require.resolve('"+tool+"')").Run() == nil
	}
	_, err := exec.LookPath(tool)
	return err == nil
}
