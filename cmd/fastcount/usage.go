package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"fastcount/internal/human"
)

// manual holds the texts of the help that do not follow from the commands.
type manual struct {
	introduction string
	topics       map[string]string // texts by name
}

// names returns the names of the topics, sorted.
func (m manual) names() []string { return slices.Sorted(maps.Keys(m.topics)) }

// fullHelp explains every subcommand and every flag.
func fullHelp(root *cobra.Command, m manual) string {
	var b strings.Builder
	b.WriteString("Usage:\n")
	for _, c := range subcommands(root) {
		fmt.Fprintf(&b, "  %s\n          %s\n", synopsis(c), c.Short)
	}
	b.WriteString(m.introduction)
	shown := make(map[string]bool)
	for _, c := range subcommands(root) {
		b.WriteString(usages(c, shown))
	}
	fmt.Fprintf(&b, "\nHelp topics (fastcount help TOPIC):\n  %s\n", strings.Join(m.names(), " "))
	return b.String()
}

// helpOf explains a subcommand. The program itself, and counting, are explained
// by the full help.
func helpOf(c *cobra.Command, m manual) string {
	if c == c.Root() || c.Name() == countName {
		return fullHelp(c.Root(), m)
	}
	return fmt.Sprintf("Usage: %s\n\n%s%s.\n%s", synopsis(c), strings.ToUpper(c.Short[:1]), c.Short[1:], usages(c, make(map[string]bool)))
}

// helpWidth is the largest width of a line of help, in columns.
const helpWidth = 80

// usages describes the flags of a subcommand, group by group, except for those
// in shown, to which it adds them.
func usages(c *cobra.Command, shown map[string]bool) string {
	var b strings.Builder
	for _, g := range groupsOf(c) {
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

// usageColumn is the column in which the explanation of a flag begins.
const usageColumn = 31

func writeUsage(b *strings.Builder, f flagInfo) {
	left := "      --" + f.name
	if f.short != "" {
		left = "  -" + f.short + ", --" + f.name
	}
	if f.value != "" {
		left += " " + f.value
	}
	if len(left) >= usageColumn {
		b.WriteString(left + "\n")
		left = ""
	}
	for _, line := range human.Wrap(f.explanation(), helpWidth-usageColumn) {
		fmt.Fprintf(b, "%-*s%s\n", usageColumn, left, line)
		left = ""
	}
}

// explanation returns what a flag does, the words that it takes, and its default.
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

// shortHelp returns what follows a usage error of a subcommand.
func shortHelp(c *cobra.Command) string {
	if c != c.Root() && c.Name() != countName {
		return fmt.Sprintf("Usage: %s\n'%s --help' explains the flags.\n", synopsis(c), c.CommandPath())
	}
	return "Usage: " + c.Root().UseLine() + "\n" +
		"       fastcount " + strings.Join(commandNames(c.Root())[1:], "|") + "\n" +
		"A SOURCE is a file, a glob, a URL, - for standard input, or an export id.\n" +
		"'fastcount --help' explains the flags.\n"
}
