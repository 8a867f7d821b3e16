package partial_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"fastcount/engine"
)

// memory returns an input in memory.
func memory(name string, data []byte) engine.Part {
	return engine.NewPart(name, func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(data)), nil
	})
}

// reportOf counts an export.
func reportOf(t testing.TB, data []byte) *engine.Report {
	t.Helper()
	r, err := engine.Run(t.Context(), []engine.Part{memory("a", data)}, engine.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// pairs returns the counts of a report.
func pairs(r *engine.Report) map[[2]string]uint64 {
	m := make(map[[2]string]uint64)
	for group, n := range r.All() {
		m[[2]string{r.Keys[0][group[0]], r.Keys[1][group[1]]}] += n
	}
	return m
}

// export returns an export of random patients and events.
func export(seed, rows int) []byte {
	r := rand.New(rand.NewPCG(uint64(seed), 0))
	b := []byte("patient_id,event_type\n")
	for range rows {
		b = fmt.Appendf(b, "P%d,e%d\n", r.IntN(100), r.IntN(10))
	}
	return b
}

// oddIDs is an export with ids that contain the syntax of the format.
var oddIDs = []byte("patient_id,event_type\n\"4:P001,\",\"a\nb\"\n\"\",\"\"\n\"{\",x\n\"{\",x\n\x00,\u2028\n" + strings.Repeat("y", 4000) + ",z\n")
