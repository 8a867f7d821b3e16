package stats

import (
	"fmt"
	"time"

	"fastcount/engine"
	"fastcount/internal/human"
	"fastcount/sources"
)

func Part(p engine.PartReport) string {
	if p.Failed {
		return p.Name + ": failed after " + human.Numbered(p.Attempts, "attempt", "attempts")
	}
	came := human.Numbered(p.Attempts, "attempt", "attempts")
	if p.Kept {
		came = "kept by an earlier run"
	}
	return fmt.Sprintf("%s: %s rows, %s, %s, verified: %s", p.Name, human.Count(p.Rows), sizeOf(p.Bytes, p.RawBytes), came, p.Verified)
}

func Summary(r *engine.Report, found []sources.Source, took time.Duration) string {
	var raw uint64
	read := work{rows: r.Rows, bytes: r.Bytes}
	for _, p := range r.Parts {
		raw += p.RawBytes
		read.note(p)
	}
	said := fmt.Sprintf("%s, %s in %s%s; %s", human.Rows(r.Rows), sizeOf(r.Bytes, raw), human.Duration(took), read.rate(took), partCount(len(r.Parts), found))
	if read.kept > 0 {
		said += fmt.Sprintf(", %d of them kept by an earlier run", read.kept)
	}
	if remotes(found) {
		said += ", " + human.Numbered(read.retries, "retry", "retries")
	}
	return said + "; " + Proof(r) + Notes(r.Parts) + lacking(r.Parts)
}

// Notes returns what a careful reader of the result must know, "" if there
// is nothing: how many records span lines, since a stray quote makes such a
// record of several rows, and how many sources end without a newline, since a
// Text that was cut ends so.
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

// work is what a run did itself, and how many parts it did not have to read.
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

// rate tells how fast the work was, "" if there was none.
func (w *work) rate(took time.Duration) string {
	if w.bytes == 0 {
		return ""
	}
	seconds := max(took.Seconds(), 1e-9)
	return fmt.Sprintf(": %s rows/s, %s/s", human.Rate(float64(w.rows)/seconds), human.Bytes(uint64(float64(w.bytes)/seconds)))
}

// lacking tells what is not in the result, "" if nothing.
func lacking(parts []engine.PartReport) (said string) {
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
		said += fmt.Sprintf("; INCOMPLETE: %d of %d failed", failed, len(parts))
	}
	if differ > 0 {
		said += fmt.Sprintf("; DOUBTFUL: %d of %d are not what the server declares", differ, len(parts))
	}
	if bad > 0 {
		said += fmt.Sprintf("; INCOMPLETE: %s left out", human.Rows(bad))
	}
	return said
}

// sizeOf tells how much was read, and what that was compressed to.
func sizeOf(bytes, raw uint64) string {
	if raw == bytes {
		return human.Bytes(bytes)
	}
	return fmt.Sprintf("%s (%s compressed)", human.Bytes(bytes), human.Bytes(raw))
}

// partCount calls the parts what they are, if they all are the same.
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
	said := fmt.Sprintf("proof of completeness: %v (%s)", weakest, proofWords[weakest])
	if n < counted {
		said = fmt.Sprintf("weakest %s for %d of %d", said, n, counted)
	}
	return said
}
