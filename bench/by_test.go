package bench

import (
	"fmt"
	"testing"

	"fastcount/engine"
	"fastcount/parser"
)

// BenchmarkBy counts reference rows in memory with one worker by other key
// columns than the default two.
//
//	go test -run='^$' -bench=By -count=10 ./bench
func BenchmarkBy(b *testing.B) {
	day := engine.KeyColumn{Name: "event_time:day", Column: parser.Selector{Name: "event_time"}, Bucket: "day"}
	key := func(name string) engine.KeyColumn {
		return engine.KeyColumn{Name: name, Column: parser.Selector{Name: name}}
	}
	s := reference()
	const times = 8
	for _, by := range [][]engine.KeyColumn{
		{key("event_type")},
		{key("patient_id"), key("event_type")},
		{key("event_type"), day},
		{key("patient_id"), key("event_type"), day},
		{key("patient_id"), key("event_type"), day, key("value")},
	} {
		var name string
		for _, k := range by {
			name += "," + k.Name
		}
		b.Run("by="+name[1:], func(b *testing.B) {
			for b.Loop() {
				r, err := engine.Run(b.Context(), []engine.Part{memory{s, times}}, engine.Config{By: by})
				if err != nil {
					b.Fatal(err)
				}
				if r.Rows != uint64(s.rows*times) || fmt.Sprint(r.By) == "" {
					b.Fatalf("%d rows, want %d", r.Rows, s.rows*times)
				}
			}
			report(b, shape{s.name, make([]byte, len(s.data)*times), s.rows * times})
		})
	}
}
