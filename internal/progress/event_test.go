package progress

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"fastcount/engine"
	"fastcount/internal/console"
)

// day is the time of the events in tests.
var day = time.Date(2025, 8, 26, 10, 0, 0, 0, time.UTC)

// TestEndsOfParts checks the events of parts that are done, kept and failed.
func TestEndsOfParts(t *testing.T) {
	for want, p := range map[string]engine.PartReport{
		`{"event":"part_done","time":"2025-08-26T10:00:00Z","name":"a\u001b","rows":7,"bytes":70,"attempts":2,"verified":"length"}`:     {Name: "a\x1b", Rows: 7, Bytes: 70, Attempts: 2, Verified: engine.ProofLength},
		`{"event":"part_done","time":"2025-08-26T10:00:00Z","name":"a","rows":7,"bytes":70,"attempts":1,"verified":"rows","kept":true}`: {Name: "a", Rows: 7, Bytes: 70, Attempts: 1, Verified: engine.ProofRows, Kept: true},
		`{"event":"failed","time":"2025-08-26T10:00:00Z","name":"a","attempts":8,"error":"gone"}`:                                       {Name: "a", Attempts: 8, Failed: true, Err: errors.New("gone")},
	} {
		if got := settledLine(&p, day); got != want+"\n" {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestStartedDeclares: the rows of a run are known if all parts declare theirs.
func TestStartedDeclares(t *testing.T) {
	unknown := engine.NewPart("x", nil)
	declared := declaring{unknown, 500}
	for _, c := range []struct {
		parts []engine.Part
		want  string
	}{
		{[]engine.Part{declared, declared}, `"parts":2,"declared":1000}`},
		{[]engine.Part{declared, unknown}, `"parts":2}`},
		{nil, `"parts":0}`},
	} {
		if got, want := startedLine(c.parts, day), `{"event":"started","time":"2025-08-26T10:00:00Z",`+c.want+"\n"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// stream returns a function that opens a text.
func stream(text string) func(context.Context) (io.ReadCloser, error) {
	return func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }
}

// declaring is a part that declares a number of rows.
type declaring struct {
	engine.Part
	rows uint64
}

func (d declaring) Info() engine.PartInfo {
	return engine.PartInfo{Declared: &engine.Declaration{Rows: d.rows}}
}

// TestEventsOfARun counts a part that succeeds and one that fails. The end of
// each is reported once, before the end of the run.
func TestEventsOfARun(t *testing.T) {
	var b strings.Builder
	r := New(console.New(&b), "json")
	good := engine.NewPart("good", stream("patient_id,event_type\nP1,a\n"))
	bad := engine.NewPart("bad", stream("x\n"))
	parts, p := []engine.Part{good, bad}, new(engine.Progress)
	stop := r.Show(t.Context(), p, parts, nil)
	_, err := engine.Run(t.Context(), parts, engine.Config{Progress: p})
	stop()
	r.Verified(1, engine.ProofNone)
	r.Finished(6, "data", 1500*time.Millisecond)
	if err == nil {
		t.Fatal("no error")
	}
	var events []string
	for line := range strings.Lines(untimed(b.String())) {
		event, _, _ := strings.Cut(line, `,"elapsed_s"`)
		event, _, _ = strings.Cut(event, `,"rows":1,"bytes"`)
		event, _, _ = strings.Cut(event, `,"error"`)
		if !slices.Contains(events, event) { // progress may be reported more than once
			events = append(events, strings.TrimSpace(event))
		}
	}
	want := []string{
		`{"event":"started","time":"TIME","parts":2}`,
		`{"event":"part_done","time":"TIME","name":"good"`,
		`{"event":"failed","time":"TIME","name":"bad","attempts":1`,
		`{"event":"progress","time":"TIME"`,
		`{"event":"verified","time":"TIME","rows":1,"proof":"none"}`,
		`{"event":"finished","time":"TIME","exit_code":6,"error_class":"data"`,
	}
	slices.Sort(want) // the run may take more than one interval
	slices.Sort(events)
	if diff := cmp.Diff(want, events); diff != "" {
		t.Error(diff)
	}
	if n := strings.Count(b.String(), `"name":"good","rows"`); n != 1 {
		t.Errorf("the end of a part is reported %d times", n)
	}

	b.Reset()
	quiet := New(console.New(&b), "log")
	quiet.Verified(1, engine.ProofNone)
	quiet.Finished(0, "none", 0)
	if b.Len() > 0 {
		t.Errorf("got %s", &b)
	}
}
