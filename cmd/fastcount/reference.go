package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// manPage returns the manual page in the language of man, which "fastcount help man" prints: the subcommands,
// the flags and the topics.
func manPage(root *cobra.Command, m manual) string {
	var b strings.Builder
	b.WriteString(".\\\" Generated from the flags by: fastcount help man\n" +
		".TH FASTCOUNT 1 \"\" fastcount \"User Commands\"\n" +
		".SH NAME\nfastcount \\- count events per patient and event type in very large CSV exports\n.SH SYNOPSIS\n")
	for _, c := range subcommands(root) {
		fmt.Fprintf(&b, ".TP\n%s\n%s\n", bold(synopsis(c)), roff(c.Short))
	}
	b.WriteString(".SH DESCRIPTION\n")
	writeLines(&b, m.introduction)
	b.WriteString(".SH OPTIONS\n")
	for _, c := range subcommands(root) {
		writeOptions(&b, c)
	}
	for _, name := range m.names() {
		title, text, _ := strings.Cut(m.topics[name], "\n")
		fmt.Fprintf(&b, ".SH %s\n", roff(strings.ToUpper(title)))
		writeLines(&b, text)
	}
	return b.String()
}

// writeOptions writes the flags of a subcommand, if it has any.
func writeOptions(b *strings.Builder, c *cobra.Command) {
	groups := groupsOf(c)
	if len(groups) == 0 {
		return
	}
	fmt.Fprintf(b, ".SS Flags of %s\n", c.Name())
	for _, g := range groups {
		fmt.Fprintf(b, ".PP\n\\fI%s\\fR\n", roff(g.title))
		for _, f := range g.flags {
			fmt.Fprintf(b, ".TP\n%s\n%s\n", manFlag(f), roff(f.explanation()))
		}
	}
}

// manFlag returns the names of a flag and the placeholder of its value.
func manFlag(f flagInfo) string {
	names := bold("--" + f.name)
	if f.short != "" {
		names = bold("-"+f.short) + ", " + names
	}
	switch {
	case f.optional:
		names += "[=" + roff(f.value) + "]"
	case f.value != "":
		names += " " + roff(f.value)
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

// flagDocs returns docs/flags.md, which "fastcount help flags" prints: a table of flags for each group of each subcommand.
func flagDocs(root *cobra.Command) string {
	var b strings.Builder
	b.WriteString(flagDocsBegin)
	for _, c := range subcommands(root) {
		groups := groupsOf(c)
		if len(groups) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n## %s\n\n`%s`: %s\n", c.Name(), synopsis(c), c.Short)
		for _, g := range groups {
			fmt.Fprintf(&b, "\n### %s\n\n| flag | variable | default | |\n|---|---|---|---|\n", g.title)
			for _, f := range g.flags {
				fmt.Fprintf(&b, "| %s | `%s` | %s | %s |\n", markdownFlag(f), variableOf(f.name), markdownCode(f.byDefault), markdownText(f))
			}
		}
	}
	return b.String()
}

const flagDocsBegin = `# The flags

Generated from the program by ` + "`fastcount help flags`" + `. The command line is stronger than a variable, an empty variable is
none, and the variable of a flag that may be repeated takes one value a line.
`

func markdownFlag(f flagInfo) string {
	name := "--" + f.name
	switch {
	case f.optional:
		name += "[=" + f.value + "]"
	case f.value != "":
		name += " " + f.value
	}
	if f.short != "" {
		return "`" + name + "`, `-" + f.short + "`"
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
func markdownText(f flagInfo) string {
	text := f.text
	if f.choices != nil {
		text += ": " + strings.Join(f.choices, ", ")
	}
	return strings.NewReplacer("|", `\|`, "<", "&lt;", `\`, `\\`, "*", `\*`, "_", `\_`).Replace(text)
}
