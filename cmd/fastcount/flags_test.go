package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"fastcount/parser"
)

// samples are values that flags take, by type; the rest take a word.
var samples = map[string]string{"SIZE": "12K", "N": "3", "TIME": "7s", "CHAR": ";", "COLUMN": "2", "bool": "true",
	"auto|always|never": "never", "auto|bar|log|json|none": "none", "text|json": "json",
	"strict|warn|off": "warn", "refuse|escape": "escape", "stringArray": "one\ntwo"}

// TestEveryFlag: works from the environment, yields to the command line, and stands in the help of its verb and of
// the program, once.
func TestEveryFlag(t *testing.T) {
	full := fullHelp()
	for _, v := range append([]verb{counting()}, verbs()...) {
		flags, _ := v.new()
		flags.each(func(f *pflag.Flag) {
			value := samples[f.Value.Type()]
			if value == "" {
				value = "word"
			}
			environ := []string{variableOf(f.Name) + "=" + value}

			fresh, _ := v.new()
			if _, err := fresh.parse(nil, environ); err != nil {
				t.Errorf("%s --%s from the environment: %v", v.name, f.Name, err)
			}
			want := value
			if f.Value.Type() == "stringArray" {
				want = "[one,two]"
			}
			if got := fresh.lookup(f.Name); got != want {
				t.Errorf("%s --%s from the environment is %q, want %q", v.name, f.Name, got, want)
			}

			fresh, _ = v.new()
			if _, err := fresh.parse([]string{"--" + f.Name + "=" + f.DefValue}, environ); err == nil && fresh.lookup(f.Name) == want {
				t.Errorf("%s --%s: the environment is stronger than the command line", v.name, f.Name)
			}
			if unknown := unknownVariables(environ); unknown != nil {
				t.Errorf("%s --%s: %s is warned of", v.name, f.Name, unknown)
			}
			for _, help := range []string{full, helpOf(v)} {
				lines := strings.Split(help, "\n")
				if n := len(slices.DeleteFunc(lines, func(l string) bool { return !isFlagLine(l, f.Name) })); n != 1 {
					t.Errorf("%s --%s has %d lines in a help", v.name, f.Name, n)
				}
			}
		})
	}
}

// isFlagLine says whether a line of the help begins the explanation of a flag.
func isFlagLine(line, name string) bool {
	_, after, ok := strings.Cut(line, "--"+name)
	before, _, _ := strings.Cut(line, "--")
	return ok && strings.HasPrefix(line, "  ") && len(before) == 6 && (after == "" || after[0] == ' ')
}

func TestHelpIsWellSet(t *testing.T) {
	texts := map[string]string{"--help": fullHelp()}
	for name, text := range topics {
		texts[name] = text
	}
	for name, text := range texts {
		for line := range strings.Lines(text) {
			if line = strings.TrimSuffix(line, "\n"); len(line) > 110 || strings.TrimRight(line, " ") != line {
				t.Errorf("%s: a line of %d columns: %q", name, len(line), line)
			}
		}
	}
	if !strings.HasPrefix(texts["--help"], "Usage:") {
		t.Error("the help does not begin with Usage:")
	}
}

func TestExitCodesAreExplained(t *testing.T) {
	for _, code := range []string{"0 ", "1 ", "2 ", "3 ", "4 ", "5 ", "6 ", "7 ", "8 ", "9 ", "10 ", "130 ", "141 ", "143 "} {
		if !strings.Contains(topics["exit-codes"], " "+code) {
			t.Errorf("exit code %sis not explained", code)
		}
	}
}

func TestDefaultsAreThoseOfTheLibrary(t *testing.T) {
	flags, _ := newCount()
	for name, want := range map[string]string{"max-record": "1M", "max-columns": "4096"} {
		if got := flags.lookup(name); got != want {
			t.Errorf("--%s is %s", name, got)
		}
	}
	if parser.DefaultMaxRecord != 1<<20 || parser.DefaultMaxColumns != 4096 {
		t.Error("package parser has other defaults")
	}
}

func TestDashesEndFlags(t *testing.T) {
	flags, _ := newCount()
	args, err := flags.parse([]string{"a", "--", "--compact", "-"}, nil)
	if err != nil || !slices.Equal(args, []string{"a", "--compact", "-"}) || flags.lookup("compact") != "false" {
		t.Errorf("got %q, %v", args, err)
	}
}

func TestVerbs(t *testing.T) {
	for _, c := range []struct {
		args []string
		verb string
		rest int
	}{
		{nil, "count", 0},
		{[]string{"serve", "x"}, "serve", 1},
		{[]string{"--", "serve"}, "count", 2},
		{[]string{"demo", "serve"}, "count", 2},
		{[]string{"-q", "serve"}, "count", 2},
		{[]string{"count"}, "count", 1},
		{[]string{"--version"}, "version", 0},
	} {
		if v, rest := chooseVerb(c.args); v.name != c.verb || len(rest) != c.rest {
			t.Errorf("%q: %s with %q", c.args, v.name, rest)
		}
	}
}
