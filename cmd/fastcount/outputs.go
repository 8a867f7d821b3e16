package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/term"

	"fastcount/sinks"
	"fastcount/sources"
)

// outputs checks where the result is to go, before it is worked for.
func (o *countOptions) outputs(p *program, found []sources.Source) (*sinks.Outputs, error) {
	specs, err := o.specs()
	if err != nil {
		return nil, err
	}
	var wanted []sinks.Output
	for _, spec := range specs {
		sink, err := sinks.Builtin(o.sinkOptions(p, spec.File)).Lookup(spec.Format)
		if err != nil {
			return nil, usage(err)
		}
		if _, page := sink.(sinks.HTML); page && spec.File == "" {
			return nil, usage(hinted(errors.New("html is a page for a browser and needs a file"), "name it: --sink html=FILE"))
		}
		wanted = append(wanted, sinks.Output{Sink: sink, File: spec.File})
	}
	if o.rejects != "" {
		wanted = append(wanted, sinks.Output{Sink: sinks.BadRows{}, File: fileOf(o.rejects)})
	}
	outputs, err := sinks.NewOutputs(wanted)
	if err != nil {
		return nil, err
	}
	if err := o.checkIncomplete(outputs); err != nil {
		return nil, err
	}
	return outputs, o.keepInputs(outputs, p, found)
}

// checkIncomplete refuses outputs that could not say that the result is incomplete, if it may be.
func (o *countOptions) checkIncomplete(outputs *sinks.Outputs) error {
	if !o.allowPartial && o.maxBadRows == 0 && o.verify.word != "warn" {
		return nil
	}
	err := outputs.CheckIncomplete()
	if errors.Is(err, sinks.ErrUnmarked) {
		return usage(hinted(err, "--allow-partial, --max-bad-rows and --verify warn let the result be incomplete",
			"name a file, such as --sink csv=FILE: what is missing is then written to FILE.incomplete"))
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
		return nil, usage(hinted(errors.New("--output is the file of a single output, and there are several"),
			"name the file of each: --sink FORMAT=FILE"))
	case specs[0].File != "":
		return nil, clash("--output %s: --sink names another file, %s", o.output, specs[0].File)
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

// keepInputs refuses outputs that would replace a source, another file that flags name, or the file behind standard
// output.
func (o *countOptions) keepInputs(outputs *sinks.Outputs, p *program, found []sources.Source) error {
	stdout := statFile(p.stdout)
	if stdout != nil {
		if file, yes := outputs.Overwrites(stdout); yes {
			return fmt.Errorf("%w: %s and standard output", sinks.ErrSameFile, file)
		}
	}
	for _, name := range []string{o.tokenFile, o.headerFile, o.caFile, o.filesFrom} {
		if info, err := os.Stat(name); err == nil {
			if file, yes := outputs.Overwrites(info); yes {
				return clash("%s: the output %s is the same file", name, file)
			}
		}
	}
	for _, s := range found {
		info := sourceInfo(p, s)
		if info == nil {
			continue
		}
		if file, yes := outputs.Overwrites(info); yes {
			return clash("%s: the output %s is the same file", s.Name, file)
		}
		if stdout != nil && stdout.Mode().IsRegular() && os.SameFile(stdout, info) {
			return clash("%s: standard output goes to the same file", s.Name)
		}
	}
	return nil
}

// sourceInfo describes the file of a source, nil where it has none.
func sourceInfo(p *program, s sources.Source) fs.FileInfo {
	switch s.Kind {
	case sources.KindStdin:
		return statFile(p.stdin)
	case sources.KindFile:
		if info, err := os.Stat(s.Value); err == nil {
			return info
		}
	}
	return nil
}

// statFile describes the file that a stream is, nil where it is none.
func statFile(stream any) fs.FileInfo {
	if f, ok := stream.(*os.File); ok {
		if info, err := f.Stat(); err == nil {
			return info
		}
	}
	return nil
}
