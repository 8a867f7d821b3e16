package console_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"fastcount/internal/console"
)

// TestConsole checks each kind of message, with and without Quiet.
func TestConsole(t *testing.T) {
	write := func(quiet bool) string {
		var b strings.Builder
		c := console.New(&b)
		c.Quiet = quiet
		c.Info("%d\x1b[2J", 1)
		c.Warn("w\nx")
		c.Hint("h")
		return b.String()
	}
	const warnings = "fastcount: warning: w\\nx\nhint: h\n"
	if got, want := write(false), "fastcount: 1\\x1b[2J\n"+warnings; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := write(true); got != warnings {
		t.Errorf("quiet: got %q, want %q", got, warnings)
	}
}

// TestLogJSON checks that a line is one object, whatever its text.
func TestLogJSON(t *testing.T) {
	var b strings.Builder
	c := console.New(&b)
	c.LogJSON()
	c.Hint("a\nb\xff")
	var line struct{ Level, Msg, Kind string }
	if err := json.Unmarshal([]byte(b.String()), &line); err != nil || line.Level != "INFO" || line.Kind != "hint" || !strings.HasPrefix(line.Msg, "a\nb") {
		t.Errorf("got %q, %v", b.String(), err)
	}
}

// TestMute checks that nothing is written afterwards.
func TestMute(t *testing.T) {
	var b strings.Builder
	c := console.New(&b)
	c.Mute()
	c.Warn("x")
	if b.Len() > 0 {
		t.Errorf("got %q", b.String())
	}
}

// TestEvent checks that lines about a run have the time, once.
func TestEvent(t *testing.T) {
	event := func(json bool) string {
		var b strings.Builder
		c := console.New(&b)
		if json {
			c.LogJSON()
		}
		c.Event("%d", 1)
		c.Quiet = true
		c.Event("x")
		c.Status("y")
		return b.String()
	}
	const when = `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[-+]\d\d:\d\d)`
	for json, want := range map[bool]string{
		false: "^fastcount: " + when + " 1\nfastcount: " + when + " y\n$",
		true:  `^\{"time":"` + when + `","level":"INFO","msg":"1"\}` + "\n" + `\{"time":"` + when + `","level":"INFO","msg":"y"\}` + "\n$",
	} {
		if got := event(json); !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("json %v: got %q", json, got)
		}
	}
}
