package progress

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fastcount/engine"
	"fastcount/internal/console"
)

// times matches a time in the form of RFC 3339.
var times = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[-+]\d\d:\d\d)`)

// untimed replaces the times in text.
func untimed(text string) string { return times.ReplaceAllString(text, "TIME") }

// TestRetry checks the line about a failed attempt in each form.
func TestRetry(t *testing.T) {
	const text = "fastcount: TIME demo/a\\x1b: reset; attempt 3 in 1.50 s\n"
	for form, want := range map[string]string{
		"log": text, "auto": text, "none": text, "quiet": "",
		"json": `{"event":"retry","time":"TIME","name":"demo/a\u001b","attempt":2,"error":"reset","wait_s":1.5}` + "\n",
	} {
		var b strings.Builder
		c := console.New(&b)
		c.Quiet = form == "quiet"
		New(c, form).Retry("demo/a\x1b", 2, errors.New("reset"), 1500*time.Millisecond)
		if got := untimed(b.String()); got != want {
			t.Errorf("%s: got %q, want %q", form, got, want)
		}
	}
}

// TestRetriesDuringARun reports retries while progress is shown. Every line is
// whole.
func TestRetriesDuringARun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b strings.Builder
		r := New(console.New(&b), "json")
		part := engine.NewPart("x", nil)
		stop := r.Show(context.Background(), new(engine.Progress), []engine.Part{part}, nil)
		var callers sync.WaitGroup
		for range 20 {
			callers.Go(func() {
				time.Sleep(jsonInterval)
				r.Retry("x", 1, errors.New("reset"), 0)
			})
		}
		callers.Wait()
		stop()
		lines := strings.Split(strings.TrimSpace(b.String()), "\n")
		for _, line := range lines {
			if !strings.HasPrefix(line, `{"event":"`) || !strings.HasSuffix(line, "}") {
				t.Errorf("got the line %q", line)
			}
		}
		if len(lines) != 1+20 || r.Retries() != 20 { // the first is the start
			t.Errorf("%d lines, %d retries", len(lines), r.Retries())
		}
	})
}

// TestBlockIsErasedForARetry: a line must not be written into the block.
func TestBlockIsErasedForARetry(t *testing.T) {
	var b strings.Builder
	r := New(console.New(&b), "log")
	r.drawn = []string{"one", "two"}
	r.console.Terminal = nil
	r.Retry("x", 1, errors.New("reset"), 0)
	got := untimed(b.String())
	if want := replaceBlock([]string{"one", "two"}, nil, 80) + "fastcount: TIME x: reset; attempt 2 now\n"; got != want || r.drawn != nil {
		t.Errorf("got %q, want %q", got, want)
	}
}
