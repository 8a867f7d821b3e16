// Package console writes messages to standard error, as text or as lines of
// JSON.
package console

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"golang.org/x/term"

	"fastcount/internal/display"
)

// Console writes to standard error. Lines of text pass through package display,
// so that no name of a file and no text of a server controls the terminal or
// looks like a line of this program. Write errors are ignored: a run does not
// fail because its messages cannot be written.
type Console struct {
	mu       sync.Mutex
	w        io.Writer
	Terminal *os.File // w if it is a terminal, else nil
	Quiet    bool
	Verbose  bool
	Log      *slog.Logger // if not nil, lines are JSON and written to it
}

// New returns a console that writes to w.
func New(w io.Writer) *Console {
	c := &Console{w: w}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		c.Terminal = f
	}
	return c
}

// Mute discards everything that is written after it returns.
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

// Write writes text with a single call of the underlying writer.
func (c *Console) Write(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, _ = io.WriteString(c.w, text)
}

// WriteJSON writes text that is JSON.
func (c *Console) WriteJSON(text string) { c.Write(display.JSON(text)) }

// Line writes one line: as text after from, which names its origin, or as a
// JSON object.
func (c *Console) Line(level slog.Level, from, text string, attributes ...any) {
	if c.Log == nil {
		c.Write(from + display.Line(text) + "\n")
		return
	}
	c.Log.Log(context.Background(), level, display.Valid(text), attributes...)
}

// Info writes a message unless c is quiet.
func (c *Console) Info(format string, args ...any) {
	if !c.Quiet {
		c.Line(slog.LevelInfo, "fastcount: ", fmt.Sprintf(format, args...))
	}
}

// Event is Info for what happens during a run. Where no terminal shows the
// lines when they are written, a line of text begins with the time, in the form
// of RFC 3339 with the local offset.
func (c *Console) Event(format string, args ...any) {
	if !c.Quiet {
		c.Status(fmt.Sprintf(format, args...))
	}
}

// Status is Event for what was asked for: it is written even if c is quiet.
func (c *Console) Status(text string) { c.Line(slog.LevelInfo, "fastcount: ", c.timed(text)) }

func (c *Console) timed(text string) string {
	if c.Terminal != nil || c.Log != nil { // which adds the time itself
		return text
	}
	return time.Now().Format(time.RFC3339) + " " + text
}

// Warn writes a warning.
func (c *Console) Warn(text string) { c.Line(slog.LevelWarn, "fastcount: warning: ", text) }

// Hint writes what a user can do about a failure.
func (c *Console) Hint(text string) { c.Line(slog.LevelInfo, "hint: ", text, "kind", "hint") }

// LogJSON makes c write lines as JSON objects.
func (c *Console) LogJSON() { c.Log = slog.New(slog.NewJSONHandler(writerFunc(c.WriteJSON), nil)) }
