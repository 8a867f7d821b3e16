// Package progress shows the progress of a run: as a block that is redrawn on a
// terminal, as lines of text, or as events in JSON.
package progress

import (
	"context"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"fastcount/engine"
	"fastcount/internal/console"
	"fastcount/internal/display"
	"fastcount/internal/human"
	"fastcount/internal/resources"
)

// How often progress is shown.
const (
	barInterval  = 200 * time.Millisecond
	logInterval  = 10 * time.Second
	jsonInterval = time.Second
)

// A Reporter shows the progress of a run.
type Reporter struct {
	console *console.Console
	form    string

	mu      sync.Mutex // guards what follows, and the order of what is written
	drawn   []string   // lines of the block on the terminal
	retries int        // number of calls of Retry
}

// New returns a reporter that writes to c. The form is auto, bar, log, json or
// none.
func New(c *console.Console, form string) *Reporter {
	return &Reporter{console: c, form: formOn(c, form)}
}

// Verified reports that all parts of a run are verified. Rows is their number
// of rows, and proof the weakest proof of them.
func (r *Reporter) Verified(rows uint64, proof engine.Proof) {
	if r.form == "json" {
		r.console.WriteJSON(jsonLine(verifiedEvent{head{"verified", time.Now()}, rows, proof}))
	}
}

// Finished reports the end of a run, which took the time took.
func (r *Reporter) Finished(code int, class string, took time.Duration) {
	if r.form == "json" {
		r.console.WriteJSON(jsonLine(finishedEvent{head{"finished", time.Now()}, code, class, rounded(took.Seconds())}))
	}
}

// Show shows the progress of a run until the returned function is called or ctx
// ends. After the returned function has returned, no more progress is written,
// and no block is left on the terminal. Each signal from asked is answered with
// a line.
func (r *Reporter) Show(ctx context.Context, p *engine.Progress, parts []engine.Part, asked <-chan os.Signal) (stop func()) {
	t := reporter{Reporter: r, progress: p, meter: newMeter(time.Now(), expectedBytes(parts)), asked: asked, fifos: watchFIFOs(parts)}
	switch r.form {
	case "bar":
		return t.start(ctx, barInterval, t.draw, r.erase)
	case "log":
		return t.start(ctx, logInterval, t.log, func() {})
	case "json":
		t.settled = make([]bool, len(parts))
		r.console.WriteJSON(startedLine(parts, time.Now()))
		return t.start(ctx, jsonInterval, t.event, t.event)
	}
	return t.start(ctx, logInterval, func() {}, func() {}) // only answers signals
}

// Retry reports that attempt number attempt to read something failed, and that
// the next one begins after wait. It may be called by several goroutines, also
// before Show.
func (r *Reporter) Retry(name string, attempt int, err error, wait time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.retries++
	if r.form == "json" {
		r.console.WriteJSON(retryLine(name, attempt, err, wait, time.Now()))
		return
	}
	r.eraseLocked()
	when := "now"
	if wait > 0 {
		when = "in " + human.Duration(wait)
	}
	r.console.Event("%s: %v; attempt %d %s", name, err, attempt+1, when)
}

// Retries returns the number of attempts that Retry reported.
func (r *Reporter) Retries() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.retries
}

// formOn returns the form of progress that a console can show: a bar needs a
// terminal, and unless it was requested, one that understands it.
func formOn(c *console.Console, wanted string) string {
	switch {
	case c.Quiet:
		return "none"
	case wanted == "bar" && c.Terminal == nil:
		return "log"
	case wanted == "auto" && c.Log != nil:
		return "log"
	case wanted != "auto":
		return wanted
	case c.Terminal == nil || os.Getenv("TERM") == "dumb" || runtime.GOOS == "windows":
		return "log"
	}
	return "bar"
}

// reporter is a Reporter during a run.
type reporter struct {
	*Reporter
	progress *engine.Progress
	meter    *meter
	asked    <-chan os.Signal // each is answered by a line
	fifos    *fifoWatch       // nil without FIFOs
	settled  []bool           // whether the end of each part was reported as an event
}

// start calls show at each interval, and end before it returns from the
// goroutine that it starts.
func (t *reporter) start(ctx context.Context, interval time.Duration, show, end func()) (stop func()) {
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
				show()
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

func (t *reporter) look() view {
	v := t.meter.look(t.progress.All(), time.Now())
	v.retries = t.Retries()
	return v
}

func (t *reporter) log() {
	if v := t.look(); v.count > 0 {
		t.console.Event("%s", logLine(v))
	}
}

// answer writes a line of progress, even if the console is quiet.
func (t *reporter) answer() {
	t.erase()
	text := "nothing has been read yet"
	if v := t.look(); v.count > 0 {
		text = logLine(v)
	}
	t.console.Status(text + ", " + human.Bytes(resources.MemoryInUse()) + " in memory")
}

// noticeFIFOs reports the FIFOs that have no writer or no data yet.
func (t *reporter) noticeFIFOs(now time.Time) {
	for _, name := range t.fifos.silent(t.progress.All(), now) {
		t.erase()
		t.console.Event("waiting for a writer of %s, or for data from it", name)
	}
}

// event writes a line of JSON for each part that has ended since the last call,
// and one about the progress, in which no other part has ended.
func (t *reporter) event() {
	v, now := t.look(), time.Now()
	if v.count == 0 {
		return
	}
	for i, p := range t.progress.All() {
		if p.Report != nil && !t.settled[i] {
			t.settled[i] = true
			t.console.WriteJSON(settledLine(p.Report, now))
		}
	}
	t.console.WriteJSON(eventLine(v, now))
}

// draw replaces the block on the terminal by a new one.
func (t *reporter) draw() {
	v := t.look()
	if v.count == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	width, height := t.size()
	// A line that fills the last column would wrap on some terminals.
	lines := block(v, width-1, height-1)
	t.console.Write(replaceBlock(t.drawn, lines, width))
	t.drawn = lines
}

// erase removes the block from the terminal, if there is one.
func (r *Reporter) erase() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.eraseLocked()
}

func (r *Reporter) eraseLocked() {
	if len(r.drawn) == 0 {
		return
	}
	width, _ := r.size()
	r.console.Write(replaceBlock(r.drawn, nil, width))
	r.drawn = nil
}

// size returns the current size of the terminal in columns and lines. A
// terminal may know one of them alone.
func (r *Reporter) size() (width, height int) {
	width, height, err := term.GetSize(int(r.console.Terminal.Fd()))
	if err != nil || width <= 0 {
		width = 80
	}
	if err != nil || height <= 0 {
		height = 24
	}
	return width, height
}

// replaceBlock returns the text that replaces the lines old on a terminal by
// others. The terminal may have become narrower since it showed old, and have
// wrapped them.
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

// expectedBytes returns the size of each part on disk, or 0 if it is unknown.
func expectedBytes(parts []engine.Part) []uint64 {
	sizes := make([]uint64, len(parts))
	for i, p := range parts {
		switch info := p.Info(); {
		case info.Range != nil:
			sizes[i] = uint64(info.Range.To - info.Range.From)
		case info.SizeKnown:
			sizes[i] = uint64(info.Size)
		}
	}
	return sizes
}
