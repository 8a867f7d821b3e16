package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// ManPage returns the manual page in the language of man, which "fastcount help
// man" prints.
func ManPage(root *cobra.Command, m Manual) string {
	var b strings.Builder
	b.WriteString(".\\\" Generated from the flags by: fastcount help man\n" +
		".TH FASTCOUNT 1 \"\" fastcount \"User Commands\"\n.nh\n.ad l\n" +
		".SH NAME\nfastcount \\- count events per patient and event type in very large CSV exports\n.SH SYNOPSIS\n")
	for _, c := range Subcommands(root) {
		fmt.Fprintf(&b, ".TP\n%s\n%s\n", bold(synopsis(c)), roff(c.Short))
	}
	b.WriteString(".SH DESCRIPTION\n")
	writeText(&b, m.Introduction)
	b.WriteString(".SH OPTIONS\n")
	for _, c := range Subcommands(root) {
		writeOptions(&b, c)
	}
	for _, name := range m.Names() {
		if !slices.Contains([]string{exitTopic, environmentTopic}, name) {
			title, text, _ := strings.Cut(m.Topics[name], "\n")
			fmt.Fprintf(&b, ".SH %s\n", roff(strings.ToUpper(title)))
			writeText(&b, text)
		}
	}
	for _, s := range []struct{ title, topic string }{{"EXIT STATUS", exitTopic}, {"ENVIRONMENT", environmentTopic}} {
		_, text, _ := strings.Cut(m.Topics[s.topic], "\n")
		fmt.Fprintf(&b, ".SH %s\n", s.title)
		writeText(&b, text)
	}
	b.WriteString(".SH EXAMPLES\n")
	for _, e := range m.Examples {
		fmt.Fprintf(&b, ".TP\n%s\n%s\n", bold(e.Command), roff(e.Text))
	}
	b.WriteString(".SH SEE ALSO\n.BR gzip (1),\n.BR zstd (1),\n.BR iconv (1),\n.BR parallel (1)\n")
	return b.String()
}

// Topics that have sections with the usual names.
const (
	exitTopic        = "exit-codes"
	environmentTopic = "env"
)

// writeOptions writes the flags of a subcommand, if it has any.
func writeOptions(b *strings.Builder, c *cobra.Command) {
	groups := groupsOf(c)
	if len(groups) == 0 {
		return
	}
	fmt.Fprintf(b, ".SS Flags of %s\n", c.Name())
	for _, g := range groups {
		fmt.Fprintf(b, ".PP\n\\fI%s\\fR\n", roff(g.Title))
		for _, f := range g.Flags {
			fmt.Fprintf(b, ".TP\n%s\n%s\n", manFlag(f), roff(f.explanation()))
		}
	}
}

// manFlag returns the names of a flag and the placeholder of its value.
func manFlag(f Flag) string {
	names := bold("--" + f.Name)
	if f.Short != "" {
		names = bold("-"+f.Short) + ", " + names
	}
	switch {
	case f.Optional:
		names += "[=" + roff(f.Value) + "]"
	case f.Value != "":
		names += " " + roff(f.Value)
	}
	return names
}

// writeText writes a text of the help as paragraphs, lists and examples, which
// differ in their indentation.
func writeText(b *strings.Builder, text string) {
	lines := strings.Split(strings.Trim(text, "\n"), "\n")
	for len(lines) > 0 {
		n := 1
		switch first := parseLine(lines[0]); {
		case first.text == "":
		case first.indent == 0:
			n = countLines(lines, func(l helpLine) bool { return l.indent == 0 })
			macro := ".PP"
			if n == 1 && len(lines) > 1 && !strings.ContainsAny(lines[0], ".:;") {
				macro = ".SS" // a line of its own without punctuation is a heading
			}
			writeFilled(b, macro, lines[:n])
		case first.bullet:
			n = countLines(lines, func(l helpLine) bool { return l.indent > first.indent })
			writeFilled(b, ".IP \\(bu 2", append([]string{first.text[2:]}, lines[1:n]...))
		case first.column > 0:
			n = countLines(lines, func(l helpLine) bool { return l.indent == first.column || l.indent > first.indent && l.column == 0 })
			tag := strings.TrimSpace(lines[0][:first.column])
			writeFilled(b, ".TP\n"+bold(tag), append([]string{lines[0][first.column:]}, lines[1:n]...))
		case len(lines) > 1 && parseLine(lines[1]).indent > first.indent:
			n = countLines(lines, func(l helpLine) bool { return l.indent > first.indent })
			writeFilled(b, ".TP\n"+bold(first.text), lines[1:n])
		default:
			n = countLines(lines, func(l helpLine) bool { return l.indent == first.indent && l.column == 0 })
			if n > 1 {
				writeFilled(b, ".PP", lines[:n])
			} else {
				fmt.Fprintf(b, ".PP\n.nf\n%s\n.fi\n", roff(lines[0]))
			}
		}
		lines = lines[n:]
	}
}

// helpLine is a line of a text of the help.
type helpLine struct {
	text   string // without indentation
	indent int
	bullet bool
	column int // of a second column, or 0
}

func parseLine(line string) (l helpLine) {
	l.text = strings.TrimLeft(line, " ")
	l.indent = len(line) - len(l.text)
	l.bullet = strings.HasPrefix(l.text, "- ")
	if gap := strings.Index(l.text, "  "); gap > 0 && !l.bullet {
		rest := strings.TrimLeft(l.text[gap:], " ")
		l.column = len(line) - len(rest)
	}
	return l
}

// countLines returns the number of lines that belong to the first: those that
// follow it up to an empty line, as long as more reports true.
func countLines(lines []string, more func(helpLine) bool) int {
	n := 1
	for n < len(lines) && lines[n] != "" && more(parseLine(lines[n])) {
		n++
	}
	return n
}

// writeFilled writes a macro and lines of text, which man fills.
func writeFilled(b *strings.Builder, macro string, lines []string) {
	if macro == ".SS" {
		fmt.Fprintf(b, ".SS %s\n", roff(lines[0]))
		return
	}
	b.WriteString(macro + "\n")
	for _, line := range lines {
		b.WriteString(roff(strings.TrimSpace(line)) + "\n")
	}
}

func bold(s string) string { return `\fB` + roff(s) + `\fR` }

// roff escapes a line so that no part of it is a command.
func roff(line string) string {
	line = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", "\\(ga", "^", `\(ha`, "~", `\(ti`).Replace(line)
	if strings.HasPrefix(line, ".") {
		line = `\&` + line
	}
	return line
}
