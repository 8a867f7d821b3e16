package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"fastcount/engine"
	"fastcount/internal/checkpoint"
	"fastcount/internal/cli"
	"fastcount/internal/human"
	"fastcount/mockserver"
	"fastcount/parser"
	"fastcount/sources"
)

// maxList is the largest size of the list of --files-from, in bytes.
const maxList = 64 << 20

// sourceNames returns args, followed by the names in the list of --files-from.
func (o *inputOptions) sourceNames(p *program, args []string) ([]string, error) {
	if o.filesFrom == "" {
		return args, nil
	}
	text, err := o.readList(p)
	if err != nil {
		return nil, fmt.Errorf("--files-from: %w", err)
	}
	if len(text) > maxList {
		return nil, cli.Usagef("--files-from: %s: larger than %s", o.filesFrom, human.Bytes(maxList))
	}
	listed := splitList(text)
	comment := slices.IndexFunc(listed, func(name string) bool { return name[0] == '#' })
	switch {
	case len(listed) == 0:
		return nil, cli.Usagef("--files-from: %s: no sources", o.filesFrom)
	case comment >= 0:
		return nil, cli.Usage(cli.Hint(fmt.Errorf("--files-from: %s: source %d begins with #", o.filesFrom, comment+1),
			"lists have no comments; name such a file as ./#..."))
	case o.filesFrom == "-" && (slices.Contains(args, "-") || slices.Contains(listed, "-")):
		return nil, cli.Usagef("--files-from: standard input is the list, and must not be a source")
	}
	return slices.Concat(args, listed), nil
}

// readList returns the text of the list, cut one byte after the largest size.
func (o *inputOptions) readList(p *program) ([]byte, error) {
	if o.filesFrom == "-" {
		return io.ReadAll(io.LimitReader(p.stdin, maxList+1))
	}
	return cli.ReadFile(o.filesFrom, maxList+1)
}

// splitList returns the names in a list. Each ends in a NUL if the list
// contains one, and otherwise in a line end. Apart from those, only a byte
// order mark and empty names are removed.
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

// resolve returns the sources in args and in the list of --files-from. It warns
// of URLs that are probably the same.
func (o *inputOptions) resolve(p *program, args []string, maxWindow uint64) ([]sources.Source, error) {
	args, err := o.sourceNames(p, args)
	if err != nil {
		return nil, err
	}
	local, err := o.localOptions(maxWindow)
	if err != nil {
		return nil, err
	}
	found, err := sources.Resolve(args, p.stdin, local)
	if err != nil {
		return nil, err
	}
	for _, s := range found {
		if n := len(s.LeftOut); n > 0 {
			p.ui.Warn(fmt.Sprintf("%s: %s left out, such as %s", s.Value, human.Numbered(n, "member is", "members are"), s.LeftOut[0]))
		}
	}
	for _, names := range sources.SimilarURLs(found) {
		p.ui.Warn(fmt.Sprintf("%s and %s are both counted: their URLs differ only in // or an empty query", names[0], names[1]))
	}
	return found, nil
}

// localOptions returns how files and standard input are read.
func (o *inputOptions) localOptions(maxWindow uint64) (sources.LocalOptions, error) {
	if len(o.members) > 0 && o.pre.String() != "" {
		return sources.LocalOptions{}, cli.Usagef("--member and --pre exclude each other: an archive is piped through the command as a whole")
	}
	return sources.LocalOptions{MaxWindow: maxWindow, Members: o.members, MaxMembers: int(o.maxMembers), Pre: o.pre.String(),
		IdleTimeout: time.Duration(o.idleTimeout), Known: o.known}, nil
}

// warnEqualFiles warns of files that have rows and equal content. If an earlier
// run compared the same files, as the checkpoint holds, which may be nil, it
// repeats what that run found. It returns an error only if ctx has ended.
func (p *program) warnEqualFiles(ctx context.Context, parts []engine.Part, report *engine.Report, store *checkpoint.Store) error {
	if store != nil {
		if warnings, known := store.Compared(); known {
			for _, text := range warnings {
				p.ui.Warn(text)
			}
			return nil
		}
	}
	rows := make([]uint64, len(parts))
	for i, r := range report.Parts {
		rows[i] = r.Rows
	}
	groups, err := sources.EqualContent(ctx, parts, rows)
	if err == nil && store != nil && len(report.Incomplete) == 0 {
		if err := store.SetCompared(equalWarnings(groups)); err != nil {
			p.ui.Warn("--state: the comparison of the files is not kept: " + cli.Message(err))
		}
	}
	return p.reportEqual(ctx, groups, err)
}

// warnEqualInPlan is warnEqualFiles for a plan, whose files are not counted
// yet.
func (p *program) warnEqualInPlan(ctx context.Context, found []sources.Source, cfg engine.Config) error {
	parts := make([]engine.Part, len(found))
	for i, s := range found {
		parts[i] = s.Part
	}
	groups, err := sources.EqualContent(ctx, parts, nil)
	var withRows [][]engine.Part
	for _, group := range groups {
		if hasRows(ctx, group[0], cfg) {
			withRows = append(withRows, group)
		}
	}
	return p.reportEqual(ctx, withRows, err)
}

// hasRows reports whether a file has more than a header. It returns true for a
// malformed file.
func hasRows(ctx context.Context, part engine.Part, cfg engine.Config) bool {
	stream, err := part.Open(ctx)
	if err != nil {
		return true
	}
	defer stream.Close()
	c := parser.Config{Dialect: cfg.Dialect, Limits: cfg.RecordLimits}
	c.Dialect.Delimiter = cmp.Or(c.Dialect.Delimiter, part.Info().Delimiter)
	for r := parser.NewReader(stream, c); ; {
		block, err := r.Next()
		if err != nil {
			return !errors.Is(err, io.EOF)
		}
		if block.Rows > 0 {
			return true
		}
	}
}

// reportEqual warns of groups of equal files, or that err prevented finding
// them.
func (p *program) reportEqual(ctx context.Context, groups [][]engine.Part, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		p.ui.Warn("files of equal size could not be compared: " + cli.Message(err))
	}
	for _, text := range equalWarnings(groups) {
		p.ui.Warn(text)
	}
	return nil
}

// equalWarnings returns at most one warning of groups of equal files.
func equalWarnings(groups [][]engine.Part) []string {
	switch len(groups) {
	case 0:
		return nil
	case 1:
		return []string{twoOf(groups[0]) + " have equal content, and each is counted"}
	}
	return []string{fmt.Sprintf("%d groups of files have equal content, and each is counted, such as %s", len(groups), twoOf(groups[0]))}
}

// twoOf returns the names of two of the files.
func twoOf(files []engine.Part) string {
	text := files[0].Name() + " and " + files[1].Name()
	if more := len(files) - 2; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// builtinIDs returns the ids of the exports of the built-in server.
func builtinIDs() []string {
	var ids []string
	for _, e := range mockserver.Builtin() {
		ids = append(ids, e.ID)
	}
	return ids
}

// unknownBuiltin returns the error for an id that the built-in server does not
// have.
func (p *program) unknownBuiltin(id string) error {
	var h []string
	if slices.Contains(cli.CommandNames(p.root), id) {
		h = append(h, "give the subcommand as the first argument: fastcount "+id)
	}
	h = append(h, meant(id, builtinIDs())...)
	if len(h) == 0 {
		h = cli.DidYouMean(id, cli.CommandNames(p.root))
	}
	h = append(h, fmt.Sprintf("set --server URL to count an export of a server; the built-in exports are %s", list(builtinIDs())))
	return cli.Usage(cli.Hint(fmt.Errorf("%s: unknown built-in export", id), h...))
}

// listTime limits the time for the list of exports in a hint.
const listTime = 3 * time.Second

// unknownExport returns the error for an id that the server does not have. If
// the server lists the id, or cannot list its exports in time, that is err.
func (r *remote) unknownExport(ctx context.Context, id string, err error) error {
	ctx, cancel := context.WithTimeout(ctx, listTime)
	defer cancel()
	ids, listErr := r.Exports(ctx)
	switch {
	case listErr != nil:
		return cli.Hint(err, append(meant(id, nil), "check that --server is the base URL of an export API: it does not list its exports either")...)
	case slices.Contains(ids, id):
		return err
	}
	return cli.Hint(fmt.Errorf("%s: %w", id, noSuchExport{err}), append(meant(id, ids), "the server's exports are "+list(ids))...)
}

// noSuchExport is the error for an id that the server does not list.
type noSuchExport struct{ err error }

func (noSuchExport) Error() string   { return "no export of that id on the server" }
func (e noSuchExport) Unwrap() error { return e.err }

// meant returns hints for an unknown id.
func meant(id string, known []string) []string {
	h := cli.DidYouMean(id, known)
	path := fmt.Sprintf(".%c%s", os.PathSeparator, id)
	switch info, err := os.Stat(path); {
	case err != nil:
	case info.IsDir():
		_, err := sources.NewFile(path, sources.LocalOptions{})
		h = append(h, cli.Message(err))
	default:
		h = append(h, "to count the file of that name, write "+path)
	}
	return h
}

// maxListed is the largest number of ids in a hint.
const maxListed = 20

// list returns ids in one line.
func list(ids []string) string {
	switch n := len(ids); {
	case n == 0:
		return "none"
	case n > maxListed:
		return fmt.Sprintf("%s and %d more; 'fastcount exports' lists them", strings.Join(ids[:maxListed], ", "), n-maxListed)
	}
	return strings.Join(ids, ", ")
}
