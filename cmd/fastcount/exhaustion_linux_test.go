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

// attack is a file, or the response of a server to every request, that is small
// or endless and meant to exhaust the memory or the time of the program. The
// tests run the real program on it, and read from the kernel what that used.
type attack struct {
	file   content
	answer http.HandlerFunc
	export bool // count the export demo of the server instead of a URL
	flags  []string
	code   int
	stderr string // part of it
	peak   int64  // MiB; 0 means peakRemote for a response and peakLocal for a file
}

// Limits of the memory of a run in MiB, of which the Go runtime and the program
// itself take 10 to 12.
const (
	peakRemote = 25
	peakLocal  = 16
)

// allowed is the time that a run may take or, on a busy machine, its processor
// time.
const allowed = time.Second

const (
	header = "patient_id,event_time,event_type,value\n"
	row    = "P001,2025-08-26T00:00:04.906404Z,bp_sys,71\n"
)

func attacks() map[string]attack {
	return map[string]attack{
		"zstd window over HTTP": {answer: data("zstd", frame(29)), code: 8, stderr: "raise the limit with --max-window"},
		"zstd window in a file": {file: frame(29), code: 8, stderr: "raise the limit with --max-window"},
		"largest window in a file": {file: join(frame(27), stored(header), repeated('x', 1<<17, 80_000)),
			code: 8, stderr: "raise the limit with --max-record", peak: 128 + peakLocal},
		"largest window over HTTP": {answer: data("zstd", join(frame(23), stored(header), repeated('x', 1<<17, endless))),
			code: 8, stderr: "raise the limit with --max-record"},

		"record":                 {file: join(text(header), sparse(10<<30)), code: 8, stderr: "raise the limit with --max-record"},
		"record over HTTP":       {answer: data("", join(text(header), again("x", endless))), code: 8, stderr: "raise the limit with --max-record"},
		"record in gzip":         {file: join(gzipHead, deflated(header), deflatedAgain("x", 10<<10)), code: 8, stderr: "raise the limit with --max-record"},
		"record in gzip by HTTP": {answer: data("gzip", join(gzipHead, deflated(header), deflatedAgain("x", endless))), code: 8, stderr: "raise the limit with --max-record"},

		"header":                 {file: sparse(10 << 30), code: 8, stderr: "raise the limit with --max-record"},
		"header over HTTP":       {answer: data("", again("x", endless)), code: 8, stderr: "raise the limit with --max-record"},
		"header in gzip":         {file: join(gzipHead, deflatedAgain("x", 10<<10)), code: 8, stderr: "raise the limit with --max-record"},
		"header in zstd by HTTP": {answer: data("zstd", join(frame(17), repeated('x', 1<<17, endless))), code: 8, stderr: "raise the limit with --max-record"},

		"quoted field":           {file: join(text(header+`P1,"`), sparse(10<<30)), code: 8, stderr: "raise the limit with --max-record"},
		"quoted field over HTTP": {answer: data("", join(text(header+`P1,"`), again("x", endless))), code: 8, stderr: "raise the limit with --max-record"},
		"long ids":               {file: join(frame(17), stored(header), longIDs(250_000)), code: 8, stderr: "raise the limit with --max-names-size", peak: 384},
		"long ids over HTTP": {answer: data("zstd", join(frame(17), stored(header), longIDs(250_000))), flags: []string{"--max-names-size", "32M"},
			code: 8, stderr: "raise the limit with --max-names-size", peak: 96},
		"quoted lines": {answer: data("", join(text(header+`P1,"`), again("x\n", endless))), code: 8, stderr: "raise the limit with --max-record-lines"},
		"quoted field in zstd by HTTP": {answer: data("zstd", join(frame(17), stored(header+`P1,"`), repeated('\n', 1<<17, endless))),
			code: 8, stderr: "raise the limit with --max-record-lines"},

		"columns":           {file: join(text("patient_id,event_type" + strings.Repeat(",", 1_000_000) + "\n")), code: 8, stderr: "raise the limit with --max-columns"},
		"columns over HTTP": {answer: data("", join(text("patient_id,event_type"+strings.Repeat(",", 1_000_000)+"\n"))), code: 8, stderr: "raise the limit with --max-columns"},

		// These are valid, and counted until --max-duration.
		"rows in gzip by HTTP": {answer: data("gzip", join(gzipHead, deflated(header), deflatedAgain(row, endless))),
			flags: []string{"--max-duration", "300ms"}, code: 10, stderr: "--max-duration is over"},
		"rows in gzip": {file: join(gzipHead, deflated(header), deflatedAgain(row, 10<<10)),
			flags: []string{"--max-duration", "300ms"}, code: 10, stderr: "--max-duration is over"},

		"answer":            {export: true, answer: api("", join(text(`{"data":{"id":"demo","x":"`), again("x", endless))), code: 8, stderr: "raise the limit with --max-json"},
		"answer of spaces":  {export: true, answer: api("", again(" ", endless)), code: 8, stderr: "raise the limit with --max-json"},
		"answer in zstd":    {export: true, answer: api("zstd", join(frame(23), stored(`{"data":{"id":"`), repeated('x', 1<<17, endless))), code: 8, stderr: "raise the limit with --max-json"},
		"answer nested":     {export: true, answer: api("", again("[", 15)), code: 8, stderr: "raise the limit with --max-json"},
		"answer of objects": {export: true, answer: api("", again(`{"a":`, 15)), code: 8, stderr: "raise the limit with --max-json"},
		"answer of values":  {export: true, answer: api("", join(text(`{"data":{"id":"demo","x":[0`), again(",0", 15), text("]}}"))), code: 6, stderr: "malformed response"},
		"answer of numbers": {export: true, answer: api("", join(text(`{"data":{"id":"demo","download_ids":[0`), again(",0000000", 15), text("]}}"))), code: 6, stderr: "malformed response"},
		"one id again":      {export: true, answer: api("", join(text(`{"data":{"id":"demo","download_ids":["0"`), again(`,"000000"`, 15), text("]}}"))), code: 6, stderr: "malformed response"},
		"a million ids":     {export: true, answer: api("", join(text(`{"data":{"id":"demo","download_ids":["0"`), listed(1_000_000), text("]}}"))), code: 8, stderr: "raise the limit with --max-downloads"},
		"a terabyte":        {export: true, answer: announced(1<<40, join(text(`{"data":{"id":"demo","x":"`), again("x", endless))), code: 8, stderr: "raise the limit with --max-json"},
		"patients again":    {export: true, answer: metadata(again(`,"P01"`, 15)), stderr: "proof of completeness: rows"},
		"many patients":     {export: true, answer: metadata(listed(400_000)), stderr: "proof of completeness: rows", peak: 128},

		"headers":        {answer: raw(join(text("HTTP/1.1 200 OK\r\n"), again("X: y\r\n", endless))), code: 5, stderr: "--retries"},
		"one header":     {answer: raw(join(text("HTTP/1.1 200 OK\r\nX: "), again("y", endless))), code: 5, stderr: "--retries"},
		"status line":    {answer: raw(again("H", endless)), code: 5, stderr: "--retries"},
		"chunk size":     {answer: raw(join(text("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), again("0", endless))), code: 5, stderr: "--retries"},
		"error":          {answer: failing("", again("x", endless)), code: 5, stderr: "500"},
		"error in gzip":  {answer: failing("gzip", join(gzipHead, deflatedAgain("x", endless))), code: 5, stderr: "500"},
		"error of JSON":  {answer: failing("", join(text(`{"detail":"`), again("x", endless))), code: 5, stderr: "500"},
		"redirects":      {answer: redirects, code: 7, stderr: "redirect refused: more than 3 in a row"},
		"drip":           {answer: dripping(header), flags: []string{"--idle-timeout", "300ms"}, code: 5, stderr: "--idle-timeout"},
		"drip of an API": {answer: dripping(`{"data":`), export: true, flags: []string{"--idle-timeout", "300ms"}, code: 5, stderr: "--idle-timeout"},
	}
}

func TestResourceExhaustion(t *testing.T) {
	binary := buildProgram(t)
	proof.Cases(t, "exhaustion", len(attacks()))
	for name, a := range attacks() {
		t.Run(name, func(t *testing.T) {
			command := append([]string{binary}, a.command(t)...)
			var m outcome
			for range tries {
				m = measure(t, command...)
				if m.Code != a.code || !strings.Contains(m.Stderr, a.stderr) || (m.Stdout != "") != (m.Code == exitDone) {
					t.Fatalf("exit code %d, want %d; standard error %.500q, want %q", m.Code, a.code, m.Stderr, a.stderr)
				}
				if (m.Took <= allowed || m.CPU <= allowed && m.Took <= 10*allowed) && m.Peak <= a.allowed()<<10 {
					t.Logf("exit code %d after %v, %.1f MiB", m.Code, m.Took.Round(time.Millisecond), float64(m.Peak)/1024)
					return
				}
			}
			t.Errorf("it took %v, %v of processors, and %d KiB of memory, want at most %v and %d MiB", m.Took, m.CPU, m.Peak, allowed, a.allowed())
		})
	}
}

// tries is the number of runs, one of which must keep to the limits, because
// the machine may be busy.
const tries = 3

func (a attack) allowed() int64 {
	switch {
	case a.peak > 0:
		return a.peak
	case a.file != nil:
		return peakLocal
	}
	return peakRemote
}

// command returns the arguments of the program, after writing the file or
// starting the server.
func (a attack) command(t *testing.T) []string {
	t.Helper()
	if a.file != nil {
		name := filepath.Join(t.TempDir(), "input")
		writeFile(t, name, a.file)
		return append(a.flags, name)
	}
	s := httptest.NewServer(a.answer)
	t.Cleanup(s.Close)
	if a.export {
		return append(a.flags, "--retries", "0", "--server", s.URL, "demo")
	}
	return append(a.flags, "--retries", "0", s.URL+"/input.csv")
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
