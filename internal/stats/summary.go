package stats

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"fastcount/engine"
	"fastcount/internal/human"
	"fastcount/parser"
	"fastcount/sources"
)

// Summary describes a run in one line: what was counted, how fast, from which
// sources, what proves that it is complete, and what is missing. The run took
// the time took, and repeated a number of attempts, as Run.Retries.
func Summary(r *engine.Report, from []sources.Source, took time.Duration, retries int) string {
	var raw uint64
	for _, p := range r.Parts {
		raw += p.RawBytes
	}
	run := workOf(r)
	text := fmt.Sprintf("%s, %s in %s", human.Rows(r.Rows), size(r.Bytes, raw), human.Duration(took))
	text += run.rate(took) + "; " + partCount(len(r.Parts), from)
	if run.kept > 0 {
		text += fmt.Sprintf(", %d of them kept by an earlier run", run.kept)
	}
	if slices.ContainsFunc(from, isRemote) {
		text += ", " + human.Numbered(retries, "retry", "retries")
	}
	return text + "; " + Proof(r) + Notes(r.Parts) + missing(r.Parts)
}

// Part describes a part of a run in one line.
func Part(p engine.PartReport) string {
	attempts := human.Numbered(p.Attempts, "attempt", "attempts")
	switch {
	case p.Failed:
		return p.Name + ": failed after " + attempts
	case p.Kept:
		attempts = "kept by an earlier run"
	}
	return fmt.Sprintf("%s: %s, %s, %s, verified: %s", p.Name, human.Rows(p.Rows), size(p.Bytes, p.RawBytes), attempts, p.Verified)
}

// Proof describes the weakest proof of completeness of the parts that were
// counted.
func Proof(r *engine.Report) string {
	weakest := r.Proof()
	n, counted := 0, 0
	for _, p := range r.Parts {
		if p.Failed {
			continue
		}
		counted++
		if p.Verified == weakest {
			n++
		}
	}
	text := fmt.Sprintf("proof of completeness: %v (%s)", weakest, proofs[weakest])
	if n < counted {
		return fmt.Sprintf("weakest %s for %d of %d", text, n, counted)
	}
	return text
}

// proofs explains each proof of completeness.
var proofs = map[engine.Proof]string{
	engine.ProofRows:     "row counts match",
	engine.ProofLength:   "byte counts match, no row count is known",
	engine.ProofChecksum: "checksums match, no row count is known",
	engine.ProofFraming:  "the sender marked the end; a proxy can hide a cut",
	engine.ProofNone:     "the input ended; a cut cannot be seen",
}

// Notes returns what may be wrong with a complete result, to be appended to a
// line: how many records span lines, since a stray quote joins several rows to
// such a record, what was left out or tolerated, how many times were not
// compared with the declared ones, and how many parts end without a newline, as
// truncated text does. It returns "" if there is nothing of that kind.
func Notes(parts []engine.PartReport) (text string) {
	var all parser.Stats
	unterminated, unchecked := 0, uint64(0)
	for _, p := range parts {
		all.Add(p.Stats)
		unchecked += p.UncheckedTimes
		if p.Unterminated {
			unterminated++
		}
	}
	switch multiline := all.Multiline; {
	case multiline == 1:
		text = "; 1 record spans lines"
	case multiline > 1:
		text = "; " + human.Count(multiline) + " records span lines"
	}
	if skipped := newSkipped(all).text(); skipped != "" {
		text += "; " + skipped
	}
	if unchecked > 0 {
		text += "; " + uncheckedTimes(unchecked) + " not compared with metadata"
	}
	switch {
	case unterminated == 1 && len(parts) == 1:
		text += "; the last line has no newline"
	case unterminated > 0:
		text += fmt.Sprintf("; %d of %d end without a newline", unterminated, len(parts))
	}
	return text
}

// uncheckedTimes describes times that were not compared with the declared ones.
func uncheckedTimes(n uint64) string {
	if n == 1 {
		return "1 value of event_time"
	}
	return human.Count(n) + " values of event_time"
}

// text lists what was left out or tolerated, or returns "".
func (s Skipped) text() string {
	var list []string
	for _, c := range []struct {
		n         uint64
		one, many string
	}{
		{s.RaggedRows, "ragged row", "ragged rows"},
		{s.Comments, "comment", "comments"},
		{s.RepeatedHeaders, "repeated header left out", "repeated headers left out"},
		{s.SkippedRows, "row skipped", "rows skipped"},
		{s.EmptyInputs, "empty input", "empty inputs"},
	} {
		switch {
		case c.n == 1:
			list = append(list, "1 "+c.one)
		case c.n > 1:
			list = append(list, human.Count(c.n)+" "+c.many)
		}
	}
	return strings.Join(list, ", ")
}

// missing returns what is missing from the result, to be appended to a line, or
// "".
func missing(parts []engine.PartReport) (text string) {
	var failed, differ int
	var bad uint64
	for _, p := range parts {
		bad += p.BadRows
		switch {
		case p.Failed:
			failed++
		case p.Err != nil:
			differ++
		}
	}
	if failed > 0 {
		text += fmt.Sprintf("; INCOMPLETE: %d of %d failed", failed, len(parts))
	}
	if differ > 0 {
		text += fmt.Sprintf("; MISMATCH: %d of %d disagree with the server's metadata", differ, len(parts))
	}
	if bad > 0 {
		text += fmt.Sprintf("; INCOMPLETE: %s left out", human.Rows(bad))
	}
	return text
}

// work is what a run did itself. Parts that an earlier run counted are only in
// kept.
type work struct {
	rows, bytes uint64
	kept        int
}

func workOf(r *engine.Report) work {
	w := work{rows: r.Rows, bytes: r.Bytes}
	for _, p := range r.Parts {
		if !p.Kept {
			continue
		}
		w.kept++
		w.rows -= p.Rows
		w.bytes -= p.Bytes
	}
	return w
}

// rate returns how fast the work was, to be appended to a line, or "" if there
// was no work.
func (w work) rate(took time.Duration) string {
	if w.bytes == 0 {
		return ""
	}
	seconds := max(took.Seconds(), 1e-9)
	return fmt.Sprintf(": %s rows/s, %s/s", human.Rate(float64(w.rows)/seconds), human.Bytes(uint64(float64(w.bytes)/seconds)))
}

// size returns a number of bytes of CSV, and the number of bytes that were read
// for it if these were compressed.
func size(bytes, raw uint64) string {
	if raw == bytes {
		return human.Bytes(bytes)
	}
	return fmt.Sprintf("%s (%s compressed)", human.Bytes(bytes), human.Bytes(raw))
}

// partCount returns the number of parts. They are called after the kind of
// their sources if these are all of one kind.
func partCount(n int, from []sources.Source) string {
	kind := from[0].Kind
	if slices.ContainsFunc(from, func(s sources.Source) bool { return s.Kind != kind }) {
		return human.Numbered(n, "part", "parts")
	}
	switch kind {
	case sources.KindExport:
		return human.Numbered(n, "download", "downloads")
	case sources.KindFile:
		return human.Numbered(n, "file", "files")
	case sources.KindURL:
		return human.Numbered(n, "URL", "URLs")
	case sources.KindStdin:
		return "standard input"
	}
	return human.Numbered(n, "part", "parts")
}

func isRemote(s sources.Source) bool {
	return s.Kind == sources.KindExport || s.Kind == sources.KindURL
}
