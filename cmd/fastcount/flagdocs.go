package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

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
