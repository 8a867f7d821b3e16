package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fastcount/engine"
	"fastcount/internal/atomicfile"
	"fastcount/internal/cli"
	"fastcount/internal/human"
	"fastcount/internal/merge"
	"fastcount/internal/outfile"
	"fastcount/internal/stats"
	"fastcount/sinks"
	"fastcount/sources"
)

// mergeOptions are the flags of merge.
type mergeOptions struct {
	outputOptions
	idLimits
	proofOptions
	missing bool
	partial string
	mixed   bool
}

func newMerge(p *program) *cobra.Command {
	o, s := new(mergeOptions), new(cli.FlagSet)
	o.outputFlags(s.Group("Output"))
	o.idLimitFlags(s.Group("Limits"))
	f := s.Group("Merge")
	o.proofFlags(f)
	f.BoolVar(&o.missing, "missing", false, "print the numbers of the missing shards, such as 0,2,3")
	cli.AddText(f, &o.partial, "partial", "FILE", "file for a partial result instead, to be merged with others")
	f.BoolVar(&o.mixed, "allow-mixed", false, "merge partial results whose input was read in different dialects")
	f.BoolP("quiet", "q", false, "do not print the closing line")
	return p.command("merge [flags] PART...", "add up the partial results of shards", s, o.run, cli.CompleteFiles)
}

// run adds up partial results.
func (o *mergeOptions) run(_ context.Context, p *program, args []string) error {
	if len(args) == 0 {
		return cli.Misuse(cli.Hint(errors.New("no partial results"), "name their files, or a directory of them"))
	}
	begin := time.Now()
	paths, err := merge.Find(args)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", sources.ErrNotFound, err)
	}
	if err != nil {
		return err
	}
	for _, path := range paths {
		if err := p.claim(atomicfile.Reads, "the partial result "+path, path); err != nil {
			return err
		}
	}
	outputs, err := o.mergeOutputs(p)
	if err != nil {
		return err
	}
	open := merge.Open
	if o.mixed {
		open = merge.OpenMixed
	}
	set, err := open(paths)
	if err != nil {
		return err
	}
	switch {
	case o.missing:
		return printMissing(p, set)
	case o.partial != "":
		return o.writePartial(set)
	}
	if err := p.checkLimits(set.By); err != nil {
		return err
	}
	o.about = sinks.About{Title: cmp.Or(o.title, sinks.TitleOf(args)), Program: programVersion()}
	report, err := set.Report(o.limits())
	if errors.Is(err, merge.ErrIncomplete) {
		return incompleteMerge(set, args)
	}
	if err != nil {
		return err
	}
	if err := o.checkProof(report); err != nil {
		return err
	}
	if err := p.write(outputs, report); err != nil {
		return err
	}
	o.summarise(p, set, report, len(paths), time.Since(begin))
	return nil
}

// summarise prints the closing line.
func (o *mergeOptions) summarise(p *program, set *merge.Set, r *engine.Report, files int, took time.Duration) {
	copies := ""
	if set.Dropped > 0 {
		copies = fmt.Sprintf(", %s left out", human.Numbered(set.Dropped, "copy", "copies"))
	}
	if set.Mixed {
		copies += ", read in different dialects"
	}
	p.ui.Info("%s, %s of CSV, out of %s%s in %s; %s", human.Rows(r.Rows), human.Bytes(r.Bytes),
		human.Numbered(files, "partial result", "partial results"), copies, human.Duration(took), stats.Proof(r)+stats.Notes(r.Parts)+o.notShown(r))
}

// writePartial writes the sum as a partial result to the file of --partial.
func (o *mergeOptions) writePartial(set *merge.Set) error {
	place, err := atomicfile.Locate(o.partial)
	if err == nil && place.Direct() {
		err = fmt.Errorf("%s: not a regular file", o.partial)
	}
	if err != nil {
		return fmt.Errorf("--partial: %w", err)
	}
	return set.ToPartial(atomicfile.OS{}, place.Path, filepath.Dir(place.Path))
}

// mergeOutputs returns the outputs, or nil with --missing or --partial.
func (o *mergeOptions) mergeOutputs(p *program) (*outfile.Outputs, error) {
	switch {
	case o.missing && o.partial != "":
		return nil, cli.Usagef("--missing and --partial exclude each other")
	case o.missing || o.partial != "":
		unused := slices.Concat(outputFlags, limitFlags, []string{"require", "expect-rows"})
		return nil, p.refuseAll(unused, "--missing and --partial write no result", "leave it out, or leave out --missing and --partial")
	}
	return o.outputs(p)
}

// printMissing prints the numbers of the missing shards.
func printMissing(p *program, set *merge.Set) error {
	missing, err := set.Missing()
	if err != nil {
		return err
	}
	return p.print(joinNumbers(missing) + "\n")
}

// joinNumbers returns numbers with commas, which schedulers accept as task
// numbers.
func joinNumbers(numbers []int) string {
	texts := make([]string, len(numbers))
	for i, n := range numbers {
		texts[i] = strconv.Itoa(n)
	}
	return strings.Join(texts, ",")
}

// shownShards is the largest number of missing shards in a message.
const shownShards = 20

// incompleteMerge returns the error for missing shards, with their numbers.
func incompleteMerge(set *merge.Set, args []string) error {
	missing, err := set.Missing()
	if err != nil {
		return errors.Join(merge.ErrIncomplete, err)
	}
	names := joinNumbers(missing[:min(len(missing), shownShards)])
	if len(missing) > shownShards {
		names += ",…"
	}
	return cli.Hint(fmt.Errorf("%w: of %s of %d: %s", merge.ErrIncomplete, human.Numbered(len(missing), "shard", "shards"), set.Shards, names),
		"'fastcount merge --missing "+strings.Join(args, " ")+"' prints all of them; count them again and repeat the command")
}
