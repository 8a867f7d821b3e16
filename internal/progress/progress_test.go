package progress

import (
	"context"
	"log/slog"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"fastcount/engine"
	"fastcount/internal/console"
	"fastcount/internal/display"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// watch returns a view 10 s after the beginning; every part has been at its
// attempt since then.
func watch(expected []uint64, parts ...engine.PartProgress) view {
	m := newMeter(start, expected)
	m.look(slices.All(parts), start)
	return m.look(slices.All(parts), start.Add(10*time.Second))
}

// downloads returns a view with a retry.
func downloads() view {
	v := watch(make([]uint64, 5),
		engine.PartProgress{Name: "demo/a", Declared: 1000, Phase: engine.Done, Attempt: 1, Rows: 1000},
		engine.PartProgress{Name: "demo/b", Declared: 2000, Phase: engine.Running, Attempt: 2, Rows: 500},
		engine.PartProgress{Name: "demo/c", Declared: 3000, Phase: engine.Pausing, Attempt: 1, Rows: 300},
		engine.PartProgress{Name: "demo/d", Declared: 4000, Phase: engine.Failed, Attempt: 1},
		engine.PartProgress{Name: "demo/e", Declared: 5000},
	)
	v.retries = 1
	return v
}

// A bar is shown only on a terminal that can redraw lines and, unless it was
// requested, not together with JSON lines.
func TestFormOfProgress(t *testing.T) {
	for _, c := range []struct {
		wanted, term          string
		terminal, quiet, json bool
		want                  string
	}{
		{"auto", "xterm", true, false, false, "bar"},
		{"auto", "xterm", false, false, false, "log"},
		{"auto", "dumb", true, false, false, "log"},
		{"auto", "xterm", true, false, true, "log"},
		{"auto", "xterm", true, true, false, "none"},
		{"bar", "xterm", true, false, false, "bar"},
		{"bar", "dumb", true, false, false, "bar"},
		{"bar", "xterm", true, false, true, "bar"},
		{"bar", "xterm", false, false, false, "log"},
		{"bar", "xterm", true, true, false, "none"},
		{"log", "xterm", true, false, false, "log"},
		{"json", "xterm", true, false, false, "json"},
		{"json", "xterm", true, false, true, "json"},
		{"json", "xterm", false, true, false, "none"},
		{"none", "xterm", true, false, false, "none"},
		{"none", "xterm", true, false, true, "none"},
	} {
		if runtime.GOOS == "windows" && c.wanted == "auto" && c.want == "bar" {
			c.want = "log"
		}
		t.Setenv("TERM", c.term)
		u := &console.Console{Quiet: c.quiet}
		if c.terminal {
			u.Terminal = os.Stderr
		}
		if c.json {
			u.Log = slog.New(slog.DiscardHandler)
		}
		if got := formOn(u, c.wanted); got != c.want {
			t.Errorf("%+v: got %s", c, got)
		}
	}
}

func TestLogLine(t *testing.T) {
	file := engine.PartProgress{Name: "a.csv.gz", Phase: engine.Running, Attempt: 1, Rows: 7_000_000, Bytes: 9e8, RawBytes: 1e8}
	stdin := engine.PartProgress{Name: "stdin", Phase: engine.Running, Attempt: 1, Rows: 5000, RawBytes: 1e5}
	for _, c := range []struct {
		name string
		view view
		want string
	}{
		{"downloads", downloads(), "1,800 of 15,000 rows (12%), 180 rows/s, 1:14 min left, 1 of 5 parts done, 1 failed, 1 retry"},
		{"a file by its bytes", watch([]uint64{4e8}, file), "7,000,000 rows (25%), 700 k rows/s, 30 s left, 0 of 1 part done"},
		{"what was kept is done, but not by this run", watch(make([]uint64, 2),
			engine.PartProgress{Name: "demo/a", Declared: 5000, Phase: engine.Done, Kept: true, Rows: 5000},
			engine.PartProgress{Name: "demo/b", Declared: 5000, Phase: engine.Running, Attempt: 1, Rows: 1000}),
			"6,000 of 10,000 rows (60%), 100 rows/s, 40 s left, 1 of 2 parts done"},
		{"standard input has no percent", watch([]uint64{0}, stdin), "5,000 rows, 500 rows/s, 0 of 1 part done"},
		{"nor have mixtures", watch([]uint64{4e8, 0}, file, stdin), "7,005,000 rows, 700 k rows/s, 0 of 2 parts done"},
	} {
		if got := logLine(c.view); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

// hospital is a view of downloads and files with long names, names of wide
// characters, and a part whose size is unknown.
func hospital() view {
	return watch([]uint64{0, 0, 4e9, 0}, engine.PartProgress{
		Name: "demo/f725622a-18b0-4b4a-8fd5-2d7f2e3c1b0a", Declared: 9_876_543, Phase: engine.Running, Attempt: 1, Rows: 4_567_890},
		engine.PartProgress{Name: "demo/591ef21e-0c5d-4a33-9d0e-7a5b1c2d3e4f", Declared: 9_014_000, Phase: engine.Pausing, Attempt: 2, Rows: 12_345},
		engine.PartProgress{Name: "病院/二〇二六年一月の記録.csv.gz", Phase: engine.Running, Attempt: 1, Rows: 123_456_789, RawBytes: 3.9e9},
		engine.PartProgress{Name: "stdin", Phase: engine.Running, Attempt: 1, Rows: 7})
}

// TestBlock compares blocks on terminals of several widths. All show the time
// left.
func TestBlock(t *testing.T) {
	for _, tt := range []struct {
		name  string
		view  view
		width int
		want  string
	}{
		{"80 columns", downloads(), 79, `
demo/b  ███░░░░░░░░░   25%    500 rows      50/s      30 s left  attempt 2
demo/c  █░░░░░░░░░░░   10%    300 rows      30/s                 attempt 2 soon
total   █░░░░░░░░░░░   12%  1,800 rows     180/s  1:14 min left
`},
		{"long names, 80 columns", hospital(), 79, `
demo/f72…f2e3c1b0a   46%    4,567,890 rows   457 k/s  12 s left
demo/591…b1c2d3e4f    0%       12,345 rows  1.23 k/s             attempt 3 soon
病院/二…録.csv.gz    97%  123,456,789 rows  12.3 M/s   1 s left
stdin                               7 rows       1/s
total                     128,037,031 rows  12.8 M/s             0 of 4 done
`},
		{"long names, 120 columns", hospital(), 119, `
demo/f72562…2d7f2e3c1b0a  █████████░░░░░░░░░░░   46%    4,567,890 rows   457 k/s  12 s left
demo/591ef2…7a5b1c2d3e4f  ░░░░░░░░░░░░░░░░░░░░    0%       12,345 rows  1.23 k/s             attempt 3 soon
病院/二〇二…記録.csv.gz   ███████████████████░   97%  123,456,789 rows  12.3 M/s   1 s left
stdin                                                           7 rows       1/s
total                                                 128,037,031 rows  12.8 M/s             0 of 4 done
`},
		{"65 columns", downloads(), 65, `
demo/b   25%    500 rows      50/s      30 s left  attempt 2
demo/c   10%    300 rows      30/s                 attempt 2 soon
total    12%  1,800 rows     180/s  1:14 min left
`},
		{"long names, 60 columns", hospital(), 59, `
demo/f…e3c1b0a   46%    4,567,890 rows   457 k/s  12 s left
demo/5…c2d3e4f    0%       12,345 rows  1.23 k/s
病院/….csv.gz    97%  123,456,789 rows  12.3 M/s   1 s left
stdin                           7 rows       1/s
total                 128,037,031 rows  12.8 M/s
`},
		{"40 columns", downloads(), 39, `
demo/b   25%    500 rows      30 s left
demo/c   10%    300 rows
total    12%  1,800 rows  1:14 min left
`},
		{"long names, 40 columns", hospital(), 39, `
demo/f…e3c1b0a   46%  4.57 M  12 s left
demo/5…c2d3e4f    0%  12.3 k
病院/….csv.gz    97%   123 M   1 s left
stdin                      7
total                  128 M
`},
	} {
		got := "\n" + strings.Join(block(tt.view, tt.width, 23), "\n") + "\n"
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

// TestBlockAlignsWideCharacters checks that each column of a block ends at the
// same column of the terminal in all lines.
func TestBlockAlignsWideCharacters(t *testing.T) {
	for width := 30; width < 140; width++ {
		ends := map[int]bool{}
		for _, line := range block(hospital(), width, 23) {
			if before, _, ok := strings.Cut(line, "%"); ok {
				ends[display.Width(before)] = true
			}
		}
		if len(ends) != 1 {
			t.Errorf("%d columns: the percent signs are at %v", width, ends)
		}
	}
}

// TestTimeLeftFits checks that a terminal of 80 columns shows the time left of
// parts with long names and large numbers.
func TestTimeLeftFits(t *testing.T) {
	part := engine.PartProgress{Name: strings.Repeat("long", 30), Declared: 1e12, Phase: engine.Running, Attempt: 12, Rows: 9_999_999_999}
	for _, line := range block(watch([]uint64{0}, part), 79, 23) {
		if !strings.Contains(line, " left") {
			t.Errorf("%q does not contain the time left", line)
		}
	}
}

func TestBlockOnTinyTerminals(t *testing.T) {
	for width := range 130 {
		for height := range 8 {
			lines := block(downloads(), width, height)
			if len(lines) > max(height, 1) {
				t.Fatalf("%d×%d: %d lines", width, height, len(lines))
			}
			for _, line := range lines {
				if display.Width(line) > width {
					t.Fatalf("%d×%d: %q is %d columns wide", width, height, line, display.Width(line))
				}
			}
		}
	}
}

func TestBlockIsReplacedAfterTheTerminalShrank(t *testing.T) {
	old := []string{strings.Repeat("x", 79), "short"}
	if got, want := replaceBlock(old, []string{"new"}, 40), "\x1b[A\x1b[A\x1b[A\r\x1b[Jnew\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := replaceBlock(nil, nil, 80); got != "" {
		t.Errorf("nothing in place of nothing is %q", got)
	}
}

// TestNewAttemptBeginsAnew checks that the rate of a second attempt does not
// include the time of the first one.
func TestNewAttemptBeginsAnew(t *testing.T) {
	m := newMeter(start, []uint64{0})
	part := engine.PartProgress{Name: "a", Declared: 1000, Phase: engine.Running, Attempt: 1, Rows: 10}
	m.look(slices.All([]engine.PartProgress{part}), start)
	part.Attempt, part.Rows = 2, 0
	m.look(slices.All([]engine.PartProgress{part}), start.Add(100*time.Second))
	part.Rows = 200
	v := m.look(slices.All([]engine.PartProgress{part}), start.Add(102*time.Second))
	if got := v.parts[0].rate(); got != 100 {
		t.Errorf("%g rows a second, want 100", got)
	}
}

func TestReporterStops(t *testing.T) { synctest.Test(t, testReporterStops) }

func testReporterStops(t *testing.T) {
	var shown, ended int
	r := new(reporter)
	stop := r.start(t.Context(), time.Microsecond, func() { shown++ }, func() { ended++ })
	time.Sleep(5 * time.Millisecond)
	stop()
	if shown == 0 || ended != 1 {
		t.Errorf("shown %d times, ended %d times", shown, ended)
	}
	ctx, cancel := context.WithCancel(t.Context())
	stop = r.start(ctx, time.Hour, func() {}, func() { ended++ })
	cancel()
	stop()
	if ended != 2 {
		t.Errorf("the end of the context did not end it")
	}
}

// TestEventKeepsNames checks that an event holds the exact name, and that none
// of its bytes controls a terminal.
func TestEventKeepsNames(t *testing.T) {
	v := view{parts: []gauge{{name: "./x\n\x1b[2J\xff"}}}
	if got := eventLine(v, day); !strings.Contains(got, `./x\n\u001b[2J`) || !strings.Contains(got, `\\xff`) {
		t.Errorf("got %s", got)
	}
}

// TestEvent checks every number of an event.
func TestEvent(t *testing.T) {
	got := eventLine(downloads(), day)
	want := `{"event":"progress","time":"2025-08-26T10:00:00Z","elapsed_s":10,"rows":1800,"declared":15000,"fraction":0.12,"rows_per_s":180,"eta_s":73.333,` +
		`"parts":5,"done":1,"failed":1,"retries":1,"running":[` +
		`{"name":"demo/b","rows":500,"declared":2000,"fraction":0.25,"attempt":2},` +
		`{"name":"demo/c","rows":300,"declared":3000,"fraction":0.1,"attempt":1,"waiting":true}]}` + "\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	got = eventLine(watch([]uint64{0}, engine.PartProgress{Name: "stdin", Phase: engine.Running, Attempt: 1, Rows: 7}), day)
	want = `{"event":"progress","time":"2025-08-26T10:00:00Z","elapsed_s":10,"rows":7,"rows_per_s":1,"parts":1,"done":0,"failed":0,"retries":0,"running":[` +
		`{"name":"stdin","rows":7,"attempt":1}]}` + "\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
