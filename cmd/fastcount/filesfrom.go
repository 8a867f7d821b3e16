package main

import (
	"bytes"
	"fastcount/internal/human"
	"fmt"
	"io"
	"slices"
)

// maxList bounds the list of sources that --files-from names, in bytes.
const maxList = 64 << 20

// sourceNames returns the sources that args name, and behind them those of --files-from.
func (o *countOptions) sourceNames(p *program, args []string) ([]string, error) {
	if o.filesFrom == "" {
		return args, nil
	}
	text, err := o.readList(p)
	if err != nil {
		return nil, fmt.Errorf("--files-from: %w", err)
	}
	if len(text) > maxList {
		return nil, clash("--files-from: %s is longer than %s", o.filesFrom, human.Bytes(maxList))
	}
	listed := splitList(text)
	comment := slices.IndexFunc(listed, func(name string) bool { return name[0] == '#' })
	switch {
	case len(listed) == 0:
		return nil, clash("--files-from: %s names no source", o.filesFrom)
	case comment >= 0:
		return nil, usage(hinted(fmt.Errorf("--files-from: source %d of %s begins with #", comment+1, o.filesFrom),
			"lists have no comments; name such a file as ./#..."))
	case o.filesFrom == "-" && (slices.Contains(args, "-") || slices.Contains(listed, "-")):
		return nil, clash("--files-from: standard input is the list, and cannot also be a source")
	}
	return slices.Concat(args, listed), nil
}

// readList returns the text of the list, or a byte more than it may have.
func (o *countOptions) readList(p *program) ([]byte, error) {
	if o.filesFrom == "-" {
		return io.ReadAll(io.LimitReader(p.stdin, maxList+1))
	}
	return readStart(o.filesFrom, maxList+1)
}

// splitList returns the names in a list: one a line, or, as no name holds a NUL, each before a NUL if there is any.
// Nothing but the line ends and a byte order mark is taken away, and nothing but empty lines is left out.
func splitList(text []byte) []string {
	separator, end := "\n", "\r"
	if bytes.IndexByte(text, 0) >= 0 {
		separator, end = "\x00", ""
	}
	var names []string
	for line := range bytes.SplitSeq(bytes.TrimPrefix(text, []byte("\ufeff")), []byte(separator)) {
		if line = bytes.TrimSuffix(line, []byte(end)); len(line) > 0 {
			names = append(names, string(line))
		}
	}
	return names
}
