// Command fastcount counts events per patient and event type in very large CSV
// exports.
//
// The result goes to standard output, everything else to standard error. See
// "fastcount help".
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"fastcount/internal/atomicfile"
	"fastcount/internal/cli"
	"fastcount/internal/console"
	"fastcount/internal/resources"
	"fastcount/internal/signals"
	"fastcount/internal/stdout"
)

func main() {
	p := &program{
		stdin:   os.Stdin,
		stdout:  os.Stdout,
		stderr:  os.Stderr,
		ui:      console.New(os.Stderr),
		environ: os.Environ(),
	}
	os.Exit(p.run(os.Args[1:]))
}

// program is a run of fastcount, with its streams and its environment.
type program struct {
	stdin   io.Reader
	stdout  io.Writer
	stderr  *os.File // the file that ui writes to, or nil
	ui      *console.Console
	environ []string

	flags *pflag.FlagSet     // of the subcommand
	files *atomicfile.Claims // the files that the run uses

	root      *cobra.Command
	shortHelp string // follows the message of an error
	helpErr   error  // of printing the requested help

	stop  context.CancelCauseFunc // ends the context of the subcommand
	asked chan os.Signal          // receives requests for the status

	account   atomic.Pointer[account] // of count
	resumable atomic.Bool             // whether finished parts are kept in a checkpoint
}

// grace is how long a subcommand may take to stop before the program ends
// without it. A read that no context can interrupt, such as one of a terminal,
// would otherwise keep the program running.
const grace = 800 * time.Millisecond

// run runs the subcommand in args and returns the exit code.
func (p *program) run(args []string) int {
	ctx, stop := context.WithCancelCause(context.Background())
	p.stop = stop
	defer stop(nil)
	p.asked = make(chan os.Signal, 1)
	defer signals.Catch(stop, p.asked)()

	err := within(ctx, grace, func() error { return p.do(ctx, args) })
	if a := p.account.Load(); a != nil {
		err = a.close(p, err)
	}
	if err != nil {
		p.fail(err)
	}
	return exitCode(err)
}

// fail reports an error, and how to continue.
func (p *program) fail(err error) {
	report(p.ui, err, p.hints(err))
	if p.shortHelp != "" && p.ui.Log == nil {
		p.ui.Write("\n" + p.shortHelp)
	}
	if p.resumable.Load() && exitCode(err) != exitBrokenPipe {
		p.ui.Hint("repeat the command to continue: finished parts are kept")
	}
}

// within calls f and returns its error. If f has not returned within the time
// grace after ctx ended, it returns the cause of that instead.
func within(ctx context.Context, grace time.Duration, f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-done:
		return err
	case <-time.After(grace):
		return context.Cause(ctx)
	}
}

// do runs the subcommand in args.
func (p *program) do(ctx context.Context, args []string) error {
	p.root = newRoot(p)
	p.root.SetArgs(cli.InsertCount(p.root, args))
	command, err := p.root.ExecuteContextC(ctx)
	if u, ok := errors.AsType[*cli.UsageError](err); ok && u.WithHelp {
		p.shortHelp = cli.ShortHelp(command)
	}
	return errors.Join(err, p.helpErr)
}

// runCommand runs a subcommand whose flags have been read from the command
// line. If it fails after its context ended, the error is the cause of that.
func (p *program) runCommand(c *cobra.Command, run action, args []string) error {
	flags, ctx := c.Flags(), c.Context()
	p.flags = flags
	if err := cli.SetFromEnvironment(flags, p.environ); err != nil {
		return cli.Usage(err)
	}
	p.configure(flags)
	for _, name := range cli.UnknownVariables(p.root, p.environ) {
		p.ui.Warn("unknown environment variable " + name)
	}
	if err := resources.CheckDescriptors(); err != nil {
		return err
	}
	if limit := cli.Lookup(flags, "max-memory"); limit == "" || limit == "0" {
		defer resources.LimitMemory(ctx, resources.SystemLimits(), p.stop)()
	}
	if err := p.claimFiles(flags); err != nil {
		return err
	}
	err := run(ctx, p, args)
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	code := exitCode(err)
	if code == exitUsage || code == exitNotFound {
		if hint := cli.DetachedValue(flags, args); hint != "" {
			return cli.Hint(err, hint)
		}
	}
	if code == exitUsage {
		if unset := cli.UnsetHints(flags, err); unset != nil {
			return cli.Hint(err, append(p.hints(err), unset...)...)
		}
	}
	return err
}

// noArguments returns an error if a subcommand without arguments has some.
func noArguments(args []string) error {
	if len(args) > 0 {
		return cli.Misuse(fmt.Errorf("unexpected argument %q", args[0]))
	}
	return nil
}

// print writes a text to standard output.
func (p *program) print(text string) error {
	if err := stdout.Check(p.stdout); err != nil {
		return err
	}
	_, err := io.WriteString(stdout.NewWriter(p.stdout), text)
	return err
}

// configure sets which messages are printed, and how, from the flags of a
// subcommand.
func (p *program) configure(flags *pflag.FlagSet) {
	p.ui.Quiet = cli.Lookup(flags, "quiet") == "true"
	p.ui.Verbose = cli.Lookup(flags, "verbose") == "true"
	if cli.Lookup(flags, "log-format") == "json" {
		p.ui.LogJSON()
	}
}
