package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"

	"github.com/spf13/cobra"

	"fastcount/internal/simd"
)

// action runs a subcommand with the arguments that are left after its flags.
type action func(ctx context.Context, p *program, args []string) error

// countName is the name of the subcommand that runs where none is named.
const countName = "count"

// newRoot returns the command fastcount. It only holds the subcommands: see
// [withCount].
func newRoot(p *program) *cobra.Command {
	root := &cobra.Command{
		Use:                   "fastcount [flags] SOURCE...",
		DisableFlagsInUseLine: true,
		SilenceErrors:         true,
		SilenceUsage:          true,
	}
	count, help := newCount(p), newHelp(p, root)
	root.ValidArgsFunction = func(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		return count.ValidArgsFunction(count, args, typed)
	}
	root.SetHelpCommand(help)
	root.AddCommand(count, newPlan(p), newMerge(p), newExports(p), newServe(p), newGenerate(p), newCompletion(p), newVersion(p), help)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return misuse(flagError(root, err)) })
	root.SetHelpFunc(func(c *cobra.Command, _ []string) { p.helpErr = p.print(helpOf(c)) })
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	return root
}

// command returns a subcommand with flags. The first word of use is its name.
// Without complete it takes no arguments.
func (p *program) command(use, short string, flags *flagSet, run action, complete cobra.CompletionFunc) *cobra.Command {
	if complete == nil {
		complete = cobra.NoFileCompletions
	}
	c := &cobra.Command{
		Use:                   use,
		Short:                 short,
		DisableFlagsInUseLine: true,
		Args:                  cobra.ArbitraryArgs,
		ValidArgsFunction:     complete,
		RunE:                  func(c *cobra.Command, args []string) error { return p.runCommand(c, run, args) },
	}
	flags.addTo(c)
	completeFlags(c)
	return c
}

// withCount returns args with the subcommand count inserted, unless the first
// argument names a subcommand or requests help. cobra alone would also find a
// subcommand after flags, and would have no place for flags without one.
func withCount(root *cobra.Command, args []string) []string {
	if len(args) == 0 {
		return []string{countName}
	}
	switch first := args[0]; first {
	case "-h", "--help":
		return args
	case "--version":
		return slices.Concat([]string{"version"}, args[1:])
	case cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd:
		return slices.Concat(args[:1], withCountUnfinished(root, args[1:]))
	default:
		if slices.Contains(commandNames(root), first) {
			return args
		}
	}
	return slices.Concat([]string{countName}, args)
}

// withCountUnfinished is withCount for a command line that is being completed.
// Its first argument, while it is the last, may become a subcommand.
func withCountUnfinished(root *cobra.Command, args []string) []string {
	if len(args) == 0 || len(args) == 1 && (args[0] == "" || args[0][0] != '-') {
		return args
	}
	if args[0] == "-h" || args[0] == "--help" {
		return slices.Concat([]string{countName}, args)
	}
	return withCount(root, args)
}

// commandNames returns the names of the subcommands.
func commandNames(root *cobra.Command) (names []string) {
	for _, c := range subcommands(root) {
		names = append(names, c.Name())
	}
	return names
}

// subcommands returns the subcommands: count, and then the others by name.
func subcommands(root *cobra.Command) (all []*cobra.Command) {
	for _, c := range root.Commands() {
		switch {
		case c.Name() == countName:
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
	if c.Name() == countName {
		return c.Root().UseLine()
	}
	return c.UseLine()
}

// version returns the version that the module was built as, or devel.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}

func newVersion(p *program) *cobra.Command {
	return p.command("version", "print the version", new(flagSet), runVersion, nil)
}

func runVersion(_ context.Context, p *program, args []string) error {
	if err := noArguments(args); err != nil {
		return err
	}
	text := fmt.Sprintf("fastcount %s (%s, %s/%s)\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	text += fmt.Sprintf("kernel: %s\n", simd.Current().Name)
	for _, fact := range buildFacts() {
		text += fact + "\n"
	}
	return p.print(text)
}

// buildFacts tells of the build what it was made of and how, as far as it was noted.
func buildFacts() (facts []string) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil
	}
	names := map[string]string{"vcs.revision": "revision", "vcs.time": "of", "vcs.modified": "modified", "-tags": "tags", "CGO_ENABLED": "cgo"}
	for _, s := range info.Settings {
		if name := names[s.Key]; name != "" {
			facts = append(facts, name+": "+s.Value)
		}
	}
	return facts
}
