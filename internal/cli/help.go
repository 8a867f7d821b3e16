package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"fastcount/internal/human"
)

// Manual holds the texts of the help that are not derived from the flags.
type Manual struct {
	Introduction string
	Examples     []Example
	Common       []string          // names of the flags in the overview
	Topics       map[string]string // texts by name
}

// Example is a command line and what it does.
type Example struct{ Command, Text string }

// Names returns the names of the topics, sorted.
func (m Manual) Names() []string { return slices.Sorted(maps.Keys(m.Topics)) }

// examples returns the examples, one per line.
func (m Manual) examples() string {
	width := 0
	for _, e := range m.Examples {
		width = max(width, len(e.Command))
	}
	var b strings.Builder
	for _, e := range m.Examples {
		fmt.Fprintf(&b, "  %-*s  %s\n", width, e.Command, e.Text)
	}
	return b.String()
}

// Widths of help, in columns.
const (
	DefaultWidth = 80 // if the width of the terminal is not known
	maxWidth     = 100
	minWidth     = 60 // below it, explanations would be too narrow
)

// FullHelp returns the help for all subcommands and all flags, for a terminal
// of a width.
func FullHelp(root *cobra.Command, m Manual, width int) string {
	var b strings.Builder
	b.WriteString("Usage:\n")
	for _, c := range Subcommands(root) {
		fmt.Fprintf(&b, "  %s\n          %s\n", synopsis(c), c.Short)
	}
	b.WriteString("\n" + m.Introduction + "\n" + m.examples())
	shown := make(map[string]bool)
	for _, c := range Subcommands(root) {
		b.WriteString(flagHelp(c, shown, width))
	}
	fmt.Fprintf(&b, "\nHelp topics (fastcount help TOPIC):\n  %s\n", strings.Join(m.Names(), " "))
	return Fit(b.String(), width)
}

// CommandHelp returns the help for a subcommand. That for count and for the
// program itself is the full help.
func CommandHelp(c *cobra.Command, m Manual, width int) string {
	if c == c.Root() || c.Name() == DefaultCommand {
		return FullHelp(c.Root(), m, width)
	}
	text := "Usage: " + synopsis(c) + "\n\n" + strings.ToUpper(c.Short[:1]) + c.Short[1:] + ".\n"
	return Fit(text+flagHelp(c, make(map[string]bool), width), width)
}

// Overview returns the help for a subcommand on one screen. For count and for
// the program itself, it has only the flags in m.Common.
func Overview(c *cobra.Command, m Manual, width int) string {
	if c != c.Root() && c.Name() != DefaultCommand {
		return CommandHelp(c, m, width)
	}
	root := c.Root()
	var b strings.Builder
	b.WriteString(usageLines(root) + "\n" + m.examples() + "\n")
	for _, f := range FlagsOf(Subcommands(root)[0]) {
		if slices.Contains(m.Common, f.Name) {
			writeUsage(&b, f, width)
		}
	}
	b.WriteString("\n'fastcount --help' explains all flags. Topics of 'fastcount help TOPIC':\n  " + strings.Join(m.Names(), " ") + "\n")
	return Fit(b.String(), width)
}

// flagHelp returns the help for the flags of a subcommand, except for those in
// shown, and adds them to shown.
func flagHelp(c *cobra.Command, shown map[string]bool, width int) string {
	var b strings.Builder
	for _, g := range groupsOf(c) {
		title := "\n" + g.Title + ":\n"
		for _, f := range g.Flags {
			if !shown[f.Name] {
				b.WriteString(title)
				writeUsage(&b, f, width)
				shown[f.Name], title = true, ""
			}
		}
	}
	return b.String()
}

// usageColumn is the column in which the explanation of a flag begins.
const usageColumn = 31

func writeUsage(b *strings.Builder, f Flag, width int) {
	width = min(max(width, minWidth), maxWidth)
	left := "      --" + f.Name
	if f.Short != "" {
		left = "  -" + f.Short + ", --" + f.Name
	}
	switch {
	case f.Optional:
		left += "[=" + f.Value + "]"
	case f.Value != "":
		left += " " + f.Value
	}
	if len(left) >= usageColumn {
		b.WriteString(left + "\n")
		left = ""
	}
	for _, line := range human.Wrap(f.explanation(), width-usageColumn) {
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
	return usageLines(c.Root()) + "'fastcount -h' explains the most common flags, --help all of them.\n"
}

// usageLines returns the usage of the program.
func usageLines(root *cobra.Command) string {
	return "Usage: " + root.UseLine() + "\n" +
		"       fastcount " + strings.Join(CommandNames(root)[1:], "|") + "\n" +
		"A SOURCE is a file, a glob, a URL, - for standard input, or an export id.\n"
}

// Fit wraps the lines of a text that are wider than a terminal, together with
// the lines that continue them.
func Fit(text string, width int) string {
	var b strings.Builder
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for len(lines) > 0 {
		n := 1
		if utf8.RuneCountInString(lines[0]) <= width || width < 20 {
			b.WriteString(lines[0] + "\n")
		} else {
			n = fitParagraph(&b, lines, width)
		}
		lines = lines[n:]
	}
	return b.String()
}

// fitParagraph wraps the first of lines, and those that continue it, whose
// number it returns. The rest is indented like the second column, if there is
// one that begins in the left half, or like the lines that follow.
func fitParagraph(b *strings.Builder, lines []string, width int) int {
	first := parseLine(lines[0])
	n := countLines(lines, func(l helpLine) bool {
		hanging := first.bullet || first.column > 0
		return !l.bullet && l.column == 0 && (hanging && l.indent > first.indent || !hanging && l.indent == first.indent)
	})
	column := first.indent
	switch {
	case first.bullet:
		column += len("- ")
	case first.column > 0 && first.column <= width/2:
		column = first.column
	case n > 1 && parseLine(lines[1]).indent <= width/2:
		column = parseLine(lines[1]).indent
	}
	left, rest := lines[0][:column], lines[0][column:]
	if first.column != column && !first.bullet {
		left, rest = strings.Repeat(" ", first.indent), first.text
	}
	words := strings.Join(append([]string{rest}, lines[1:n]...), " ")
	for i, part := range human.Wrap(words, width-column) {
		if i > 0 {
			left = strings.Repeat(" ", column)
		}
		b.WriteString(left + part + "\n")
	}
	return n
}
