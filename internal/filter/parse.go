package filter

import (
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
)

// Command is a program with its arguments.
type Command struct {
	text string
	path string
	args []string // the name of the program first
}

// shellWords mean something to a shell when they are not quoted.
var shellWords = []string{"|", "||", "&", "&&", ";", "<", ">", ">>", "2>"}

// Parse splits text into a program and its arguments, and finds the program.
// Words are separated by blanks. Within single quotes every character is
// literal; within double quotes a backslash makes a double quote or a backslash
// literal; elsewhere a backslash makes the next character literal. There are no
// variables, wildcards, pipes or redirections: an operator of a shell that is a
// word of its own is an error.
func Parse(text string) (*Command, error) {
	words, err := split(text)
	if err != nil {
		return nil, err
	}
	if len(words) == 0 {
		return nil, errors.New("no command")
	}
	path, err := exec.LookPath(words[0])
	if err != nil {
		return nil, err
	}
	return &Command{text: text, path: path, args: words}, nil
}

// String returns the text that was parsed.
func (c *Command) String() string { return c.text }

const blanks = " \t\r\n"

// split returns the words of a command.
func split(text string) (words []string, err error) {
	for rest := strings.TrimLeft(text, blanks); rest != ""; rest = strings.TrimLeft(rest, blanks) {
		if end := strings.IndexAny(rest+" ", blanks); slices.Contains(shellWords, rest[:end]) {
			return nil, fmt.Errorf("%s: needs a shell; write sh -c '...'", rest[:end])
		}
		var word string
		if word, rest, err = cutWord(rest); err != nil {
			return nil, err
		}
		words = append(words, word)
	}
	return words, nil
}

var errOpenQuote = errors.New("quote not closed")

// cutWord returns the first word of text, which does not begin with a blank,
// and the rest.
func cutWord(text string) (word, rest string, err error) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case strings.IndexByte(blanks, c) >= 0:
			return b.String(), text[i:], nil
		case c == '\\':
			if i++; i == len(text) {
				return "", "", errors.New("backslash at the end")
			}
			b.WriteByte(text[i])
		case c == '\'' || c == '"':
			inside, n, err := cutQuoted(text[i:])
			if err != nil {
				return "", "", err
			}
			b.WriteString(inside)
			i += n - 1
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), "", nil
}

// cutQuoted returns what the quotes at the beginning of text contain, and the
// length with the quotes.
func cutQuoted(text string) (inside string, n int, err error) {
	var b strings.Builder
	quote := text[0]
	for i := 1; i < len(text); i++ {
		c := text[i]
		if c == quote {
			return b.String(), i + 1, nil
		}
		if quote == '"' && c == '\\' && i+1 < len(text) && (text[i+1] == '"' || text[i+1] == '\\') {
			i++
			c = text[i]
		}
		b.WriteByte(c)
	}
	return "", 0, errOpenQuote
}
