package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"fastcount/internal/cli"
	"fastcount/internal/progress"
	"fastcount/internal/stdout"
	"fastcount/sources"
)

// exportsOptions are the flags of exports.
type exportsOptions struct {
	remoteOptions
	sink cli.Choice
}

func newExports(p *program) *cobra.Command {
	o, s := new(exportsOptions), new(cli.FlagSet)
	o.sourceFlags(s.Group("Sources"))
	o.transferFlags(s.Group("Transfer"))
	o.sink = cli.NewChoice("table", "table", "json")
	s.Group("Output").VarP(&o.sink, "sink", "s", "output format")
	s.OwnVariables("sink")
	s.Group("Reporting").BoolP("quiet", "q", false, "do not mention the built-in server")
	return p.command("exports [flags]", "list export ids, downloads and rows", s, o.run, nil)
}

// run prints the exports of the server.
func (o *exportsOptions) run(ctx context.Context, p *program, args []string) error {
	if err := noArguments(args); err != nil {
		return err
	}
	if err := cmp.Or(o.checkCredentials(p, "client-cert", "client-key", "ca-file", "allow-http-token"), stdout.Check(p.stdout)); err != nil {
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
	list := make([]exportLine, len(ids))
	for i, id := range ids {
		downloads, err := remote.Export(ctx, id)
		if err != nil {
			return err
		}
		list[i] = newExportLine(id, downloads)
	}
	if o.sink.Word == "json" {
		text, err := json.MarshalIndent(map[string]any{"exports": list}, "", "  ")
		return errors.Join(err, p.print(string(text)+"\n"))
	}
	return p.print(exportTable(list))
}

// exportLine describes an export.
type exportLine struct {
	ID        string         `json:"id"`
	Rows      uint64         `json:"rows"`
	Downloads []downloadLine `json:"downloads"`
}

// downloadLine describes a download by what the server declares about it.
type downloadLine struct {
	ID         string `json:"id"`
	Rows       uint64 `json:"rows"`
	Patients   int    `json:"patients"`
	EventTypes int    `json:"event_types"`
}

func newExportLine(id string, downloads []*sources.Download) exportLine {
	line := exportLine{ID: id, Downloads: make([]downloadLine, len(downloads))}
	for i, d := range downloads {
		declared := d.Info().Declared
		line.Rows += declared.Rows
		line.Downloads[i] = downloadLine{d.ID(), declared.Rows, len(declared.Patients), len(declared.Events)}
	}
	return line
}

// exportTable returns a line with the number of downloads and of declared rows
// of each export.
func exportTable(list []exportLine) string {
	width := len("export")
	for _, e := range list {
		width = max(width, len(e.ID))
	}
	text := fmt.Sprintf("%-*s  %9s  %14s\n", width, "export", "downloads", "rows")
	for _, e := range list {
		text += fmt.Sprintf("%-*s  %9d  %14d\n", width, e.ID, len(e.Downloads), e.Rows)
	}
	return text
}

// open returns a client of the server that is named, or of the built-in one.
func (o *exportsOptions) open(p *program) (*remote, error) {
	o.retrying = progress.New(p.ui, "log").Retry
	if o.server != "" {
		return o.dial(p, 0)
	}
	return o.dialBuiltin(p, 0, "listing the built-in mock exports")
}
