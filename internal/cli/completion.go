package cli

import (
	"errors"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// CompletionScripts returns the writers of completion scripts by the name of
// the shell.
func CompletionScripts(root *cobra.Command) map[string]func(io.Writer) error {
	return map[string]func(io.Writer) error{
		"bash": func(w io.Writer) error {
			_, err := io.WriteString(w, bashFallback)
			return errors.Join(err, root.GenBashCompletionV2(w, true))
		},
		"zsh":        root.GenZshCompletion,
		"fish":       func(w io.Writer) error { return root.GenFishCompletion(w, true) },
		"powershell": root.GenPowerShellCompletionWithDesc,
	}
}

// ShellNames returns the names of the shells that have completion, sorted.
func ShellNames() []string { return slices.Sorted(maps.Keys(CompletionScripts(nil))) }

// bashFallback defines the functions of the package bash-completion that
// cobra's script calls, for systems without that package.
const bashFallback = `if ! declare -F _get_comp_words_by_ref >/dev/null; then
    _get_comp_words_by_ref() {
        local line=${COMP_LINE:0:COMP_POINT}
        read -ra words <<<"$line"
        [[ $line == *[[:space:]] ]] && words+=("")
        cword=$((${#words[@]} - 1))
        cur=${words[cword]} prev=${words[cword - 1]}
    }
    _filedir() {
        local name
        compopt -o filenames 2>/dev/null
        while IFS= read -r name; do
            COMPREPLY+=("$name")
        done < <(compgen "${1:--f}" -- "$cur")
    }
fi

`

// completeFlags registers the completion for the values of the flags of a
// subcommand. It is chosen by the placeholder of the value; byValue takes
// precedence.
func completeFlags(c *cobra.Command, byValue map[string]cobra.CompletionFunc) {
	c.Flags().VisitAll(func(f *pflag.Flag) {
		info := describe(f)
		complete := cobra.NoFileCompletions
		switch own := byValue[info.Value]; {
		case own != nil:
			complete = own
		case info.Value == "FILE" || info.Value == "PLAN":
			complete = CompleteFiles
		case info.Value == "DIR":
			complete = completeDirectories
		case info.Choices != nil:
			complete = cobra.FixedCompletions(info.Choices, cobra.ShellCompDirectiveNoFileComp)
		}
		if err := c.RegisterFlagCompletionFunc(f.Name, complete); err != nil {
			panic(err) // the flag exists, and has no completion yet
		}
	})
}

// CompleteOne returns the completion for a single argument that is one of
// names.
func CompleteOne(names func() []string) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return names(), cobra.ShellCompDirectiveNoFileComp
	}
}

// CompleteFiles leaves the completion of files to the shell.
func CompleteFiles(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveDefault
}

// completeDirectories leaves the completion of directories to the shell.
func completeDirectories(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// WithSpace returns names as completions, after which a space follows unless
// the only one is a directory. Without names, the shell completes files.
func WithSpace(names []string) ([]string, cobra.ShellCompDirective) {
	if len(names) == 0 {
		return nil, cobra.ShellCompDirectiveDefault
	}
	directive := cobra.ShellCompDirectiveNoFileComp
	if len(names) == 1 && strings.HasSuffix(names[0], string(os.PathSeparator)) {
		directive |= cobra.ShellCompDirectiveNoSpace
	}
	return names, directive
}
