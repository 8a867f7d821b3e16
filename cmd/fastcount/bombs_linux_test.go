//go:build !race

package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fastcount/internal/testing/proof"
)

// A bomb is input that is small, or has no end, and is meant to take the memory or the time of who reads it. These tests
// set bombs off in the real program and ask the kernel what that took.

// bomb is what a file holds, or what a server answers to every request.
type bomb struct {
	file   content
	answer http.HandlerFunc
	export bool // what is counted is the export demo of the server, not a URL
	flags  []string
	code   int
	says   string
	peak   int64 // MiB; 0 means peakRemote for an answer and peakLocal for a file
}

// What a run may take, in MiB. The Go runtime and the program itself are 10 to 12 of it.
const (
	peakRemote = 25
	peakLocal  = 16
)

// allowed is how long a run may take, and on a machine that is busy how much of its processors.
const allowed = time.Second

const (
	header = "patient_id,event_time,event_type,value\n"
	row    = "P001,2025-08-26T00:00:04.906404Z,bp_sys,71\n"
)

func bombs() map[string]bomb {
	return map[string]bomb{
		"zstd window over HTTP": {answer: data("zstd", frame(29)), code: 8, says: "raise the limit with --max-window"},
		"zstd window in a file": {file: frame(29), code: 8, says: "raise the limit with --max-window"},
		"largest window in a file": {file: join(frame(27), stored(header), repeated('x', 1<<17, 80_000)),
			code: 8, says: "raise the limit with --max-record", peak: 128 + peakLocal},
		"largest window over HTTP": {answer: data("zstd", join(frame(23), stored(header), repeated('x', 1<<17, endless))),
			code: 8, says: "raise the limit with --max-record"},

		"record":                 {file: join(text(header), sparse(10<<30)), code: 8, says: "raise the limit with --max-record"},
		"record over HTTP":       {answer: data("", join(text(header), again("x", endless))), code: 8, says: "raise the limit with --max-record"},
		"record in gzip":         {file: join(gzipHead, deflated(header), deflatedAgain("x", 10<<10)), code: 8, says: "raise the limit with --max-record"},
		"record in gzip by HTTP": {answer: data("gzip", join(gzipHead, deflated(header), deflatedAgain("x", endless))), code: 8, says: "raise the limit with --max-record"},

		"header":                 {file: sparse(10 << 30), code: 8, says: "raise the limit with --max-record"},
		"header over HTTP":       {answer: data("", again("x", endless)), code: 8, says: "raise the limit with --max-record"},
		"header in gzip":         {file: join(gzipHead, deflatedAgain("x", 10<<10)), code: 8, says: "raise the limit with --max-record"},
		"header in zstd by HTTP": {answer: data("zstd", join(frame(17), repeated('x', 1<<17, endless))), code: 8, says: "raise the limit with --max-record"},

		"quoted field":           {file: join(text(header+`P1,"`), sparse(10<<30)), code: 8, says: "raise the limit with --max-record"},
		"quoted field over HTTP": {answer: data("", join(text(header+`P1,"`), again("x", endless))), code: 8, says: "raise the limit with --max-record"},
		"long ids":               {file: join(frame(17), stored(header), longIDs(250_000)), code: 8, says: "raise the limit with --max-names-size", peak: 384},
		"long ids over HTTP": {answer: data("zstd", join(frame(17), stored(header), longIDs(250_000))), flags: []string{"--max-names-size", "32M"},
			code: 8, says: "raise the limit with --max-names-size", peak: 96},
		"quoted lines": {answer: data("", join(text(header+`P1,"`), again("x\n", endless))), code: 8, says: "raise the limit with --max-record-lines"},
		"quoted field in zstd by HTTP": {answer: data("zstd", join(frame(17), stored(header+`P1,"`), repeated('\n', 1<<17, endless))),
			code: 8, says: "raise the limit with --max-record-lines"},

		"columns":           {file: join(text("patient_id,event_type" + strings.Repeat(",", 1_000_000) + "\n")), code: 8, says: "raise the limit with --max-columns"},
		"columns over HTTP": {answer: data("", join(text("patient_id,event_type"+strings.Repeat(",", 1_000_000)+"\n"))), code: 8, says: "raise the limit with --max-columns"},

		// These are no bombs but large: they are counted as long as they are let.
		"rows in gzip by HTTP": {answer: data("gzip", join(gzipHead, deflated(header), deflatedAgain(row, endless))),
			flags: []string{"--max-duration", "300ms"}, code: 10, says: "--max-duration is over"},
		"rows in gzip": {file: join(gzipHead, deflated(header), deflatedAgain(row, 10<<10)),
			flags: []string{"--max-duration", "300ms"}, code: 10, says: "--max-duration is over"},

		"answer":            {export: true, answer: api("", join(text(`{"data":{"id":"demo","x":"`), again("x", endless))), code: 8, says: "raise the limit with --max-json"},
		"answer of spaces":  {export: true, answer: api("", again(" ", endless)), code: 8, says: "raise the limit with --max-json"},
		"answer in zstd":    {export: true, answer: api("zstd", join(frame(23), stored(`{"data":{"id":"`), repeated('x', 1<<17, endless))), code: 8, says: "raise the limit with --max-json"},
		"answer nested":     {export: true, answer: api("", again("[", 15)), code: 8, says: "raise the limit with --max-json"},
		"answer of objects": {export: true, answer: api("", again(`{"a":`, 15)), code: 8, says: "raise the limit with --max-json"},
		"answer of values":  {export: true, answer: api("", join(text(`{"data":{"id":"demo","x":[0`), again(",0", 15), text("]}}"))), code: 6, says: "malformed response"},
		"answer of numbers": {export: true, answer: api("", join(text(`{"data":{"id":"demo","download_ids":[0`), again(",0000000", 15), text("]}}"))), code: 6, says: "malformed response"},
		"one id again":      {export: true, answer: api("", join(text(`{"data":{"id":"demo","download_ids":["0"`), again(`,"000000"`, 15), text("]}}"))), code: 6, says: "malformed response"},
		"a million ids":     {export: true, answer: api("", join(text(`{"data":{"id":"demo","download_ids":["0"`), listed(1_000_000), text("]}}"))), code: 8, says: "raise the limit with --max-downloads"},
		"a terabyte":        {export: true, answer: announced(1<<40, join(text(`{"data":{"id":"demo","x":"`), again("x", endless))), code: 8, says: "raise the limit with --max-json"},
		"patients again":    {export: true, answer: metadata(again(`,"P01"`, 15)), says: "proof of completeness: rows"},
		"many patients":     {export: true, answer: metadata(listed(400_000)), says: "proof of completeness: rows", peak: 128},

		"headers":        {answer: raw(join(text("HTTP/1.1 200 OK\r\n"), again("X: y\r\n", endless))), code: 5, says: "--retries"},
		"one header":     {answer: raw(join(text("HTTP/1.1 200 OK\r\nX: "), again("y", endless))), code: 5, says: "--retries"},
		"status line":    {answer: raw(again("H", endless)), code: 5, says: "--retries"},
		"chunk size":     {answer: raw(join(text("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), again("0", endless))), code: 5, says: "--retries"},
		"error":          {answer: failing("", again("x", endless)), code: 5, says: "500"},
		"error in gzip":  {answer: failing("gzip", join(gzipHead, deflatedAgain("x", endless))), code: 5, says: "500"},
		"error of JSON":  {answer: failing("", join(text(`{"detail":"`), again("x", endless))), code: 5, says: "500"},
		"redirects":      {answer: redirects, code: 7, says: "redirect refused: more than 3 in a row"},
		"drip":           {answer: dripping(header), flags: []string{"--idle-timeout", "300ms"}, code: 5, says: "--idle-timeout"},
		"drip of an API": {answer: dripping(`{"data":`), export: true, flags: []string{"--idle-timeout", "300ms"}, code: 5, says: "--idle-timeout"},
	}
}

func TestBombs(t *testing.T) {
	binary := buildProgram(t)
	proof.Cases(t, "bombs", len(bombs()))
	for name, b := range bombs() {
		t.Run(name, func(t *testing.T) {
			command := append([]string{binary}, b.command(t)...)
			var m outcome
			for range tries {
				m = measure(t, command...)
				if m.Code != b.code || !strings.Contains(m.Stderr, b.says) || (m.Stdout != "") != (m.Code == exitDone) {
					t.Fatalf("exit code %d, want %d; it said %.500q, want %q", m.Code, b.code, m.Stderr, b.says)
				}
				if (m.Took <= allowed || m.CPU <= allowed && m.Took <= 10*allowed) && m.Peak <= b.allowed()<<10 {
					t.Logf("exit code %d after %v, %.1f MiB", m.Code, m.Took.Round(time.Millisecond), float64(m.Peak)/1024)
					return
				}
			}
			t.Errorf("it took %v, %v of processors, and %d KiB of memory, want at most %v and %d MiB", m.Took, m.CPU, m.Peak, allowed, b.allowed())
		})
	}
}

// tries is how often a bomb is set off, on a machine that may be busy with something else, to see what it takes.
const tries = 3

func (b bomb) allowed() int64 {
	switch {
	case b.peak > 0:
		return b.peak
	case b.file != nil:
		return peakLocal
	}
	return peakRemote
}

// command returns the arguments that set the bomb off. It writes the file, or begins to serve.
func (b bomb) command(t *testing.T) []string {
	t.Helper()
	if b.file != nil {
		name := filepath.Join(t.TempDir(), "bomb")
		writeFile(t, name, b.file)
		return append(b.flags, name)
	}
	s := httptest.NewServer(b.answer)
	t.Cleanup(s.Close)
	if b.export {
		return append(b.flags, "--retries", "0", "--server", s.URL, "demo")
	}
	return append(b.flags, "--retries", "0", s.URL+"/bomb.csv")
}

func writeFile(t *testing.T, name string, c content) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c(f), f.Close()); err != nil {
		t.Fatal(err)
	}
}
