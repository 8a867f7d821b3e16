package main

import (
	"fmt"
	"strings"
)

// zshCompletion returns the script for zsh.
func zshCompletion() string {
	var cases strings.Builder
	for _, v := range allVerbs() {
		fmt.Fprintf(&cases, "    %s)\n        _arguments -s -S : \\\n", v.name)
		for _, f := range v.flags() {
			fmt.Fprintf(&cases, "            %s \\\n", zshFlag(f))
		}
		cases.WriteString("            '(-h --help)'{-h,--help}'[explain the flags]' \\\n")
		if v.name == counting().name {
			cases.WriteString("            '1:source or verb:_fastcount_first' \\\n")
		}
		fmt.Fprintf(&cases, "            '*:argument:%s'\n        ;;\n", zshExpected(argumentsOf(v.name)))
	}
	return strings.NewReplacer("@CASES@", strings.Join(verbNames(), "|"), "@SINKS@", strings.Join(sinkWords(), " "),
		"@VERBS@", zshVerbs(), "    @FLAGS@\n", cases.String()).Replace(zshTemplate)
}

// zshVerbs returns the verbs as _describe takes them.
func zshVerbs() string {
	var b strings.Builder
	for _, v := range verbs() {
		b.WriteString(" " + quoted(v.name+":"+v.summary, "'", `'\''`))
	}
	return strings.TrimSpace(b.String())
}

// zshFlag returns a flag as _arguments takes it.
func zshFlag(f flagInfo) string {
	after := ""
	if f.value != "" {
		after = ":" + strings.ReplaceAll(f.value, "'", "") + ":" + zshExpected(f.expects())
	}
	long, short := "--"+f.name, "-"+f.short
	switch {
	case f.optional:
		long, after = long+"=-", ":"+after
	case f.value != "":
		long, short = long+"=", short+"+"
	}
	var names string
	switch star := map[bool]string{true: "*"}[f.repeatable]; {
	case f.short == "":
		names = quoted(star + long)
	case f.repeatable:
		names = "{'*" + short + "','*" + long + "'}"
	default:
		names = fmt.Sprintf("'(-%s --%s)'{%s,%s}", f.short, f.name, short, long)
	}
	text := strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`).Replace(f.text)
	return names + quoted("["+text+"]"+after, "'", `'\''`)
}

// zshExpected returns the action that offers what is expected.
func zshExpected(e expected) string {
	switch {
	case e.sink:
		return "_fastcount_sink"
	case e.exports:
		return "_fastcount_sources"
	case e.files:
		return "_files"
	case e.folders:
		return "_files -/"
	case len(e.words) > 0:
		return "(" + strings.Join(e.words, " ") + ")"
	}
	return " "
}

const zshTemplate = `#compdef fastcount
# zsh completion of fastcount. Put it as _fastcount into a folder of $fpath, or load it with:
# source <(fastcount completion zsh)

_fastcount_exports() {
    local -a ids
    ids=(${(f)"$(${(Q)words[1]} completion exports -- ${(Q)words[2,CURRENT]} 2>/dev/null)"})
    compadd -a ids
}

_fastcount_sources() {
    _alternative 'exports:export:_fastcount_exports' 'files:file:_files'
}

_fastcount_first() {
    local -a verbs
    verbs=(@VERBS@)
    _describe -t verbs verb verbs
    _fastcount_sources
}

_fastcount_sink() {
    if compset -P '*='; then
        _files
    else
        compadd -S '' @SINKS@
    fi
}

_fastcount() {
    local verb=count
    if (( CURRENT > 2 )) && [[ $words[2] == (@CASES@) ]]; then
        verb=$words[2]
        words=($words[1] "${(@)words[3,-1]}")
        (( CURRENT-- ))
    fi
    case $verb in
    @FLAGS@
    esac
}

if [[ $funcstack[1] == _fastcount ]]; then
    _fastcount "$@"
else
    compdef _fastcount fastcount
fi
`
