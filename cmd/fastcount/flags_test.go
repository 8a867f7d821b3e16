package main

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"fastcount/parser"
)

// samples are values that flags take, by what stands for the value; the rest take a word.
var samples = map[string]string{"SIZE": "12K", "N": "3", "TIME": "7s", "CHAR": ";", "COLUMN": "2", "": "true"}

// sampleOf returns a value that a flag takes and does not have by default.
func sampleOf(f flagInfo) string {
	switch sample, ok := samples[f.value]; {
	case f.choices != nil:
		return f.choices[len(f.choices)-1]
	case ok:
		return sample
	case f.repeatable:
		return "one\ntwo"
	}
	return "word"
}

// TestEveryFlag walks all flags: each works from the environment, yields to the command line, and stands where users
// look for it.
func TestEveryFlag(t *testing.T) {
	for _, v := range allVerbs() {
		places := placesOf(v)
		for _, f := range v.flags() {
			checkEnvironment(t, v, f)
			for _, help := range []string{fullHelp(), helpOf(v)} {
				lines := strings.Split(help, "\n")
				if n := len(slices.DeleteFunc(lines, func(l string) bool { return !isFlagLine(l, f.name) })); n != 1 {
					t.Errorf("%s --%s has %d lines in a help", v.name, f.name, n)
				}
			}
			for _, place := range places {
				if want := place.line(f); !strings.Contains(place.text, want) {
					t.Errorf("%s --%s: no %s in the %s", v.name, f.name, want, place.name)
				}
			}
		}
	}
}

// checkEnvironment tries a flag from the environment.
func checkEnvironment(t *testing.T, v verb, f flagInfo) {
	t.Helper()
	value := sampleOf(f)
	environ := []string{variableOf(f.name) + "=" + value}
	fresh, _ := v.new()
	if _, err := fresh.parse(nil, environ); err != nil {
		t.Errorf("%s --%s from the environment: %v", v.name, f.name, err)
	}
	want := value
	if f.repeatable {
		want = "[one,two]"
	}
	if got := fresh.lookup(f.name); got != want {
		t.Errorf("%s --%s from the environment is %q, want %q", v.name, f.name, got, want)
	}
	before, _ := v.new()
	fresh, _ = v.new()
	if _, err := fresh.parse([]string{"--" + f.name + "=" + before.lookup(f.name)}, environ); err == nil && fresh.lookup(f.name) == want {
		t.Errorf("%s --%s: the environment is stronger than the command line", v.name, f.name)
	}
	if unknown := unknownVariables(environ); unknown != nil {
		t.Errorf("%s --%s: %s is warned of", v.name, f.name, unknown)
	}
}

// place is where a flag must stand.
type place struct {
	name string
	text string
	line func(flagInfo) string // what stands there of a flag
}

// placesOf returns the places where the flags of a verb must stand beside the help.
func placesOf(v verb) []place {
	name := func(f flagInfo) string { return "--" + f.name }
	script := func(shell string) string { return shells()[shell]() }
	return []place{
		{"page of flags", section(flagDocs(), "## "+v.name+"\n", "\n## "),
			func(f flagInfo) string { return "| `--" + f.name }},
		{"man page", section(manPage(), ".SS Flags of "+v.name+"\n", "\n.S"),
			func(f flagInfo) string { return bold("--" + f.name) }},
		{"names for bash", "--" + section(script("bash"), "    "+v.name+") _fastcount_words '--", "' ;;"),
			func(f flagInfo) string { return "--" + f.name + " " }},
		{"values for bash", script("bash"), func(f flagInfo) string {
			if f.value == "" {
				return ""
			}
			return v.name + ":--" + f.name + "="
		}},
		{"script for zsh", section(script("zsh"), "\n    "+v.name+")\n", "\n        ;;"), name},
		{"script for fish", script("fish"),
			func(f flagInfo) string { return "'__fastcount_verb " + v.name + "' -l " + f.name + " " }},
		{"script for powershell", script("powershell"),
			func(f flagInfo) string { return "'" + v.name + " --" + f.name + "' = " }},
	}
}

// section returns a text from one mark to the next.
func section(text, from, to string) string {
	_, text, _ = strings.Cut(text, from)
	text, _, _ = strings.Cut(text, to)
	return text
}

// isFlagLine says whether a line of the help begins the explanation of a flag.
func isFlagLine(line, name string) bool {
	_, after, ok := strings.Cut(line, "--"+name)
	before, _, _ := strings.Cut(line, "--")
	return ok && strings.HasPrefix(line, "  ") && len(before) == 6 && (after == "" || after[0] == ' ')
}

func TestHelpIsWellSet(t *testing.T) {
	texts := map[string]string{"--help": fullHelp()}
	maps.Copy(texts, topics)
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
	for _, code := range []string{"0 ", "1 ", "2 ", "3 ", "4 ", "5 ", "6 ", "7 ", "8 ", "9 ", "10 ", "11 ", "130 ", "141 ", "143 "} {
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
