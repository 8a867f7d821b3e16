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
	if reference, ok := references()[args[0]]; ok {
		return p.print(reference())
	}
	if text, ok := topics[args[0]]; ok {
		return p.print(text)
	}
	if v, ok := findVerb(args[0]); ok {
		return p.print(helpOf(v))
	}
	return usage(hinted(fmt.Errorf("there is no topic %q", args[0]),
		append(meantID(args[0], append(topicNames(), verbNames()...)), "the topics are "+strings.Join(topicNames(), ", "))...))
}

// references returns what makes texts from the flags for other places than a terminal, by the names of these texts.
func references() map[string]func() string {
	return map[string]func() string{"man": manPage, "flags": flagDocs}
}

func topicNames() []string { return slices.Sorted(maps.Keys(topics)) }

// fullHelp explains every verb and every flag.
func fullHelp() string {
	var b strings.Builder
	b.WriteString("Usage:\n")
	for _, v := range allVerbs() {
		fmt.Fprintf(&b, "  %-40s %s\n", v.synopsis, v.summary)
	}
	b.WriteString(introduction)
	shown := make(map[string]bool)
	for _, v := range allVerbs() {
		b.WriteString(usages(v, shown))
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
	summary := strings.ToUpper(v.summary[:1]) + v.summary[1:]
	return fmt.Sprintf("Usage: %s\n\n%s.\n%s", v.synopsis, summary, usages(v, make(map[string]bool)))
}

// helpWidth is how many columns the help takes at most.
const helpWidth = 100

// usages describes the flags of a verb, group by group, but for those that were shown before, and notes them as shown.
func usages(v verb, shown map[string]bool) string {
	var b strings.Builder
	for _, g := range v.describe() {
		title := "\n" + g.title + ":\n"
		for _, f := range g.flags {
			if !shown[f.name] {
				b.WriteString(title)
				writeUsage(&b, f)
				shown[f.name], title = true, ""
			}
		}
	}
	return b.String()
}

// usageColumn is where the explanation of a flag begins.
const usageColumn = 31

func writeUsage(b *strings.Builder, f flagInfo) {
	left := "      --" + f.name
	if f.short != "" {
		left = "  -" + f.short + ", --" + f.name
	}
	if f.value != "" {
		left += " " + f.value
	}
	for _, line := range wrap(f.explanation(), helpWidth-usageColumn) {
		fmt.Fprintf(b, "%-*s%s\n", usageColumn, left, line)
		left = ""
	}
}

// explanation returns what a flag does, which words it takes and what it is by default.
func (f flagInfo) explanation() string {
	var notes []string
	if f.choices != nil {
		notes = append(notes, strings.Join(f.choices, "|"))
	}
	if f.byDefault != "" {
		notes = append(notes, "default "+f.byDefault)
	}
	if notes == nil {
		return f.text
	}
	return f.text + " (" + strings.Join(notes, "; ") + ")"
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
