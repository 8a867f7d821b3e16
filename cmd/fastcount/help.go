package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// runHelp explains a verb or a topic, or the whole program.
func runHelp(_ context.Context, p *program, args []string) error {
	if len(args) == 0 {
		return p.print(fullHelp())
	}
	if len(args) > 1 {
		return noArguments("help", args[1:])
	}
	if text, ok := topics[args[0]]; ok {
		return p.print(text)
	}
	if v, ok := findVerb(args[0]); ok {
		return p.print(helpOf(v))
	}
	return usage(hinted(fmt.Errorf("there is no topic %q", args[0]),
		append(meantID(args[0], topicNames()), "the topics are "+strings.Join(topicNames(), ", "))...))
}

func topicNames() []string { return slices.Sorted(maps.Keys(topics)) }

// fullHelp explains every verb and every flag.
func fullHelp() string {
	var b strings.Builder
	b.WriteString("Usage:\n")
	all := append([]verb{counting()}, verbs()...)
	for _, v := range all {
		fmt.Fprintf(&b, "  %-40s %s\n", v.synopsis, v.summary)
	}
	b.WriteString(introduction)
	shown := make(map[string]bool)
	for _, v := range all {
		flags, _ := v.new()
		b.WriteString(flags.usages(shown))
	}
	fmt.Fprintf(&b, "\nTopics: fastcount help %s\n", strings.Join(topicNames(), "|"))
	return b.String()
}

const introduction = `
A verb is the first argument, or there is none; -- ends the flags. The result goes to standard
output, everything else to standard error. Each flag can also be set as a variable: --max-record is
FASTCOUNT_MAX_RECORD.

  fastcount demo                          count the built-in mock export demo, synthetic data
  fastcount --server URL ID               count an export, checked against the server's row counts
  fastcount -s csv=counts.csv 'data/*.csv.gz'
  zcat data.csv.gz | fastcount -s table -
`

// helpOf explains one verb.
func helpOf(v verb) string {
	if v.name == "count" {
		return fullHelp()
	}
	flags, _ := v.new()
	summary := strings.ToUpper(v.summary[:1]) + v.summary[1:]
	return fmt.Sprintf("Usage: %s\n\n%s.\n%s", v.synopsis, summary, flags.usages(make(map[string]bool)))
}

// shortHelp is what follows a usage error of a verb.
func shortHelp(of string) string {
	if v, ok := findVerb(of); ok {
		return fmt.Sprintf("Usage: %s\n'fastcount %s --help' explains the flags.\n", v.synopsis, v.name)
	}
	return "Usage: " + counting().synopsis + "\n" +
		"       fastcount " + strings.Join(verbNames(), "|") + " ...\n" +
		"A SOURCE is a file, a glob, a URL, - for standard input, or an export id such as demo.\n" +
		"'fastcount --help' explains the flags.\n"
}
