package console_test

import (
	"encoding/json"
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
