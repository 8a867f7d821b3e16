package main

import (
	"context"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"time"

	"golang.org/x/term"

	"fastcount/engine"
	"fastcount/internal/display"
)

// How often progress is told.
const (
	barInterval  = 200 * time.Millisecond
	logInterval  = 10 * time.Second
	jsonInterval = time.Second
)

// showProgress tells of a run on standard error in the manner that --progress names, until the returned function is
// called or ctx ends. When that function returns, nothing more is written, and no block is left on the terminal.
func (p *program) showProgress(ctx context.Context, manner string, progress *engine.Progress, parts []engine.Part) (stop func()) {
	t := teller{ui: p.ui, progress: progress, meter: newMeter(time.Now(), expectedBytes(parts)), asked: p.asked, fifos: watchFIFOs(parts)}
	switch manner = p.manner(manner); manner {
	case "bar":
		return t.start(ctx, barInterval, t.draw, t.erase)
	case "log":
		return t.start(ctx, logInterval, t.log, func() {})
	case "json":
		return t.start(ctx, jsonInterval, t.event, t.event)
	}
	return t.start(ctx, logInterval, func() {}, func() {}) // to answer those who ask
}

// manner says how progress is told in the end: a bar needs a terminal, and by itself one that understands it.
func (p *program) manner(wanted string) string {
	switch {
	case p.ui.quiet:
		return "none"
	case wanted == "bar" && p.ui.terminal == nil:
		return "log"
	case wanted == "auto" && p.ui.log != nil:
		return "log"
	case wanted != "auto":
		return wanted
	case p.ui.terminal == nil || os.Getenv("TERM") == "dumb" || runtime.GOOS == "windows":
		return "log"
	}
	return "bar"
}

// teller tells of the progress of a run.
type teller struct {
	ui       *ui
	progress *engine.Progress
	meter    *meter
	asked    <-chan os.Signal // each is answered by a line
	drawn    []string         // lines of the block that stands on the terminal
	fifos    *fifoWatch       // nil without FIFOs
}

// start calls tell again and again, and at last end.
func (t *teller) start(ctx context.Context, interval time.Duration, tell, end func()) (stop func()) {
	stopped, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		defer end()
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		var fifos <-chan time.Time
		if t.fifos != nil {
			ticker := time.NewTicker(fifoInterval)
			defer ticker.Stop()
			fifos = ticker.C
		}
		for {
			select {
			case <-ticker.C:
				tell()
			case now := <-fifos:
				t.noticeFIFOs(now)
			case <-t.asked:
				t.answer()
			case <-stopped:
				return
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() {
		close(stopped)
		<-ended
	}
}

func (t *teller) look() view {
	return t.meter.look(t.progress.Snapshot(), time.Now())
}

func (t *teller) log() {
	if v := t.look(); v.count > 0 {
		t.ui.say("%s", logLine(v))
	}
}

// answer tells how far the run has come to one who asked, also where the user wants quiet.
func (t *teller) answer() {
	if len(t.drawn) > 0 {
		t.erase()
	}
	said := "nothing is read yet"
	if v := t.look(); v.count > 0 {
		said = logLine(v)
	}
	t.ui.line(slog.LevelInfo, "fastcount: ", said+", "+humanBytes(memoryInUse())+" in memory")
}

// noticeFIFOs names the FIFOs that are waited for.
func (t *teller) noticeFIFOs(now time.Time) {
	for _, name := range t.fifos.silent(t.progress.Snapshot(), now) {
		if len(t.drawn) > 0 {
			t.erase()
		}
		t.ui.say("waiting for a writer of %s, or for data from it", name)
	}
}

// event writes a line of JSON.
func (t *teller) event() {
	if v := t.look(); v.count > 0 {
		t.ui.writeJSON(eventLine(v))
	}
}

// draw puts a new block in place of the last one.
func (t *teller) draw() {
	v := t.look()
	if v.count == 0 {
		return
	}
	width, height := t.size()
	lines := block(v, width-1, height-1) // a line that fills the last column would wrap on some terminals
	t.ui.write(replaceBlock(t.drawn, lines, width))
	t.drawn = lines
}

func (t *teller) erase() {
	width, _ := t.size()
	t.ui.write(replaceBlock(t.drawn, nil, width))
	t.drawn = nil
}

// size returns the columns and lines of the terminal as they are now.
func (t *teller) size() (width, height int) {
	width, height, err := term.GetSize(int(t.ui.terminal.Fd()))
	if err != nil || width <= 0 || height <= 0 {
		return 80, 24
	}
	return width, height
}

// replaceBlock returns what puts the lines of a block in place of those drawn before, on a terminal that may have
// become narrower since and then has broken the old lines.
func replaceBlock(old, lines []string, width int) string {
	var b strings.Builder
	up := 0
	for _, line := range old {
		up += max(1, (display.Width(line)+width-1)/width)
	}
	for range up {
		b.WriteString("\x1b[A")
	}
	if up > 0 {
		b.WriteString("\r\x1b[J")
	}
	for _, line := range lines {
		b.WriteString(line)
		b.WriteByte('\n')
	}
	return b.String()
}
