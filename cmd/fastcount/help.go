package main

import (
	"context"
	"embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"fastcount/internal/human"
)

func newHelp(p *program, root *cobra.Command) *cobra.Command {
	return p.command("help [TOPIC]", "explain a subcommand or a topic", new(flagSet), runHelp,
		completeOne(func() []string { return append(topicNames(), commandNames(root)...) }))
}

// runHelp explains a subcommand or a topic, or the whole program.
func runHelp(_ context.Context, p *program, args []string) error {
	if len(args) == 0 {
		return p.print(fullHelp(p.root))
	}
	if len(args) > 1 {
		return noArguments(args[1:])
	}
	name := args[0]
	if reference, ok := references()[name]; ok {
		return p.print(reference(p.root))
	}
	if text, ok := topics()[name]; ok {
		return p.print(text)
	}
	if i := slices.Index(commandNames(p.root), name); i >= 0 {
		return p.print(helpOf(subcommands(p.root)[i]))
	}
	return usage(hinted(fmt.Errorf("no help topic %q", name),
		append(meantID(name, append(topicNames(), commandNames(p.root)...)), "the topics are "+strings.Join(topicNames(), ", "))...))
}

// references returns the writers of texts that are generated from the flags for
// other places than a terminal, by the names of these texts.
func references() map[string]func(*cobra.Command) string {
	return map[string]func(*cobra.Command) string{"man": manPage, "flags": flagDocs}
}

// fullHelp explains every subcommand and every flag.
func fullHelp(root *cobra.Command) string {
	var b strings.Builder
	b.WriteString("Usage:\n")
	for _, c := range subcommands(root) {
		fmt.Fprintf(&b, "  %s\n          %s\n", synopsis(c), c.Short)
	}
	b.WriteString(introduction)
	shown := make(map[string]bool)
	for _, c := range subcommands(root) {
		b.WriteString(usages(c, shown))
	}
	fmt.Fprintf(&b, "\nHelp topics (fastcount help TOPIC):\n  %s\n", strings.Join(topicNames(), " "))
	return b.String()
}

const introduction = `
The first argument may be a subcommand; without one, fastcount counts. -- ends
the flags. The result goes to standard output, everything else to standard
error. Each flag can also be set as a variable: --max-record is
FASTCOUNT_MAX_RECORD.

  fastcount demo                   count the built-in mock export demo
  fastcount --server URL ID        count an export and check its row counts
  fastcount -s csv=counts.csv 'data/*.csv.gz'
  zcat data.csv.gz | fastcount -s table -
`

// helpOf explains a subcommand. The program itself, and counting, are explained
// by the full help.
func helpOf(c *cobra.Command) string {
	if c == c.Root() || c.Name() == countName {
		return fullHelp(c.Root())
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

//go:embed topics/*.txt
var topicFiles embed.FS

// topics returns the texts of "fastcount help TOPIC" by name.
func topics() map[string]string {
	entries, err := topicFiles.ReadDir("topics")
	if err != nil {
		panic(err) // the directory is part of the program
	}
	texts := make(map[string]string)
	for _, e := range entries {
		text, err := topicFiles.ReadFile("topics/" + e.Name())
		if err != nil {
			panic(err)
		}
		name := strings.TrimSuffix(e.Name(), ".txt")
		texts[name] = strings.Replace(string(text), "@CODES@\n", exitCodeList(), 1)
	}
	return texts
}

func topicNames() []string { return slices.Sorted(maps.Keys(topics())) }

// exitCodeList lists the exit codes and their meanings.
func exitCodeList() string {
	const indent = 7
	var b strings.Builder
	for _, c := range exitCodes {
		left := fmt.Sprintf("  %3d", c.code)
		for _, line := range human.Wrap(c.meaning, helpWidth-indent) {
			fmt.Fprintf(&b, "%-*s%s\n", indent, left, line)
			left = ""
		}
	}
	return b.String()
}
