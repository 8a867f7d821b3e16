package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"fastcount/sinks"
)

// shells returns what writes the completion of each shell, by its name.
func shells() map[string]func() string {
	return map[string]func() string{
		"bash": bashCompletion, "zsh": zshCompletion, "fish": fishCompletion, "powershell": powershellCompletion,
	}
}

func shellNames() []string { return slices.Sorted(maps.Keys(shells())) }

// runCompletion writes the script of a shell. The word exports is for the scripts themselves: they ask for ids by it.
func runCompletion(ctx context.Context, p *program, args []string) error {
	if len(args) > 0 && args[0] == "exports" {
		return printIDs(ctx, p, args[1:])
	}
	if len(args) != 1 {
		return misuse("completion", errors.New("want the name of one shell: "+list(shellNames())))
	}
	script, ok := shells()[args[0]]
	if !ok {
		return misuse("completion", hinted(fmt.Errorf("there is no completion for %q", args[0]),
			append(meantID(args[0], shellNames()), "the shells are "+list(shellNames()))...))
	}
	return p.print(script())
}

// patience is how long somebody who pressed Tab waits for a server.
const patience = time.Second

// printIDs prints the ids of the exports of the server that a command line names, or that the environment does, or of
// the built-in ones, one a line. The line may not be finished, so what is wrong with it or with the server is no news:
// then there are no ids.
func printIDs(ctx context.Context, p *program, line []string) error {
	words := make([]string, len(line))
	for i, w := range line {
		words[i] = strings.Trim(w, `'"`)
	}
	o, flags := newCountFlags()
	flags.parseUnfinished(words, p.environ)
	ids := builtinIDs()
	if o.server != "" {
		ids = o.idsWithin(ctx, p, patience)
	}
	if len(ids) == 0 {
		return nil
	}
	return p.print(strings.Join(ids, "\n") + "\n")
}

// idsWithin asks the server once for its ids, and returns none if that fails or takes too long.
func (o *remoteOptions) idsWithin(ctx context.Context, p *program, limit time.Duration) []string {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	o.retries = 0
	server, err := o.dial(p, 0)
	if err != nil {
		return nil
	}
	defer server.close()
	ids, err := server.Exports(ctx)
	if err != nil {
		return nil
	}
	return ids
}

// expected is what can stand at a place of a command line.
type expected struct {
	words   []string
	files   bool
	folders bool
	exports bool // the ids of exports
	sink    bool // a format, and a file behind a =
}

// argumentsOf returns what the arguments of a verb are.
func argumentsOf(verb string) expected {
	switch verb {
	case "count", "plan":
		return expected{files: true, exports: true}
	case "merge":
		return expected{files: true}
	case "generate":
		return expected{words: builtinIDs()}
	case "completion":
		return expected{words: shellNames()}
	case "help":
		return expected{words: append(topicNames(), verbNames()...)}
	}
	return expected{}
}

// expects returns what the value of a flag is.
func (f flagInfo) expects() expected {
	switch f.value {
	case "FILE", "PLAN":
		return expected{files: true}
	case "DIR":
		return expected{folders: true}
	case "FORMAT[=FILE]":
		return expected{sink: true}
	}
	return expected{words: f.choices}
}

// sinkWords returns the formats of outputs, and each with a = for a file behind it.
func sinkWords() (words []string) {
	for _, name := range sinks.Builtin(sinks.Options{}).Names() {
		words = append(words, name, name+"=")
	}
	return words
}

// quoted writes s between single quotes, in which replacements are made.
func quoted(s string, replacements ...string) string {
	return "'" + strings.NewReplacer(replacements...).Replace(s) + "'"
}
