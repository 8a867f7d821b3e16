package main

import (
	"crypto/sha256"
	"fmt"
	"slices"
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
func (o *countOptions) keepable(found []sources.Source) error {
	if o.state == "" {
		return nil
	}
	for _, s := range found {
		if s.Kind == sources.KindExport || s.Kind == sources.KindFile && sources.Identify(s.Part) != (sources.Identity{}) {
			continue
		}
		return cli.Usage(cli.Hint(fmt.Errorf("--state: %s: a later run could not recognise it", s.Name),
			"save it to a file first, or count it without --state"))
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
// set. The returned function closes the checkpoint.
func (o *countOptions) useState(p *program, r *remote, parts []engine.Part, cfg *engine.Config) (end func() error, err error) {
	if o.state == "" {
		return func() error { return nil }, nil
	}
	run := checkpoint.Run{Rules: rules(r, parts, *cfg)}
	if o.pre != "" {
		run.Rules["--pre"] = o.pre.String()
	}
	for _, part := range parts {
		run.Sources = append(run.Sources, r.identityOf(part))
	}
	store, err := checkpoint.Open(o.state, run, func(err error) { p.ui.Warn(cli.Message(err)) })
	if err != nil {
		return nil, fmt.Errorf("--state: %w", err)
	}
	cfg.Load, cfg.Save = store.Load, store.Save
	p.resumable.Store(true)
	return store.Close, nil
}

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
	if hasFact(cfg.Patient) || hasFact(cfg.Event) {
		all["names of sources"] = factsOf(parts)
	}
	for _, p := range parts {
		if p.Info().Declared != nil {
			all["--server"] = r.identity()
		}
	}
	return all
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

// factsOf identifies the facts about all parts that can be counted.
func factsOf(parts []engine.Part) string {
	lines := make([]string, len(parts))
	for i, p := range parts {
		facts := p.Info().Facts
		lines[i] = fmt.Sprintf("%q %q %q", facts["name"], facts["dir"], facts["path"])
	}
	slices.Sort(lines)
	return fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(lines, "\n"))))
}

// hasFact reports whether s, or one of its alternatives, is a fact.
func hasFact(s parser.Selector) bool {
	return s.Fact != "" || s.Or != nil && hasFact(*s.Or)
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
