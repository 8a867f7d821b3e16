package main

import (
	"fmt"
	"strings"
	"time"

	"fastcount/engine"
	"fastcount/sources"
)

// summarise tells at the end of a run what was done and what proves it.
func (u *ui) summarise(r *engine.Report, found []sources.Source, took time.Duration) {
	if u.verbose {
		for _, p := range r.Parts {
			u.say("%s", partLine(p))
		}
	}
	u.say("%s", closingLine(r, found, took))
}

func partLine(p engine.PartReport) string {
	return fmt.Sprintf("%s: %s rows, %s, %s, verified: %s", p.Name, humanCount(p.Rows), sizeOf(p.Bytes, p.RawBytes),
		numbered(p.Attempts, "attempt", "attempts"), p.Verified)
}

func closingLine(r *engine.Report, found []sources.Source, took time.Duration) string {
	var raw uint64
	var retries int
	for _, p := range r.Parts {
		raw += p.RawBytes
		retries += p.Attempts - 1
	}
	seconds := max(took.Seconds(), 1e-9)
	said := fmt.Sprintf("%s, %s in %s: %s rows/s, %s/s; %s", rowCount(r.Rows), sizeOf(r.Bytes, raw),
		humanTime(took), humanRate(float64(r.Rows)/seconds), humanBytes(uint64(float64(r.Bytes)/seconds)), partCount(len(r.Parts), found))
	if remotes(found) {
		said += ", " + numbered(retries, "retry", "retries")
	}
	return said + "; " + proofOf(r.Parts)
}

func rowCount(n uint64) string {
	if n == 1 {
		return "1 row"
	}
	return humanCount(n) + " rows"
}

// sizeOf tells how much was read, and what that was compressed to.
func sizeOf(bytes, raw uint64) string {
	if raw == bytes {
		return humanBytes(bytes)
	}
	return fmt.Sprintf("%s (%s compressed)", humanBytes(bytes), humanBytes(raw))
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
	return numbered(n, one, many)
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

// proofs are the words for what proved that parts were read to their ends, the strongest first.
var proofs = []struct {
	proof     engine.Proof
	all, some string
}{
	{engine.ProofRows, "verified against the server's metadata", "against the server's metadata"},
	{engine.ProofFraming, "ends proven by transport or compression; no row count was declared", "by transport or compression"},
	{engine.ProofNone, "read to the end of file; no row count was declared", "by the end of file alone"},
}

// proofOf tells what proved that all parts were read to their ends, and no more than that.
func proofOf(parts []engine.PartReport) string {
	n := make(map[engine.Proof]int)
	for _, p := range parts {
		n[p.Verified]++
	}
	var some []string
	for _, p := range proofs {
		if n[p.proof] == len(parts) {
			return p.all
		}
		if n[p.proof] > 0 {
			some = append(some, fmt.Sprintf("%d %s", n[p.proof], p.some))
		}
	}
	return "ends proven: " + strings.Join(some, ", ")
}
