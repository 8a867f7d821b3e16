package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// ManPage returns the manual page in the language of man, which "fastcount help
// man" prints: the subcommands, the flags and the topics.
func ManPage(root *cobra.Command, m Manual) string {
	var b strings.Builder
	b.WriteString(".\\\" Generated from the flags by: fastcount help man\n" +
		".TH FASTCOUNT 1 \"\" fastcount \"User Commands\"\n" +
		".SH NAME\nfastcount \\- count events per patient and event type in very large CSV exports\n.SH SYNOPSIS\n")
	for _, c := range Subcommands(root) {
		fmt.Fprintf(&b, ".TP\n%s\n%s\n", bold(synopsis(c)), roff(c.Short))
	}
	b.WriteString(".SH DESCRIPTION\n")
	writeLines(&b, m.Introduction)
	b.WriteString(".SH OPTIONS\n")
	for _, c := range Subcommands(root) {
		writeOptions(&b, c)
	}
	for _, name := range m.Names() {
		title, text, _ := strings.Cut(m.Topics[name], "\n")
		fmt.Fprintf(&b, ".SH %s\n", roff(strings.ToUpper(title)))
		writeLines(&b, text)
	}
	return b.String()
}

// writeOptions writes the flags of a subcommand, if it has any.
func writeOptions(b *strings.Builder, c *cobra.Command) {
	groups := Groups(c)
	if len(groups) == 0 {
		return
	}
	fmt.Fprintf(b, ".SS Flags of %s\n", c.Name())
	for _, g := range groups {
		fmt.Fprintf(b, ".PP\n\\fI%s\\fR\n", roff(g.Title))
		for _, f := range g.Flags {
			fmt.Fprintf(b, ".TP\n%s\n%s\n", manFlag(f), roff(f.explanation()))
		}
	}
}

// manFlag returns the names of a flag and the placeholder of its value.
func manFlag(f Flag) string {
	names := bold("--" + f.Name)
	if f.Short != "" {
		names = bold("-"+f.Short) + ", " + names
	}
	switch {
	case f.Optional:
		names += "[=" + roff(f.Value) + "]"
	case f.Value != "":
		names += " " + roff(f.Value)
	}
	return names
}

// writeLines writes a text whose lines stay as they are.
func writeLines(b *strings.Builder, text string) {
	fmt.Fprintf(b, ".nf\n")
	for line := range strings.SplitSeq(strings.Trim(text, "\n"), "\n") {
		b.WriteString(roff(line) + "\n")
	}
	b.WriteString(".fi\n")
}

func bold(s string) string { return `\fB` + roff(s) + `\fR` }

// roff writes a line so that nothing of it is taken for a command.
func roff(line string) string {
	line = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", "\\(ga", "^", `\(ha`, "~", `\(ti`).Replace(line)
	if strings.HasPrefix(line, ".") {
		line = `\&` + line
	}
	return line
}

// FlagDocs returns docs/flags.md, which "fastcount help flags" prints: a table
// of flags for each group of each subcommand.
func FlagDocs(root *cobra.Command) string {
	var b strings.Builder
	b.WriteString(flagDocsBegin)
	for _, c := range Subcommands(root) {
		groups := Groups(c)
		if len(groups) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n## %s\n\n`%s`: %s\n", c.Name(), synopsis(c), c.Short)
		for _, g := range groups {
			fmt.Fprintf(&b, "\n### %s\n\n| flag | variable | default | |\n|---|---|---|---|\n", g.Title)
			for _, f := range g.Flags {
				fmt.Fprintf(&b, "| %s | `%s` | %s | %s |\n", markdownFlag(f), VariableOf(f.Name), markdownCode(f.Default), markdownText(f))
			}
		}
	}
	return b.String()
}

const flagDocsBegin = `# The flags

Generated from the program by ` + "`fastcount help flags`" + `. The command line is stronger than a variable, an empty variable is
none, and the variable of a flag that may be repeated takes one value a line.
`

func markdownFlag(f Flag) string {
	name := "--" + f.Name
	switch {
	case f.Optional:
		name += "[=" + f.Value + "]"
	case f.Value != "":
		name += " " + f.Value
	}
	if f.Short != "" {
		return "`" + name + "`, `-" + f.Short + "`"
	}
	return "`" + name + "`"
}

// markdownCode returns a word as code, of none nothing.
func markdownCode(word string) string {
	if word == "" {
		return ""
	}
	return "`" + word + "`"
}

// markdownText returns what a flag does and which words it takes.
func markdownText(f Flag) string {
	text := f.Text
	if f.Choices != nil {
		text += ": " + strings.Join(f.Choices, ", ")
	}
	return strings.NewReplacer("|", `\|`, "<", "&lt;", `\`, `\\`, "*", `\*`, "_", `\_`).Replace(text)
}
