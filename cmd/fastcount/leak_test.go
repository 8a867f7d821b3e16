package main

import (
	"fastcount/internal/console"
	"io"
	"os"
	"regexp"
	"slices"
)

// secret matches what must never be written to standard error: the token that
// every script has in its environment, and the patients of the tests and of the
// mock exports.
var secret = regexp.MustCompile(`canary|\b[PS][0-9]{1,4}\b`)

// exitLeak is the exit code of a program that wrote a secret. No test expects
// it.
const exitLeak = 99

// guardedMain is main with a check of standard error. Every program that a test
// starts runs it.
func guardedMain() {
	watched := &watcher{w: os.Stderr}
	p := &program{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, ui: console.New(watched), environ: os.Environ()}
	code := p.run(os.Args[1:])
	if found := secret.Find(watched.text); found != nil && !slices.Contains(os.Args, "--show-data") {
		_, _ = io.WriteString(os.Stderr, "LEAKED: "+string(found)+"\n")
		code = exitLeak
	}
	os.Exit(code)
}

// watcher keeps what is written. Calls of Write are not concurrent, because ui
// has a lock.
type watcher struct {
	w    io.Writer
	text []byte
}

func (w *watcher) Write(p []byte) (int, error) {
	w.text = append(w.text, p...)
	return w.w.Write(p)
}
