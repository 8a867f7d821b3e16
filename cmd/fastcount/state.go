package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"fastcount/engine"
	"fastcount/internal/checkpoint"
	"fastcount/internal/cli"
	"fastcount/internal/partial"
	"fastcount/parser"
	"fastcount/sources"
)

// keepable returns an error if --state is set and a later run could not
// recognise a source.
func (o *countOptions) keepable(p *program, found []sources.Source) error {
	if o.state == "" {
		return p.refuseAll([]string{"grow"}, "no --state", "name the directory of the checkpoint with --state DIR")
	}
	for _, s := range found {
		if s.Kind == sources.KindExport || s.Kind == sources.KindFile && s.Part.Info().SizeKnown {
			continue
		}
		hint := "save it to a file first, or count it without --state"
		if s.Kind == sources.KindURL {
			hint = "save it to a file first, count it without --state, or make a plan of it, whose shards can be repeated one by one: see 'fastcount help scale'"
		}
		return cli.Usage(cli.Hint(fmt.Errorf("--state: %s: a later run could not recognise it", s.Name), hint))
	}
	return nil
}

// identityOf returns the identity of a part without the server. That is one of
// the rules, and the port of the built-in server differs in each run.
func (r *remote) identityOf(p engine.Part) sources.Identity {
	id := sources.Identify(p)
	if p.Info().Declared != nil {
		id.ID = strings.TrimPrefix(id.ID, r.Server()+" ")
	}
	return id
}

// useState makes cfg keep finished parts in the directory of --state, if it is
// set. It returns the checkpoint, which the caller closes, or nil.
func (o *countOptions) useState(p *program, r *remote, parts []engine.Part, cfg *engine.Config) (*checkpoint.Store, error) {
	if o.state == "" {
		return nil, nil
	}
	run := checkpoint.Run{Rules: rules(r, parts, *cfg), Grow: o.grow, Addable: []string{serverRule}}
	for _, k := range cfg.By {
		run.By = append(run.By, k.Name)
	}
	if o.pre != "" {
		run.Rules["--pre"] = o.pre.String()
	}
	run.Sources = make([]sources.Identity, len(parts))
	for i, part := range parts {
		run.Sources[i] = withFacts(r.identityOf(part), part, *cfg)
	}
	store, err := checkpoint.Open(o.state, run, func(err error) { p.ui.Warn(cli.Message(err)) })
	if different, ok := errors.AsType[*checkpoint.DifferentError](err); ok && different.Grown {
		err = cli.Hint(err, "continue with --grow: these sources are new, or were not finished")
	}
	if _, ok := errors.AsType[*checkpoint.CorruptError](err); ok {
		err = cli.Hint(err, "remove these files and repeat the command: only the sources in them are counted again")
	}
	if err != nil {
		return nil, fmt.Errorf("--state: %w", err)
	}
	cfg.Load, cfg.Save = store.Load, store.Save
	p.resumable.Store(true)
	return store, nil
}

// flush makes all finished parts durable.
func flush(store *checkpoint.Store) error {
	if err := store.Flush(); err != nil {
		return fmt.Errorf("--state: %w", err)
	}
	return nil
}

// serverRule is the rule that only downloads depend on.
const serverRule = "--server"

// rules returns the flags on which the counts of a finished part depend. Flags
// that only affect whether a part succeeds, such as the limits, may differ when
// a run is continued, so that a failed part can be accepted then.
func rules(r *remote, parts []engine.Part, cfg engine.Config) map[string]string {
	compared := "yes"
	if cfg.IgnoreDeclared {
		compared = "no"
	}
	all := map[string]string{
		"--delimiter":            delimited(cfg.Dialect.Delimiter),
		"--no-header":            strconv.FormatBool(cfg.Dialect.NoHeader),
		"--patient-column":       selected(cfg.Patient),
		"--event-column":         selected(cfg.Event),
		"compared with metadata": compared,
	}
	for name, value := range partial.DialectRules(cfg.Dialect) {
		if _, known := all["--"+name]; !known {
			all["--"+name] = value
		}
	}
	if cfg.By != nil {
		all["--by"] = keyColumns(cfg.By)
	}
	for _, p := range parts {
		if p.Info().Declared != nil {
			all[serverRule] = r.identity()
		}
	}
	return all
}

// keyColumns describes key columns.
func keyColumns(by []engine.KeyColumn) string {
	var all []string
	for _, k := range by {
		text := selected(k.Column)
		if k.Bucket != "" {
			text += ":" + k.Bucket
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

// selected describes how a column is selected.
func selected(s parser.Selector) string {
	switch {
	case s == parser.Selector{}:
		return "by default"
	case s.Number > 0 && s.Or == nil:
		return "number " + strconv.Itoa(s.Number)
	}
	return s.String()
}

// withFacts adds the facts about a part that columns select to its identity.
func withFacts(id sources.Identity, part engine.Part, cfg engine.Config) sources.Identity {
	columns := []parser.Selector{cfg.Patient, cfg.Event}
	for _, k := range cfg.By {
		columns = append(columns, k.Column)
	}
	for _, c := range columns {
		for s := &c; s != nil; s = s.Or {
			if s.Fact != "" {
				id.ID += fmt.Sprintf(", @%s %q", s.Fact, part.Info().Fact(s.Fact))
			}
		}
	}
	return id
}

// identity returns a name of the server that is the same in every run.
func (r *remote) identity() string {
	if r.mock != nil {
		return "built-in mock server" // its port differs in each run
	}
	return r.Server()
}

// delimited describes a delimiter.
func delimited(comma string) string {
	if comma == "" {
		return "by name"
	}
	return strconv.Quote(comma)
}
