package main

import (
	"fastcount/internal/console"
	"io"
	"os"
	"regexp"
	"slices"
)

// secret matches what must never stand on standard error: the token that every script has in its environment, and the
// patients of the tests and of the mock exports.
var secret = regexp.MustCompile(`canary|\b[PS][0-9]{1,4}\b`)

// exitLeak is the exit code of a program that told a secret, which no test expects.
const exitLeak = 99

// guardedMain is main, but it watches standard error. Every program that a test starts is this one.
func guardedMain() {
	watched := &watcher{w: os.Stderr}
	p := &program{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, ui: console.New(watched), environ: os.Environ()}
	code := p.run(os.Args[1:])
	if found := secret.Find(watched.said); found != nil && !slices.Contains(os.Args, "--show-data") {
		_, _ = io.WriteString(os.Stderr, "LEAKED: "+string(found)+"\n")
		code = exitLeak
	}
	os.Exit(code)
}

// watcher keeps what is written. Writes come one at a time, for ui has a lock.
type watcher struct {
	w    io.Writer
	said []byte
}

func (w *watcher) Write(p []byte) (int, error) {
	w.said = append(w.said, p...)
	return w.w.Write(p)
}
