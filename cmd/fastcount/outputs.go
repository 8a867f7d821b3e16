package main

import (
	"errors"
	"os"
	"slices"

	"golang.org/x/term"

	"fastcount/sinks"
)

// outputs checks the destinations of the result before anything is counted.
func (o *countOptions) outputs(p *program) (*sinks.Outputs, error) {
	specs, err := o.specs()
	if err != nil {
		return nil, err
	}
	var wanted []sinks.Output
	var names []string // what users are told of each
	for _, spec := range specs {
		sink, err := sinks.Builtin(o.sinkOptions(p, spec.File)).Lookup(spec.Format)
		if err != nil {
			return nil, usage(err)
		}
		if _, page := sink.(sinks.HTML); page && spec.File == "" {
			return nil, usage(hinted(errors.New("html needs a file"), "name a file: --sink html=FILE"))
		}
		wanted = append(wanted, sinks.Output{Sink: sink, File: spec.File})
		names = append(names, "the output "+spec.File)
	}
	if o.rejects != "" {
		wanted = append(wanted, sinks.Output{Sink: sinks.BadRows{Safe: o.csvSafe}, File: fileOf(o.rejects)})
		names = append(names, "--rejects "+o.rejects)
	}
	if slices.ContainsFunc(wanted, func(o sinks.Output) bool { return o.File == "" }) {
		if err := p.checkStdout(); err != nil {
			return nil, err
		}
	}
	outputs, err := sinks.NewOutputs(wanted)
	if err != nil {
		return nil, err
	}
	if err := o.checkIncomplete(outputs); err != nil {
		return nil, err
	}
	return outputs, p.claimOutputs(outputs, names)
}

// checkIncomplete refuses outputs that could not say that the result is incomplete, if it may be.
func (o *countOptions) checkIncomplete(outputs *sinks.Outputs) error {
	if !o.allowPartial && o.maxBadRows == 0 && o.verify.word != "warn" {
		return nil
	}
	err := outputs.CheckIncomplete()
	if errors.Is(err, sinks.ErrUnmarked) {
		return usage(hinted(err, "leave out --allow-partial, --max-bad-rows and --verify warn to require a complete result",
			"or write to a file, such as --sink csv=FILE; what is missing is then listed in FILE.incomplete"))
	}
	return err
}

// fileOf returns the name of an output's file, "" for standard output.
func fileOf(name string) string {
	if name == "-" {
		return ""
	}
	return name
}

// specs reads --sink and --output.
func (o *countOptions) specs() ([]sinks.Spec, error) {
	specs := []sinks.Spec{{Format: "json"}}
	if len(o.sinks) > 0 {
		specs = nil
	}
	for _, text := range o.sinks {
		spec, err := sinks.ParseSpec(text)
		if err != nil {
			return nil, usage(err)
		}
		specs = append(specs, spec)
	}
	switch {
	case o.output == "":
		return specs, nil
	case len(specs) > 1:
		return nil, usage(hinted(errors.New("--output: there are several outputs"),
			"name a file for each: --sink FORMAT=FILE"))
	case specs[0].File != "":
		return nil, clash("--output %s: contradicts --sink, which names %s", o.output, specs[0].File)
	}
	specs[0].File = fileOf(o.output)
	return specs, nil
}

// sinkOptions say how an output looks. Colours and a width of its own are for what a person sees at once.
func (o *countOptions) sinkOptions(p *program, file string) sinks.Options {
	opts := sinks.Options{Compact: o.compact, CSVSafe: o.csvSafe, Color: o.color.word == "always"}
	if o.sort.word == "count" {
		opts.Order = sinks.ByCount
	}
	out, ok := p.stdout.(*os.File)
	if file != "" || !ok || !term.IsTerminal(int(out.Fd())) {
		return opts
	}
	if width, _, err := term.GetSize(int(out.Fd())); err == nil {
		opts.Width = width
	}
	opts.Color = opts.Color || o.color.word == "auto" && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	return opts
}
