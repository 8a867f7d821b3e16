package stats

import (
	"fmt"
	"time"

	"fastcount/engine"
	"fastcount/internal/human"
	"fastcount/sources"
)

// Part describes a finished part in one line.
func Part(p engine.PartReport) string {
	if p.Failed {
		return p.Name + ": failed after " + human.Numbered(p.Attempts, "attempt", "attempts")
	}
	origin := human.Numbered(p.Attempts, "attempt", "attempts")
	if p.Kept {
		origin = "kept by an earlier run"
	}
	return fmt.Sprintf("%s: %s rows, %s, %s, verified: %s", p.Name, human.Count(p.Rows), sizeOf(p.Bytes, p.RawBytes), origin, p.Verified)
}

// Summary returns the closing line of a run of the sources found, which took
// the given time.
func Summary(r *engine.Report, found []sources.Source, took time.Duration) string {
	var raw uint64
	read := work{rows: r.Rows, bytes: r.Bytes}
	for _, p := range r.Parts {
		raw += p.RawBytes
		read.note(p)
	}
	text := fmt.Sprintf("%s, %s in %s%s; %s", human.Rows(r.Rows), sizeOf(r.Bytes, raw), human.Duration(took), read.rate(took), partCount(len(r.Parts), found))
	if read.kept > 0 {
		text += fmt.Sprintf(", %d of them kept by an earlier run", read.kept)
	}
	if remotes(found) {
		text += ", " + human.Numbered(read.retries, "retry", "retries")
	}
	return text + "; " + Proof(r) + Notes(r.Parts) + missing(r.Parts)
}

// Notes returns the number of records that span lines, because a stray quote
// joins several rows to such a record, and the number of sources that end
// without a newline, because a truncated source ends like that. It returns ""
// if both are 0.
func Notes(parts []engine.PartReport) (text string) {
	var multiline uint64
	unterminated := 0
	for _, p := range parts {
		multiline += p.MultilineRows
		if p.Unterminated {
			unterminated++
		}
	}
	switch {
	case multiline == 1:
		text = "; 1 record spans lines"
	case multiline > 1:
		text = "; " + human.Count(multiline) + " records span lines"
	}
	switch {
	case unterminated == 1 && len(parts) == 1:
		text += "; the last line has no newline"
	case unterminated > 0:
		text += fmt.Sprintf("; %d of %d end without a newline", unterminated, len(parts))
	}
	return text
}

// work is what a run did itself, without the parts that an earlier run had
// counted.
type work struct {
	rows, bytes   uint64
	retries, kept int
}

func (w *work) note(p engine.PartReport) {
	if !p.Kept {
		w.retries += max(0, p.Attempts-1)
		return
	}
	w.kept++
	w.rows -= p.Rows
	w.bytes -= p.Bytes
}

// rate returns the rate of the work, or "" if nothing was read.
func (w *work) rate(took time.Duration) string {
	if w.bytes == 0 {
		return ""
	}
	seconds := max(took.Seconds(), 1e-9)
	return fmt.Sprintf(": %s rows/s, %s/s", human.Rate(float64(w.rows)/seconds), human.Bytes(uint64(float64(w.bytes)/seconds)))
}

// missing returns what is missing in the result, or "" if it is complete.
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
		text += fmt.Sprintf("; DOUBTFUL: %d of %d are not what the server declares", differ, len(parts))
	}
	if bad > 0 {
		text += fmt.Sprintf("; INCOMPLETE: %s left out", human.Rows(bad))
	}
	return text
}

// sizeOf returns the number of decompressed bytes and, if another number of
// bytes was read, that number.
func sizeOf(bytes, raw uint64) string {
	if raw == bytes {
		return human.Bytes(bytes)
	}
	return fmt.Sprintf("%s (%s compressed)", human.Bytes(bytes), human.Bytes(raw))
}

// partCount returns the number of parts, with their kind if all are of one
// kind.
func partCount(n int, found []sources.Source) string {
	one, many := "part", "parts"
	switch kind := found[0].Kind; {
	case !sameKind(found):
	case kind == sources.KindExport:
		one, many = "download", "downloads"
	case kind == sources.KindFile:
		one, many = "file", "files"
	case kind == sources.KindURL:
		one, many = "URL", "URLs"
	case kind == sources.KindStdin:
		return "standard input"
	}
	return human.Numbered(n, one, many)
}

func sameKind(found []sources.Source) bool {
	for _, s := range found {
		if s.Kind != found[0].Kind {
			return false
		}
	}
	return true
}

func remotes(found []sources.Source) bool {
	for _, s := range found {
		if s.Kind == sources.KindExport || s.Kind == sources.KindURL {
			return true
		}
	}
	return false
}

// proofWords explain each proof of completeness.
var proofWords = map[engine.Proof]string{
	engine.ProofRows:     "row counts match",
	engine.ProofLength:   "byte counts match, no row count is known",
	engine.ProofChecksum: "checksums match, no row count is known",
	engine.ProofFraming:  "the sender marked the end; a proxy can hide a cut",
	engine.ProofNone:     "the input ended; a cut cannot be seen",
}

// Proof returns the weakest proof of completeness of the parts that were
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
	text := fmt.Sprintf("proof of completeness: %v (%s)", weakest, proofWords[weakest])
	if n < counted {
		text = fmt.Sprintf("weakest %s for %d of %d", text, n, counted)
	}
	return text
}
