package docs

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

var update = flag.Bool("update", false, "write what was made, instead of comparing it")

// Paths relative to this package: of the module, and of its documents.
const (
	root  = "../../../"
	pages = root + "docs/"
)

// binary is the directory that holds the program, built from this tree.
var binary string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	folder, err := os.MkdirTemp("", "fastcount-docs")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder)
	binary = folder
	if out, err := exec.Command("go", "build", "-o", program(), "fastcount/cmd/fastcount").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// program is the path of the program.
func program() string {
	name := "fastcount"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return filepath.Join(binary, name)
}

// shell prepares a command of sh in a folder, which finds the program and nothing of the surroundings but the tools.
func shell(t *testing.T, folder, command string) *exec.Cmd {
	t.Helper()
	if _, err := exec.LookPath("sh"); err != nil || runtime.GOOS == "windows" {
		t.Skip("there is no sh, or a system that it does not come from")
	}
	cmd := exec.Command("sh", "-c", command)
	cmd.Dir = folder
	cmd.Env = []string{"PATH=" + binary + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME=" + folder, "TMPDIR=" + folder}
	return cmd
}
