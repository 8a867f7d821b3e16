package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"fastcount/internal/cli"
	"fastcount/internal/progress"
	"fastcount/internal/stdout"
)

// exportsOptions are the flags of exports.
type exportsOptions struct {
	remoteOptions
}

func newExports(p *program) *cobra.Command {
	o, s := new(exportsOptions), new(cli.FlagSet)
	o.sourceFlags(s.Group("Sources"))
	o.transferFlags(s.Group("Transfer"))
	s.Group("Reporting").BoolP("quiet", "q", false, "do not mention the built-in server")
	return p.command("exports [flags]", "list export ids, downloads and rows", s, o.run, nil)
}

// run prints the ids of the exports of the server, with the number of downloads
// and of declared rows of each.
func (o *exportsOptions) run(ctx context.Context, p *program, args []string) error {
	if err := noArguments(args); err != nil {
		return err
	}
	if err := stdout.Check(p.stdout); err != nil {
		return err
	}
	remote, err := o.open(p)
	if err != nil {
		return err
	}
	defer remote.close()
	ids, err := remote.Exports(ctx)
	if err != nil {
		return fmt.Errorf("exports: %w", err)
	}
	width := len("export")
	for _, id := range ids {
		width = max(width, len(id))
	}
	text := fmt.Sprintf("%-*s  %9s  %14s\n", width, "export", "downloads", "rows")
	for _, id := range ids {
		downloads, err := remote.Export(ctx, id)
		if err != nil {
			return err
		}
		var rows uint64
		for _, d := range downloads {
			rows += d.Info().Declared.Rows
		}
		text += fmt.Sprintf("%-*s  %9d  %14d\n", width, id, len(downloads), rows)
	}
	return p.print(text)
}

// open returns a client of the server that is named, or of the built-in one.
func (o *exportsOptions) open(p *program) (*remote, error) {
	o.retrying = progress.New(p.ui, "log").Retry
	if o.server != "" {
		return o.dial(p, 0)
	}
	return o.dialBuiltin(p, 0, "listing the built-in mock exports")
}
