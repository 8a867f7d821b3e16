//go:build unix

// Mutate reports which one-line changes of a package its tests do not notice.
//
//	go -C tools run ./mutate -n 50 -seed 1 ./engine ./parser
//
// Each mutant is compiled and tested with an overlay: the files of the tree
// remain as they are. Mutants that do not compile are replaced by others. The
// rest is tested with the package's own tests and, if it survives those, with
// the packages of -also, since a rule may be tested from outside. Whether a
// survivor matters is for the reader to judge: some mutants cannot change what
// a package does.
//
// A mutant can do whatever the user may: replace a device that it was to write
// to, or take all memory. Run it as an unprivileged user or in a container,
// with a limit such as ulimit -S -v 12000000.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

func main() {
	r := runner{match: regexp.MustCompile("")}
	root := flag.String("root", "..", "directory of the module")
	flag.IntVar(&r.n, "n", 50, "mutants per package")
	flag.Uint64Var(&r.seed, "seed", 1, "seed of the random choice")
	flag.DurationVar(&r.timeout, "timeout", 2*time.Minute, "time limit for the tests of one package")
	flag.Func("match", "mutate only where FILE:LINE matches this regular expression", func(s string) (err error) {
		r.match, err = regexp.Compile(s)
		return err
	})
	also := flag.String("also", "./fuzz,./cmd/fastcount", "packages whose tests run as well, separated by commas")
	flag.Parse()
	r.also = strings.FieldsFunc(*also, func(c rune) bool { return c == ',' })
	if err := errors.Join(os.Chdir(*root), r.run(flag.Args())); err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

// runner holds the settings of a run.
type runner struct {
	n       int
	seed    uint64
	timeout time.Duration
	match   *regexp.Regexp
	also    []string
}

// outcome is what became of a mutant.
type outcome int

const (
	invalid outcome = iota // does not compile
	killed
	timedOut // noticed as well
	survived
)

func (o outcome) String() string { return [...]string{"invalid", "killed", "timeout", "survived"}[o] }

// goPackage is a package as go list describes it.
type goPackage struct {
	ImportPath, Dir string
	GoFiles         []string
}

func (r *runner) run(patterns []string) error {
	packages, err := list(patterns)
	if err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	for _, p := range packages {
		if err := r.mutate(p, scratch); err != nil {
			return fmt.Errorf("%s: %w", p.ImportPath, err)
		}
	}
	return nil
}

func list(patterns []string) (packages []goPackage, err error) {
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Dir,GoFiles"}, patterns...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	root, err := os.Getwd()
	for dec := json.NewDecoder(bytes.NewReader(out)); err == nil && dec.More(); {
		var p goPackage
		err = dec.Decode(&p)
		p.Dir, _ = filepath.Rel(root, p.Dir)
		packages = append(packages, p)
	}
	return packages, err
}

// mutate tests the mutants of one package and prints those that survive.
func (r *runner) mutate(p goPackage, scratch string) error {
	tested := append([]string{p.ImportPath}, r.also...)
	for _, pkg := range tested {
		if r.test("", pkg) != survived {
			return fmt.Errorf("the tests of %s fail without a mutation", pkg)
		}
	}
	candidates, err := r.candidates(p)
	if err != nil {
		return err
	}
	var count [survived + 1]int
	for _, m := range candidates {
		if count[killed]+count[timedOut]+count[survived] == r.n {
			break
		}
		got, err := r.try(tested, m, scratch)
		if err != nil {
			return err
		}
		count[got]++
		if got != invalid {
			fmt.Printf("%s\t%s\n", got, m)
		}
		if got == survived {
			before, after := m.diff()
			fmt.Printf("\t- %s\n\t+ %s\n", before, after)
		}
	}
	fmt.Printf("%s: %d killed, %d timeouts, %d survived (%d did not compile)\n",
		p.ImportPath, count[killed], count[timedOut], count[survived], count[invalid])
	return nil
}

// candidates returns the mutations of the package in random order.
func (r *runner) candidates(p goPackage) (list []mutation, err error) {
	for _, name := range p.GoFiles {
		name = filepath.Join(p.Dir, name)
		src, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		mutations, err := mutationsOf(name, string(src))
		if err != nil {
			return nil, err
		}
		for _, m := range mutations {
			if r.match.MatchString(m.String()) {
				list = append(list, m)
			}
		}
	}
	random := rand.New(rand.NewPCG(r.seed, 0))
	random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list, nil
}

// try tests one mutant with packages, until one of them notices it.
func (r *runner) try(packages []string, m mutation, scratch string) (outcome, error) {
	file, err := filepath.Abs(m.file)
	if err != nil {
		return invalid, err
	}
	mutant, overlay := filepath.Join(scratch, "mutant.go"), filepath.Join(scratch, "overlay.json")
	replace := fmt.Sprintf(`{"Replace": {%q: %q}}`, file, mutant)
	for name, content := range map[string]string{mutant: m.apply(), overlay: replace} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			return invalid, err
		}
	}
	for _, pkg := range packages {
		if got := r.test(overlay, pkg); got != survived {
			return got, nil
		}
	}
	return survived, nil
}

var buildFailed = regexp.MustCompile(`(?m)^FAIL\t.*\[(build|setup) failed\]$`)

// test runs the tests of one package. The overlay is passed in the environment,
// so that it applies to go commands that a test runs, too.
func (r *runner) test(overlay, pkg string) outcome {
	ctx, cancel := context.WithTimeout(context.Background(), r.timeout+time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "test", "-p=1", "-vet=off", "-failfast", "-count=1",
		"-timeout="+r.timeout.String(), pkg)
	if overlay != "" {
		cmd.Env = append(os.Environ(), "GOFLAGS=-overlay="+overlay)
	}
	// A test that is killed may leave processes that never end.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	killGroup := func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.Cancel, cmd.WaitDelay = killGroup, time.Second
	out, err := cmd.CombinedOutput()
	if cmd.Process != nil {
		_ = killGroup()
	}
	switch {
	case err == nil:
		return survived
	case buildFailed.Match(out):
		return invalid
	case ctx.Err() != nil, bytes.Contains(out, []byte("panic: test timed out after")):
		return timedOut
	}
	return killed
}
