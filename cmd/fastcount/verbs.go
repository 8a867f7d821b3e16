package main

import (
	"context"
	"fmt"
)

// verb is one of the things that the program does.
type verb struct {
	name     string
	synopsis string // behind "Usage:"
	summary  string
	new      func() (*flagSet, action)
}

// action carries out a verb with the arguments that are left when its flags are taken away.
type action func(ctx context.Context, p *program, args []string) error

// counting is the verb of a command line that names none.
func counting() verb {
	return verb{"count", "fastcount [flags] SOURCE...",
		"count files, globs, URLs, - for standard input, or export ids", newCount}
}

// verbs are the verbs that have a name on the command line, in the order of the help.
func verbs() []verb {
	return []verb{
		{"serve", "fastcount serve [flags]", "run the mock export server", newServe},
		{"generate", "fastcount generate ID --out-dir DIR", "write the streams of a mock export as CSV files", newGenerate},
		{"exports", "fastcount exports [flags]", "list export ids, downloads and rows", newExports},
		{"plan", "fastcount plan [flags] SOURCE... > PLAN", "share work out, for several machines", newPlan},
		{"merge", "fastcount merge [flags] PART...", "add up the partial results of shards", newMerge},
		{"completion", "fastcount completion SHELL", "print completion for bash, zsh, fish or powershell", newCompletion},
		{"help", "fastcount help [TOPIC]", "explain a verb or a topic", newHelp},
		{"version", "fastcount version", "print the version", newVersion},
	}
}

// allVerbs are the verbs that have a name, and before them that of a command line that names none.
func allVerbs() []verb { return append([]verb{counting()}, verbs()...) }

// describe describes the flags of the verb, in groups.
func (v verb) describe() []infoGroup {
	flags, _ := v.new()
	return flags.describe()
}

// flags describes the flags of the verb.
func (v verb) flags() (all []flagInfo) {
	for _, g := range v.describe() {
		all = append(all, g.flags...)
	}
	return all
}

func verbNames() []string {
	var names []string
	for _, v := range verbs() {
		names = append(names, v.name)
	}
	return names
}

// findVerb returns the verb of that name.
func findVerb(name string) (verb, bool) {
	for _, v := range verbs() {
		if v.name == name {
			return v, true
		}
	}
	return verb{}, false
}

// chooseVerb splits a command line into the verb and the rest. A verb is the first argument, or there is none.
func chooseVerb(args []string) (verb, []string) {
	if len(args) > 0 {
		if args[0] == "--version" {
			args = append([]string{"version"}, args[1:]...)
		}
		if v, ok := findVerb(args[0]); ok {
			return v, args[1:]
		}
	}
	return counting(), args
}

// noArguments refuses arguments where a verb takes none.
func noArguments(verb string, args []string) error {
	if len(args) > 0 {
		return misuse(verb, fmt.Errorf("unexpected argument %q", args[0]))
	}
	return nil
}
