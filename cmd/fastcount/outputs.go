package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"

	"golang.org/x/term"

	"fastcount/engine"
	"fastcount/internal/cli"
	"fastcount/internal/outfile"
	"fastcount/internal/stdout"
	"fastcount/sinks"
)

// outputs returns the outputs of the result, and others. It checks their
// destinations, so that none is refused after the counting.
func (o *outputOptions) outputs(p *program, others ...outfile.Output) (*outfile.Outputs, error) {
	specs, err := o.specs()
	if err != nil {
		return nil, err
	}
	if err := o.checkLook(p, specs, len(others) > 0); err != nil {
		return nil, err
	}
	var wanted []outfile.Output
	for _, spec := range specs {
		sink, err := sinks.Builtin(o.sinkOptions(p, spec.File)).Lookup(spec.Format)
		if err != nil {
			return nil, cli.Usage(err)
		}
		if err := o.checkFormat(sink, spec.File); err != nil {
			return nil, err
		}
		name := "" // by default, that of the file
		if spec.File == "" {
			name = spec.Format + " on standard output"
		}
		wanted = append(wanted, outfile.Output{Name: name, Sink: sink, File: spec.File})
	}
	wanted = append(wanted, others...)
	if slices.ContainsFunc(wanted, func(o outfile.Output) bool { return o.File == "" }) {
		if err := stdout.Check(p.stdout); err != nil {
			return nil, err
		}
	}
	outputs, err := outfile.New(wanted, p.files)
	if err != nil {
		return nil, p.inUse(err)
	}
	return outputs, nil
}

// countHint is the hint for a key column with the name of the counts.
const countHint = "give the column by its number, or choose another format, such as --sink json"

// checkFormat returns an error if a sink cannot be used with the other flags.
func (o *outputOptions) checkFormat(s sinks.Sink, file string) error {
	if err := sinks.CheckKeys(s, o.keys); err != nil {
		return cli.Usage(cli.Hint(err, countHint))
	}
	if _, page := s.(sinks.HTML); page && file == "" {
		return cli.Usage(cli.Hint(errors.New("html: requires a file"), "name a file: --sink html=FILE"))
	}
	return nil
}

// notShown returns a note about the patients, or the values of another first
// key, that --top leaves out of the outputs.
func (o *outputOptions) notShown(r *engine.Report) string {
	n := len(r.Keys[0]) - int(o.top)
	if o.top == 0 || n <= 0 {
		return ""
	}
	return "; " + sinks.CountOf(r, 0, n) + " not shown (--top)"
}

// countOutputs returns the outputs of the result and of the left-out rows.
func (o *countOptions) countOutputs(p *program) (*outfile.Outputs, error) {
	var others []outfile.Output
	if o.rejects != "" {
		sink := sinks.BadRows{Safe: o.csvSafe}
		others = []outfile.Output{{Name: "--rejects " + o.rejects, Sink: sink, File: fileOf(o.rejects)}}
	}
	o.keys = o.by.Names()
	outputs, err := o.outputs(p, others...)
	if err != nil {
		return nil, err
	}
	return outputs, o.checkIncomplete(outputs)
}

// write writes the result, and prints which files hold an incomplete one.
func (p *program) write(outputs *outfile.Outputs, report *engine.Report) error {
	incomplete, err := outputs.Write(stdout.NewWriter(p.stdout), report)
	for _, output := range incomplete {
		p.ui.Warn(output.String())
	}
	return err
}

// checkIncomplete returns an error if the result may be incomplete and there is
// an output that cannot be marked as such.
func (o *countOptions) checkIncomplete(outputs *outfile.Outputs) error {
	if !o.allowPartial && o.maxBadRows == 0 && o.verify.Word != "warn" {
		return nil
	}
	err := outputs.CheckIncomplete()
	if errors.Is(err, outfile.ErrUnmarked) {
		return cli.Usage(cli.Hint(err, "write it to a file, such as with -s csv=FILE; an incomplete result gets the name FILE.incomplete",
			"to require a complete result, omit --allow-partial, --max-bad-rows and --verify warn"))
	}
	return err
}

// fileOf returns the file that a flag names for an output; "" is standard
// output.
func fileOf(name string) string {
	if name == "-" {
		return ""
	}
	return name
}

// specs returns the outputs in --sink and --output, or the default.
func (o *outputOptions) specs() ([]outfile.Spec, error) {
	specs := []outfile.Spec{{Format: "json"}}
	if len(o.sinks) > 0 {
		specs = nil
	}
	for _, text := range o.sinks {
		spec, err := outfile.ParseSpec(text)
		if err != nil {
			return nil, cli.Usage(err)
		}
		specs = append(specs, spec)
	}
	switch {
	case o.output == "":
		return specs, checkWritable(specs)
	case len(specs) > 1:
		return nil, cli.Usage(cli.Hint(errors.New("--output: several outputs"),
			"name a file for each: --sink FORMAT=FILE"))
	case specs[0].File != "":
		return nil, cli.Usagef("--output %s: contradicts --sink, which names %s", o.output, specs[0].File)
	}
	specs[0].File = fileOf(o.output)
	return specs, cmp.Or(checkWritable(specs), o.matchExtension(&specs[0]))
}

// checkWritable returns an error for a file whose name means a format that is
// not written.
func checkWritable(specs []outfile.Spec) error {
	for _, spec := range specs {
		if ext := outfile.Unwritable(spec.File); ext != "" {
			return cli.Usage(cli.Hint(fmt.Errorf("output %s: cannot write %s files", spec.File, ext), "end the name in .csv, for example, and in .csv.gz or .csv.zst for a compressed file"))
		}
	}
	return nil
}

// matchExtension sets the format of an output to the one that the extension of
// its file implies, or returns an error if --sink names a different one.
func (o *outputOptions) matchExtension(spec *outfile.Spec) error {
	implied, also := outfile.FormatOf(spec.File)
	switch {
	case implied == "":
	case len(o.sinks) == 0:
		spec.Format = implied
	case spec.Format != implied && spec.Format != also:
		return cli.Usage(cli.Hint(fmt.Errorf("--output %s: the extension means %s, but --sink is %s", o.output, implied, spec.Format),
			"rename the file, or set --sink "+implied))
	}
	return nil
}

// sinkOptions returns the options of the format of an output. Only a terminal
// has a width and, by default, colours.
func (o *outputOptions) sinkOptions(p *program, file string) sinks.Options {
	opts := sinks.Options{Compact: o.compact, CSVSafe: o.csvSafe, Color: o.color.Word == "always", Top: int(o.top), About: &o.about}
	if o.sort.Word == "count" {
		opts.Order = sinks.ByCount
	}
	out, ok := p.stdout.(*os.File)
	if file != "" || !ok || !term.IsTerminal(int(out.Fd())) {
		return opts
	}
	if width, _, err := term.GetSize(int(out.Fd())); err == nil {
		opts.Width = width
	}
	opts.Color = opts.Color || o.color.Word == "auto" && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	return opts
}
