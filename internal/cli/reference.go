package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// FlagDocs returns docs/flags.md, which "fastcount help flags" prints: a table
// of flags for each group of each subcommand.
func FlagDocs(root *cobra.Command) string {
	var b strings.Builder
	b.WriteString(flagDocsBegin)
	for _, c := range Subcommands(root) {
		groups := groupsOf(c)
		if len(groups) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n## %s\n\n`%s`: %s\n", c.Name(), synopsis(c), c.Short)
		for _, g := range groups {
			fmt.Fprintf(&b, "\n### %s\n\n| flag | variable | default | |\n|---|---|---|---|\n", g.Title)
			for _, f := range g.Flags {
				fmt.Fprintf(&b, "| %s | `%s` | %s | %s |\n", markdownFlag(f), f.Variable, markdownCode(f.Default), markdownText(f))
			}
		}
	}
	return b.String()
}

const flagDocsBegin = `# The flags

Generated from the program by ` + "`fastcount help flags`" + `. The command line overrides the variable, an empty variable is
ignored, and the variable of a repeatable flag takes one value per line. A flag without an effect on a run is a usage error;
its variable is ignored.
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

// markdownCode returns a word as code, or "" if it is empty.
func markdownCode(word string) string {
	if word == "" {
		return ""
	}
	return "`" + word + "`"
}

// markdownText returns the text of a flag with its choices.
func markdownText(f Flag) string {
	text := f.Text
	if f.Choices != nil {
		text += ": " + strings.Join(f.Choices, ", ")
	}
	return strings.NewReplacer("|", `\|`, "<", "&lt;", `\`, `\\`, "*", `\*`, "_", `\_`).Replace(text)
}
