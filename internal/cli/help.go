package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"fastcount/internal/human"
)

// Manual holds the texts of the help that are not derived from the flags.
type Manual struct {
	Introduction string
	Topics       map[string]string // texts by name
}

// Names returns the names of the topics, sorted.
func (m Manual) Names() []string { return slices.Sorted(maps.Keys(m.Topics)) }

// FullHelp returns the help for all subcommands and all flags.
func FullHelp(root *cobra.Command, m Manual) string {
	var b strings.Builder
	b.WriteString("Usage:\n")
	for _, c := range Subcommands(root) {
		fmt.Fprintf(&b, "  %s\n          %s\n", synopsis(c), c.Short)
	}
	b.WriteString(m.Introduction)
	shown := make(map[string]bool)
	for _, c := range Subcommands(root) {
		b.WriteString(flagHelp(c, shown))
	}
	fmt.Fprintf(&b, "\nHelp topics (fastcount help TOPIC):\n  %s\n", strings.Join(m.Names(), " "))
	return b.String()
}

// CommandHelp returns the help for a subcommand. That for count and for the
// program itself is the full help.
func CommandHelp(c *cobra.Command, m Manual) string {
	if c == c.Root() || c.Name() == DefaultCommand {
		return FullHelp(c.Root(), m)
	}
	return fmt.Sprintf("Usage: %s\n\n%s%s.\n%s", synopsis(c), strings.ToUpper(c.Short[:1]), c.Short[1:], flagHelp(c, make(map[string]bool)))
}

// HelpWidth is the largest width of a line of help, in columns.
const HelpWidth = 80

// flagHelp returns the help for the flags of a subcommand, except for those in
// shown, and adds them to shown.
func flagHelp(c *cobra.Command, shown map[string]bool) string {
	var b strings.Builder
	for _, g := range Groups(c) {
		title := "\n" + g.Title + ":\n"
		for _, f := range g.Flags {
			if !shown[f.Name] {
				b.WriteString(title)
				writeUsage(&b, f)
				shown[f.Name], title = true, ""
			}
		}
	}
	return b.String()
}

// usageColumn is the column in which the explanation of a flag begins.
const usageColumn = 31

func writeUsage(b *strings.Builder, f Flag) {
	left := "      --" + f.Name
	if f.Short != "" {
		left = "  -" + f.Short + ", --" + f.Name
	}
	if f.Value != "" {
		left += " " + f.Value
	}
	if len(left) >= usageColumn {
		b.WriteString(left + "\n")
		left = ""
	}
	for _, line := range human.Wrap(f.explanation(), HelpWidth-usageColumn) {
		fmt.Fprintf(b, "%-*s%s\n", usageColumn, left, line)
		left = ""
	}
}

// explanation returns the text of a flag with its choices and its default.
func (f Flag) explanation() string {
	var notes []string
	if f.Choices != nil {
		notes = append(notes, strings.Join(f.Choices, "|"))
	}
	if f.Default != "" {
		notes = append(notes, "default "+f.Default)
	}
	if notes == nil {
		return f.Text
	}
	return f.Text + " (" + strings.Join(notes, "; ") + ")"
}

// ShortHelp returns the text that follows a usage error of a subcommand.
func ShortHelp(c *cobra.Command) string {
	if c != c.Root() && c.Name() != DefaultCommand {
		return fmt.Sprintf("Usage: %s\n'%s --help' explains the flags.\n", synopsis(c), c.CommandPath())
	}
	return "Usage: " + c.Root().UseLine() + "\n" +
		"       fastcount " + strings.Join(CommandNames(c.Root())[1:], "|") + "\n" +
		"A SOURCE is a file, a glob, a URL, - for standard input, or an export id.\n" +
		"'fastcount --help' explains the flags.\n"
}
