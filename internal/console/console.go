// Package console writes messages for people to standard error, or the same as
// lines of JSON.
package console

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"

	"golang.org/x/term"

	"fastcount/internal/display"
)

// Console writes to standard error. Lines for people go through package display, so
// that no name of a file and no text of a server controls the terminal or looks
// like a line of this program. Errors of standard error are ignored: no run
// fails for them.
type Console struct {
	mu       sync.Mutex
	w        io.Writer
	Terminal *os.File // w where it is a terminal, else nil
	Quiet    bool
	Verbose  bool
	Log      *slog.Logger // where lines are to be JSON, else nil
}

// New returns a console that writes to w.
func New(w io.Writer) *Console {
	c := &Console{w: w}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		c.Terminal = f
	}
	return c
}

// Mute discards everything from now on.
func (c *Console) Mute() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.w = io.Discard
}

// writerFunc is a function that writes text.
type writerFunc func(string)

func (f writerFunc) Write(p []byte) (int, error) {
	f(string(p))
	return len(p), nil
}

// Write puts text out in one piece.
func (c *Console) Write(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, _ = io.WriteString(c.w, text)
}

// WriteJSON writes text that is JSON.
func (c *Console) WriteJSON(text string) { c.Write(display.JSON(text)) }

// Line writes one line: for people after from, which names its origin, or as
// an object of JSON.
func (c *Console) Line(level slog.Level, from, text string, attributes ...any) {
	if c.Log == nil {
		c.Write(from + display.Line(text) + "\n")
		return
	}
	c.Log.Log(context.Background(), level, display.Valid(text), attributes...)
}

// Say tells what goes on, unless the user wants quiet.
func (c *Console) Say(format string, args ...any) {
	if !c.Quiet {
		c.Line(slog.LevelInfo, "fastcount: ", fmt.Sprintf(format, args...))
	}
}

// Warn writes a warning.
func (c *Console) Warn(text string) { c.Line(slog.LevelWarn, "fastcount: warning: ", text) }

// Hint tells what can be done about a failure.
func (c *Console) Hint(text string) { c.Line(slog.LevelInfo, "hint: ", text, "kind", "hint") }

// LogJSON writes lines as objects of JSON from now on.
func (c *Console) LogJSON() { c.Log = slog.New(slog.NewJSONHandler(writerFunc(c.WriteJSON), nil)) }
