package main

import (
	"path"
	"strings"
)

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
