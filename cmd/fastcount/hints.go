package main

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"fastcount/engine"
	"fastcount/internal/cli"
	"fastcount/internal/result"
	"fastcount/parser"
	"fastcount/sources"
)

// hints returns what can be done about err, without repetitions. If several
// parts failed, there may be several hints. It names no flag that the
// subcommand refuses.
func (p *program) hints(err error) []string {
	if parts := engine.Failures(err); parts != nil {
		return p.hintsOf(parts)
	}
	if h, ok := errors.AsType[*cli.HintedError](err); ok {
		return h.Hints
	}
	if i, ok := errors.AsType[*incompleteError](err); ok {
		return p.hintsOf(i.missing)
	}
	if hint := p.offered(hintOf(err)); hint != "" {
		return []string{hint}
	}
	return nil
}

// hintsOf returns the hints for parts.
func (p *program) hintsOf(parts []*engine.PartError) (all []string) {
	for _, part := range parts {
		for _, h := range p.hints(part.Err) {
			if !slices.Contains(all, h) {
				all = append(all, h)
			}
		}
	}
	return all
}

// hintOf returns the alternatives for err, one per line, or "".
func hintOf(err error) string {
	if f, ok := errors.AsType[*sources.FormatError](err); ok {
		return f.Hint
	}
	if n, ok := errors.AsType[*result.NotResultError](err); ok {
		return n.Hint
	}
	if s, ok := errors.AsType[*parser.SyntaxError](err); ok && s.Try != nil {
		return tryHint(*s.Try)
	}
	for _, f := range failures {
		if f.hint != "" && f.is(err) {
			return f.hint
		}
	}
	return ""
}

// commandText matches a command in a hint, which has flags of its own.
var commandText = regexp.MustCompile(`'[^']*'`)

// offered returns a sentence of the alternatives, one per line, whose flags the
// subcommand has. A shard has few: others belong to the plan or to a count
// without a plan.
func (p *program) offered(alternatives string) string {
	if p.flags == nil || alternatives == "" {
		return anyOf(strings.Split(alternatives, "\n"))
	}
	var now, whole []string
	recorded := false
	ofShard, ofPlan := p.shardRefuses()
	for text := range strings.SplitSeq(alternatives, "\n") {
		named := cli.FlagNames(commandText.ReplaceAllString(text, ""))
		switch {
		case slices.ContainsFunc(named, p.isForeign):
		case slices.ContainsFunc(named, func(name string) bool { return slices.Contains(ofShard, name) }):
			whole = append(whole, text)
		default:
			now = append(now, text)
			recorded = recorded || slices.ContainsFunc(named, func(name string) bool { return slices.Contains(ofPlan, name) })
		}
	}
	switch {
	case now == nil && whole != nil:
		return "count without a plan, and " + anyOf(whole)
	case recorded:
		return "make the plan again, and " + anyOf(now)
	}
	return anyOf(now)
}

// isForeign reports whether only other subcommands have a flag.
func (p *program) isForeign(flag string) bool {
	return p.flags.Lookup(flag) == nil && slices.Contains(cli.AllFlags(p.root), flag)
}

// shardRefuses returns the flags that a shard refuses, and those that it takes
// from its plan. It returns nil for other runs.
func (p *program) shardRefuses() (refused, recorded []string) {
	if cli.Lookup(p.flags, "plan") == "" {
		return nil, nil
	}
	recorded = append(recordedFlags(), "pre")
	for _, r := range notOfShard() {
		for _, name := range r.flags {
			if !slices.Contains(recorded, name) {
				refused = append(refused, name)
			}
		}
	}
	return refused, recorded
}

// anyOf returns alternatives as one sentence.
func anyOf(alternatives []string) string {
	n := len(alternatives)
	switch n {
	case 0:
		return ""
	case 1, 2:
		return strings.Join(alternatives, ", or ")
	}
	return strings.Join(alternatives[:n-1], ", ") + ", or " + alternatives[n-1]
}
