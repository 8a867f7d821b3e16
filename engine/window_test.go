package engine_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"fastcount/engine"
)

// timed is a download of four rows, of which one is before the declared times,
// one after them, and one has an offset.
func timed(start, end string) *download {
	const data = "patient_id,event_type,event_time,t\n" +
		"P1,bp,2026-01-31T09:59:59.999999Z,1\nP1,bp,\"2026-01-31T10:00:00Z\",2\nP2,hr,2026-01-31T10:00:00+01:00,3\nP1,hr,2026-02-01T00:00:00.000001,4\n"
	return &download{name: "d", attempts: []io.Reader{strings.NewReader(data)}, declared: engine.Declaration{
		Rows: 4, Patients: []string{"P1", "P2"}, Events: []string{"bp", "hr"}, Start: start, End: end,
	}}
}

// Times are compared with the declared ones if they are among the keys.
func TestDeclaredTimes(t *testing.T) {
	const before, after = "2026-01-31T09:59:59.999999", "2026-02-01T00:00:00.000001Z"
	const from, to = "2026-01-31T10:00:00", "2026-02-01T00:00:00"
	const declared = " declared by the server's metadata"
	for _, c := range []struct {
		keys, start, end, want string
		unchecked              uint64
	}{
		{"event_time", before, after, "", 1},
		{"event_time", from, after, "1 value of event_time before " + from + ", the start" + declared, 1},
		{"event_time:day", before, to, "1 value of event_time after " + to + ", the end" + declared, 1},
		{"patient_id,event_time", from, to, "1 value of event_time before " + from + " and 1 after " + to + ", the times" + declared, 1},
		{"t:,event_time:year,event_type", "2025-01-01T00:00:00", "2025-12-31T00:00:00",
			"3 values of event_time after 2025-12-31T00:00:00, the end" + declared, 1},
		{"event_time", from + "+01:00", to, "", 4},
		{"event_time", "", to, "", 0},
		{"event_time", from, "", "", 0},
		{"patient_id,event_type", from, to, "", 0},
		{"t", from, to, "", 0},
	} {
		t.Run(c.keys, func(t *testing.T) {
			cfg := engine.Config{By: by(strings.Split(c.keys, ",")...), AllowMismatch: true}
			d := timed(c.start, c.end)
			r, err := engine.Run(t.Context(), []engine.Part{d, memory{"m", []byte("event_time,event_type,patient_id,t\n1999-01-01,hr,P3,\n")}}, cfg)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if r.Parts[0].Err != nil {
				got = r.Parts[0].Err.Error()
			}
			if got != c.want || errors.Is(r.Parts[0].Err, engine.ErrMismatch) != (c.want != "") || r.Parts[1].Err != nil {
				t.Errorf("%s to %s: got %v, want %s", c.start, c.end, got, c.want)
			}
			if r.Parts[0].UncheckedTimes != c.unchecked || r.Parts[1].UncheckedTimes != 0 || r.Rows != 5 {
				t.Errorf("%d and %d times were not compared, want %d; %d rows", r.Parts[0].UncheckedTimes, r.Parts[1].UncheckedTimes, c.unchecked, r.Rows)
			}
			cfg.AllowMismatch = false
			if _, err := engine.Run(t.Context(), []engine.Part{timed(c.start, c.end)}, cfg); errors.Is(err, engine.ErrMismatch) != (c.want != "") {
				t.Errorf("got %v", err)
			}
			cfg.IgnoreDeclared = true
			r, err = engine.Run(t.Context(), []engine.Part{timed(c.start, c.end)}, cfg)
			if err != nil || r.Parts[0].UncheckedTimes != 0 {
				t.Errorf("not compared: got %v, %+v", err, r)
			}
		})
	}
}

// declaredFile is a file that can be split and has a declaration.
type declaredFile struct {
	plain
	declared engine.Declaration
}

func (f declaredFile) Info() engine.PartInfo {
	info := f.plain.Info()
	info.Declared = &f.declared
	return info
}

// The times of many records are compared, on each path of the parser, in byte
// ranges, and before and after a part without declared times.
func TestDeclaredTimesOfManyRows(t *testing.T) {
	const rows, outside, unchecked = 20_000, 201, 67
	var text strings.Builder
	text.WriteString("patient_id,event_time,event_type\n")
	for i := range rows {
		value := fmt.Sprintf("2026-01-31T10:%02d:%02d.000001Z", i/60%20, i%60)
		switch {
		case i%100 == 50:
			value = "2026-02-01T00:00:00.000001Z"
		case i%300 == 1:
			value = strings.Replace(value, "Z", "+00:00", 1)
		case i == rows-1:
			value = `"2026-02-01T00:00:00.0000001"`
		case i%1000 == 0:
			value = `"` + value + `"`
		}
		fmt.Fprintf(&text, "P%d,%s,bp\n", i%3, value)
	}
	file := memory{"a", []byte(text.String())}
	declared := engine.Declaration{Rows: rows, Patients: []string{"P0", "P1", "P2"}, Events: []string{"bp"},
		Start: "2026-01-31T00:00:00", End: "2026-02-01T00:00:00"}
	want := fmt.Sprintf("%d values of event_time after 2026-02-01T00:00:00, the end declared by the server's metadata", outside)
	for _, keys := range [][]string{{"event_time:day"}, {"patient_id", "event_type", "event_time:hour"}, {"patient_id", "event_time"}} {
		for _, cfg := range []engine.Config{{}, {BufferSize: 1000}, {Jobs: 2, RangeSize: 50_000}} {
			cfg.By, cfg.AllowMismatch = by(keys...), true
			parts := []engine.Part{file, declaredFile{plain{file}, declared}, file,
				&download{name: "d", declared: declared, attempts: []io.Reader{strings.NewReader(text.String())}}}
			r, err := engine.Run(t.Context(), parts, cfg)
			if err != nil {
				t.Fatal(err)
			}
			for i, p := range r.Parts {
				differs := p.Err != nil && p.Err.Error() == want && p.UncheckedTimes == unchecked
				plain := p.Err == nil && p.UncheckedTimes == 0
				if p.Rows != rows || i%2 == 0 && !plain || i%2 == 1 && !differs {
					t.Errorf("by %v, part %d: got %v, %d unchecked, %d rows", keys, i, p.Err, p.UncheckedTimes, p.Rows)
				}
			}
		}
	}
}
