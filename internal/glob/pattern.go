package glob

import (
	"fmt"
	"path"
	"regexp"
	"strings"
)

// Pattern is a pattern of names with slashes.
type Pattern [][]string // alternatives, each in components

// Parse parses a pattern. The error matches [ErrPattern].
func Parse(text string) (Pattern, error) {
	var p Pattern
	for _, alternative := range expandBraces(text) {
		components := strings.Split(alternative, "/")
		if err := check(components); err != nil {
			return nil, err
		}
		p = append(p, components)
	}
	return p, nil
}

// Match reports whether the pattern matches a name. An alternative of one
// component matches the last element of the name. Unlike Expand, it matches
// names that begin with a dot as others.
func (p Pattern) Match(name string) bool {
	components := strings.Split(name, "/")
	for _, a := range p {
		if len(a) == 1 && matchComponents(a, components[len(components)-1:]) || matchComponents(a, components) {
			return true
		}
	}
	return false
}

// matchComponents matches each component of a name with one of a pattern; **
// matches any number of them.
func matchComponents(pattern, name []string) bool {
	if len(pattern) == 0 {
		return len(name) == 0
	}
	if pattern[0] == globstar && len(pattern) > 1 {
		return matchComponents(pattern[1:], name) || len(name) > 0 && matchComponents(pattern, name[1:])
	}
	if len(name) == 0 {
		return false
	}
	ok, _ := path.Match(matchSyntax(pattern[0]), name[0]) // check found it valid
	return ok && matchComponents(pattern[1:], name[1:])
}

const globstar = "**"

func bothGlobstar(a, b string) bool { return a == globstar && b == globstar }

// characterClass matches a bracket expression that holds a character class, an
// equivalence class or a collating symbol of POSIX.
var characterClass = regexp.MustCompile(`\[[^\]]*\[[:.=]`)

// check rejects components that would match other names than in a shell.
func check(components []string) error {
	for _, c := range components {
		if _, err := path.Match(matchSyntax(c), ""); err != nil {
			return fmt.Errorf("%w: a bracket is not closed", ErrPattern)
		}
		if characterClass.MatchString(c) {
			return fmt.Errorf("%w: write a range such as [0-9] instead of a character class", ErrPattern)
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

// unescape returns the text that a pattern without wildcards matches.
func unescape(pattern string) string {
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

// matchSyntax returns a component of a shell's pattern in the syntax of
// [path.Match]: there a bracket expression is negated by ^, and takes a closing
// bracket, and a hyphen that is not of a range, only after a backslash.
func matchSyntax(component string) string {
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
