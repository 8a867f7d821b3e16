package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/term"

	"fastcount/engine"
)

// ui is the voice of the program on standard error. Whatever it says goes through line, which lets no control
// character pass: names of files and texts of servers cannot play with the terminal. Writing to standard error is
// never worth failing for, so its errors are ignored.
type ui struct {
	mu       sync.Mutex
	w        io.Writer
	terminal *os.File // w where it is a terminal, else nil
	quiet    bool
	verbose  bool
	log      *slog.Logger // where lines are to be JSON, else nil
}

func newUI(w io.Writer) *ui {
	u := &ui{w: w}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		u.terminal = f
	}
	return u
}

// configure takes what the user wants to hear from the flags of a verb.
func (u *ui) configure(flags *flagSet) {
	u.quiet = flags.lookup("quiet") == "true"
	u.verbose = flags.lookup("verbose") == "true"
	if flags.lookup("log-format") == "json" {
		u.log = slog.New(slog.NewJSONHandler(writerFunc(u.write), nil))
	}
}

// mute discards everything from now on.
func (u *ui) mute() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.w = io.Discard
}

// writerFunc is a function that writes text.
type writerFunc func(string)

func (f writerFunc) Write(p []byte) (int, error) {
	f(string(p))
	return len(p), nil
}

// write puts text out in one piece.
func (u *ui) write(text string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	_, _ = io.WriteString(u.w, text)
}

// line writes one line: for people behind what says where it comes from, or as an object of JSON.
func (u *ui) line(level slog.Level, from, text string, attributes ...any) {
	if text = visible(text); u.log == nil {
		u.write(from + text + "\n")
		return
	}
	u.log.Log(context.Background(), level, text, attributes...)
}

// say tells what goes on, unless the user wants quiet.
func (u *ui) say(format string, args ...any) {
	if !u.quiet {
		u.line(slog.LevelInfo, "fastcount: ", fmt.Sprintf(format, args...))
	}
}

func (u *ui) warn(text string) { u.line(slog.LevelWarn, "fastcount: warning: ", text) }

// hint tells what can be done about a failure.
func (u *ui) hint(text string) { u.line(slog.LevelInfo, "hint: ", text, "kind", "hint") }

// fail tells what went wrong and what to do about it. A closed standard output is no news to the one who closed it.
func (u *ui) fail(err error) {
	code := exitCode(err)
	if code == exitBrokenPipe {
		return
	}
	for _, text := range messages(err) {
		u.line(slog.LevelError, "fastcount: ", text, "exit_code", code)
	}
	for _, h := range hints(err) {
		u.hint(h)
	}
	if usage, ok := errors.AsType[*usageError](err); ok && usage.help != "" && u.log == nil {
		u.write("\n" + usage.help)
	}
}

// messages returns a line for each thing that went wrong.
func messages(err error) []string {
	if parts, ok := errors.AsType[engine.PartErrors](err); ok {
		var lines []string
		for _, p := range parts {
			lines = append(lines, strings.Split(message(p), "\n")...)
		}
		return lines
	}
	return strings.Split(message(err), "\n")
}

// message returns the text of err. Of what failed with a file, the file comes first.
func message(err error) string {
	text := err.Error()
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		text = strings.Replace(text, p.Op+" "+p.Path+": ", p.Path+": ", 1)
		text = strings.TrimPrefix(text, p.Path+": "+p.Path+": ")
		if !strings.Contains(text, p.Path) {
			text = p.Path + ": " + text
		}
	}
	return text
}

// visible returns s with everything escaped that is not a printable character, as in Go's source.
func visible(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 {
			fmt.Fprintf(&b, `\x%02x`, s[0])
		} else if strconv.IsPrint(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
		s = s[n:]
	}
	return b.String()
}

// usageError says that the command line cannot be meant as it stands.
type usageError struct {
	err  error
	help string // the short help to go with it; "" where the arguments are well written but do not go together
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// usage is err as a usage error.
func usage(err error) error { return &usageError{err: err} }

// clash is the usage error of arguments that do not go together.
func clash(format string, args ...any) error { return usage(fmt.Errorf(format, args...)) }

// misuse is the usage error of arguments that a verb does not take. The short help follows it.
func misuse(v string, err error) error { return &usageError{err, shortHelp(v)} }

// hintedError is an error that knows what to do about it.
type hintedError struct {
	err   error
	hints []string
}

func (e *hintedError) Error() string { return e.err.Error() }
func (e *hintedError) Unwrap() error { return e.err }

func hinted(err error, hints ...string) error { return &hintedError{err, hints} }
