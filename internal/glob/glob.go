// Package glob expands globs as a POSIX shell does, with braces and ** as in
// bash (shopt -s globstar):
//
//   - A name that begins with a dot matches only a pattern component that
//     begins with a dot, and ** neither matches nor enters such a directory.
//   - What is matched keeps the spelling of the pattern: ./*.csv finds ./a.csv.
//   - The components . and .. mean what they mean to the system, also after a
//     symbolic link.
//
// The differences are deliberate: directories are not matches, since they
// cannot be counted; a file that several alternatives of one pattern match is
// counted once; ** follows symbolic links to directories at every depth, where
// bash follows some of them; a bracket expression that is not closed and a
// character class such as [[:alpha:]] are errors.
package glob

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

var (
	// ErrPattern is matched by the error for a pattern that is not valid, or
	// that would match other names than in a shell.
	ErrPattern = errors.New("not a valid glob")

	// ErrNotFound is matched by the error for a name that does not exist.
	ErrNotFound = errors.New("no such file")

	// ErrLoop is matched by the error for ** where a symbolic link leads to a
	// directory that contains it.
	ErrLoop = errors.New("is a symbolic link to one of its parent directories")
)

// Match is a path that a glob matches. It is not a directory, but may be a
// symbolic link to one.
type Match struct {
	Path string
	Mode fs.FileMode // type bits alone, of a symbolic link its own
}

// Expand returns what a pattern matches, sorted by path, each path once. The
// error matches ErrPattern, ErrLoop, or ErrNotFound if an alternative in braces
// that has no wildcard does not exist; or it is that of a directory.
func Expand(pattern string) ([]Match, error) {
	p, err := Parse(filepath.ToSlash(pattern))
	if err != nil {
		return nil, err
	}
	var g globber
	for _, components := range p {
		before := len(g.matches)
		if err := g.walk("", slices.CompactFunc(components, bothGlobstar)); err != nil {
			return nil, err
		}
		if len(g.matches) == before && !slices.ContainsFunc(components, hasWildcard) {
			return nil, fmt.Errorf("%s: %w", unescape(strings.Join(components, "/")), ErrNotFound)
		}
	}
	slices.SortFunc(g.matches, func(a, b Match) int { return strings.Compare(a.Path, b.Path) })
	return slices.CompactFunc(g.matches, func(a, b Match) bool { return a.Path == b.Path }), nil
}

// globber collects what the alternatives of a pattern match.
type globber struct {
	matches []Match
	last    *listing // of the directory that was read last
}

// listing is a directory with its entries, sorted by name.
type listing struct {
	dir     string
	entries []fs.DirEntry
}

// walk matches components in dir, which is empty or ends in a slash.
func (g *globber) walk(dir string, components []string) error {
	first, rest := components[0], components[1:]
	switch {
	case first == globstar:
		return g.descend(dir, rest, nil)
	case hasWildcard(first):
		return g.list(dir, first, rest)
	case len(rest) > 0:
		return g.walk(dir+unescape(first)+"/", rest)
	}
	return g.find(dir, unescape(first))
}

// find matches the name of a file. An empty name comes from a slash at the end
// of a pattern, which only a directory matches.
func (g *globber) find(dir, name string) error {
	info, err := os.Lstat(dir + name)
	if err == nil {
		g.add(dir+name, info.Mode().Type())
	}
	return ignoreMissing(err)
}

func (g *globber) add(path string, mode fs.FileMode) {
	if !mode.IsDir() {
		g.matches = append(g.matches, Match{filepath.FromSlash(path), mode})
	}
}

// list matches the names in dir with a pattern, and rest in what they name.
func (g *globber) list(dir, pattern string, rest []string) error {
	entries, err := g.read(dir)
	if err != nil {
		return err
	}
	hidden := strings.HasPrefix(pattern, ".") || strings.HasPrefix(pattern, `\.`)
	pattern = matchSyntax(pattern)
	for _, e := range entries {
		if isHidden(e) && !hidden {
			continue
		}
		if ok, err := path.Match(pattern, e.Name()); err != nil {
			return err
		} else if !ok {
			continue
		}
		if err := g.enter(dir, e, rest); err != nil {
			return err
		}
	}
	return nil
}

// enter matches rest in the directory e, or adds e as a match if rest is empty.
func (g *globber) enter(dir string, e fs.DirEntry, rest []string) error {
	if len(rest) == 0 {
		g.add(dir+e.Name(), e.Type())
		return nil
	}
	if ok, err := isDirectory(dir, e); err != nil || !ok {
		return err
	}
	return g.walk(dir+e.Name()+"/", rest)
}

// descend matches rest in dir and in every directory below that is not hidden.
// The real paths of directories with symbolic links that led to dir are in
// above.
func (g *globber) descend(dir string, rest, above []string) error {
	entries, err := g.read(dir)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		if err := g.walk(dir, rest); err != nil {
			return err
		}
	}
	for _, e := range entries {
		if isHidden(e) {
			continue
		}
		below, err := isDirectory(dir, e)
		switch {
		case err != nil:
			return err
		case below:
			err = g.follow(dir, e, rest, above)
		case len(rest) == 0:
			g.add(dir+e.Name(), e.Type())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// follow descends into a directory. It rejects a symbolic link to a directory
// that contains the link, since following it would not end.
func (g *globber) follow(dir string, e fs.DirEntry, rest, above []string) error {
	path := dir + e.Name()
	if !e.IsDir() {
		here, err := realPath(orDot(dir))
		if err != nil {
			return err
		}
		target, err := realPath(path)
		if err != nil {
			return err
		}
		above = append(slices.Clip(above), here)
		if slices.ContainsFunc(above, func(a string) bool { return liesIn(a, target) }) {
			return fmt.Errorf("%s %w; name the files without **", filepath.FromSlash(path), ErrLoop)
		}
	}
	return g.descend(path+"/", rest, above)
}

// read lists a directory. One that does not exist has no entries.
func (g *globber) read(dir string) ([]fs.DirEntry, error) {
	if g.last == nil || g.last.dir != dir {
		entries, err := os.ReadDir(orDot(dir))
		if err != nil {
			return nil, ignoreMissing(err)
		}
		g.last = &listing{dir, entries}
	}
	return g.last.entries, nil
}

func isHidden(e fs.DirEntry) bool { return e.Name()[0] == '.' }

// isDirectory reports whether e, in dir, is a directory or a link to one.
func isDirectory(dir string, e fs.DirEntry) (bool, error) {
	if e.Type()&(fs.ModeSymlink|fs.ModeIrregular) == 0 {
		return e.IsDir(), nil
	}
	info, err := os.Stat(dir + e.Name())
	if err != nil {
		return false, ignoreMissing(err)
	}
	return info.IsDir(), nil
}

// ignoreMissing returns err unless it reports that a path does not exist.
func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ELOOP) {
		return nil
	}
	return err
}

func orDot(dir string) string {
	if dir == "" {
		return "."
	}
	return dir
}

// realPath returns the absolute path of a file, without symbolic links.
func realPath(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(path)
}

// liesIn reports whether path is dir or below it, where both are real paths.
func liesIn(path, dir string) bool {
	separator := string(filepath.Separator)
	return path == dir || strings.HasPrefix(path, strings.TrimSuffix(dir, separator)+separator)
}
