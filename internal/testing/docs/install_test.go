package docs

import (
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"fastcount/engine"
	"fastcount/internal/testing/program"
)

// TestInstall runs the commands of README's fences of sh that build or run the
// program in the directory of the module, as a new user does. The tests, which
// are among them, run this one.
func TestInstall(t *testing.T) {
	text, err := os.ReadFile(root + "README.md")
	check(t, err)
	bin := t.TempDir()
	ran := map[string]bool{}
	for _, fence := range strings.Split(string(text), "\n```sh\n")[1:] {
		fence, _, _ = strings.Cut(fence, "```")
		for line := range strings.Lines(fence) {
			command := strings.TrimSpace(line)
			known := ""
			for _, v := range []string{"go install ./cmd/fastcount", "go run ./cmd/fastcount demo"} {
				if strings.Contains(command, v) {
					known = v
				}
			}
			if known == "" {
				continue
			}
			cmd := shell(t, root, command)
			cmd.Env = append(os.Environ(), "GOBIN="+bin, "GOARCH=", "FASTCOUNT_PROGRESS=none") // for this machine, whatever runs the tests
			output, err := cmd.Output()
			if err != nil {
				t.Errorf("$ %s\n%s%v", command, output, err)
			}
			ran[known] = true
			if strings.Contains(known, "go run") {
				compareWithFile(t, command, string(output), root+"outputs/demo.json")
			}
		}
	}
	if len(ran) != 2 {
		t.Errorf("README has the commands %v, want one that installs and one that counts demo", ran)
	}
	if output, err := exec.Command(filepath.Join(bin, filepath.Base(program.Name(bin))), "version").CombinedOutput(); err != nil {
		t.Errorf("the installed program: %s%v", output, err)
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

func compareWithFile(t *testing.T, command, output, file string) {
	t.Helper()
	want, err := os.ReadFile(file)
	check(t, err)
	if output != string(want) {
		t.Errorf("$ %s\nprints:\n%sbut %s has:\n%s", command, output, file, want)
	}
}
