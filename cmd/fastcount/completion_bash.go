package main

import (
	"fmt"
	"strings"
)

// bashCompletion returns the script for bash, of version 3.2 on.
func bashCompletion() string {
	var flags, values, arguments strings.Builder
	for _, v := range allVerbs() {
		var names []string
		for _, f := range v.flags() {
			names = append(names, "--"+f.name)
			if f.value != "" {
				fmt.Fprintf(&values, "    %s) %s ;;\n", bashPattern(v, f), bashExpected(f.expects()))
			}
		}
		names = append(names, "--help")
		fmt.Fprintf(&flags, "    %s) _fastcount_words '%s' ;;\n", v.name, strings.Join(names, " "))
		fmt.Fprintf(&arguments, "        %s) %s ;;\n", v.name, bashExpected(argumentsOf(v.name)))
	}
	return strings.NewReplacer(
		"@VERBS@", strings.Join(verbNames(), " "), "@CASES@", strings.Join(verbNames(), "|"), "@SINKS@", strings.Join(sinkWords(), " "),
		"    @FLAGS@\n", flags.String(), "    @VALUES@\n", values.String(), "        @ARGUMENTS@\n", arguments.String(),
	).Replace(bashTemplate)
}

// bashPattern matches a flag of a verb that stands before its value. A value that may be left out stands behind a =.
func bashPattern(v verb, f flagInfo) string {
	pattern := v.name + ":--" + f.name + "="
	if !f.optional {
		pattern += "|" + v.name + ":--" + f.name
	}
	if f.short != "" {
		pattern += "|" + v.name + ":-" + f.short
	}
	return pattern
}

// bashExpected returns the command that offers what is expected.
func bashExpected(e expected) string {
	switch {
	case e.sink:
		return "_fastcount_sink"
	case e.exports:
		return "_fastcount_sources"
	case e.files:
		return "_fastcount_files -f"
	case e.folders:
		return "_fastcount_files -d"
	case len(e.words) > 0:
		return "_fastcount_words '" + strings.Join(e.words, " ") + "'"
	}
	return ":"
}

// In the template, $2 of _fastcount is the word that bash replaces: what stands behind the last = or : before the cursor.
const bashTemplate = `# bash completion of fastcount. Load it with: source <(fastcount completion bash)

_fastcount_words() { # offers those of the words $1 that begin with $value
    local word
    for word in $1; do
        [[ $word == "$value"* ]] && COMPREPLY+=("${word#"${value%"$own"}"}")
    done
}

_fastcount_files() { # offers files (-f) or folders (-d)
    local name
    compopt -o filenames 2>/dev/null
    while IFS= read -r name; do
        COMPREPLY+=("$name")
    done < <(compgen "$1" -- "$own")
}

_fastcount_sink() { # offers formats, and files behind a =
    if [[ $value == *=* ]]; then
        _fastcount_files -f
    else
        _fastcount_words '@SINKS@'
    fi
}

_fastcount_sources() { # offers files and the ids of exports
    _fastcount_files -f
    if [[ $value != */* ]]; then
        _fastcount_words "$("${words[0]/#\~/$HOME}" completion exports -- "${words[@]:1}" 2>/dev/null)"
    fi
}

_fastcount() {
    local line=${COMP_LINE:0:COMP_POINT} own=$2 verb=count flag= ended= value words i
    read -ra words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    local last=$((${#words[@]} - 1))
    value=${words[last]}
    COMPREPLY=()
    if ((last > 1)); then
        case ${words[1]} in @CASES@) verb=${words[1]} ;; esac
    fi
    for ((i = 1; i < last; i++)); do
        [[ ${words[i]} == -- ]] && ended=yes
    done
    if [[ ! $ended ]]; then
        case $value in
        --*=*) flag=${value%%=*}= value=${value#*=} ;;
        *) [[ ${words[last - 1]} == -* ]] && flag=${words[last - 1]} ;;
        esac
    fi
    case $verb:$flag in
    @VALUES@
    *)
        if [[ $value == -* && ! $ended ]]; then
            _fastcount_flags
            return
        fi
        ((last == 1)) && _fastcount_words '@VERBS@'
        case $verb in
        @ARGUMENTS@
        esac
        ;;
    esac
}

_fastcount_flags() {
    case $verb in
    @FLAGS@
    esac
}

complete -F _fastcount fastcount
`
