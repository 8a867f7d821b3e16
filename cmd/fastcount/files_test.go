package main

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fastcount/internal/cli"
	testprogram "fastcount/internal/testing/program"
)

// TestFileFlagsAreListed checks that fileFlags lists exactly the flags that
// name a file or directory.
func TestFileFlagsAreListed(t *testing.T) {
	found := map[string]fileUse{}
	for _, c := range cli.Subcommands(newRoot(testProgram())) {
		for _, f := range cli.FlagsOf(c) {
			named := strings.Contains(f.Value, "FILE") || strings.Contains(f.Value, "DIR") || strings.Contains(f.Value, "PLAN") ||
				strings.Contains(f.Name, "file") || strings.Contains(f.Name, "dir") && !strings.Contains(f.Name, "redirect")
			use, listed := fileFlags[f.Name]
			if formatOnly := f.Name == "sink" && (c.Name() == "exports" || c.Name() == "diff"); named != listed && !formatOnly {
				t.Errorf("%s --%s=%s: names a file: %v, listed: %v", c.Name(), f.Name, f.Value, named, listed)
			}
			if listed {
				found[f.Name] = use
			}
		}
	}
	if !maps.Equal(found, fileFlags) {
		t.Errorf("flags that name files: %v, listed: %v", found, fileFlags)
	}
}

// flagsThat returns the flags of count with one of the uses, sorted.
func flagsThat(uses ...fileUse) (names []string) {
	for _, f := range cli.FlagsOf(newCount(testProgram())) {
		use, listed := fileFlags[f.Name]
		if listed && slices.Contains(uses, use) && f.Name != "plan" && f.Name != "out-dir" {
			names = append(names, f.Name)
		}
	}
	slices.Sort(names)
	return names
}

// fileFlag returns the arguments that set a flag to a file.
func fileFlag(name, file string) []string {
	switch name {
	case "sink":
		return []string{"--sink=csv=" + file}
	case "rejects":
		return []string{"--max-bad-rows=1", "--rejects=" + file}
	case "output":
		return []string{"--output=" + file}
	}
	return []string{"--" + name + "=" + file}
}

// refused runs the program. It requires a usage error that contains the words,
// and that file does not change.
func refused(t *testing.T, dir, file string, args, environ []string, words ...string) {
	t.Helper()
	path := filepath.Join(dir, file)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("fastcount", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), environ...)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if code := testprogram.ExitCode(t, cmd.Run()); code != exitUsage || stdout.Len() > 0 {
		t.Errorf("%q %q: exit code %d, %s%s", args, environ, code, &stdout, &stderr)
	}
	message, _, _ := strings.Cut(stderr.String(), "\n")
	for _, word := range words {
		if !strings.Contains(message, word) {
			t.Errorf("%q %q: no %q in %s", args, environ, word, &stderr)
		}
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Errorf("%q %q: %s holds %q, %v", args, environ, file, after, err)
	}
	left, err := filepath.Glob(filepath.Join(dir, ".*.tmp"))
	if err != nil || len(left) > 0 {
		t.Errorf("%q %q: left %q, %v", args, environ, left, err)
	}
}

const smallCSV = "patient_id,event_type\nP1,up\n"

// TestNoFlagOverwritesAnInput sets each flag that writes a file, on the command
// line and in the environment, to each kind of input.
func TestNoFlagOverwritesAnInput(t *testing.T) {
	dir := t.TempDir()
	testprogram.WriteText(t, filepath.Join(dir, "a.csv"), smallCSV)
	testprogram.WriteText(t, filepath.Join(dir, "in"), "./b.csv\n")
	testprogram.WriteText(t, filepath.Join(dir, "b.csv"), smallCSV)
	if err := os.Link(filepath.Join(dir, "a.csv"), filepath.Join(dir, "hard")); err != nil {
		t.Skipf("no hard links: %v", err)
	}
	writers := flagsThat(writesFile, usesLater)
	if len(writers) < 7 {
		t.Fatalf("flags that write: %q", writers)
	}
	for _, writer := range writers {
		for _, name := range []string{"a.csv", "./a.csv", "hard"} {
			refused(t, dir, "a.csv", append(fileFlag(writer, name), "a.csv"), nil, "the source a.csv")
		}
		args := append(fileFlag(writer, "x"), "a.csv")
		args = slices.DeleteFunc(args, func(arg string) bool { return strings.HasPrefix(arg, "--"+writer) })
		value := "a.csv"
		if writer == "sink" {
			value = "csv=a.csv"
		}
		refused(t, dir, "a.csv", args, []string{cli.VariableOf(writer) + "=" + value}, "the source a.csv")
		for _, reader := range flagsThat(readsFile) {
			refused(t, dir, "in", append(fileFlag(writer, "in"), "--"+reader+"=in", "--server=http://localhost:1", "a.csv"), nil, "--"+reader+" in")
		}
	}
}

// TestNoTwoFlagsWriteOneFile sets each pair of flags that write a file to two
// spellings of a file that does not exist yet.
func TestNoTwoFlagsWriteOneFile(t *testing.T) {
	dir := t.TempDir()
	testprogram.WriteText(t, filepath.Join(dir, "a.csv"), smallCSV)
	writers := flagsThat(writesFile, usesLater)
	for i, one := range writers {
		for _, other := range writers[:i] {
			if one == "sink" && other == "output" {
				continue // both name the file of a single output
			}
			args := append(fileFlag(one, "new"), fileFlag(other, "./new")...)
			refused(t, dir, "a.csv", append(args, "a.csv"), nil, "same file")
			if _, err := os.Stat(filepath.Join(dir, "new")); err == nil {
				t.Errorf("%q: the file was created", args)
			}
		}
	}
}

// TestStateDirectoryIsOfItsOwn checks that no other flag may name a file inside
// the directory of --state.
func TestStateDirectoryIsOfItsOwn(t *testing.T) {
	dir := t.TempDir()
	testprogram.WriteText(t, filepath.Join(dir, "a.csv"), smallCSV)
	for _, flag := range flagsThat(writesFile, usesLater) {
		for _, state := range []string{"new", "."} {
			if state == "new" && fileFlags[flag] == usesLater {
				continue // an output needs a directory that exists
			}
			args := append(fileFlag(flag, filepath.Join(state, "x")), "--state="+state, "a.csv")
			refused(t, dir, "a.csv", args, nil, "--state "+state, "inside it")
		}
		refused(t, dir, "a.csv", append(fileFlag(flag, "new"), "--state=new", "a.csv"), nil, "--state new", "same file")
	}
	for _, flag := range flagsThat(readsFile) {
		args := []string{"--" + flag + "=a.csv", "--state=.", "./a.csv"}
		refused(t, dir, "a.csv", args, nil, "--state .", "inside it")
	}
}
