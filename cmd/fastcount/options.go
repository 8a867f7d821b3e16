package main

import (
	"runtime"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"fastcount/engine"
	"fastcount/internal/cli"
	"fastcount/internal/profile"
	"fastcount/internal/progress"
	"fastcount/parser"
	"fastcount/sinks"
	"fastcount/sources"
)

// remoteOptions are the flags about servers and transfers.
type remoteOptions struct {
	server         string
	header         []string
	headerFile     string
	tokenFile      string
	allowHTTPToken bool
	caFile         string
	clientCert     string
	clientKey      string
	allowRedirect  []string

	allowDuplicateIDs bool
	pre               cli.Command

	transfers      cli.Count
	retries        cli.Number
	connectTimeout cli.Duration
	tlsTimeout     cli.Duration
	headerTimeout  cli.Duration
	idleTimeout    cli.Duration
	maxJSON        cli.Size
	maxDownloads   cli.Count
	maxDeclared    cli.Count

	planned  bool                                                          // a plan names the URLs
	retrying func(what string, attempt int, err error, wait time.Duration) // see sources.Options; nil if not reported
}

func (o *remoteOptions) sourceFlags(f *pflag.FlagSet) {
	cli.AddText(f, &o.server, "server", "URL", "base URL of the export API (default: built-in mock exports)")
	cli.AddTexts(f, &o.header, "header", "'K: V'", "header to send to the server; repeatable; not for secrets")
	cli.AddText(f, &o.headerFile, "header-file", "FILE", "file of headers to send, one per line; may hold secrets")
	cli.AddText(f, &o.tokenFile, "token-file", "FILE", "file of a token for Authorization: Bearer (or FASTCOUNT_TOKEN)")
	f.BoolVar(&o.allowHTTPToken, "allow-http-token", false, "send the token over plain http to another machine")
	cli.AddText(f, &o.clientCert, "client-cert", "FILE", "PEM certificate that identifies the client to the server")
	cli.AddText(f, &o.clientKey, "client-key", "FILE", "PEM private key of that certificate (default: in the same file)")
	cli.AddText(f, &o.caFile, "ca-file", "FILE", "file of PEM certificates to trust in addition to the system's")
}

func (o *remoteOptions) transferFlags(f *pflag.FlagSet) {
	d := sources.DefaultOptions()
	o.transfers, o.retries = cli.Count(d.Transfers), cli.Number(d.Retries)
	o.connectTimeout, o.tlsTimeout = cli.Duration(d.ConnectTimeout), cli.Duration(d.TLSTimeout)
	o.headerTimeout, o.idleTimeout = cli.Duration(d.HeaderTimeout), cli.Duration(d.IdleTimeout)
	o.maxJSON, o.maxDownloads, o.maxDeclared = cli.Size(d.MaxJSON), cli.Count(d.MaxDownloads), cli.Count(d.MaxDeclared)
	f.Var(&o.transfers, "transfers", "concurrent downloads, or byte ranges of URLs")
	f.Var(&o.retries, "retries", "attempts after the first, for each download")
	f.Var(&o.connectTimeout, "connect-timeout", "time limit for connecting")
	f.Var(&o.tlsTimeout, "tls-timeout", "time limit for a TLS handshake")
	f.Var(&o.headerTimeout, "header-timeout", "time limit from a request to the headers of the response")
	f.Var(&o.idleTimeout, "idle-timeout", "time limit without progress in a transfer")
	f.Var(&o.maxJSON, "max-json", "longest response of the export API in bytes")
	f.Var(&o.maxDownloads, "max-downloads", "most downloads of an export, and exports of a server")
	f.Var(&o.maxDeclared, "max-declared-names", "most patients and event types that all downloads of an export declare")
}

// proofFlags adds the flags about the proof of completeness.
func (o *proofOptions) proofFlags(f *pflag.FlagSet) {
	o.require = cli.NewChoice("", "rows", "length", "checksum", "framing")
	f.Var(&o.require, "require", "weakest proof of completeness to accept (see help stats)")
	f.Var(&o.expectRows, "expect-rows", "fail unless all sources together have N data rows")
}

// countOptions are the flags of count.
type countOptions struct {
	inputOptions
	dialectOptions
	rowOptions
	limitOptions
	outputOptions
	proofOptions
	againstOptions
	reportOptions
	scaleOptions

	verify       cli.Choice
	allowPartial bool
	state        string
	grow         bool
	maxDuration  cli.Duration
	jobs         cli.Count
	dryRun       bool
	profile      profile.Files

	reporter *progress.Reporter // of the run
	account  *account           // likewise
}

// inputOptions are the flags about the sources.
type inputOptions struct {
	remoteOptions
	filesFrom  string
	members    []string
	maxMembers cli.Count

	known func(sources.Identity) bool // see sources.LocalOptions; nil without a checkpoint
}

// rowOptions are the flags about rows that are left out.
type rowOptions struct {
	maxBadRows cli.Number
	rejects    string
	showData   bool
}

// limitOptions are the flags that limit the input and the memory.
type limitOptions struct {
	recordLimits
	idLimits
	maxMemory cli.Size
	maxWindow cli.Size
}

// recordLimits are the flags that limit a record.
type recordLimits struct {
	maxRecord  cli.Size
	maxLines   cli.Count
	maxColumns cli.Count
}

// parserLimits returns the limits for the parser.
func (o *recordLimits) parserLimits() parser.Limits {
	return parser.Limits{MaxRecord: int(o.maxRecord), MaxRecordLines: int(o.maxLines), MaxColumns: int(o.maxColumns)}
}

// idLimits are the flags that limit what is counted.
type idLimits struct {
	maxID      cli.Size
	maxPatient cli.Count
	maxEvents  cli.Count
	maxValues  cli.Count
	maxPairs   cli.Count
	maxNames   cli.Size
}

// limits returns the limits for the engine.
func (o *idLimits) limits() engine.Limits {
	return engine.Limits{
		ID: int(o.maxID), Patients: int(o.maxPatient), Events: int(o.maxEvents), Values: int(o.maxValues), Pairs: int(o.maxPairs),
		NamesSize: int(o.maxNames),
	}
}

// outputOptions are the flags about outputs and how they look.
type outputOptions struct {
	sinks   []string
	output  string
	compact bool
	csvSafe bool
	color   cli.Choice
	sort    cli.Choice
	top     cli.Count
	title   string

	about sinks.About // of the page; complete when the sources are known
	keys  []string    // names of the key columns of --by
}

// reportOptions are the flags about progress, logs and statistics.
type reportOptions struct {
	progress    cli.Choice
	stats       cli.Choice
	metricsFile string
	logFormat   cli.Choice

	metricsLabels []string
}

// inputFlags adds the flags about the sources.
func (o *inputOptions) inputFlags(f *pflag.FlagSet) {
	cli.AddTexts(f, &o.allowRedirect, "allow-redirect", "HOST", "HOST or HOST:PORT to which data may be redirected, without secrets; repeatable")
	cli.AddTexts(f, &o.members, "member", "GLOB", "member of zip archives to count; repeatable (default: "+strings.Join(sources.DefaultMembers(), " ")+")")
	f.Var(&o.pre, "pre", "command to pipe each source through, without a shell")
	o.maxMembers = sources.DefaultMaxMembers
	f.Var(&o.maxMembers, "max-members", "most members of a zip archive")
	cli.AddText(f, &o.filesFrom, "files-from", "FILE", "file of more sources, one per line or NUL-terminated; - is standard input")
	f.BoolVar(&o.allowDuplicateIDs, "allow-duplicate-ids", false, "count a download once for each export that lists its id")
}

func (o *countOptions) csvFlags(f *pflag.FlagSet) {
	o.dialectFlags(f)
	f.Var(&o.maxBadRows, "max-bad-rows", "leave out up to N rows with a wrong number of fields, or without a required time, and exit with 3")
	cli.AddText(f, &o.rejects, "rejects", "FILE", "file for the left-out rows, as CSV")
	f.BoolVar(&o.showData, "show-data", false, "show names of columns and ids in errors")
}

func (o *limitOptions) limitFlags(f *pflag.FlagSet) {
	o.recordFlags(f)
	f.Var(&o.maxMemory, "max-memory", "memory limit, at which the run stops with exit code 8")
	o.idLimitFlags(f)
	f.Var(&o.maxWindow, "max-window", "largest window of zstd data (default 8M from servers, 128M in files)")
}

// recordFlags adds the flags that limit a record.
func (o *recordLimits) recordFlags(f *pflag.FlagSet) {
	o.maxRecord, o.maxLines, o.maxColumns = parser.DefaultMaxRecord, parser.DefaultMaxRecordLines, parser.DefaultMaxColumns
	f.Var(&o.maxRecord, "max-record", "longest record in bytes; K, M and G are powers of 1024")
	f.Var(&o.maxLines, "max-record-lines", "most lines of a record, including line breaks in quotes")
	f.Var(&o.maxColumns, "max-columns", "most columns")
}

// idLimitFlags adds the flags that limit what is counted.
func (o *idLimits) idLimitFlags(f *pflag.FlagSet) {
	o.maxID, o.maxPatient, o.maxEvents, o.maxValues, o.maxPairs, o.maxNames = 4<<10, 1<<20, 4096, 1<<20, 1<<24, 256<<20
	f.Var(&o.maxID, "max-id", "longest patient id, event type or other value of a key column in bytes")
	f.Var(&o.maxPatient, "max-patients", "most distinct patients, such as 10M; K, M and G are powers of 1000")
	f.Var(&o.maxEvents, "max-events", "most distinct event types")
	f.Var(&o.maxValues, "max-values", "most distinct values of each key column (--by)")
	f.Var(&o.maxPairs, "max-pairs", "most distinct pairs of patient and event type, or groups of --by")
	f.Var(&o.maxNames, "max-names-size", "most bytes of all patient ids and event types, or values of key columns, together")
}

func (o *outputOptions) outputFlags(f *pflag.FlagSet) {
	o.color = cli.NewChoice("auto", "auto", "always", "never")
	o.sort = cli.NewChoice("name", "name", "count")
	cli.AddTexts(f, &o.sinks, "sink", "FORMAT[=FILE]", "output format and file; repeatable (see help sinks)").Shorthand = "s"
	cli.AddText(f, &o.output, "output", "FILE", "file of a single output").Shorthand = "o"
	f.BoolVar(&o.compact, "compact", false, "write json on one line")
	f.BoolVar(&o.csvSafe, "csv-safe", false, "put ' before ids in csv that a spreadsheet would take for a formula")
	f.Var(&o.color, "color", "when to use colours in a table")
	f.Var(&o.sort, "sort", "order of patients in all formats but json")
	cli.AddText(f, &o.title, "title", "TEXT", "title of the html page (default: the sources)")
	f.Var(&o.top, "top", "show only the N patients with the most rows, in all formats but json and totals")
}

func (o *countOptions) workFlags(f *pflag.FlagSet) {
	o.progress = cli.NewChoice("auto", "auto", "bar", "log", "json", "none")
	o.stats = cli.NewChoice("", "text", "json")
	o.logFormat = cli.NewChoice("text", "text", "json")
	f.VarP(&o.jobs, "jobs", "j", "files counted concurrently (default: the number of processors)")
	f.BoolVar(&o.dryRun, "dry-run", false, "print what would be counted and written, and how the first MiB of each source is read")
	f.BoolP("quiet", "q", false, "print only warnings and errors")
	f.BoolP("verbose", "v", false, "print a line for each part at the end")
	f.Var(&o.progress, "progress", "how to show progress on standard error")
	f.Var(&o.stats, "stats", "print statistics at the end (see help stats)")
	f.Lookup("stats").NoOptDefVal = "text"
	cli.AddText(f, &o.metricsFile, "metrics-file", "FILE", "file for statistics in the text format of Prometheus")
	cli.AddTexts(f, &o.metricsLabels, "metrics-label", "K=V", "label of all metrics, such as export=ward-7; repeatable")
	f.Var(&o.logFormat, "log-format", "format of the lines on standard error")
	cli.AddText(f, &o.profile.CPU, "cpuprofile", "FILE", "file for a CPU profile")
	cli.AddText(f, &o.profile.Memory, "memprofile", "FILE", "file for a memory profile")
	cli.AddText(f, &o.profile.Trace, "trace", "FILE", "file for an execution trace")
}

// workers returns the number of files that are counted concurrently.
func (o *countOptions) workers() int { return jobsOrDefault(o.jobs) }

// jobsOrDefault returns jobs, or the number of processors if it is not set.
func jobsOrDefault(jobs cli.Count) int {
	if jobs == 0 {
		return runtime.GOMAXPROCS(0)
	}
	return int(jobs)
}

// proofOptions are the flags about how strong the proof of completeness must
// be.
type proofOptions struct {
	require    cli.Choice
	expectRows cli.ExpectedRows
}

// checkProof returns an error if the report does not have the rows or the proof
// that the flags require. If it has the expected number of rows, these become
// the proof of its parts.
func (o *proofOptions) checkProof(r *engine.Report) error {
	if o.expectRows.Given {
		if err := r.ExpectRows(o.expectRows.Rows); err != nil {
			return err
		}
	}
	if o.require.Word == "" {
		return nil
	}
	var least engine.Proof
	if err := least.UnmarshalText([]byte(o.require.Word)); err != nil {
		return err
	}
	return r.RequireProof(least)
}
