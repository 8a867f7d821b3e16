package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
)

// exportsOptions are the flags of exports.
type exportsOptions struct {
	remoteOptions
}

// run lists the exports of the server: their ids, and how many downloads and rows each declares.
func (o *exportsOptions) run(ctx context.Context, p *program, args []string) error {
	if err := noArguments(args); err != nil {
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
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "downloads\trows\t  export") // a strings.Builder takes everything
	for _, id := range ids {
		downloads, err := remote.Export(ctx, id)
		if err != nil {
			return err
		}
		var rows uint64
		for _, d := range downloads {
			rows += d.Declared().Rows
		}
		fmt.Fprintf(table, "%d\t%d\t  %s\n", len(downloads), rows, id)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	return p.print(text.String())
}

// open connects to the server that is named, or starts the built-in one.
func (o *exportsOptions) open(p *program) (*remote, error) {
	if o.server != "" {
		return o.dial(p, 0)
	}
	p.ui.say("no --server: listing the built-in mock exports, synthetic data")
	return o.dialBuiltin(p, 0)
}
