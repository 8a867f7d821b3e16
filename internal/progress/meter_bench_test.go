package progress

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"fastcount/engine"
)

// BenchmarkLook looks at a run of many parts, as each tick of the progress
// does.
//
//	go test -run='^$' -bench=Look ./internal/progress
func BenchmarkLook(b *testing.B) {
	parts := make([]engine.Part, 100_000)
	for i := range parts {
		parts[i] = engine.NewPart(fmt.Sprint(i), func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader("patient_id,event_type\nP,e\n")), nil
		})
	}
	p := new(engine.Progress)
	if _, err := engine.Run(b.Context(), parts, engine.Config{Progress: p}); err != nil {
		b.Fatal(err)
	}
	t := reporter{Reporter: new(Reporter), progress: p, meter: newMeter(time.Now(), expectedBytes(parts))}
	b.ReportAllocs()
	for b.Loop() {
		if v := t.look(); v.done != len(parts) {
			b.Fatal(v.done)
		}
	}
}
