package main

import (
	"fmt"
	"strings"
)

// fishCompletion returns the script for fish.
func fishCompletion() string {
	var b strings.Builder
	b.WriteString(strings.ReplaceAll(fishTemplate, "@VERBS@", strings.Join(verbNames(), " ")))
	for _, v := range verbs() {
		fmt.Fprintf(&b, "complete -c fastcount -n __fastcount_first -a %s -d %s\n", v.name, fishQuoted(v.summary))
	}
	for _, v := range allVerbs() {
		when := fmt.Sprintf("complete -c fastcount -n '__fastcount_verb %s'", v.name)
		fmt.Fprintf(&b, "%s %s\n", when, fishExpected(argumentsOf(v.name), "-f"))
		for _, f := range v.flags() {
			fmt.Fprintf(&b, "%s -l %s%s -d %s\n", when, f.name, fishValue(f), fishQuoted(f.text))
		}
		fmt.Fprintf(&b, "%s -s h -l help -d 'explain the flags'\n", when)
	}
	return b.String()
}

// fishValue returns the options for the short name and the value of a flag. A value that may be left out stands behind
// a =.
func fishValue(f flagInfo) (options string) {
	if f.short != "" {
		options = " -s " + f.short
	}
	switch {
	case f.value == "":
		return options
	case f.optional:
		return options + " " + fishExpected(f.expects(), "-f")
	}
	return options + " " + fishExpected(f.expects(), "-x")
}

// fishExpected returns the options that offer what is expected; without says that files are not.
func fishExpected(e expected, without string) string {
	switch {
	case e.sink:
		return "-r -F -a " + fishQuoted(strings.Join(sinkWords(), " "))
	case e.exports:
		return "-F -a '(__fastcount_exports)'"
	case e.files:
		return "-r -F"
	case e.folders:
		return without + " -a '(__fish_complete_directories)'"
	case len(e.words) > 0:
		return without + " -a " + fishQuoted(strings.Join(e.words, " "))
	}
	return without
}

func fishQuoted(s string) string { return quoted(s, `\`, `\\`, "'", `\'`) }

const fishTemplate = `# fish completion of fastcount. Load it with: fastcount completion fish | source

function __fastcount_first
    test (count (commandline -opc)) -eq 1
end

function __fastcount_verb -a verb # whether that is the verb of the line
    set -l words (commandline -opc)
    set -l found count
    if test (count $words) -gt 1; and contains -- $words[2] @VERBS@
        set found $words[2]
    end
    test $verb = $found
end

function __fastcount_exports
    set -l words (commandline -opc)
    $words[1] completion exports -- $words[2..-1] 2>/dev/null
end

`
