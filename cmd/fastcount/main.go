// Command fastcount counts events per patient and event type in very large CSV exports.
//
// Standard output carries the result and nothing else; everything else goes to standard error. Run "fastcount help"
// for what it can do.
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

// program is what a run of fastcount has from outside.
type program struct {
	stdin   io.Reader
	stdout  io.Writer
	stderr  *os.File // what ui writes to; nil if that is not a file
	ui      *console.Console
	environ []string

	files *atomicfile.Claims // the files that the run uses

	root      *cobra.Command
	shortHelp string // to follow the message of an error
	helpErr   error  // of printing the help that was asked for

	stop  context.CancelCauseFunc // ends the context of the subcommand that runs
	asked chan os.Signal          // each asks how far the run has come

	resumable atomic.Bool // whether the run keeps what is finished for the next one
}

// grace is how long a subcommand may take to stop before the program ends
// without it. A read that no context can interrupt, such as one of a terminal,
// would otherwise keep the program running.
const grace = 800 * time.Millisecond

// run does what args say and returns the exit code.
func (p *program) run(args []string) int {
	ctx, stop := context.WithCancelCause(context.Background())
	p.stop = stop
	defer stop(nil)
	p.asked = make(chan os.Signal, 1)
	defer signals.Catch(stop, p.asked)()

	err := within(ctx, grace, func() error { return p.do(ctx, args) })
	if err != nil {
		p.fail(err)
	}
	return exitCode(err)
}

// fail tells what went wrong, and how to go on.
func (p *program) fail(err error) {
	report(p.ui, err)
	if p.shortHelp != "" && p.ui.Log == nil {
		p.ui.Write("\n" + p.shortHelp)
	}
	if p.resumable.Load() && exitCode(err) != exitBrokenPipe {
		p.ui.Hint("repeat the command to continue: finished parts are kept")
	}
}

// within calls f and returns its error, or the reason for ctx's end where f has not returned so long after it.
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

// do runs the subcommand that args name.
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
// line. If it fails after ctx has ended, the reason for that is the error.
func (p *program) runCommand(c *cobra.Command, run action, args []string) error {
	flags, ctx := c.Flags(), c.Context()
	if err := cli.SetFromEnvironment(flags, p.environ); err != nil {
		return cli.Misuse(err)
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
	return err
}

// noArguments refuses arguments of a subcommand that takes none.
func noArguments(args []string) error {
	if len(args) > 0 {
		return cli.Misuse(fmt.Errorf("unexpected argument %q", args[0]))
	}
	return nil
}

// print writes a text that was asked for.
func (p *program) print(text string) error {
	if err := stdout.Check(p.stdout); err != nil {
		return err
	}
	_, err := io.WriteString(stdout.NewWriter(p.stdout), text)
	return err
}

// configure takes from the flags of a subcommand what is to be written.
func (p *program) configure(flags *pflag.FlagSet) {
	p.ui.Quiet = cli.Lookup(flags, "quiet") == "true"
	p.ui.Verbose = cli.Lookup(flags, "verbose") == "true"
	if cli.Lookup(flags, "log-format") == "json" {
		p.ui.LogJSON()
	}
}
