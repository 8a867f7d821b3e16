package partial

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"fastcount/parser"
)

// DialectRules returns the rules in which a dialect differs from the default,
// by the name of the flag that sets each of them. Equal dialects have equal
// rules.
func DialectRules(d parser.Dialect) map[string]string {
	rules := make(map[string]string)
	set := func(name, value string, given bool) {
		if given {
			rules[name] = value
		}
	}
	set("delimiter", strconv.Quote(d.Delimiter), d.Delimiter != "")
	set("quote", strconv.Quote(string([]byte{d.Quote})), d.Quote != 0 && d.Quote != '"')
	set("quote", "none", d.NoQuote)
	set("escape", strconv.Quote(string([]byte{d.Escape})), d.Escape != 0)
	set("comment", strconv.Quote(d.Comment), d.Comment != "")
	set("skip-lines", strconv.Itoa(d.SkipLines), d.SkipLines > 0)
	set("skip-rows", strconv.Itoa(d.SkipRows), d.SkipRows > 0)
	set("skip-footer", strconv.Itoa(d.SkipFooter), d.SkipFooter > 0)
	set("trim", "true", d.Trim)
	set("ragged", "true", d.Ragged)
	set("no-header", "true", d.NoHeader)
	names := make([]string, len(d.Names))
	for i, name := range d.Names {
		names[i] = strconv.Quote(name)
	}
	set("columns", strings.Join(names, ","), d.Names != nil)
	set("repeated-headers", "skip", d.SkipRepeatedHeaders)
	set("empty", "skip", d.SkipEmpty)
	return rules
}

// validRules reports whether rules may be those of a dialect, which may have
// rules that this program does not know.
func validRules(rules map[string]string) bool {
	for name, value := range rules {
		if name == "" || value == "" || !utf8.ValidString(name) || !utf8.ValidString(value) {
			return false
		}
	}
	return true
}
