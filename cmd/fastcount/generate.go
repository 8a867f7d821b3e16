package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"fastcount/internal/cli"
	"fastcount/internal/human"
	"fastcount/mockserver"
)

// generateOptions are the flags of generate.
type generateOptions struct {
	dir  string
	jobs cli.Count
}

func newGenerate(p *program) *cobra.Command {
	o, s := new(generateOptions), new(cli.FlagSet)
	f := s.Group("Generate")
	cli.AddText(f, &o.dir, "out-dir", "DIR", "directory for the files NN_<download id>.csv")
	f.VarP(&o.jobs, "jobs", "j", "files written concurrently (default: the number of processors)")
	f.BoolP("quiet", "q", false, "do not list the files")
	return p.command("generate ID --out-dir DIR", "write the streams of a mock export as CSV files", s, o.run, cli.CompleteOne(builtinIDs))
}

// run writes the files of a mock export, and reports each on standard error
// when it is finished.
func (o *generateOptions) run(ctx context.Context, p *program, args []string) error {
	if err := o.check(args); err != nil {
		return err
	}
	begin, files := time.Now(), 0
	var allRows, allBytes uint64
	report := func(file string, rows uint64, bytes int64) {
		files++
		allRows += rows
		allBytes += uint64(bytes)
		p.ui.Info("%s: %s rows, %s", file, human.Count(rows), human.Bytes(uint64(bytes)))
	}
	if err := mockserver.Generate(ctx, args[0], o.dir, jobsOrDefault(o.jobs), report); err != nil {
		return err
	}
	p.ui.Info("%s, %s rows, %s in %s", human.Numbered(files, "file", "files"), human.Count(allRows), human.Bytes(allBytes),
		human.Duration(time.Since(begin)))
	return nil
}

// check returns an error if the arguments are invalid.
func (o *generateOptions) check(args []string) error {
	switch {
	case len(args) != 1:
		return cli.Misuse(errors.New("want one export id"))
	case o.dir == "":
		return cli.Misuse(cli.Hint(errors.New("no --out-dir"), "name the directory to write to with --out-dir DIR"))
	case !slices.Contains(builtinIDs(), args[0]):
		return cli.Usage(cli.Hint(fmt.Errorf("%s: unknown mock export", args[0]),
			append(cli.DidYouMean(args[0], builtinIDs()), "the mock exports are "+list(builtinIDs()))...))
	}
	return nil
}
