package engine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"fastcount/engine"
	"fastcount/internal/testing/corpus"
	"fastcount/parser"
)

// The result does not depend on the number of workers, the sizes of buffers and
// ranges, and the order of the parts.
func TestSameAnswerHoweverItIsCounted(t *testing.T) {
	var parts, reversed []engine.Part
	all := []byte("patient_id,event_time,event_type,value\n")
	for i := range 5 {
		data := export(i, 3000)
		parts = append(parts, plain{memory{fmt.Sprintf("part %d", i), data}})
		reversed = append([]engine.Part{parts[i]}, reversed...)
		all = append(all, data[bytes.IndexByte(data, '\n')+1:]...)
	}
	want := mustCount(t, all)
	var first *engine.Report
	for _, jobs := range []int{1, 2, 5} {
		for _, rangeSize := range []int64{0, 1000, 40_000} {
			for _, bufferSize := range []int{0, 100} {
				for _, order := range [][]engine.Part{parts, reversed} {
					cfg := engine.Config{Jobs: jobs, RangeSize: rangeSize, BufferSize: bufferSize}
					got, err := engine.Run(t.Context(), order, cfg)
					if err != nil {
						t.Fatal(err)
					}
					checkReport(t, got, want)
					got.Parts = nil
					if first == nil {
						first = got
					}
					if diff := cmp.Diff(first, got); diff != "" {
						t.Fatalf("%+v: %s", cfg, diff)
					}
				}
			}
		}
	}
}

func TestPartReports(t *testing.T) {
	a, b := export(1, 100), export(2, 200)
	stream := &download{name: "b", attempts: []io.Reader{bytes.NewReader(b)}, declared: engine.Declaration{
		Rows: 200, Patients: strings.Fields("P000 P001 P002 P003 P004 P005 P006"), Events: strings.Fields("bp heart_rate spo2")}}
	got, err := engine.Run(t.Context(), []engine.Part{plain{memory{"a", a}}, stream}, engine.Config{})
	if err != nil {
		t.Fatal(err)
	}
	want := []engine.PartReport{
		{Name: "a", Rows: 100, Bytes: uint64(len(a)), RawBytes: uint64(len(a)), Attempts: 1, Verified: engine.ProofNone},
		{Name: "b", Rows: 200, Bytes: uint64(len(b)), RawBytes: uint64(len(b)), Attempts: 1, Verified: engine.ProofRows},
	}
	if diff := cmp.Diff(want, got.Parts); diff != "" {
		t.Error(diff)
	}
	if got.Bytes != uint64(len(a)+len(b)) {
		t.Errorf("got %d bytes, want %d", got.Bytes, len(a)+len(b))
	}
}

// A failed attempt of a download does not affect the counts, although it
// returned false rows.
func TestAFailedAttemptLeavesNoTrace(t *testing.T) {
	data := export(1, 5000)
	poison := append(bytes.Clone(data[:len(data)/2]), "\nPOISON,x,poison,1\n"...)
	wrong := append(bytes.Clone(data), "P001,x,bp,1\n"...)
	declared := engine.Declaration{Rows: 5000, Patients: strings.Fields("P000 P001 P002 P003 P004 P005 P006"), Events: strings.Fields("bp heart_rate spo2")}
	tests := map[string][]io.Reader{
		"cut in the middle":    {corpus.Broken(data[:len(data)/2]), corpus.Broken(data), bytes.NewReader(data)},
		"poisoned":             {corpus.Broken(poison), bytes.NewReader(data)},
		"cut at a line end":    {bytes.NewReader(data[:bytes.LastIndexByte(data[:len(data)/2], '\n')+1]), bytes.NewReader(data)},
		"one row too many":     {bytes.NewReader(wrong), bytes.NewReader(data)},
		"an undeclared name":   {strings.NewReader(strings.Replace(string(data), "P003", "X003", 1)), bytes.NewReader(data)},
		"malformed, then good": {strings.NewReader(string(data) + "\"\n"), bytes.NewReader(data)},
	}
	for name, attempts := range tests {
		t.Run(name, func(t *testing.T) {
			d := &download{name: "d", attempts: attempts, declared: declared}
			got, err := engine.Run(t.Context(), []engine.Part{d}, engine.Config{})
			if err != nil {
				t.Fatal(err)
			}
			checkReport(t, got, mustCount(t, data))
			if got.Parts[0].Attempts != len(attempts) {
				t.Errorf("got %d attempts, want %d", got.Parts[0].Attempts, len(attempts))
			}
		})
	}
}

func TestDeclarationIsChecked(t *testing.T) {
	data := []byte("patient_id,event_type\nP1,bp\nP2,hr\n")
	good := engine.Declaration{Rows: 2, Patients: []string{"P2", "P1", "P3"}, Events: []string{"hr", "bp"}}
	tests := map[string]struct {
		change func(d *engine.Declaration)
		want   string
	}{
		"good":               {func(*engine.Declaration) {}, ""},
		"rows":               {func(d *engine.Declaration) { d.Rows = 3 }, "2 rows counted, 3 declared by the server's metadata"},
		"no rows":            {func(d *engine.Declaration) { d.Rows = 0 }, "2 rows counted, 0 declared by the server's metadata"},
		"patient undeclared": {func(d *engine.Declaration) { d.Patients = []string{"P1"} }, "patient ids that are not among the 1 of the server's metadata: 1"},
		"event undeclared":   {func(d *engine.Declaration) { d.Events = nil }, "event types that are not among the 0 of the server's metadata: 2"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			declared := good
			tt.change(&declared)
			_, err := engine.Run(t.Context(), []engine.Part{&download{name: "d", attempts: []io.Reader{bytes.NewReader(data)}, declared: declared}}, engine.Config{})
			if got := strings.TrimPrefix(fmt.Sprint(err), "d: "); got != tt.want && (tt.want != "" || err != nil) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if errors.Is(err, engine.ErrMismatch) != (tt.want != "") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Of several failures all are listed, in the order of the parts.
func TestFailuresAreListedInOrder(t *testing.T) {
	good := plain{memory{"good", export(1, 10)}}
	bad := func(name, tail string) engine.Part { return plain{memory{name, append(export(1, 10), tail...)}} }
	parts := []engine.Part{good, bad("b", "x\n"), good, bad("a", "\"\n"), bad("c", "x\"\n")}
	for _, jobs := range []int{1, 4} {
		for range 20 {
			_, err := engine.Run(t.Context(), parts, engine.Config{Jobs: jobs, RangeSize: 100})
			if failed := engine.Failures(err); len(failed) != 3 {
				t.Fatalf("got %v", err)
			}
			end := len(export(1, 10))
			want := fmt.Sprintf("b: line 12, byte %d: wrong number of fields: got 1, want 4\n"+
				"a: line 12, byte %d: quoted field is not closed\n"+
				"c: line 12, byte %d: bare quote in an unquoted field", end, end, end+1)
			if err.Error() != want {
				t.Fatalf("got\n%v\nwant\n%v", err, want)
			}
			if !errors.Is(err, parser.ErrFieldCount) || errors.Is(err, parser.ErrUnclosedQuote) {
				t.Fatalf("the first failure does not decide: %v", err)
			}
		}
	}
}

func TestIdsThatCannotBeCounted(t *testing.T) {
	head := "event_type,patient_id\n"
	long := strings.Repeat("x", 5000)
	tests := map[string]struct {
		input  string
		limits engine.Limits
		want   string
		is     error
	}{
		"patient not UTF-8":             {head + "bp,P1\nbp,\xff\n", engine.Limits{}, "line 3, byte 31: id is not valid UTF-8", parser.ErrInvalidUTF8},
		"event not UTF-8":               {head + "bp,P1\n\xc3,P1\n", engine.Limits{}, "line 3, byte 28: id is not valid UTF-8", parser.ErrInvalidUTF8},
		"the first row decides":         {head + "\xff,P1\nbp,\xff\n", engine.Limits{}, "line 2, byte 22: id is not valid UTF-8", parser.ErrInvalidUTF8},
		"before a later syntax error":   {head + "bp,\xff\nbp\n", engine.Limits{}, "line 2, byte 25: id is not valid UTF-8", parser.ErrInvalidUTF8},
		"after an earlier syntax error": {head + "bp\nbp,\xff\n", engine.Limits{}, "line 2, byte 22: wrong number of fields: got 1, want 2", parser.ErrFieldCount},
		"id too long":                   {head + "bp," + long + "\n", engine.Limits{}, "line 2, byte 25: an id is longer than 4096 bytes", nil},
		"id of the limit":               {head + "bp,123\n", engine.Limits{ID: 3}, "", nil},
		"too many patients":             {head + "bp,P1\nbp,P2\nbp,P1\nbp,P3\n", engine.Limits{Patients: 2}, "line 5, byte 43: more than 2 distinct patients", nil},
		"too many events":               {head + "a,P1\nb,P1\n", engine.Limits{Events: 1}, "line 3, byte 27: more than 1 distinct event types", nil},
		"too many pairs":                {head + "a,P1\nb,P1\na,P2\n", engine.Limits{Pairs: 2}, "more than 2 distinct pairs", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for _, size := range []int{1, 5, 30, 0} {
				cfg := engine.Config{Limits: tt.limits, BufferSize: size}
				_, err := engine.Run(t.Context(), []engine.Part{memory{"ids", []byte(tt.input)}}, cfg)
				got := ""
				if err != nil {
					got = strings.TrimPrefix(err.Error(), "ids: ")
				}
				if got != tt.want || tt.is != nil && !errors.Is(err, tt.is) {
					t.Errorf("buffer %d: got %q, want %q", size, got, tt.want)
				}
			}
		})
	}
}

// Limits apply to all parts together. Exceeding one is not the error of a part.
func TestLimitsOfTheTotal(t *testing.T) {
	part := func(patient string) engine.Part {
		return memory{patient, []byte("patient_id,event_type\n" + patient + ",bp\n")}
	}
	parts := []engine.Part{part("P1"), part("P2"), part("P1"), part("P3")}
	for _, limits := range []engine.Limits{{Patients: 2}, {Pairs: 2}} {
		_, err := engine.Run(t.Context(), parts, engine.Config{Limits: limits, Jobs: 3})
		if !errors.Is(err, engine.ErrLimit) || engine.Failures(err) != nil {
			t.Errorf("%+v: got %v", limits, err)
		}
	}
	if _, err := engine.Run(t.Context(), parts, engine.Config{Limits: engine.Limits{Patients: 3}}); err != nil {
		t.Error(err)
	}
}

func TestConfigIsValidated(t *testing.T) {
	for name, cfg := range map[string]engine.Config{
		"negative limit":   {Limits: engine.Limits{Pairs: -1}},
		"delimiter":        {Dialect: parser.Dialect{Delimiter: "\n"}},
		"name, no header":  {Dialect: parser.Dialect{NoHeader: true}, Patient: parser.Selector{Name: "x"}},
		"negative number":  {Event: parser.Selector{Number: -1}},
		"negative columns": {RecordLimits: parser.Limits{MaxColumns: -1}},
	} {
		if _, err := engine.Run(t.Context(), nil, cfg); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestColumnsCanBeChosen(t *testing.T) {
	tests := []struct {
		input string
		cfg   engine.Config
	}{
		{"who;what\nP1;bp\n", engine.Config{Dialect: parser.Dialect{Delimiter: ";"}, Patient: parser.Selector{Name: "who"}, Event: parser.Selector{Name: "what"}}},
		{"P1,t,bp\n", engine.Config{Dialect: parser.Dialect{NoHeader: true}}},
		{"bp,P1\n", engine.Config{Dialect: parser.Dialect{NoHeader: true}, Patient: parser.Selector{Number: 2}, Event: parser.Selector{Number: 1}}},
	}
	for _, tt := range tests {
		got, err := engine.Run(t.Context(), []engine.Part{memory{"x", []byte(tt.input)}}, tt.cfg)
		if err != nil {
			t.Fatalf("%q: %v", tt.input, err)
		}
		checkReport(t, got, map[[2]string]uint64{{"P1", "bp"}: 1})
	}
}

// errSource is a part that cannot be opened.
type errSource struct{ memory }

func (errSource) Open(context.Context) (io.ReadCloser, error) { return nil, os.ErrPermission }

func TestOpenError(t *testing.T) {
	_, err := engine.Run(t.Context(), []engine.Part{errSource{memory{name: "x"}}}, engine.Config{})
	if !errors.Is(err, os.ErrPermission) {
		t.Errorf("got %v", err)
	}
}

// changed is a plain part whose streams report at the end that it changed.
type changed struct{ plain }

var errChanged = errors.New("changed")

func (c changed) Open(ctx context.Context) (io.ReadCloser, error) {
	return c.OpenRange(ctx, 0, int64(len(c.data)))
}

func (c changed) OpenRange(_ context.Context, from, to int64) (io.ReadCloser, error) {
	return faultyRange{plainRange{bytes.NewReader(c.data[from:]), to - from}, errChanged}, nil
}

// That a part changed is its error, even if it also has a syntax error, which
// the change may have caused.
func TestErrorOfClose(t *testing.T) {
	data := export(1, 1000)
	for name, data := range map[string][]byte{"valid": data, "syntax error": append(data[:len(data):len(data)], "x\n"...)} {
		for _, jobs := range []int{1, 2} {
			part := changed{plain{memory{"x", data}}}
			_, err := engine.Run(t.Context(), []engine.Part{part}, engine.Config{Jobs: jobs, RangeSize: 1000})
			if !errors.Is(err, errChanged) {
				t.Errorf("%s, %d jobs: got %v", name, jobs, err)
			}
		}
	}
}

// guardedPart is a part whose stream has windows, reading of which fails.
type guardedPart struct{ plain }

func (p guardedPart) Open(ctx context.Context) (io.ReadCloser, error) {
	return p.OpenRange(ctx, 0, int64(len(p.data)))
}

func (p guardedPart) OpenRange(_ context.Context, from, to int64) (io.ReadCloser, error) {
	return &guardedStream{plainRange: plainRange{bytes.NewReader(p.data[from:]), to - from}}, nil
}

type guardedStream struct {
	plainRange
	guarded bool
}

func (s *guardedStream) Guard(f func() error) (err error) {
	s.guarded = true
	defer func() {
		s.guarded = false
		if recover() != nil {
			err = errChanged
		}
	}()
	return f()
}

func (s *guardedStream) Window(int) []byte {
	if !s.guarded {
		return nil
	}
	panic("the window cannot be read")
}

// All reading of a stream with windows takes place within Guard, whose error is
// that of the part.
func TestErrorOfGuard(t *testing.T) {
	for _, jobs := range []int{1, 2} {
		part := guardedPart{plain{memory{"x", export(1, 1000)}}}
		_, err := engine.Run(t.Context(), []engine.Part{part}, engine.Config{Jobs: jobs, RangeSize: 1000})
		if !errors.Is(err, errChanged) {
			t.Errorf("%d jobs: got %v", jobs, err)
		}
	}
}

// The error of a broken transport replaces that of the bad CSV that it may have
// caused.
func TestTransportErrorOutranksSyntaxError(t *testing.T) {
	bad := append(export(1, 10), "x\n"...)
	for name, tt := range map[string]struct {
		stream io.Reader
		want   error
	}{
		"broken after it": {corpus.Broken(append(bad, make([]byte, 3<<20)...)), corpus.ErrBroken},
		"whole":           {bytes.NewReader(bad), parser.ErrFieldCount},
	} {
		_, err := engine.Run(t.Context(), []engine.Part{&download{attempts: []io.Reader{tt.stream}}}, engine.Config{})
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", name, err, tt.want)
		}
	}
}

// endless is a part that never ends. It signals when it was opened.
type endless struct {
	memory
	begun func()
}

func (e endless) Open(context.Context) (io.ReadCloser, error) {
	return io.NopCloser(&endlessStream{begun: e.begun}), nil
}

type endlessStream struct {
	begun func()
	reads int
}

func (e *endlessStream) Read(b []byte) (int, error) {
	e.reads++
	switch e.reads {
	case 1:
		return copy(b, "patient_id,event_type\n"), nil
	case 3:
		e.begun()
	}
	const rows = "P1,bp\nP2,hr\n"
	n := 0
	for n+len(rows) <= len(b) {
		n += copy(b[n:], rows)
	}
	return n, nil
}

func TestCancelEndsARun(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stop")
	part := endless{memory{name: "endless"}, func() { cancel(stop) }}
	parts := []engine.Part{part, part, plain{memory{"x", export(1, 100)}}}
	if _, err := engine.Run(ctx, parts, engine.Config{Jobs: 2, RangeSize: 100}); err != stop {
		t.Errorf("got %v", err)
	}
	if _, err := engine.Run(ctx, parts, engine.Config{}); err != stop {
		t.Errorf("begun after the end: got %v", err)
	}
}

// waiting is a download whose attempts fail, with a wait between them.
type waiting struct{ download }

func (w *waiting) Retry(n int, _ error) (time.Duration, bool) { return time.Hour, n < 3 }

func TestWaitsBetweenAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := func() *waiting {
			return &waiting{download{name: "w", attempts: []io.Reader{corpus.Broken(nil), corpus.Broken(nil), corpus.Broken(nil)}}}
		}
		start := time.Now()
		_, err := engine.Run(t.Context(), []engine.Part{broken()}, engine.Config{})
		if failed := engine.Failures(err); len(failed) != 1 || failed[0].Attempts != 3 || time.Since(start) != 2*time.Hour {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start = time.Now()
		if _, err := engine.Run(ctx, []engine.Part{broken()}, engine.Config{}); err != context.DeadlineExceeded || time.Since(start) != time.Minute {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
	})
}

// TestRetrying checks that each attempt that is followed by another one is
// reported.
func TestRetrying(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := &waiting{download{name: "w", attempts: []io.Reader{corpus.Broken(nil), corpus.Broken(nil), corpus.Broken(nil)}}}
		type call struct {
			part    string
			attempt int
			wait    time.Duration
			at      time.Duration
		}
		var calls []call
		start := time.Now()
		cfg := engine.Config{Retrying: func(part string, attempt int, err error, wait time.Duration) {
			if err == nil || strings.Contains(err.Error(), "w:") {
				t.Errorf("the error is %v", err)
			}
			calls = append(calls, call{part, attempt, wait, time.Since(start)})
		}}
		_, err := engine.Run(t.Context(), []engine.Part{broken}, cfg)
		if want := []call{{"w", 1, time.Hour, 0}, {"w", 2, time.Hour, time.Hour}}; err == nil || !slices.Equal(calls, want) {
			t.Errorf("got %+v and %v, want %+v", calls, err, want)
		}
	})
}

// sparse returns rows in which each of many patients has few of many event
// types, more pairs than a new table holds.
func sparse(seed int) []byte {
	b := bytes.NewBufferString("patient_id,event_type\n")
	for i := range 5000 {
		fmt.Fprintf(b, "P%d,e%d\n", i*seed%4999, (i*7+seed)%300)
	}
	return b.Bytes()
}

// Counts in a table equal those of the reference implementation, for one part
// or several, read one after another or concurrently, split or not.
func TestSparseCounts(t *testing.T) {
	var parts []engine.Part
	want := map[[2]string]uint64{}
	for seed := range 6 {
		data := sparse(seed + 1)
		if seed%2 == 0 {
			parts = append(parts, memory{fmt.Sprint(seed), data})
		} else {
			parts = append(parts, plain{memory{fmt.Sprint(seed), data}})
		}
		for pair, n := range mustCount(t, data) {
			want[pair] += n
		}
		for _, cfg := range []engine.Config{{Jobs: 1}, {Jobs: 3, RangeSize: 20_000}} {
			r, err := engine.Run(t.Context(), parts, cfg)
			if err != nil {
				t.Fatal(err)
			}
			checkReport(t, r, want)
		}
	}
}
