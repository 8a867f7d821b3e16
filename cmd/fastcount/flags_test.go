package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"fastcount/internal/cli"
	"fastcount/internal/console"
	"fastcount/internal/diff"
	testprogram "fastcount/internal/testing/program"
	"fastcount/parser"
)

// samples are valid values by placeholder. Other flags accept any word.
var samples = map[string]string{"SIZE": "12K", "N": "3", "TIME": "7s", "CHAR": ";", "CMD": "go version", "": "true"}

// sampleOf returns a valid value of a flag, other than its default.
func sampleOf(f cli.Flag) string {
	switch sample, ok := samples[f.Value]; {
	case f.Choices != nil:
		return f.Choices[len(f.Choices)-1]
	case f.Repeatable:
		return "one\ntwo"
	case ok:
		return sample
	}
	return "word"
}

// testProgram returns a program without streams, for tests that only need its
// commands.
func testProgram() *program { return &program{stdout: io.Discard, ui: console.New(io.Discard)} }

// TestEveryFlag checks that each flag can be set from the environment, is
// overridden by the command line, is completed, and is in the help and in both
// references.
func TestEveryFlag(t *testing.T) {
	root := newRoot(testProgram())
	for _, c := range cli.Subcommands(root) {
		for _, f := range cli.FlagsOf(c) {
			checkEnvironment(t, c.Name(), f)
			for _, help := range []string{cli.FullHelp(root, texts(), cli.DefaultWidth), cli.CommandHelp(c, texts(), cli.DefaultWidth)} {
				lines := strings.Split(help, "\n")
				if n := len(slices.DeleteFunc(lines, func(l string) bool { return !isFlagLine(l, f.Name) })); n != 1 {
					t.Errorf("%s --%s has %d lines in a help", c.Name(), f.Name, n)
				}
			}
			if page := section(cli.FlagDocs(root), "## "+c.Name()+"\n", "\n## "); !strings.Contains(page, "| `--"+f.Name) {
				t.Errorf("%s --%s is missing from the page of flags", c.Name(), f.Name)
			}
			if page := section(cli.ManPage(root, texts()), ".SS Flags of "+c.Name()+"\n", "\n.S"); !strings.Contains(page, `\fB`+strings.ReplaceAll("--"+f.Name, "-", `\-`)) {
				t.Errorf("%s --%s is missing from the man page", c.Name(), f.Name)
			}
			if offered, _ := complete(t, c.Name(), "--"+f.Name); !slices.Contains(offered, "--"+f.Name) {
				t.Errorf("%s --%s is not completed", c.Name(), f.Name)
			}
			if f.Value == "" {
				continue
			}
			args := []string{c.Name(), "--" + f.Name, ""}
			if f.Optional {
				args = []string{c.Name(), "--" + f.Name + "="}
			}
			offered, directive := complete(t, args...)
			switch files := strings.HasPrefix(f.Value, "FILE") || f.Value == "DIR" || f.Value == "PLAN"; {
			case f.Choices != nil && !slices.Equal(offered, f.Choices):
				t.Errorf("%s --%s: %q are offered, want %q", c.Name(), f.Name, offered, f.Choices)
			case files == (directive&cobra.ShellCompDirectiveNoFileComp != 0):
				t.Errorf("%s --%s %s: directive %d", c.Name(), f.Name, f.Value, directive)
			}
		}
	}
}

// complete returns the completions of the last of args, without descriptions.
func complete(t *testing.T, args ...string) (offered []string, directive cobra.ShellCompDirective) {
	t.Helper()
	var out strings.Builder
	p := testProgram()
	p.stdout = &out
	root := newRoot(p)
	root.SetErr(io.Discard)
	root.SetArgs(cli.InsertCount(root, append([]string{cobra.ShellCompNoDescRequestCmd}, args...)))
	if err := root.Execute(); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	n, err := strconv.Atoi(strings.TrimPrefix(lines[len(lines)-1], ":"))
	if err != nil {
		t.Fatal(err)
	}
	return lines[:len(lines)-1], cobra.ShellCompDirective(n)
}

// TestForeignFlags checks that the hints for flags of other programs only name
// flags that exist, and that no such flag exists here.
func TestForeignFlags(t *testing.T) {
	root := newRoot(testProgram())
	names := map[string]bool{}
	for _, c := range cli.Subcommands(root) {
		for _, f := range cli.FlagsOf(c) {
			names[f.Name] = true
		}
	}
	for _, name := range []string{"limit", "threads", "workers", "format", "timeout", "insecure", "cert", "key", "bwlimit", "cacert", "concurrency", "encoding", "prepipe", "fields", "no-headers", "out", "proxy", "resume", "sep", "silent", "skip", "url"} {
		err := cli.FlagError(root, newCount(testProgram()).ParseFlags([]string{"--" + name, "x"}))
		hinted, ok := errors.AsType[*cli.HintedError](err)
		if !ok || len(hinted.Hints) != 1 || strings.HasPrefix(hinted.Hints[0], "did you mean") {
			t.Errorf("--%s: %v, without a hint of its own", name, err)
			continue
		}
		for _, flag := range regexp.MustCompile(`--([a-z-]+)`).FindAllStringSubmatch(hinted.Hints[0], -1) {
			if !names[flag[1]] {
				t.Errorf("--%s: the hint names %s, which does not exist", name, flag[0])
			}
		}
	}
}

// TestColumnCompletion completes columns by the header of the named file, which
// is read in the dialect of the command line.
func TestColumnCompletion(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.csv")
	testprogram.WriteText(t, file, "# x\nid;\"a b\";7;@x;;a\tb\n1;2;3;4;5;6\n")
	facts := []string{"@name", "@dir", "@path"}
	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{file, "-d", ";", "--comment=#", "--patient-column", ""}, append([]string{"id", "a b", "=7", "=@x"}, facts...)},
		{[]string{file, "-d", ";", "--comment=#", "--event-column", "a"}, []string{"a b"}},
		{[]string{file, "--event-column", ""}, append([]string{"# x"}, facts...)},
		{[]string{file, "--no-header", "--event-column", ""}, facts},
		{[]string{"demo", "--event-column", "@n"}, []string{"@name"}},
		{[]string{filepath.Join(filepath.Dir(file), "no.csv"), "--event-column", ""}, facts},
		{[]string{"--event-column", ""}, facts},
	} {
		offered, directive := complete(t, c.args...)
		if !slices.Equal(offered, c.want) || directive&cobra.ShellCompDirectiveNoFileComp == 0 {
			t.Errorf("%q: got %q, directive %d; want %q", c.args, offered, directive, c.want)
		}
	}
}

// parse reads a command line with an environment, and returns the flags.
func parse(name string, args, environ []string) (*pflag.FlagSet, error) {
	root := newRoot(testProgram())
	c := cli.Subcommands(root)[slices.Index(cli.CommandNames(root), name)]
	if err := c.ParseFlags(args); err != nil {
		return nil, err
	}
	return c.Flags(), cli.SetFromEnvironment(c.Flags(), environ)
}

// checkEnvironment tries a flag from the environment.
func checkEnvironment(t *testing.T, command string, f cli.Flag) {
	t.Helper()
	value := sampleOf(f)
	environ := []string{f.Variable + "=" + value}
	flags, err := parse(command, nil, environ)
	if err != nil {
		t.Fatalf("%s --%s from the environment: %v", command, f.Name, err)
	}
	want := value
	if f.Repeatable {
		want = "[one,two]"
	}
	if got := cli.Lookup(flags, f.Name); got != want {
		t.Errorf("%s --%s from the environment is %q, want %q", command, f.Name, got, want)
	}
	before, _ := parse(command, nil, nil)
	flags, err = parse(command, []string{"--" + f.Name + "=" + cli.Lookup(before, f.Name)}, environ)
	if err == nil && cli.Lookup(flags, f.Name) == want {
		t.Errorf("%s --%s: the environment overrides the command line", command, f.Name)
	}
	if unknown := cli.UnknownVariables(newRoot(testProgram()), environ); unknown != nil {
		t.Errorf("%s --%s: warning about %s", command, f.Name, unknown)
	}
}

// section returns the text between two marks.
func section(text, from, to string) string {
	_, text, _ = strings.Cut(text, from)
	text, _, _ = strings.Cut(text, to)
	return text
}

// isFlagLine reports whether a line of help is the first line about a flag.
func isFlagLine(line, name string) bool {
	_, after, ok := strings.Cut(line, "--"+name)
	before, _, _ := strings.Cut(line, "--")
	return ok && strings.HasPrefix(line, "  ") && len(before) == 6 && (after == "" || strings.ContainsAny(after[:1], " ["))
}

// TestHelpFits checks that help is not wider than the terminal, and that the
// overview fits on one screen.
func TestHelpFits(t *testing.T) {
	root := newRoot(testProgram())
	for _, width := range []int{40, 60, cli.DefaultWidth, 100, 200} {
		pages := map[string]string{
			"--help":      cli.FullHelp(root, texts(), width),
			"-h":          cli.Overview(root, texts(), width),
			"plan --help": cli.CommandHelp(newPlan(testProgram()), texts(), width),
		}
		for name, text := range topics() {
			if width >= cli.DefaultWidth {
				pages["help "+name] = cli.Fit(text, width)
			}
		}
		for name, text := range pages {
			for line := range strings.Lines(text) {
				line = strings.TrimSuffix(line, "\n")
				if len(line) > width && strings.Contains(strings.TrimSpace(line), " ") || strings.TrimRight(line, " ") != line {
					t.Errorf("%s: a line of %d columns: %q", name, len(line), line)
				}
			}
		}
		if !strings.HasPrefix(pages["--help"], "Usage:") {
			t.Error("the help does not begin with Usage:")
		}
		if n := strings.Count(pages["-h"], "\n"); n > 40 && width >= cli.DefaultWidth {
			t.Errorf("-h has %d lines with %d columns", n, width)
		}
	}
	for _, name := range texts().Common {
		if newCount(testProgram()).Flags().Lookup(name) == nil {
			t.Errorf("the overview names --%s, which does not exist", name)
		}
	}
}

// TestExitCodesAreExplained checks that the help lists the codes in exitCodes,
// and that the program uses these codes and no others.
func TestExitCodesAreExplained(t *testing.T) {
	explained := map[int]bool{}
	for _, c := range exitCodes {
		explained[c.code] = true
		if !strings.Contains(topics()["exit-codes"], fmt.Sprintf("\n  %3d  ", c.code)) {
			t.Errorf("exit code %d is not in the help", c.code)
		}
		if class := fmt.Sprintf("%s (%d)", c.class, c.code); !strings.Contains(strings.Join(strings.Fields(topics()["stats"]), " "), class) {
			t.Errorf("%s is not in the help of statistics", class)
		}
	}
	used := map[int]bool{exitDone: true, exitFailure: true}
	for _, f := range failures {
		if f.code == 0 && f.hint == "" {
			t.Error("a kind of failure has neither a code nor a hint")
		}
		if f.code != 0 {
			used[f.code] = true
		}
	}
	if !maps.Equal(explained, used) {
		t.Errorf("explained: %v, used: %v", explained, used)
	}
}

func TestDefaultsAreThoseOfTheLibrary(t *testing.T) {
	flags, _ := parse(cli.DefaultCommand, nil, nil)
	for name, want := range map[string]string{"max-record": "1M", "max-columns": "4096"} {
		if got := cli.Lookup(flags, name); got != want {
			t.Errorf("--%s is %s", name, got)
		}
	}
	if parser.DefaultMaxRecord != 1<<20 || parser.DefaultMaxColumns != 4096 {
		t.Error("package parser has other defaults")
	}
}

func TestDashesEndFlags(t *testing.T) {
	flags, err := parse(cli.DefaultCommand, []string{"a", "--", "--compact", "-"}, nil)
	if err != nil || !slices.Equal(flags.Args(), []string{"a", "--compact", "-"}) || cli.Lookup(flags, "compact") != "false" {
		t.Errorf("got %q, %v", flags.Args(), err)
	}
}

// TestFirstArgumentNamesSubcommand checks that count runs unless the first
// argument names another subcommand, also for a command line that is being
// completed.
func TestFirstArgumentNamesSubcommand(t *testing.T) {
	root := newRoot(testProgram())
	for _, c := range []struct{ args, want string }{
		{"", "count"},
		{"serve x", "serve x"},
		{"-- serve", "count -- serve"},
		{"demo serve", "count demo serve"},
		{"-q serve", "count -q serve"},
		{"count", "count"},
		{"count count", "count count"},
		{"--version", "version"},
		{"--help", "--help"},
		{"-h serve", "count -h serve"},
		{"help serve", "help serve"},
		{"__complete serv", "__complete serv"},
		{"__complete serve x", "__complete serve x"},
		{"__complete --com", "__complete count --com"},
		{"__complete demo serv", "__complete count demo serv"},
	} {
		if got := strings.Join(cli.InsertCount(root, strings.Fields(c.args)), " "); got != c.want {
			t.Errorf("%q: got %q, want %q", c.args, got, c.want)
		}
	}
}

// TestReferencesAreUpToDate compares the generated files in docs with the
// output of the program.
func TestReferencesAreUpToDate(t *testing.T) {
	for _, c := range []struct{ file, topic, want string }{
		{"docs/fastcount.1", "man", cli.ManPage(newRoot(testProgram()), texts())},
		{"docs/flags.md", "flags", cli.FlagDocs(newRoot(testProgram()))},
	} {
		got, err := os.ReadFile("../../" + c.file)
		if err != nil {
			t.Fatal(err)
		}
		if string(bytes.ReplaceAll(got, []byte("\r\n"), []byte("\n"))) != c.want {
			t.Errorf("%s is out of date; regenerate it: go run ./cmd/fastcount help %s >%s", c.file, c.topic, c.file)
		}
	}
}

// TestUsageListsExitCodes compares the table of docs/usage.md with exitCodes.
func TestUsageListsExitCodes(t *testing.T) {
	page, err := os.ReadFile("../../docs/usage.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(strings.ReplaceAll(string(page), "\r\n", "\n"), "\n| code | meaning |\n|---|---|\n")
	var want strings.Builder
	for _, c := range exitCodes {
		fmt.Fprintf(&want, "| %d | %s |\n", c.code, c.meaning)
	}
	if table != want.String() {
		t.Errorf("docs/usage.md lists different exit codes; want\n%s", &want)
	}
}

// overstrike matches what groff inserts to make text bold or underlined.
var overstrike = regexp.MustCompile("\x1b\\[[0-9;]*m|.\b")

// TestManPage formats the manual page with groff, which must not report a
// warning, and checks its width and its sections.
func TestManPage(t *testing.T) {
	if _, err := exec.LookPath("groff"); err != nil {
		t.Skip("groff is not installed")
	}
	cmd := exec.Command("groff", "-ww", "-man", "-Tascii")
	cmd.Stdin = strings.NewReader(cli.ManPage(newRoot(testProgram()), texts()))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil || stderr.Len() > 0 {
		t.Errorf("%v: %s", err, &stderr)
	}
	page := overstrike.ReplaceAllString(stdout.String(), "")
	for line := range strings.Lines(page) {
		if len(line) > 81 {
			t.Errorf("a line of %d columns: %s", len(line)-1, line)
		}
	}
	for _, want := range []string{`\xNN`, "'K: V'", "FORMAT[=FILE]", "\nEXIT STATUS\n", "\nENVIRONMENT\n", "\nEXAMPLES\n", "\nSEE ALSO\n"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not show %q", want)
		}
	}
}

// TestAllowExamples checks that every SPEC in the help, in the documents and in
// the completion is valid.
func TestAllowExamples(t *testing.T) {
	page, err := os.ReadFile("../../docs/diff.md")
	if err != nil {
		t.Fatal(err)
	}
	specs, _ := completeSpecs(nil, nil, "")
	for _, m := range regexp.MustCompile(`--allow (?:'([^']+)'|([a-z]+:[^\s'\x60]+|incomplete))`).FindAllStringSubmatch(topics()["allow"]+string(page), -1) {
		specs = append(specs, m[1]+m[2])
	}
	if len(specs) < 18 {
		t.Errorf("only %d specs", len(specs))
	}
	for _, spec := range specs {
		if _, err := diff.ParseRule(spec); err != nil {
			t.Errorf("%q: %v", spec, err)
		}
	}
}
