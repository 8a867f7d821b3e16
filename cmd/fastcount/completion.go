package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"fastcount/engine"
	"fastcount/internal/cli"
	"fastcount/parser"
	"fastcount/sinks"
	"fastcount/sources"
)

func newCompletion(p *program) *cobra.Command {
	return p.command("completion SHELL", "print completion for bash, zsh, fish or powershell",
		new(cli.FlagSet), runCompletion, cli.CompleteOne(cli.ShellNames))
}

// runCompletion prints the completion script of a shell.
func runCompletion(_ context.Context, p *program, args []string) error {
	if len(args) != 1 {
		return cli.Misuse(errors.New("want the name of a shell: " + list(cli.ShellNames())))
	}
	write, ok := cli.CompletionScripts(p.root)[args[0]]
	if !ok {
		return cli.Misuse(cli.Hint(fmt.Errorf("unknown shell %q", args[0]),
			append(cli.DidYouMean(args[0], cli.ShellNames()), "the shells are "+list(cli.ShellNames()))...))
	}
	var script strings.Builder
	if err := write(&script); err != nil {
		return err
	}
	return p.print(script.String())
}

// completeSources completes ids of exports and names of files. Text that cannot
// be the beginning of an id is left to the shell.
func (o *remoteOptions) completeSources(p *program) cobra.CompletionFunc {
	return func(c *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		if strings.ContainsAny(typed, `/\~`) {
			return nil, cobra.ShellCompDirectiveDefault
		}
		_ = cli.SetFromEnvironment(c.Flags(), p.environ) // an invalid variable is reported when the command runs
		ids := builtinIDs()
		if o.server != "" {
			ids = o.idsWithin(c.Root().Context(), p, completionTimeout)
		}
		found := slices.DeleteFunc(ids, func(id string) bool { return !strings.HasPrefix(id, typed) })
		return cli.WithSpace(append(found, cli.FilesWith(typed)...))
	}
}

// completionTimeout limits the time for which Tab waits for a server.
const completionTimeout = time.Second

// idsWithin requests the ids of the exports of the server, once. It returns nil
// if that fails or takes longer than limit.
func (o *remoteOptions) idsWithin(ctx context.Context, p *program, limit time.Duration) []string {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	o.retries = 0
	server, err := o.dial(p, 0)
	if err != nil {
		return nil
	}
	defer server.close()
	ids, err := server.Exports(ctx)
	if err != nil {
		return nil
	}
	return ids
}

// completeSinks completes the format of an output, and the file after its =.
func completeSinks(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	var found []string
	if format, file, ok := strings.Cut(typed, "="); ok {
		for _, name := range cli.FilesWith(file) {
			found = append(found, format+"="+name)
		}
		return cli.WithSpace(found)
	}
	for _, name := range sinks.Builtin(sinks.Options{}).Names() {
		if strings.HasPrefix(name, typed) {
			found = append(found, name, name+"=")
		}
	}
	return found, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

// completeColumns completes the columns of the first file on the command line.
func (o *dialectOptions) completeColumns(p *program) cobra.CompletionFunc {
	return func(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		_ = cli.SetFromEnvironment(c.Flags(), p.environ) // an invalid variable is reported when the command runs
		var found []string
		for _, name := range append(o.columnNames(c.Root().Context(), args), "@name", "@dir", "@path") {
			if strings.HasPrefix(name, typed) {
				found = append(found, name)
			}
		}
		return found, cobra.ShellCompDirectiveNoFileComp
	}
}

// completeKeys completes the last of several columns, separated by commas.
func (o *dialectOptions) completeKeys(p *program) cobra.CompletionFunc {
	complete := o.completeColumns(p)
	return func(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		last := strings.LastIndexByte(typed, ',') + 1
		found, directive := complete(c, args, typed[last:])
		var keys []string
		for _, name := range found {
			if strings.Contains(name, ":") {
				name = "=" + strings.TrimPrefix(name, "=")
			}
			if !strings.ContainsAny(name, ",\"") {
				keys = append(keys, typed[:last]+name)
			}
		}
		return keys, directive | cobra.ShellCompDirectiveNoSpace
	}
}

// columnNames returns the names in the header of the first of args that is a
// regular file, as the values of flags. It returns nil if that cannot be read.
func (o *dialectOptions) columnNames(ctx context.Context, args []string) (names []string) {
	found, err := sources.Resolve(args, nil, sources.LocalOptions{})
	i := slices.IndexFunc(found, func(s sources.Source) bool { return s.Kind == sources.KindFile && s.Part.Info().SizeKnown })
	if err != nil || i < 0 || o.noHeader {
		return nil
	}
	part := found[i].Part
	header, err := o.header(ctx, part, nil)
	if err != nil {
		return nil
	}
	all := make([]parser.Selector, header.Width())
	for i := range all {
		all[i].Number = i + 1
	}
	if header, err = o.header(ctx, part, all); err != nil {
		return nil
	}
	for i := range all {
		if name := string(header.Name(i)); name != "" && !strings.ContainsFunc(name, unicode.IsControl) {
			names = append(names, cli.ColumnValue(name))
		}
	}
	return names
}

// header reads the header of a part, with the names of the selected columns.
func (o *dialectOptions) header(ctx context.Context, part engine.Part, selected []parser.Selector) (*parser.Header, error) {
	stream, err := part.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	cfg := parser.Config{Dialect: o.dialect(), Columns: selected}
	cfg.Dialect.Delimiter = cmp.Or(cfg.Dialect.Delimiter, part.Info().Delimiter)
	r := parser.NewReader(stream, cfg)
	defer r.Release()
	if err := r.Begin(); err != nil {
		return nil, err
	}
	return r.Header(), nil
}
