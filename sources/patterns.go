package sources

import (
	"errors"
	"fmt"
	"path"
	"strings"
)

// DefaultMembers returns the patterns of the members of zip archives that are
// sources by default.
func DefaultMembers() (patterns []string) {
	for _, suffix := range formatSuffixes {
		patterns = append(patterns, "*"+suffix)
	}
	return patterns
}

// memberPattern is a pattern of the names of members.
type memberPattern struct {
	text         string
	alternatives [][]string // each an alternative, in components
	compressed   bool       // the suffix of a compressed file may follow
}

// parsePatterns parses the patterns of members, or the default ones for
// no patterns. The syntax is that of globs. The errors match [ErrArgument].
func parsePatterns(texts []string) ([]memberPattern, error) {
	byDefault := texts == nil
	if byDefault {
		texts = DefaultMembers()
	}
	patterns := make([]memberPattern, len(texts))
	for i, text := range texts {
		p := memberPattern{text: text, compressed: byDefault}
		for _, alternative := range expandBraces(strings.ToLower(text)) {
			components := strings.Split(alternative, "/")
			if err := checkGlob(components); err != nil {
				return nil, fmt.Errorf("pattern %s: %w", quote(text), err)
			}
			p.alternatives = append(p.alternatives, components)
		}
		if text == "" {
			return nil, mark(ErrArgument, errors.New("empty pattern of members"))
		}
		patterns[i] = p
	}
	return patterns, nil
}

// matchMember reports whether a pattern matches the name of a member. used
// counts the matches of each pattern, all of which are tried.
func matchMember(patterns []memberPattern, used []int, name string) (matched bool) {
	for i, p := range patterns {
		if p.match(name) {
			used[i]++
			matched = true
		}
	}
	return matched
}

// match reports whether the pattern matches a name, without regard to case. An
// alternative of one component matches the last element of the name.
func (p *memberPattern) match(name string) bool {
	components := strings.Split(strings.ToLower(name), "/")
	if p.compressed {
		last := &components[len(components)-1]
		*last, _ = cutCompressed(*last)
	}
	for _, a := range p.alternatives {
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
	ok, _ := path.Match(matchPattern(pattern[0]), name[0]) // checkGlob found it valid
	return ok && matchComponents(pattern[1:], name[1:])
}

// memberName returns the name of a member with slashes: some programs for
// Windows write backslashes.
func memberName(name string) string { return strings.ReplaceAll(name, `\`, "/") }

// isHiddenMember reports whether an element of a name begins with a dot, or the
// name is that of the metadata that macOS adds. The elements . and .. are not
// hidden names.
func isHiddenMember(name string) bool {
	for element := range strings.SplitSeq(name, "/") {
		if element == "__MACOSX" || strings.HasPrefix(element, ".") && strings.Trim(element, ".") != "" {
			return true
		}
	}
	return false
}
