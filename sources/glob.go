package sources

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
)

// A glob is expanded as a POSIX shell expands it, with braces and ** as in bash
// (shopt -s globstar):
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

// globMatch is a path that a glob matches. It is not a directory, but may be a
// symbolic link to one.
type globMatch struct {
	path string
	mode fs.FileMode // type bits alone, of a symbolic link its own
}

// expandGlob returns what a pattern matches, sorted by path, each path once. It
// is an error if an alternative in braces that has no wildcard does not exist.
func expandGlob(pattern string) ([]globMatch, error) {
	var g globber
	for _, alternative := range expandBraces(filepath.ToSlash(pattern)) {
		components := strings.Split(alternative, "/")
		if err := checkGlob(components); err != nil {
			return nil, err
		}
		before := len(g.matches)
		if err := g.walk("", slices.CompactFunc(components, bothGlobstar)); err != nil {
			return nil, err
		}
		if len(g.matches) == before && !slices.ContainsFunc(components, hasWildcard) {
			return nil, mark(ErrNotFound, fmt.Errorf("%s: no such file", unescapeGlob(alternative)))
		}
	}
	slices.SortFunc(g.matches, func(a, b globMatch) int { return strings.Compare(a.path, b.path) })
	return slices.CompactFunc(g.matches, func(a, b globMatch) bool { return a.path == b.path }), nil
}

const globstar = "**"

func bothGlobstar(a, b string) bool { return a == globstar && b == globstar }

// characterClass matches a bracket expression that holds a character class, an
// equivalence class or a collating symbol of POSIX.
var characterClass = regexp.MustCompile(`\[[^\]]*\[[:.=]`)

// checkGlob rejects components that would match other names than in a shell.
func checkGlob(components []string) error {
	for _, c := range components {
		if _, err := path.Match(matchPattern(c), ""); err != nil {
			return mark(ErrArgument, errors.New("not a valid glob: a bracket is not closed"))
		}
		if characterClass.MatchString(c) {
			return mark(ErrArgument, errors.New("not a valid glob: write a range such as [0-9] instead of a character class"))
		}
	}
	return nil
}

// expandBraces returns the alternatives of a pattern: a{b,c} is ab and ac.
// Braces without a comma, and those that are not closed, are literal.
func expandBraces(pattern string) []string {
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '\\':
			i++
		case '{':
			choices, length := choicesIn(pattern[i:])
			if len(choices) < 2 {
				continue
			}
			var all []string
			for _, c := range choices {
				all = append(all, expandBraces(pattern[:i]+c+pattern[i+length:])...)
			}
			return all
		}
	}
	return []string{pattern}
}

// choicesIn returns the alternatives in the braces at the beginning of text,
// and the length of the braces. It returns no choices if they are not closed.
func choicesIn(text string) (choices []string, length int) {
	depth, from := 0, 1
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '{':
			depth++
		case ',':
			if depth == 1 {
				choices = append(choices, text[from:i])
				from = i + 1
			}
		case '}':
			if depth--; depth == 0 {
				return append(choices, text[from:i]), i + 1
			}
		}
	}
	return nil, 0
}

// hasWildcard reports whether a component of a pattern can match other names
// than its own.
func hasWildcard(component string) bool {
	for i := 0; i < len(component); i++ {
		switch component[i] {
		case '\\':
			i++
		case '*', '?', '[':
			return true
		}
	}
	return false
}

// unescapeGlob returns the text that a pattern without wildcards matches.
func unescapeGlob(pattern string) string {
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		if pattern[i] == '\\' {
			if i++; i == len(pattern) {
				break
			}
		}
		b.WriteByte(pattern[i])
	}
	return b.String()
}

// matchPattern returns a component of a shell's pattern in the syntax of
// [path.Match]: there a bracket expression is negated by ^, and takes a closing
// bracket, and a hyphen that is not of a range, only after a backslash.
func matchPattern(component string) string {
	var b strings.Builder
	for i := 0; i < len(component); i++ {
		c := component[i]
		b.WriteByte(c)
		switch {
		case c == '\\' && i+1 < len(component):
			i++
			b.WriteByte(component[i])
		case c == '[':
			length := bracketLength(component[i:])
			b.WriteString(matchBracket(component[i+1 : i+length]))
			i += length - 1
		}
	}
	return b.String()
}

// bracketLength returns the length of the bracket expression with which text
// begins, without its closing bracket.
func bracketLength(text string) int {
	first := 1
	if len(text) > 1 && (text[1] == '!' || text[1] == '^') {
		first = 2
	}
	for i := first; i < len(text); i++ {
		switch {
		case text[i] == '\\':
			i++
		case text[i] == ']' && i > first:
			return i
		}
	}
	return len(text)
}

func matchBracket(inside string) string {
	negated := ""
	if strings.HasPrefix(inside, "!") || strings.HasPrefix(inside, "^") {
		negated, inside = "^", inside[1:]
	}
	if strings.HasPrefix(inside, "]") || strings.HasPrefix(inside, "-") {
		inside = `\` + inside
	}
	if rest, ok := strings.CutSuffix(inside, "-"); ok && !strings.HasSuffix(rest, `\`) {
		inside = rest + `\-`
	}
	return negated + inside
}

// globber collects what the alternatives of a pattern match.
type globber struct {
	matches []globMatch
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
		return g.walk(dir+unescapeGlob(first)+"/", rest)
	}
	return g.find(dir, unescapeGlob(first))
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
		g.matches = append(g.matches, globMatch{filepath.FromSlash(path), mode})
	}
}

// list matches the names in dir with a pattern, and rest in what they name.
func (g *globber) list(dir, pattern string, rest []string) error {
	entries, err := g.read(dir)
	if err != nil {
		return err
	}
	hidden := strings.HasPrefix(pattern, ".") || strings.HasPrefix(pattern, `\.`)
	pattern = matchPattern(pattern)
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
			return mark(ErrArgument, fmt.Errorf("%s is a symbolic link to one of its parent directories; name the files without **", filepath.FromSlash(path)))
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
