package outfile

import (
	"fmt"
	"path/filepath"
	"strings"
)

// Spec names a format and the file that receives it, as a command line does.
type Spec struct {
	Format string // the name of a sink
	File   string // "" for standard output
}

// ParseSpec parses FORMAT or FORMAT=FILE, such as csv=counts.csv. A file called
// - is standard output. ParseSpec does not check that the format exists.
func ParseSpec(s string) (Spec, error) {
	const maxShown = 200 // bytes of s in an error
	shown := s[:min(len(s), maxShown)]
	format, file, named := strings.Cut(s, "=")
	switch {
	case format == "":
		return Spec{}, fmt.Errorf("output %q: no format; write FORMAT=FILE, such as csv=counts.csv", shown)
	case named && file == "":
		return Spec{}, fmt.Errorf("output %q: no file after the =", shown)
	case file == "-":
		file = ""
	}
	return Spec{Format: format, File: file}, nil
}

// FormatOf returns the format that the extension of a file implies, or "" if it
// implies none, and another format whose files have the same extension, or "".
// The suffix of a compressed file is ignored, and so is case.
func FormatOf(file string) (format, also string) {
	name := strings.ToLower(file)
	for _, suffix := range []string{gzipSuffix, zstdSuffix} {
		name = strings.TrimSuffix(name, suffix)
	}
	switch filepath.Ext(name) {
	case ".json":
		return "json", ""
	case ".ndjson", ".jsonl":
		return "ndjson", ""
	case ".csv":
		return "csv", "totals"
	case ".md", ".markdown":
		return "markdown", ""
	case ".html", ".htm":
		return "html", ""
	}
	return "", ""
}

// Unwritable returns the extension of a file if it means a form of data that
// no output can have, and otherwise "".
func Unwritable(file string) string {
	switch ext := strings.ToLower(filepath.Ext(file)); ext {
	case ".bz2", ".xz", ".lz4", ".zip", ".xls", ".xlsx", ".ods", ".parquet", ".arrow", ".feather", ".db", ".sqlite", ".tsv", ".tab", ".psv":
		return ext
	}
	return ""
}
