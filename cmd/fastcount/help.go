package main

import (
	"context"
	"embed"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"fastcount/internal/cli"
	"fastcount/internal/human"
)

func newHelp(p *program, root *cobra.Command) *cobra.Command {
	return p.command("help [TOPIC]", "explain a subcommand or a topic", new(cli.FlagSet), runHelp,
		cli.CompleteOne(func() []string { return append(texts().Names(), cli.CommandNames(root)...) }))
}

// runHelp prints the help for a subcommand, a topic or the whole program.
func runHelp(_ context.Context, p *program, args []string) error {
	if len(args) == 0 {
		return p.print(cli.FullHelp(p.root, texts(), p.helpWidth()))
	}
	if len(args) > 1 {
		return noArguments(args[1:])
	}
	name := args[0]
	if reference, ok := references()[name]; ok {
		return p.print(reference(p.root, texts()))
	}
	if text, ok := topics()[name]; ok {
		return p.print(cli.Fit(text, p.helpWidth()))
	}
	if i := slices.Index(cli.CommandNames(p.root), name); i >= 0 {
		return p.print(cli.CommandHelp(cli.Subcommands(p.root)[i], texts(), p.helpWidth()))
	}
	return cli.Usage(cli.Hint(fmt.Errorf("unknown help topic %q", name),
		append(cli.DidYouMean(name, append(texts().Names(), cli.CommandNames(p.root)...)), "the topics are "+strings.Join(texts().Names(), ", "))...))
}

// references returns the functions that generate the references in docs, by
// name.
func references() map[string]func(*cobra.Command, cli.Manual) string {
	return map[string]func(*cobra.Command, cli.Manual) string{
		"man":   cli.ManPage,
		"flags": func(root *cobra.Command, _ cli.Manual) string { return cli.FlagDocs(root) },
	}
}

// texts returns the texts of the help that are not derived from the flags.
func texts() cli.Manual {
	return cli.Manual{
		Introduction: introduction,
		Examples: []cli.Example{
			{Command: "fastcount demo", Text: "count the built-in mock export demo"},
			{Command: "fastcount --server URL ID", Text: "count an export, check its row counts"},
			{Command: "fastcount -s csv=n.csv 'data/*.csv.gz'", Text: "write counts of files as CSV"},
			{Command: "fastcount --by site,visit:month a.csv", Text: "count by other columns, and by month"},
			{Command: "zcat a.gz | fastcount -s table -", Text: "count standard input, print a table"},
		},
		Common: []string{
			"server", "token-file", "delimiter", "no-header", "patient-column", "event-column", "by", "sink", "output",
			"max-bad-rows", "state", "expect-rows", "quiet",
		},
		Topics: topics(),
	}
}

// helpWidth returns the width of help: that of the terminal, if standard output
// is one.
func (p *program) helpWidth() int {
	if out, ok := p.stdout.(*os.File); ok {
		if width, _, err := term.GetSize(int(out.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return cli.DefaultWidth
}

const introduction = `The first argument may be a subcommand; without one, fastcount counts. -- ends
the flags. The result goes to standard output, everything else to standard
error. Each flag can also be set as a variable: --max-record is
FASTCOUNT_MAX_RECORD.
`

//go:embed topics/*.txt
var topicFiles embed.FS

// topics returns the texts of "fastcount help TOPIC" by name.
func topics() map[string]string {
	entries, err := topicFiles.ReadDir("topics")
	if err != nil {
		panic(err) // the directory is embedded
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

// exitCodeList returns the exit codes with their meanings, one per line.
func exitCodeList() string {
	const indent = 7
	var b strings.Builder
	for _, c := range exitCodes {
		left := fmt.Sprintf("  %3d", c.code)
		for _, line := range human.Wrap(c.meaning, cli.DefaultWidth-indent) {
			fmt.Fprintf(&b, "%-*s%s\n", indent, left, line)
			left = ""
		}
	}
	return b.String()
}
