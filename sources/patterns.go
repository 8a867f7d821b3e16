package sources

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"fastcount/internal/filename"
	"fastcount/internal/glob"
)

// DefaultMembers returns the patterns of the members of zip archives that are
// sources by default.
func DefaultMembers() (patterns []string) {
	for _, suffix := range filename.Suffixes() {
		patterns = append(patterns, "*"+suffix)
	}
	return patterns
}

// memberPattern is a pattern of the names of members.
type memberPattern struct {
	text       string
	glob       glob.Pattern // in lower case
	compressed bool         // the suffix of a compressed file may follow
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
		if text == "" {
			return nil, mark(ErrArgument, errors.New("empty pattern of members"))
		}
		p, err := glob.Parse(strings.ToLower(text))
		if err != nil {
			return nil, mark(ErrArgument, fmt.Errorf("pattern %s: %w", quote(text), err))
		}
		patterns[i] = memberPattern{text, p, byDefault}
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
	name = strings.ToLower(name)
	if p.compressed {
		dir, last := path.Split(name)
		last, _ = filename.CutCompressed(last)
		name = dir + last
	}
	return p.glob.Match(name)
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
