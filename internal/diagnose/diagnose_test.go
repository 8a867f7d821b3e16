package diagnose

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"fastcount/engine"
	"fastcount/parser"
)

func textPart(name, text string) engine.Part {
	return engine.NewPart(name, func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(text)), nil
	})
}

// TestBeginnings checks the text about a part that is read whole, one that is
// cut in a quoted field, and one with a problem and its hint.
func TestBeginnings(t *testing.T) {
	const header = "patient_id,event_type\n"
	long := header + strings.Repeat("P1,up\n", beginningSize/6-10) + "P2,\"" + strings.Repeat("x\n", 100) + "\"\n"
	parts := []engine.Part{
		textPart("whole", header+"P1,up\nP1,up\n"),
		textPart("long", long),
		textPart("bad", header+"P1\n"),
	}
	hints := func(err error) []string { return []string{"look at it"} }
	text, problem := Beginnings(t.Context(), parts, engine.Config{}, hints)
	if !errors.Is(problem, parser.ErrFieldCount) {
		t.Errorf("problem %v", problem)
	}
	for _, want := range []string{
		"  dialect: delimiter \",\", quote \"\\\"\"\n  header: 2 columns (--show-data prints their names)\n" +
			"  patient: column 1, \"patient_id\"\n  event: column 2, \"event_type\"\n",
		"    whole: 2 rows in all, no problem\n",
		"    long: no problem; the last record goes on\n",
		"    bad: line 2, byte 22: ",
		"\n      hint: look at it\n",
	} {
		if strings.Count(text, want) != 1 {
			t.Errorf("%q is not in the text once:\n%s", want, text)
		}
	}
}

// TestBeginningsStop checks that the end of the context ends the diagnosis.
func TestBeginningsStop(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stop")
	cancel(stop)
	if text, err := Beginnings(ctx, []engine.Part{textPart("a", "")}, engine.Config{}, func(error) []string { return nil }); err != stop || text != "" {
		t.Errorf("got %q, %v", text, err)
	}
}
