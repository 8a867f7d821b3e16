// Package diagnose describes how the beginnings of sources are read, for
// --dry-run.
package diagnose

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"fastcount/engine"
	"fastcount/internal/cli"
	"fastcount/internal/display"
	"fastcount/internal/human"
	"fastcount/internal/partial"
	"fastcount/internal/stats"
	"fastcount/parser"
)

// beginningSize is the number of bytes of each part that --dry-run reads, up to
// the end of the line.
const beginningSize = 1 << 20

// Beginnings reads the beginning of each part. It describes how each is read,
// once for consecutive parts that are read in the same way, with the number of
// rows or the first problem. It returns the problem of the first part that has
// one, or the reason why it stopped.
func Beginnings(ctx context.Context, parts []engine.Part, cfg engine.Config, hints func(error) []string) (text string, problem error) {
	cfg.Jobs, cfg.Transfers = 1, 1
	var b strings.Builder
	b.WriteString("the first MiB of each part:\n")
	last := ""
	for _, part := range parts {
		d := diagnosePart(ctx, part, cfg, hints)
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		if d.format != last {
			b.WriteString(d.format)
			last = d.format
		}
		fmt.Fprintf(&b, "    %s: %s\n", display.Line(part.Name()), d.result)
		if problem == nil {
			problem = d.problem
		}
	}
	return b.String(), problem
}

// diagnosis describes how the beginning of a part is read.
type diagnosis struct {
	format  string // lines about the dialect, the header and the columns
	result  string // number of rows, or the problem with hints in further lines
	problem error  // nil if the part can be counted
}

func (d *diagnosis) describe(what, text string) { d.format += fmt.Sprintf("  %s: %s\n", what, text) }

// diagnosePart counts the beginning of a part as a run would.
func diagnosePart(ctx context.Context, part engine.Part, cfg engine.Config, hints func(error) []string) (d diagnosis) {
	start := &beginning{part: part}
	report, err := engine.Run(ctx, []engine.Part{start}, cfg)
	csv := cfg.ParserConfig(part)
	d.describe("dialect", dialectText(csv.Dialect))
	if start.data != nil {
		d.describeHeader(start.data, csv, keyNames(cfg))
	}
	switch {
	case err != nil && !start.isCut(err):
		d.problem = err
		d.result = problemText(part.Name(), err, hints(err))
	case err != nil:
		d.result = "no problem; the last record goes on"
	case start.cut:
		d.result = human.Rows(report.Rows) + ", no problem" + notes(report)
	default:
		d.result = human.Rows(report.Rows) + " in all, no problem" + notes(report)
	}
	return d
}

// notes returns what a careful reader must know about a report, to be appended
// to a line.
func notes(r *engine.Report) (text string) {
	for _, part := range r.Parts {
		for _, err := range part.Incomplete() {
			text += "; " + err.Error()
		}
	}
	return text + stats.Notes(r.Parts)
}

// problemText returns the messages for err, without the name of the part, and
// the hints, each in a line of its own.
func problemText(part string, err error, hints []string) string {
	var lines []string
	for _, text := range cli.Messages(err) {
		lines = append(lines, display.Line(strings.TrimPrefix(text, part+": ")))
	}
	for _, h := range hints {
		lines = append(lines, "hint: "+h)
	}
	return strings.Join(lines, "\n      ")
}

// keyNames returns names for the columns that are counted.
func keyNames(cfg engine.Config) (names []string) {
	if len(cfg.By) == 0 {
		return []string{"patient", "event"}
	}
	for _, key := range cfg.By {
		names = append(names, "key "+display.Name(key.Name))
	}
	return names
}

// describeHeader describes the header and the columns that are counted, whose
// names are keys, as far as they are known.
func (d *diagnosis) describeHeader(data []byte, c parser.Config, keys []string) {
	all := c
	all.Columns, all.Buckets = nil, nil
	h, err := headerOf(data, all)
	if err != nil {
		return
	}
	text := human.Numbered(h.Width(), "column", "columns")
	switch {
	case !c.ShowNames:
		text += " (--show-data prints their names)"
	case c.Dialect.NoHeader && c.Dialect.Names == nil:
		text += " without names"
	default:
		text += ": " + strings.Join(columnNames(data, all, h.Width()), ", ")
	}
	d.describe("header", text)
	if h, err = headerOf(data, c); err != nil {
		return
	}
	for i, what := range keys {
		d.describe(what, columnText(h, i, c))
	}
}

// columnNames returns the quoted names of the first n columns of data.
func columnNames(data []byte, c parser.Config, n int) []string {
	names := make([]string, n)
	for i := range names {
		c.Columns = append(c.Columns, parser.Selector{Number: i + 1})
	}
	if h, err := headerOf(data, c); err == nil {
		for i := range names {
			names[i] = strconv.Quote(string(h.Name(i)))
		}
	}
	return names
}

// headerOf returns the header of data.
func headerOf(data []byte, c parser.Config) (*parser.Header, error) {
	r := parser.NewReader(bytes.NewReader(data), c)
	defer r.Release()
	if err := r.Begin(); err != nil {
		return nil, err
	}
	return r.Header(), nil
}

// columnText describes a selected column, without names that are not those of
// the command line.
func columnText(h *parser.Header, i int, c parser.Config) string {
	at := h.Column(i)
	if at < 0 {
		return c.Columns[i].String()
	}
	text := fmt.Sprintf("column %d", at+1)
	for s := &c.Columns[i]; s != nil; s = s.Or {
		if s.Name != "" && s.Name == string(h.Name(i)) {
			return text + fmt.Sprintf(", %q", s.Name)
		}
	}
	return text
}

// dialectText describes a dialect: its delimiter and quote, and what differs
// from the default, as the flags that set it.
func dialectText(d parser.Dialect) string {
	rules := partial.DialectRules(d)
	if !d.NoQuote && d.Quote == 0 {
		rules["quote"] = strconv.Quote(`"`)
	}
	text := fmt.Sprintf("delimiter %s, quote %s", rules["delimiter"], rules["quote"])
	for _, name := range slices.Sorted(maps.Keys(rules)) {
		if name != "delimiter" && name != "quote" {
			text += ", " + strings.TrimSuffix(name+" "+rules[name], " true")
		}
	}
	return text
}

// beginning is the beginning of a part: its lines up to the one that contains
// byte beginningSize. It ends there as if that were all.
type beginning struct {
	part engine.Part
	data []byte // what was read, decoded
	cut  bool   // whether the part goes on
}

func (b *beginning) Name() string { return b.part.Name() }

// Info leaves out what is not true of the beginning: the size and what a server
// declares.
func (b *beginning) Info() engine.PartInfo {
	info := b.part.Info()
	return engine.PartInfo{Delimiter: info.Delimiter, Facts: info.Facts, Explain: info.Explain}
}

func (b *beginning) Retry(attempt int, err error) (time.Duration, bool) {
	if r, ok := b.part.(engine.Retrier); ok {
		return r.Retry(attempt, err)
	}
	return 0, false
}

func (b *beginning) Open(ctx context.Context) (io.ReadCloser, error) {
	stream, err := b.part.Open(ctx)
	if err != nil {
		return nil, err
	}
	b.data, b.cut = []byte{}, false
	return &beginningStream{stream, b}, nil
}

// isCut reports whether err is due to the end of the beginning.
func (b *beginning) isCut(err error) bool {
	return b.cut && (errors.Is(err, parser.ErrUnclosedQuote) || errors.Is(err, parser.ErrUnfinishedEscape) || errors.Is(err, parser.ErrTooFewRecords))
}

type beginningStream struct {
	stream io.ReadCloser
	b      *beginning
}

func (s *beginningStream) Read(p []byte) (int, error) {
	if s.b.cut {
		return 0, io.EOF
	}
	n, err := s.stream.Read(p)
	before := min(n, max(0, beginningSize-len(s.b.data)))
	if end := bytes.IndexByte(p[before:n], '\n'); end >= 0 {
		n, err, s.b.cut = before+end+1, nil, true
	}
	s.b.data = append(s.b.data, p[:n]...)
	return n, err
}

// Close returns the error of the stream, such as that of a file that changed,
// if it was read to its end.
func (s *beginningStream) Close() error {
	err := s.stream.Close()
	if s.b.cut {
		return nil
	}
	return err
}
