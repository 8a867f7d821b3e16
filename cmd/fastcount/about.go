package main

import (
	"slices"
	"strings"

	"fastcount/engine"
	"fastcount/sinks"
	"fastcount/sources"
)

// programVersion returns the name and the version of the program.
func programVersion() string { return "fastcount " + version() }

// describe sets what the page contains about sources and their parts, apart
// from its title.
func (o *outputOptions) describe(found []sources.Source, parts []engine.Part) {
	var exports []string
	for _, s := range found {
		if s.Kind == sources.KindExport {
			exports = append(exports, s.Value)
		}
	}
	o.about.Program = programVersion()
	o.about.Exports = sinks.TitleOf(exports)
	o.about.Span = declaredSpan(parts)
}

// titleOf returns the title of the page: that of the user, or the sources, as
// in args if all are files, otherwise as in messages, which have no query of a
// URL.
func (o *countOptions) titleOf(args []string, found []sources.Source) string {
	if o.title != "" {
		return o.title
	}
	other := func(arg string) bool {
		kind, _ := sources.Classify(arg)
		return kind != sources.KindFile
	}
	if o.filesFrom == "" && !slices.ContainsFunc(args, other) {
		return sinks.TitleOf(args)
	}
	names := make([]string, len(found))
	for i, s := range found {
		names[i] = s.Name
	}
	return sinks.TitleOf(names)
}

// declaredSpan returns the earliest and the latest time that the parts declare,
// or "" if one declares none, or if they have different zones and cannot be
// compared as text.
func declaredSpan(parts []engine.Part) string {
	var first, last string
	for _, part := range parts {
		d := part.Info().Declared
		if d == nil || d.Start == "" || d.End == "" || zoneOf(d.Start) != zoneOf(d.End) || first != "" && zoneOf(first) != zoneOf(d.Start) {
			return ""
		}
		if first == "" {
			first, last = d.Start, d.End
		}
		first, last = min(first, d.Start), max(last, d.End)
	}
	if first == "" {
		return ""
	}
	return first + " to " + last
}

// zoneOf returns what follows the seconds and their fraction in a time, and its
// separator.
func zoneOf(time string) string {
	return time[len("2006-01-02"):len("2006-01-02T")] + strings.TrimLeft(time[len("2006-01-02T15:04:05"):], ".0123456789")
}
