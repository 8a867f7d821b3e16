package main

import (
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"fastcount/internal/nearest"
	"fastcount/internal/profile"
	"fastcount/parser"
	"fastcount/sources"
)

// flagSet holds the flags of a subcommand, in the groups and the order of its
// help.
type flagSet struct {
	groups []flagGroup
}

type flagGroup struct {
	title string
	*pflag.FlagSet
}

// group begins a group of flags.
func (s *flagSet) group(title string) *pflag.FlagSet {
	g := flagGroup{title, pflag.NewFlagSet(title, pflag.ContinueOnError)}
	g.SortFlags = false
	s.groups = append(s.groups, g)
	return g.FlagSet
}

// groupAnnotation is the key of the annotation that holds a flag's group.
const groupAnnotation = "group"

// addTo adds the flags to a subcommand.
func (s *flagSet) addTo(c *cobra.Command) {
	c.Flags().SortFlags = false
	for _, g := range s.groups {
		g.VisitAll(func(f *pflag.Flag) {
			f.Annotations = map[string][]string{groupAnnotation: {g.title}}
			c.Flags().AddFlag(f)
		})
	}
}

// flagError says what pflag's errors say in the words of this program.
func flagError(root *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "":
		return unknownFlag(root, unknown.GetSpecifiedName())
	case errors.As(err, &invalid):
		return fmt.Errorf("--%s %q: %w", invalid.GetFlag().Name, invalid.GetValue(), invalid.Unwrap())
	}
	return err
}

// unknownFlag returns the error for a flag that no subcommand or another one
// has.
func unknownFlag(root *cobra.Command, name string) error {
	err := fmt.Errorf("unknown flag --%s", name)
	known := flagNames(root)
	if of, ok := known[name]; ok {
		return hinted(err, fmt.Sprintf("--%s is a flag of %s; give the subcommand as the first argument", name, strings.Join(of, ", ")))
	}
	if near := nearest.Word(name, slices.Sorted(maps.Keys(known))); near != "" {
		return hinted(err, "did you mean --"+near+"?")
	}
	return err
}

// flagNames returns the names of all flags, and the subcommands that have each.
func flagNames(root *cobra.Command) map[string][]string {
	names := make(map[string][]string)
	for _, c := range subcommands(root) {
		for _, f := range flagsOf(c) {
			names[f.name] = append(names[f.name], c.Name())
		}
	}
	return names
}

// fromEnviron sets the flags that have a variable and were not set yet. An empty variable is none.
func fromEnviron(flags *pflag.FlagSet, environ []string) error {
	values := variables(environ)
	var errs []error
	flags.VisitAll(func(f *pflag.Flag) {
		name := variableOf(f.Name)
		value := values[name]
		if f.Changed || value == "" {
			return
		}
		if err := setFrom(flags, f, value); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	})
	if len(errs) > 0 {
		return errs[0]
	}
	return nil
}

// setFrom sets a flag from a variable: one that may be repeated once for each line.
func setFrom(flags *pflag.FlagSet, f *pflag.Flag, value string) error {
	lines := []string{value}
	if _, repeatable := f.Value.(pflag.SliceValue); repeatable {
		lines = strings.FieldsFunc(value, func(r rune) bool { return r == '\n' || r == '\r' })
	}
	for _, line := range lines {
		if err := flags.Set(f.Name, line); err != nil {
			if invalid := (*pflag.InvalidValueError)(nil); errors.As(err, &invalid) {
				err = fmt.Errorf("%q: %w", line, invalid.Unwrap())
			}
			return err
		}
	}
	return nil
}

// lookup returns the value of a flag as text, or "" if there is no such flag.
func lookup(flags *pflag.FlagSet, name string) string {
	if f := flags.Lookup(name); f != nil {
		return f.Value.String()
	}
	return ""
}

// flagInfo describes a flag to whatever explains or completes flags.
type flagInfo struct {
	name       string
	short      string   // one letter, or ""
	value      string   // what stands for its value, such as FILE, DIR or N; "" of a flag that takes none
	text       string   // what it does
	byDefault  string   // the value that it has if it is not given, "" where that says nothing
	choices    []string // the words that it takes, nil where it takes others too
	optional   bool     // whether the value may be left out
	repeatable bool
}

// infoGroup describes a group of flags.
type infoGroup struct {
	title string
	flags []flagInfo
}

// groupsOf describes the flags of a subcommand in the groups and the order of
// the help. The flag --help, which cobra adds, is in no group.
func groupsOf(c *cobra.Command) (groups []infoGroup) {
	c.Flags().VisitAll(func(f *pflag.Flag) {
		title := f.Annotations[groupAnnotation]
		if title == nil {
			return
		}
		if n := len(groups); n == 0 || groups[n-1].title != title[0] {
			groups = append(groups, infoGroup{title: title[0]})
		}
		g := &groups[len(groups)-1]
		g.flags = append(g.flags, describeFlag(f))
	})
	return groups
}

// flagsOf describes the flags of a subcommand.
func flagsOf(c *cobra.Command) (all []flagInfo) {
	for _, g := range groupsOf(c) {
		all = append(all, g.flags...)
	}
	return all
}

func describeFlag(f *pflag.Flag) flagInfo {
	value, text := pflag.UnquoteUsage(f)
	info := flagInfo{name: f.Name, short: f.Shorthand, value: value, text: text}
	info.optional = value != "" && f.NoOptDefVal != ""
	if !slices.Contains([]string{"0", "0s", "false", "[]"}, f.DefValue) {
		info.byDefault = f.DefValue
	}
	_, info.repeatable = f.Value.(pflag.SliceValue)
	if c, ok := f.Value.(*choice); ok {
		info.choices = c.words
	}
	return info
}

// remoteOptions say how servers are talked to.
type remoteOptions struct {
	server         string
	header         []string
	headerFile     string
	tokenFile      string
	allowHTTPToken bool
	caFile         string

	allowDuplicateIDs bool

	transfers      count
	retries        retries
	connectTimeout span
	tlsTimeout     span
	headerTimeout  span
	idleTimeout    span
	maxJSON        size
	maxDownloads   count
	maxDeclared    count
}

func (o *remoteOptions) sourceFlags(f *pflag.FlagSet) {
	addText(f, &o.server, "server", "URL", "base URL of the export API (default: built-in mock exports)")
	addTexts(f, &o.header, "header", "'K: V'", "header to send to the server; repeatable; not for secrets")
	addText(f, &o.headerFile, "header-file", "FILE", "file of headers to send, one per line; may hold secrets")
	addText(f, &o.tokenFile, "token-file", "FILE", "file of a token for Authorization: Bearer (or FASTCOUNT_TOKEN)")
	f.BoolVar(&o.allowHTTPToken, "allow-http-token", false, "send the token over plain http to another machine")
	addText(f, &o.caFile, "ca-file", "FILE", "file of PEM certificates to trust in addition to the system's")
}

func (o *remoteOptions) transferFlags(f *pflag.FlagSet) {
	d := sources.DefaultOptions()
	o.transfers, o.retries = count(d.Transfers), retries(d.Retries)
	o.connectTimeout, o.tlsTimeout = span(d.ConnectTimeout), span(d.TLSTimeout)
	o.headerTimeout, o.idleTimeout = span(d.HeaderTimeout), span(d.IdleTimeout)
	o.maxJSON, o.maxDownloads, o.maxDeclared = size(d.MaxJSON), count(d.MaxDownloads), count(d.MaxDeclared)
	f.Var(&o.transfers, "transfers", "concurrent downloads")
	f.Var(&o.retries, "retries", "attempts after the first, for each download")
	f.Var(&o.connectTimeout, "connect-timeout", "time limit for connecting")
	f.Var(&o.tlsTimeout, "tls-timeout", "time limit for a TLS handshake")
	f.Var(&o.headerTimeout, "header-timeout", "time limit from a request to the headers of the response")
	f.Var(&o.idleTimeout, "idle-timeout", "time limit without progress in a transfer")
	f.Var(&o.maxJSON, "max-json", "longest response of the export API in bytes")
	f.Var(&o.maxDownloads, "max-downloads", "most downloads of an export, and exports of a server")
	f.Var(&o.maxDeclared, "max-declared-names", "most patients and event types that a download declares")
}

// proofFlags adds the flags about the proof of completeness.
func (o *proofOptions) proofFlags(f *pflag.FlagSet) {
	o.require = choice{"", []string{"rows", "length", "checksum", "framing"}}
	f.Var(&o.require, "require", "weakest proof of completeness to accept (see help stats)")
	f.Var(&o.expectRows, "expect-rows", "fail unless all sources together have N data rows")
}

// countOptions are the flags of counting.
type countOptions struct {
	remoteOptions
	scaleOptions
	proofOptions

	filesFrom string
	dryRun    bool

	delimiter  delimiter
	patient    column
	event      column
	noHeader   bool
	maxBadRows rowLimit
	rejects    string
	utf8       choice
	showData   bool
	maxRecord  size
	maxID      size
	maxLines   count
	maxColumns count
	maxPatient count
	maxEvents  count
	maxPairs   count
	maxNames   size
	maxMemory  size
	maxWindow  size

	sinks   []string
	output  string
	compact bool
	csvSafe bool
	color   choice
	sort    choice

	verify       choice
	allowPartial bool
	state        string
	maxDuration  span
	jobs         count
	progress     choice
	stats        choice
	metricsFile  string
	logFormat    choice
	profile      profile.Files
}

func newCount(p *program) *cobra.Command {
	o, s := new(countOptions), new(flagSet)
	f := s.group("Sources")
	o.sourceFlags(f)
	o.inputFlags(f)
	o.csvFlags(s.group("CSV"))
	o.limitFlags(s.group("Limits"))
	o.outputFlags(s.group("Output"))
	f = s.group("Transfer")
	o.transferFlags(f)
	o.verify = choice{"strict", []string{"strict", "warn", "off"}}
	f.Var(&o.verify, "verify", "how to treat downloads that disagree with their metadata; warn counts them and exits with 3")
	o.proofFlags(f)
	f.BoolVar(&o.allowPartial, "allow-partial", false, "if sources fail, write the result of the rest and exit with 3")
	addText(f, &o.state, "state", "DIR", "directory to keep finished parts in, and to continue from (see help state)")
	f.Var(&o.maxDuration, "max-duration", "stop with exit code 10 after this time")
	o.workFlags(s.group("Work"))
	f = s.group("Scale")
	addText(f, &o.plan, "plan", "PLAN", "plan to count a shard of (see help scale)")
	addText(f, &o.shard, "shard", "I/N", "shard to count, from 0; auto/N takes I from the scheduler")
	addText(f, &o.outDir, "out-dir", "DIR", "directory for the partial result of the shard")
	return p.command(countName+" [flags] SOURCE...", "count files, globs, URLs, - for standard input, or export ids",
		s, o.run, o.completeSources(p))
}

// inputFlags are about what the sources are.
func (o *countOptions) inputFlags(f *pflag.FlagSet) {
	addText(f, &o.filesFrom, "files-from", "FILE", "file of more sources, one per line or NUL-terminated; - is standard input")
	f.BoolVar(&o.allowDuplicateIDs, "allow-duplicate-ids", false, "count a download once for each export that lists its id")
}

func newPlan(p *program) *cobra.Command {
	o, s := new(planOptions), new(flagSet)
	f := s.group("Sources")
	o.sourceFlags(f)
	o.inputFlags(f)
	o.dialectFlags(s.group("CSV"))
	o.transferFlags(s.group("Transfer"))
	f = s.group("Plan")
	f.BoolVar(&o.scan, "scan", false, "read plain files once to cut them where no quote is open")
	f.BoolP("quiet", "q", false, "do not print the closing line")
	return p.command("plan [flags] SOURCE... > PLAN", "split a job into shards for several machines", s, o.run, o.completeSources(p))
}

func newMerge(p *program) *cobra.Command {
	o, s := new(mergeOptions), new(flagSet)
	o.outputFlags(s.group("Output"))
	o.idLimitFlags(s.group("Limits"))
	f := s.group("Merge")
	o.proofFlags(f)
	f.BoolVar(&o.missing, "missing", false, "print the numbers of the missing shards, such as 0,2,3")
	addText(f, &o.partial, "partial", "FILE", "file for a partial result instead, to be merged with others")
	f.BoolP("quiet", "q", false, "do not print the closing line")
	return p.command("merge [flags] PART...", "add up the partial results of shards", s, o.run, completeFiles)
}

// dialectFlags say how CSV is read.
func (o *countOptions) dialectFlags(f *pflag.FlagSet) {
	f.VarP(&o.delimiter, "delimiter", "d", "field separator (default: tab for .tsv, '|' for .psv, otherwise comma)")
	f.Var(&o.patient, "patient-column", "patient id column: name, or number from 1 (default patient_id; 1 with --no-header)")
	f.Var(&o.event, "event-column", "event type column: name, or number from 1 (default event_type; 3 with --no-header)")
	f.BoolVarP(&o.noHeader, "no-header", "n", false, "treat the first record as data; choose columns by number")
	o.utf8 = choice{"refuse", []string{"refuse", "escape"}}
	f.Var(&o.utf8, "invalid-utf8", "how to treat ids that are not UTF-8; escape writes \\xNN")
}

func (o *countOptions) csvFlags(f *pflag.FlagSet) {
	o.dialectFlags(f)
	f.Var(&o.maxBadRows, "max-bad-rows", "leave out up to N rows with a wrong number of fields, and exit with 3")
	addText(f, &o.rejects, "rejects", "FILE", "file for the left-out rows, as CSV")
	f.BoolVar(&o.showData, "show-data", false, "show names of columns and ids in errors")
}

func (o *countOptions) limitFlags(f *pflag.FlagSet) {
	o.maxRecord, o.maxLines, o.maxColumns = parser.DefaultMaxRecord, parser.DefaultMaxRecordLines, parser.DefaultMaxColumns
	f.Var(&o.maxRecord, "max-record", "longest record in bytes; K, M and G are powers of 1024")
	f.Var(&o.maxLines, "max-record-lines", "most lines of a record, including line breaks in quotes")
	f.Var(&o.maxColumns, "max-columns", "most columns")
	f.Var(&o.maxMemory, "max-memory", "memory limit, at which the run stops with exit code 8")
	o.idLimitFlags(f)
	f.Var(&o.maxWindow, "max-window", "largest window of zstd data (default 8M from servers, 128M in files)")
}

// idLimitFlags bound what is counted, wherever it comes from.
func (o *countOptions) idLimitFlags(f *pflag.FlagSet) {
	o.maxID, o.maxPatient, o.maxEvents, o.maxPairs, o.maxNames = 4<<10, 1<<20, 4096, 1<<24, 256<<20
	f.Var(&o.maxID, "max-id", "longest patient id or event type in bytes")
	f.Var(&o.maxPatient, "max-patients", "most distinct patients")
	f.Var(&o.maxEvents, "max-events", "most distinct event types")
	f.Var(&o.maxPairs, "max-pairs", "most distinct pairs of patient and event type")
	f.Var(&o.maxNames, "max-names-size", "most bytes of all patient ids and event types together")
}

func (o *countOptions) outputFlags(f *pflag.FlagSet) {
	o.color = choice{"auto", []string{"auto", "always", "never"}}
	o.sort = choice{"name", []string{"name", "count"}}
	addTexts(f, &o.sinks, "sink", "FORMAT[=FILE]", "output format and file; repeatable (see help sinks)").Shorthand = "s"
	addText(f, &o.output, "output", "FILE", "file of a single output").Shorthand = "o"
	f.BoolVar(&o.compact, "compact", false, "write json on one line")
	f.BoolVar(&o.csvSafe, "csv-safe", false, "put ' before ids in csv that a spreadsheet would take for a formula")
	f.Var(&o.color, "color", "when to use colours in a table")
	f.Var(&o.sort, "sort", "order of patients in table and html")
}

func (o *countOptions) workFlags(f *pflag.FlagSet) {
	o.progress = choice{"auto", []string{"auto", "bar", "log", "json", "none"}}
	o.stats = choice{"", []string{"text", "json"}}
	o.logFormat = choice{"text", []string{"text", "json"}}
	f.VarP(&o.jobs, "jobs", "j", "files counted concurrently (default: the number of processors)")
	f.BoolVar(&o.dryRun, "dry-run", false, "print what would be counted and written, without reading data")
	f.BoolP("quiet", "q", false, "print only warnings and errors")
	f.BoolP("verbose", "v", false, "print a line for each part at the end")
	f.Var(&o.progress, "progress", "how to show progress on standard error")
	f.Var(&o.stats, "stats", "print statistics at the end (see help stats)")
	f.Lookup("stats").NoOptDefVal = "text"
	addText(f, &o.metricsFile, "metrics-file", "FILE", "file for statistics in the text format of Prometheus")
	f.Var(&o.logFormat, "log-format", "format of the lines on standard error")
	addText(f, &o.profile.CPU, "cpuprofile", "FILE", "file for a CPU profile")
	addText(f, &o.profile.Memory, "memprofile", "FILE", "file for a memory profile")
	addText(f, &o.profile.Trace, "trace", "FILE", "file for an execution trace")
}

// workers returns how many files are counted at once.
func (o *countOptions) workers() int { return jobsOrDefault(o.jobs) }

func jobsOrDefault(jobs count) int {
	if jobs == 0 {
		return runtime.GOMAXPROCS(0)
	}
	return int(jobs)
}

func newServe(p *program) *cobra.Command {
	o, s := new(serveOptions), new(flagSet)
	f := s.group("Serve")
	o.listen = "127.0.0.1:8000"
	addText(f, &o.listen, "listen", "ADDRESS", "address to listen on; port 0 is a free port")
	addText(f, &o.data, "data", "DIR", "directory of files to serve, as written by generate")
	addTexts(f, &o.faults, "fault", "SPEC", "fault to inject; repeatable (see help api)")
	return p.command("serve [flags]", "run the mock export server", s, o.run, nil)
}

func newGenerate(p *program) *cobra.Command {
	o, s := new(generateOptions), new(flagSet)
	f := s.group("Generate")
	addText(f, &o.dir, "out-dir", "DIR", "directory for the files NN_<download id>.csv")
	f.VarP(&o.jobs, "jobs", "j", "files written concurrently (default: the number of processors)")
	f.BoolP("quiet", "q", false, "do not list the files")
	return p.command("generate ID --out-dir DIR", "write the streams of a mock export as CSV files", s, o.run, completeOne(builtinIDs))
}

func newExports(p *program) *cobra.Command {
	o, s := new(exportsOptions), new(flagSet)
	o.sourceFlags(s.group("Sources"))
	o.transferFlags(s.group("Transfer"))
	s.group("Reporting").BoolP("quiet", "q", false, "do not mention the built-in server")
	return p.command("exports [flags]", "list export ids, downloads and rows", s, o.run, nil)
}
