package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"fastcount/internal/nearest"
	"fastcount/mockserver"
)

// builtinIDs are the exports that can be counted without a server.
func builtinIDs() []string {
	var ids []string
	for _, e := range mockserver.Builtin() {
		ids = append(ids, e.ID)
	}
	return ids
}

// unknownBuiltin returns the error for an id that no built-in export has.
func (p *program) unknownBuiltin(id string) error {
	var h []string
	if slices.Contains(commandNames(p.root), id) {
		h = append(h, "give the subcommand as the first argument: fastcount "+id)
	}
	h = append(h, meant(id, builtinIDs())...)
	if len(h) == 0 {
		h = meantID(id, commandNames(p.root))
	}
	h = append(h, fmt.Sprintf("set --server URL to count an export of a server; the built-in exports are %s", list(builtinIDs())))
	return usage(hinted(fmt.Errorf("%s: no built-in export of that id, and no --server", id), h...))
}

// unknownExport explains why no export of that id on the server. Where the server does have it, or cannot say what
// it has, the error that it answered with stays what it is.
func (r *remote) unknownExport(ctx context.Context, id string, err error) error {
	ids, listErr := r.Exports(ctx)
	switch {
	case listErr != nil:
		return hinted(err, append(meant(id, nil), "check that --server is the base URL of an export API: it does not list its exports either")...)
	case slices.Contains(ids, id):
		return err
	}
	return hinted(fmt.Errorf("%s: %w", id, noSuchExport{err}), append(meant(id, ids), "the server's exports are "+list(ids))...)
}

// noSuchExport is the server's answer to an id that it does not have.
type noSuchExport struct{ err error }

func (noSuchExport) Error() string   { return "no export of that id on the server" }
func (e noSuchExport) Unwrap() error { return e.err }

// meant guesses what was meant by an id that is unknown.
func meant(id string, known []string) []string {
	h := meantID(id, known)
	if _, err := os.Stat(id); err == nil {
		h = append(h, fmt.Sprintf("to count the file of that name, write .%c%s", os.PathSeparator, id))
	}
	return h
}

// meantID guesses which of the ids that there are was meant.
func meantID(id string, known []string) []string {
	if near := nearest.Word(id, known); near != "" {
		return []string{"did you mean " + near + "?"}
	}
	return nil
}

// maxListed is how many ids a hint lists.
const maxListed = 20

func list(ids []string) string {
	switch n := len(ids); {
	case n == 0:
		return "none"
	case n > maxListed:
		return fmt.Sprintf("%s and %d more; 'fastcount exports' lists them", strings.Join(ids[:maxListed], ", "), n-maxListed)
	}
	return strings.Join(ids, ", ")
}
