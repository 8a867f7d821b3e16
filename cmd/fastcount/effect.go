package main

import (
	"fmt"
	"slices"

	"fastcount/internal/cli"
	"fastcount/internal/outfile"
)

// A flag that has no effect on a run is refused on the command line, which was
// meant for this run. A variable is a default for many runs, and is ignored.

// unusedFlag is a flag that has no effect, if unused is true.
type unusedFlag struct {
	unused          bool
	flag, why, hint string
}

// refuse returns a usage error for the first of flags that has no effect and is
// on the command line.
func (p *program) refuse(flags ...unusedFlag) error {
	for _, u := range flags {
		if f := p.flags.Lookup(u.flag); u.unused && f != nil && f.Changed {
			return cli.Usage(cli.Hint(fmt.Errorf("--%s: %s", u.flag, u.why), u.hint))
		}
	}
	return nil
}

// refuseAll is refuse for several flags that have no effect for one reason.
func (p *program) refuseAll(names []string, why, hint string) error {
	flags := make([]unusedFlag, len(names))
	for i, name := range names {
		flags[i] = unusedFlag{true, name, why, hint}
	}
	return p.refuse(flags...)
}

// set returns the first of names whose flag differs from its default, by the
// command line or a variable, or "".
func (p *program) set(names []string) string {
	i := slices.IndexFunc(names, func(name string) bool {
		f := p.flags.Lookup(name)
		return f != nil && f.Value.String() != f.DefValue
	})
	if i < 0 {
		return ""
	}
	return names[i]
}

// Flags that have no effect for the same reason.
var (
	outputFlags     = []string{"sink", "output", "compact", "csv-safe", "color", "sort", "title", "top"}
	limitFlags      = []string{"max-id", "max-patients", "max-events", "max-values", "max-pairs", "max-names-size"}
	credentialFlags = []string{"token-file", "header", "header-file"} // sent to the server alone
)

// checkQuiet returns an error if --quiet suppresses what another flag requests.
func (o *countOptions) checkQuiet(p *program) error {
	const why, hint = "no effect with --quiet", "leave out one of the two"
	return p.refuse(
		unusedFlag{p.ui.Quiet && p.ui.Verbose, "verbose", why, hint},
		unusedFlag{p.ui.Quiet && slices.Contains([]string{"bar", "log", "json"}, o.progress.Word), "progress", why, hint},
	)
}

// checkLimits returns an error if a limit has no effect on counts by the
// columns by, or if that is nil, by patients and event types.
func (p *program) checkLimits(by []string) error {
	if by == nil {
		return p.refuseAll([]string{"max-values"}, "no effect without --by", "limit patients and event types with --max-patients and --max-events")
	}
	return p.refuseAll([]string{"max-patients", "max-events"}, "no effect with --by", "limit the distinct values of each key column with --max-values")
}

// checkCredentials returns an error if a flag has credentials for no server.
func (o *remoteOptions) checkCredentials(p *program, others ...string) error {
	if o.server != "" {
		return nil
	}
	return p.refuseAll(append(others, credentialFlags...), "no --server", "name the server with --server URL: no other place is sent it")
}

// checkLook returns an error if a flag about the look of outputs affects none
// of them. rejects reports whether there is an output of left-out rows.
func (o *outputOptions) checkLook(p *program, specs []outfile.Spec, rejects bool) error {
	written := func(formats ...string) bool {
		return slices.ContainsFunc(specs, func(s outfile.Spec) bool { return slices.Contains(formats, s.Format) })
	}
	ordered := written("csv", "ndjson", "markdown", "table", "html")
	if !ordered {
		defer func() { o.top = 0 }() // of a variable
	}
	const table = "choose another format, such as --sink table"
	return p.refuse(
		unusedFlag{o.compact && !written("json"), "compact", "no output is json", "leave it out, or choose --sink json"},
		unusedFlag{o.csvSafe && !rejects && !written("csv", "totals", "html"), "csv-safe", "no output is csv, totals or html", "leave it out, or choose --sink csv"},
		unusedFlag{o.color.Word == "always" && !written("table"), "color", "no output is a table", "leave it out, or choose --sink table"},
		unusedFlag{o.sort.Word == "count" && !ordered, "sort", "json and totals are always sorted by name", table},
		unusedFlag{!written("html"), "title", "no output is html", "leave it out, or choose --sink html=FILE"},
		unusedFlag{written("json"), "top", "json always has all patients", table},
		unusedFlag{!ordered, "top", "totals always include all patients", table},
	)
}
