package main

import (
	"bytes"
	"path/filepath"
	"slices"
	"testing"

	"fastcount/internal/partial"
	"fastcount/parser"
)

// Shards read the dialect of the plan, and groups and the result have it and
// the counts of what was left out.
func TestDialect(t *testing.T) {
	dir := t.TempDir()
	text := []byte("title\nsubject||event_type||note\n")
	for range 50 {
		text = append(text, "P1||bp||5\" tube\n# a comment\nP2||hr\n"...)
	}
	write(t, filepath.Join(dir, "a.csv"), text)
	flags := []string{"--delimiter", "||", "--quote", "none", "--comment", "#", "--skip-lines", "1", "--ragged", "--patient-column", "none", "--patient-column", "subject"}
	j := job{Plan: planned(t, dir, append(slices.Clone(flags), "a.csv")...), Shards: 5, Output: filepath.Join(dir, "counts.json"), Sink: "json"}
	if err := j.check(); err != nil {
		t.Fatal(err)
	}
	_, sum, err := (&addGroup{}).ProcessElement(0, each(counted(t, j)))
	if err != nil {
		t.Fatal(err)
	}
	unpacked := filepath.Join(dir, "sum")
	if err := unpack(unpacked, sum); err != nil {
		t.Fatal(err)
	}
	header, report, err := partial.Read(bytes.NewReader(read(t, unpacked)))
	if err != nil || header.Dialect["quote"] != "none" || header.Dialect["comment"] != `"#"` {
		t.Fatalf("got %+v, %v", header, err)
	}
	var stats parser.Stats
	for _, p := range report.Parts {
		stats.Add(p.Stats)
	}
	if stats != (parser.Stats{Ragged: 50, Comments: 50}) {
		t.Errorf("got %+v", stats)
	}
	if err := (&writeResult{j}).ProcessElement(0, each([][]byte{sum})); err != nil {
		t.Fatal(err)
	}
	if want := fastcount(t, dir, append(flags, "a.csv")...); !bytes.Equal(read(t, j.Output), want) {
		t.Errorf("got %s, want %s", read(t, j.Output), want)
	}
}
