package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"fastcount/internal/nearest"
)

// foreign holds hints for flags of comparable programs that fastcount does not
// have.
var foreign = map[string]string{
	"bandwidth":      bandwidthHint,
	"bwlimit":        bandwidthHint,
	"cacert":         "use --ca-file FILE",
	"cert":           certHint,
	"concurrency":    "use --jobs N for files, and --transfers N for downloads",
	"continue":       "use --state DIR",
	"delim":          "use --delimiter",
	"encoding":       "convert the sources to UTF-8 on the way, such as with --pre 'iconv -f UTF-16 -t UTF-8'",
	"exclude":        "name only the files to count, such as with a glob",
	"fields":         "use --patient-column and --event-column, or --by",
	"format":         "use --sink FORMAT",
	"head":           limitHint,
	"include":        "name only the files to count, such as with a glob",
	"insecure":       "trust another certificate authority with --ca-file FILE: certificates are always verified",
	"key":            certHint,
	"limit":          limitHint,
	"limit-rate":     bandwidthHint,
	"max-time":       "use --max-duration TIME",
	"no-headers":     "use --no-header",
	"num-threads":    jobsHint,
	"out":            "use --output FILE",
	"output-format":  "use --sink FORMAT",
	"parallel":       jobsHint,
	"password":       "put the token into a file and name it with --token-file FILE",
	"prepipe":        "use --pre CMD",
	"preprocess":     "use --pre CMD",
	"processes":      jobsHint,
	"proxy":          "set the proxy in HTTPS_PROXY and HTTP_PROXY",
	"resume":         "use --state DIR",
	"select":         "use --patient-column and --event-column, or --by",
	"sep":            "use --delimiter",
	"separator":      "use --delimiter",
	"silent":         "use --quiet",
	"skip":           "use --skip-lines N before the header, or --skip-rows N after it",
	"tail":           limitHint,
	"threads":        jobsHint,
	"timeout":        "use --max-duration TIME for the whole run, or --connect-timeout, --header-timeout and --idle-timeout for a transfer",
	"url":            "use --server URL, or name the URL of a CSV as a source",
	"user":           "put the token into a file and name it with --token-file FILE",
	"workers":        jobsHint,
	"no-check-certs": "trust another certificate authority with --ca-file FILE: certificates are always verified",
}

// Hints of several foreign flags.
const (
	bandwidthHint = "use fewer --transfers N, or limit the bandwidth outside: fastcount does not"
	certHint      = "use --client-cert FILE and --client-key FILE"
	jobsHint      = "use --jobs N"
	limitHint     = "count a part of a file with a pipe, such as: head -n 1000 FILE | fastcount -"
)

// unknownFlag returns the error for a flag that the subcommand does not have.
// Its hint names the subcommands that have it, the flag with that purpose, or a
// flag of a similar name.
func unknownFlag(root *cobra.Command, unknown *pflag.NotExistError) error {
	name := unknown.GetSpecifiedName()
	if unknown.GetSpecifiedShortnames() != "" {
		return fmt.Errorf("unknown flag -%s", name)
	}
	err := fmt.Errorf("unknown flag --%s", name)
	known := flagNames(root)
	if of, ok := known[name]; ok {
		return Hint(err, fmt.Sprintf("--%s is a flag of %s; give the subcommand as the first argument", name, strings.Join(of, ", ")))
	}
	if hint := foreign[name]; hint != "" {
		return Hint(err, hint)
	}
	if near := nearest.Word(name, slices.Sorted(maps.Keys(known))); near != "" {
		return Hint(err, "did you mean --"+near+"?")
	}
	return err
}

// DetachedValue returns a hint if one of args seems to be the value of a flag
// that takes one only after an equals sign, such as text in "--stats text". It
// returns "" otherwise.
func DetachedValue(flags *pflag.FlagSet, args []string) (hint string) {
	flags.Visit(func(f *pflag.Flag) {
		c, ok := f.Value.(*Choice)
		if !ok || f.NoOptDefVal == "" {
			return
		}
		for _, arg := range args {
			if slices.Contains(c.words, arg) {
				hint = fmt.Sprintf("write --%[1]s=%[2]s: without the =, %[2]s is a source", f.Name, arg)
			}
		}
	})
	return hint
}
