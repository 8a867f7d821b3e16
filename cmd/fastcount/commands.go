package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"fastcount/internal/cli"
	"fastcount/internal/simd"
)

// action runs a subcommand with its arguments, after its flags were read.
type action func(ctx context.Context, p *program, args []string) error

// newRoot returns the command fastcount. It only holds the subcommands: see
// [cli.InsertCount].
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
	root.AddCommand(count, newPlan(p), newMerge(p), newDiff(p), newExports(p), newServe(p), newGenerate(p), newCompletion(p), newVersion(p), help)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return cli.FlagError(root, err) })
	root.SetHelpFunc(func(c *cobra.Command, _ []string) { p.helpErr = p.print(cli.CommandHelp(c, texts(), p.helpWidth())) })
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	return root
}

// command returns a subcommand with flags. The first word of use is its name.
// If complete is nil, arguments are not completed.
func (p *program) command(use, short string, flags *cli.FlagSet, run action, complete cobra.CompletionFunc) *cobra.Command {
	if complete == nil {
		complete = cobra.NoFileCompletions
	}
	c := &cobra.Command{
		Use:                   use,
		Short:                 short,
		DisableFlagsInUseLine: true,
		Args:                  cobra.ArbitraryArgs,
		ValidArgsFunction:     complete,
	}
	brief := cli.AddHelpFlags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if *brief {
			return p.print(cli.Overview(c, texts(), p.helpWidth()))
		}
		return p.runCommand(c, run, args)
	}
	flags.Complete("FORMAT[=FILE]", completeSinks)
	flags.AddTo(c)
	return c
}

// version returns the version of the module, or "devel".
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}

func newVersion(p *program) *cobra.Command {
	return p.command("version", "print the version", new(cli.FlagSet), runVersion, nil)
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

// buildFacts returns what the build information has about the sources and the
// settings of this build.
func buildFacts() (facts []string) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil
	}
	names := map[string]string{"vcs.revision": "revision", "vcs.time": "time", "vcs.modified": "modified", "-tags": "tags", "CGO_ENABLED": "cgo"}
	for _, s := range info.Settings {
		if name := names[s.Key]; name != "" {
			facts = append(facts, name+": "+s.Value)
		}
	}
	return facts
}
