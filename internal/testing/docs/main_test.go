package docs

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"testing"

	"fastcount/internal/testing/program"
)

var (
	update  = flag.Bool("update", false, "write the picture instead of comparing it")
	require = flag.Bool("require", false, "fail if a program that an example needs is not installed")
)

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
	dir, err := os.MkdirTemp("", "fastcount-docs")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = dir
	if err := program.Build(binary); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// shell returns a command for sh that runs in dir. It finds the program first,
// and of the environment it has only the path.
func shell(t *testing.T, dir, command string) *exec.Cmd {
	t.Helper()
	if _, err := exec.LookPath("sh"); err != nil || runtime.GOOS == "windows" {
		t.Skip("requires a POSIX shell")
	}
	cmd := exec.Command("sh", "-c", command)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + binary + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + dir}
	return cmd
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
