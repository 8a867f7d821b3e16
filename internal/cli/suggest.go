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
	"aggregate":       byHint,
	"bandwidth":       bandwidthHint,
	"bwlimit":         bandwidthHint,
	"cacert":          "use --ca-file FILE",
	"cert":            certHint,
	"colour":          "use --color MODE",
	"cols":            columnsHint,
	"column":          columnsHint,
	"concurrency":     "use --jobs N for files, and --transfers N for downloads",
	"config":          "set flags as variables, such as FASTCOUNT_DELIMITER; see fastcount help env",
	"continue":        "use --state DIR",
	"csv":             formatHint,
	"debug":           "use --verbose or --stats",
	"delim":           delimiterHint,
	"distinct":        "use --sink totals, which has the number of distinct patients of each event type",
	"encoding":        "convert the sources to UTF-8 on the way, such as with --pre 'iconv -f UTF-16 -t UTF-8'",
	"exclude":         globHint,
	"field-separator": delimiterHint,
	"fields":          columnsHint,
	"file":            "name the sources without a flag",
	"filter":          filterHint,
	"force":           "leave it out: a complete result replaces the file",
	"format":          formatHint,
	"fs":              delimiterHint,
	"group-by":        byHint,
	"groupby":         byHint,
	"groups":          byHint,
	"has-header":      "use --no-header if the first record is data; otherwise it is the header",
	"head":            limitHint,
	"headers":         "use --no-header if the first record is data; otherwise it is the header",
	"html":            formatHint,
	"ifs":             delimiterHint,
	"ignore-errors":   "use --max-bad-rows N for rows with a wrong number of fields, and --allow-partial for sources that fail",
	"include":         globHint,
	"input":           "name the sources without a flag",
	"insecure":        "trust another certificate authority with --ca-file FILE: certificates are always verified",
	"json":            formatHint,
	"jsonl":           formatHint,
	"key":             certHint,
	"keys":            byHint,
	"limit":           limitHint,
	"limit-rate":      bandwidthHint,
	"location":        "use --allow-redirect HOST: redirects to other hosts are not followed without it",
	"markdown":        formatHint,
	"max-time":        "use --max-duration TIME",
	"memory":          "use --max-memory SIZE",
	"memory-limit":    "use --max-memory SIZE",
	"ndjson":          formatHint,
	"no-check-certs":  "trust another certificate authority with --ca-file FILE: certificates are always verified",
	"no-color":        "use --color never, or set NO_COLOR",
	"no-headers":      "use --no-header",
	"no-progress":     "use --progress none",
	"nocolor":         "use --color never, or set NO_COLOR",
	"null-delimited":  "use --files-from FILE, whose names may end in NUL",
	"num-threads":     jobsHint,
	"ocsv":            formatHint,
	"ojson":           formatHint,
	"out":             "use --output FILE",
	"output-format":   formatHint,
	"overwrite":       "leave it out: a complete result replaces the file",
	"parallel":        jobsHint,
	"password":        "put the token into a file and name it with --token-file FILE",
	"prepipe":         "use --pre CMD",
	"preprocess":      "use --pre CMD",
	"pretty":          formatHint,
	"processes":       jobsHint,
	"progress-bar":    "use --progress bar",
	"proxy":           "set the proxy in HTTPS_PROXY and HTTP_PROXY",
	"query":           filterHint,
	"quote-char":      "use --quote CHAR",
	"quotechar":       "use --quote CHAR",
	"recursive":       globHint,
	"resume":          "use --state DIR",
	"retry":           "use --retries N",
	"search":          filterHint,
	"select":          columnsHint,
	"sep":             delimiterHint,
	"separator":       delimiterHint,
	"silent":          "use --quiet",
	"skip":            "use --skip-lines N before the header, or --skip-rows N after it",
	"sorted":          "use --sort name or --sort count",
	"table":           formatHint,
	"tabs":            delimiterHint,
	"tail":            limitHint,
	"threads":         jobsHint,
	"timeout":         "use --max-duration TIME for the whole run, or --connect-timeout, --header-timeout and --idle-timeout for a transfer",
	"tsv":             formatHint,
	"unique":          "use --sink totals, which has the number of distinct patients of each event type",
	"url":             "use --server URL, or name the URL of a CSV as a source",
	"user":            "put the token into a file and name it with --token-file FILE",
	"where":           filterHint,
	"workers":         jobsHint,
}

// Hints of several foreign flags.
const (
	bandwidthHint = "use fewer --transfers N, or limit the bandwidth outside: fastcount does not"
	byHint        = "use --by COLUMN,..."
	certHint      = "use --client-cert FILE and --client-key FILE"
	columnsHint   = "use --patient-column and --event-column, or --by"
	delimiterHint = "use --delimiter"
	filterHint    = "filter before counting, such as with --pre 'mlr --csv filter ...': fastcount only counts"
	formatHint    = "use --sink FORMAT"
	globHint      = "name the files to count, such as with a glob: 'DIR/**/*.csv'"
	jobsHint      = "use --jobs N"
	limitHint     = "count a part of a file with a pipe, such as: head -n 1000 FILE | fastcount -"
)

// foreignShort holds hints for flags of one letter that fastcount does not
// have.
var foreignShort = map[string]string{
	"F": delimiterHint,
	"H": "use --header for a header of HTTP, or --no-header if the first record is data",
	"L": foreign["location"],
	"V": "use 'fastcount version'",
	"c": columnsHint,
	"e": filterHint,
	"f": columnsHint,
	"g": byHint,
	"i": "name the sources without a flag",
	"k": foreign["insecure"],
	"r": globHint,
	"t": "use --delimiter for the field separator, or --jobs N for the number of threads",
	"u": foreign["user"],
}

// unknownFlag returns the error for a flag that the subcommand does not have.
// Its hint names the subcommands that have it, the flag with that purpose, or a
// flag of a similar name.
func unknownFlag(root *cobra.Command, unknown *pflag.NotExistError) error {
	name := unknown.GetSpecifiedName()
	if unknown.GetSpecifiedShortnames() != "" {
		err := fmt.Errorf("unknown flag -%s", name)
		if hint := foreignShort[name]; hint != "" {
			return Hint(err, hint)
		}
		return err
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
