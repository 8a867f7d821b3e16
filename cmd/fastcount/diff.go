package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"fastcount/engine"
	"fastcount/internal/atomicfile"
	"fastcount/internal/cli"
	"fastcount/internal/diff"
	"fastcount/internal/human"
	"fastcount/internal/outfile"
	"fastcount/internal/result"
	"fastcount/internal/stdout"
	"fastcount/sources"
)

// diffOptions are the flags of diff.
type diffOptions struct {
	allowOptions
	sink cli.Choice
	top  cli.Number
}

// allowOptions are the flags about differences that are allowed.
type allowOptions struct{ allow []string }

func (o *allowOptions) allowFlag(f *pflag.FlagSet) {
	cli.AddTexts(f, &o.allow, "allow", "SPEC", "differences that are allowed, such as 'rows <= 5%'; repeatable (see help allow)")
}

// shownDifferences is the default of --top.
const shownDifferences = 20

func newDiff(p *program) *cobra.Command {
	o, s := new(diffOptions), new(cli.FlagSet)
	f := s.Group("Comparison")
	o.allowFlag(f)
	f = s.Group("Output")
	o.sink = cli.NewChoice(diff.Formats[0], diff.Formats...)
	f.VarP(&o.sink, "sink", "s", "output format")
	o.top = shownDifferences
	f.Var(&o.top, "top", "show only the N largest differences of each kind, in text and markdown; 0 for all")
	f.BoolP("quiet", "q", false, "do not report that there are no differences")
	s.Complete("SPEC", completeSpecs)
	s.OwnVariables("sink", "top")
	return p.command("diff [flags] OLD NEW", "compare two results; exit with 12 if they differ by more than allowed", s, o.run, cli.CompleteFiles)
}

// completeSpecs completes the beginning of a SPEC.
func completeSpecs(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"rows <= 5%", "event:*:-5%..5%", "patients:new", "patients:vanished", "patients:changed",
		"events:new", "events:vanished", "events:changed", "incomplete"}, cobra.ShellCompDirectiveNoFileComp
}

// allowHint is the hint for results that differ.
const allowHint = "if this is expected, allow it with --allow; 'fastcount help allow' explains how"

// errDiffer is matched by the error for results that differ by more than
// allowed.
var errDiffer = errors.New("results differ")

// run compares two results.
func (o *diffOptions) run(ctx context.Context, p *program, args []string) (err error) {
	rules, err := o.rules()
	if err != nil {
		return err
	}
	if len(args) != 2 {
		return cli.Misuse(errors.New("want two results, OLD and NEW"))
	}
	if args[0] == "-" && args[1] == "-" {
		return cli.Usagef("only one of the results can be standard input")
	}
	if o.sink.Word != "text" && o.sink.Word != "markdown" {
		if err := p.refuseAll([]string{"top"}, "json and csv always have all differences", "leave it out, or choose --sink text or --sink markdown"); err != nil {
			return err
		}
	}
	if err := stdout.Check(p.stdout); err != nil {
		return err
	}
	var opened [2]*openResult
	for i, name := range args {
		if opened[i], err = p.openResult(ctx, name); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, opened[i].close()) }()
	}
	d, err := compare(opened[0], opened[1].name, opened[1])
	if err != nil {
		return err
	}
	exceeded := d.Check(rules)
	options := diff.Options{Top: int(o.top), Exceeded: exceeded}
	if err := d.Write(stdout.NewWriter(p.stdout), o.sink.Word, options); err != nil {
		return err
	}
	if d.Empty() {
		p.ui.Info("no differences: %s in %s", human.Rows(d.New.Rows), human.Numbered(d.New.Groups, "group", "groups"))
	}
	return differ(exceeded, rules)
}

// rules returns the rules of --allow.
func (o *allowOptions) rules() ([]diff.Rule, error) {
	var rules []diff.Rule
	for _, text := range o.allow {
		rule, err := diff.ParseRule(text)
		if err != nil {
			return nil, cli.Usage(cli.Hint(fmt.Errorf("--allow %q: %w", text, err), "'fastcount help allow' explains SPEC"))
		}
		rules = append(rules, rule)
	}
	return rules, nil
}

// differ returns an error for what the rules do not allow, or nil.
func differ(exceeded []string, rules []diff.Rule) error {
	if len(exceeded) == 0 {
		return nil
	}
	than := ""
	if len(rules) > 0 {
		than = " by more than allowed"
	}
	return fmt.Errorf("%w%s: %s", errDiffer, than, strings.Join(exceeded, "; "))
}

// openResult is a result that is being read.
type openResult struct {
	*result.Reader
	name   string
	stream io.ReadCloser
	marked bool // whether the name of the file marks it as incomplete
}

// openResult opens a result: a file, also a compressed one, or - for standard
// input.
func (p *program) openResult(ctx context.Context, name string) (*openResult, error) {
	o := &openResult{name: name, marked: strings.HasSuffix(name, outfile.IncompleteSuffix)}
	part := sources.NewStdin(p.stdin, sources.LocalOptions{})
	if name == "-" {
		o.name = part.Name()
	} else {
		if err := p.claim(atomicfile.Reads, "the result "+name, name); err != nil {
			return nil, err
		}
		file, err := sources.NewFile(name, sources.LocalOptions{})
		if err != nil {
			return nil, err
		}
		part = file
	}
	var err error
	if o.stream, err = part.Open(ctx); err != nil {
		return nil, fmt.Errorf("%s: %w", o.name, unreadable(err))
	}
	if o.Reader, err = result.NewReader(o.stream); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", o.name, unreadable(err)), o.stream.Close())
	}
	return o, nil
}

// unreadable returns the error of opening a result. The hints for data name
// flags that results do not have.
func unreadable(err error) error {
	if errors.Is(err, sources.ErrWindow) || errors.As(err, new(*sources.FormatError)) {
		return cli.Hint(err, "name a JSON, CSV or NDJSON result; it may be compressed with gzip or zstd")
	}
	return err
}

func (o *openResult) close() error { return o.stream.Close() }

// Incomplete returns a line for each thing that is missing.
func (o *openResult) Incomplete() []string {
	lines := o.Reader.Incomplete()
	if o.marked && len(lines) == 0 {
		lines = []string{"its name ends in " + outfile.IncompleteSuffix}
	}
	return lines
}

// compare compares a result with an older one.
func compare(old *openResult, name string, new diff.Result) (*diff.Diff, error) {
	d, err := diff.Compare(old.name, old, name, new)
	if errors.Is(err, diff.ErrKeys) {
		err = cli.Usage(cli.Hint(err, "count both by the same columns, in the same order"))
	}
	return d, err
}

// againstOptions are the flags of a count about an older result.
type againstOptions struct {
	allowOptions
	against string
}

func (o *againstOptions) againstFlags(f *pflag.FlagSet) {
	cli.AddText(f, &o.against, "against", "FILE", "older result to compare with; exit with 12 if this one differs by more than --allow")
	o.allowFlag(f)
}

// comparer compares a report with the result of --against.
type comparer struct {
	old   *openResult
	rules []diff.Rule
}

// openAgainst opens the result of --against, so that one that cannot be
// compared is refused before the count. It returns nil without --against.
func (o *againstOptions) openAgainst(ctx context.Context, p *program, keys []string) (*comparer, error) {
	rules, err := o.rules()
	if err != nil {
		return nil, err
	}
	if o.against == "" {
		return nil, p.refuseAll([]string{"allow"}, "nothing to compare with", "name an older result with --against FILE")
	}
	if o.against == "-" {
		return nil, cli.Usagef("--against -: name a file")
	}
	old, err := p.openResult(ctx, o.against)
	if err != nil {
		return nil, fmt.Errorf("--against: %w", err)
	}
	if err := diff.CheckKeys(old.name, old.Keys(), newResult, keys); err != nil {
		return nil, errors.Join(cli.Usage(fmt.Errorf("--against: %w", err)), old.close())
	}
	return &comparer{old, rules}, nil
}

// newResult names the result of a count in the text of its differences.
const newResult = "the new result"

func (c *comparer) close() error {
	if c == nil {
		return nil
	}
	return c.old.close()
}

// compare prints the differences on standard error, with ids only if showData
// is set, and returns an error if they are not allowed.
func (c *comparer) compare(p *program, r *engine.Report, showData bool) error {
	if c == nil {
		return nil
	}
	d, err := compare(c.old, newResult, result.OfReport(r))
	if err != nil {
		return fmt.Errorf("--against: %w", err)
	}
	exceeded := d.Check(c.rules)
	var text strings.Builder
	if err := d.Write(&text, "text", diff.Options{Top: shownDifferences, HideValues: !showData}); err != nil {
		return err
	}
	if !p.ui.Quiet {
		p.lines(text.String())
	}
	err = differ(exceeded, c.rules)
	if err != nil && !showData {
		err = cli.Hint(err, allowHint, "to see which ids, compare both files with fastcount diff, or set --show-data")
	}
	return err
}

// lines prints lines on standard error, as JSON if messages are.
func (p *program) lines(text string) {
	if p.ui.Log == nil {
		p.ui.Write(text)
		return
	}
	for line := range strings.Lines(text) {
		p.ui.Line(slog.LevelInfo, "", strings.TrimSuffix(line, "\n"))
	}
}
