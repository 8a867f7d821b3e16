package docs

import (
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"fastcount/engine"
	"fastcount/internal/testing/program"
)

// TestInstall runs the commands of README that install and run the program in
// the directory of the module, as a new user does.
func TestInstall(t *testing.T) {
	text, err := os.ReadFile(root + "README.md")
	check(t, err)
	bin := t.TempDir()
	run := func(pattern string) string {
		t.Helper()
		command := regexp.MustCompile(`(?m)^.*` + regexp.QuoteMeta(pattern) + `.*$`).FindString(string(text))
		cmd := shell(t, root, command)
		cmd.Env = append(os.Environ(), "GOBIN="+bin, "GOARCH=", "FASTCOUNT_PROGRESS=none") // for this machine, whatever runs the tests
		output, err := cmd.Output()
		if command == "" || err != nil {
			t.Fatalf("$ %s\n%s%v", command, output, err)
		}
		return string(output)
	}
	run("go install ./cmd/fastcount")
	if output, err := exec.Command(program.Name(bin), "version").CombinedOutput(); err != nil {
		t.Errorf("the installed program: %s%v", output, err)
	}
	want, err := os.ReadFile(root + "outputs/demo.json")
	check(t, err)
	if got := run("go run ./cmd/fastcount demo"); got != string(want) {
		t.Errorf("go run prints:\n%s", got)
	}
}

// snippets is a program whose functions are the fences of Go in README.
const snippets = `package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"

	"%[3]s/engine"
	"%[3]s/sinks"
	"%[3]s/sources"
)

type list struct{}

%[2]s

func count(ctx context.Context) error {
	%[1]s
	return err
}

func main() {
	fmt.Println(count(context.Background()), sinks.Sink(list{}))
}
`

// TestSnippetsCompile compiles the fences of Go in README.
func TestSnippetsCompile(t *testing.T) {
	text, err := os.ReadFile(root + "README.md")
	check(t, err)
	var fences []any
	for _, fence := range strings.Split(string(text), "\n```go\n")[1:] {
		fence, _, _ = strings.Cut(fence, "```")
		fences = append(fences, fence)
	}
	if len(fences) != 2 {
		t.Fatalf("README has %d fences of Go", len(fences))
	}
	fences = append(fences, path.Dir(reflect.TypeFor[engine.Config]().PkgPath())) // the module, which may have another name
	file := filepath.Join(t.TempDir(), "main.go")
	check(t, os.WriteFile(file, fmt.Appendf(nil, snippets, fences...), 0o600))
	cmd := exec.Command("go", "vet", file)
	cmd.Dir = root
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s%v", output, err)
	}
}
