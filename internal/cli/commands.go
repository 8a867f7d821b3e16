package cli

import (
	"slices"

	"github.com/spf13/cobra"
)

// DefaultCommand is the name of the subcommand that runs if none is named.
const DefaultCommand = "count"

// InsertCount returns args with the subcommand count inserted, unless the first
// argument names a subcommand or requests help. cobra alone would also find a
// subcommand after flags, and would have no place for flags without one.
func InsertCount(root *cobra.Command, args []string) []string {
	if len(args) == 0 {
		return []string{DefaultCommand}
	}
	switch first := args[0]; first {
	case "--help":
		return args
	case "--version":
		return slices.Concat([]string{"version"}, args[1:])
	case cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd:
		return slices.Concat(args[:1], insertIntoUnfinished(root, args[1:]))
	default:
		if slices.Contains(CommandNames(root), first) {
			return args
		}
	}
	return slices.Concat([]string{DefaultCommand}, args)
}

// insertIntoUnfinished is InsertCount for a command line that is being
// completed. While the first argument is the last, it may become a subcommand.
func insertIntoUnfinished(root *cobra.Command, args []string) []string {
	if len(args) == 0 || len(args) == 1 && (args[0] == "" || args[0][0] != '-') {
		return args
	}
	if args[0] == "-h" || args[0] == "--help" {
		return slices.Concat([]string{DefaultCommand}, args)
	}
	return InsertCount(root, args)
}

// AddHelpFlags adds the flag --help, and -h for the overview, to a subcommand.
// The result is set to true by -h.
func AddHelpFlags(c *cobra.Command) (brief *bool) {
	c.Flags().Bool("help", false, "print help")
	brief = c.Flags().BoolP("overview", "h", false, "print help on one screen")
	c.Flags().Lookup("overview").Hidden = true
	return brief
}

// CommandNames returns the names of the subcommands.
func CommandNames(root *cobra.Command) (names []string) {
	for _, c := range Subcommands(root) {
		names = append(names, c.Name())
	}
	return names
}

// Subcommands returns the subcommands: count, and then the others by name.
func Subcommands(root *cobra.Command) (all []*cobra.Command) {
	for _, c := range root.Commands() {
		switch {
		case c.Name() == DefaultCommand:
			all = slices.Insert(all, 0, c)
		case !c.Hidden:
			all = append(all, c)
		}
	}
	return all
}

// synopsis returns the usage of a subcommand. That of count is shown without
// its name, which may be left out.
func synopsis(c *cobra.Command) string {
	if c.Name() == DefaultCommand {
		return c.Root().UseLine()
	}
	return c.UseLine()
}
