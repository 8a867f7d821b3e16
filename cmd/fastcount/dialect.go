package main

import (
	"path"
	"strings"

	"fastcount/sources"
)

// sourceDelimiter returns what a source has between its fields, as far as its name tells. Ids of exports tell nothing.
func sourceDelimiter(s sources.Source) byte {
	if s.Kind == sources.KindFile || s.Kind == sources.KindURL {
		return nameDelimiter(s.Name)
	}
	return ','
}

// nameDelimiter returns what a file of that name has between its fields: the ending tells, the one of a compressed file
// before that of its compression.
func nameDelimiter(name string) byte {
	name = strings.ToLower(name)
	switch path.Ext(name) {
	case ".gz", ".zst":
		name = strings.TrimSuffix(name, path.Ext(name))
	}
	switch path.Ext(name) {
	case ".tsv":
		return '\t'
	case ".psv":
		return '|'
	}
	return ','
}
