package docs

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

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
			verb := ""
			for _, v := range []string{"go install ./cmd/fastcount", "go run ./cmd/fastcount demo"} {
				if strings.Contains(command, v) {
					verb = v
				}
			}
			if verb == "" {
				continue
			}
			cmd := shell(t, root, command)
			cmd.Env = append(os.Environ(), "GOBIN="+bin, "FASTCOUNT_PROGRESS=none")
			output, err := cmd.Output()
			if err != nil {
				t.Errorf("$ %s\n%s%v", command, output, err)
			}
			ran[verb] = true
			if strings.Contains(verb, "go run") {
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

func compareWithFile(t *testing.T, command, output, file string) {
	t.Helper()
	want, err := os.ReadFile(file)
	check(t, err)
	if output != string(want) {
		t.Errorf("$ %s\nprints:\n%sbut %s has:\n%s", command, output, file, want)
	}
}
