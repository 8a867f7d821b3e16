package engine_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fastcount/engine"
	"fastcount/parser"
)

func missing(r *engine.Report) string {
	var lines []string
	for _, s := range r.Incomplete {
		lines = append(lines, s.Part+": "+s.Err.Error())
	}
	return strings.Join(lines, "\n")
}

func TestAllowPartial(t *testing.T) {
	good := export(1, 100)
	parts := func() []engine.Part {
		broken := &download{name: "b", attempts: []io.Reader{strings.NewReader("x"), strings.NewReader("x")}}
		return []engine.Part{memory{"a", good}, broken, memory{"c", good}}
	}
	if _, err := engine.Run(t.Context(), parts(), engine.Config{}); err == nil {
		t.Fatal("without AllowPartial the run succeeded")
	}
	r, err := engine.Run(t.Context(), parts(), engine.Config{AllowPartial: true})
	if err != nil {
		t.Fatal(err)
	}
	checkReport(t, r, mustCount(t, append(good, good[len("patient_id,event_time,event_type,value\n"):]...)))
	if got := missing(r); !strings.HasPrefix(got, "b: ") || strings.Contains(got, "\n") {
		t.Errorf("got missing parts %q", got)
	}
	if p := r.Parts[1]; !p.Failed || p.Name != "b" || p.Attempts != 2 || !errors.Is(p.Err, parser.ErrMissingColumn) || p.Rows != 0 {
		t.Errorf("got %+v", p)
	}
	if p := r.Parts[2]; p.Failed || p.Err != nil || p.Rows != 100 {
		t.Errorf("got %+v", p)
	}
	if _, err := engine.Run(t.Context(), []engine.Part{memory{"x", nil}}, engine.Config{AllowPartial: true}); engine.Failures(err) == nil {
		t.Errorf("nothing could be counted: got %v", err)
	}
}

// A mismatch fails the part, is listed, or is ignored, depending on Config.
func TestVerify(t *testing.T) {
	data := export(1, 100)
	tests := []struct {
		allow, ignore bool
		declared      engine.Declaration
		want          string
		proof         engine.Proof
	}{
		{false, false, engine.Declaration{Rows: 100}, "", engine.ProofRows},
		{true, false, engine.Declaration{Rows: 100}, "", engine.ProofRows},
		{true, false, engine.Declaration{Rows: 99}, "d: 100 rows counted, 99 declared by the server's metadata", engine.ProofFraming},
		{false, true, engine.Declaration{Rows: 99}, "", engine.ProofFraming},
	}
	for _, test := range tests {
		test.declared.Patients = []string{"P000", "P001", "P002", "P003", "P004", "P005", "P006"}
		test.declared.Events = []string{"bp", "heart_rate", "spo2"}
		d := &download{name: "d", declared: test.declared,
			attempts: []io.Reader{strings.NewReader(string(data)), strings.NewReader(string(data))}}
		r, err := engine.Run(t.Context(), []engine.Part{d}, engine.Config{AllowMismatch: test.allow, IgnoreDeclared: test.ignore})
		if err != nil {
			t.Fatal(err)
		}
		checkReport(t, r, mustCount(t, data))
		if got := missing(r); got != test.want || r.Parts[0].Verified != test.proof {
			t.Errorf("allow %v, ignore %v, %d rows declared: got %q, verified %v", test.allow, test.ignore, test.declared.Rows, got, r.Parts[0].Verified)
		}
		if wantAttempts := min(2, 1+len(test.want)); d.opened != wantAttempts {
			t.Errorf("%d attempts, want %d", d.opened, wantAttempts)
		}
	}
}

// badExport is an export in which every tenth row has too few fields.
func badExport(rows int) (data []byte, bad int) {
	lines := strings.Split(string(export(1, rows)), "\n")
	for i := 10; i < len(lines)-1; i += 10 {
		lines[i] = strings.Replace(lines[i], ",", ";", 1)
		bad++
	}
	return []byte(strings.Join(lines, "\n")), bad
}

func TestBadRows(t *testing.T) {
	data, bad := badExport(1000)
	rest := strings.Split(string(data), "\n")
	var whole []string
	for _, line := range rest {
		if !strings.Contains(line, ";") {
			whole = append(whole, line)
		}
	}
	want := mustCount(t, []byte(strings.Join(whole, "\n")))
	part := plain{memory{"a", data}}
	declared := &download{name: "d", attempts: []io.Reader{strings.NewReader(string(data))}, declared: engine.Declaration{
		Rows:     1000,
		Patients: []string{"P000", "P001", "P002", "P003", "P004", "P005", "P006"},
		Events:   []string{"bp", "heart_rate", "spo2"},
	}}
	for _, p := range []engine.Part{part, declared} {
		cfg := engine.Config{Jobs: 3, RangeSize: 1000, MaxBadRows: uint64(bad), KeepBadRows: true}
		r, err := engine.Run(t.Context(), []engine.Part{p}, cfg)
		if err != nil {
			t.Fatal(err)
		}
		checkReport(t, r, want)
		if got, want := missing(r), fmt.Sprintf("%s: %d rows with a wrong number of fields left out", p.Name(), bad); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if len(r.BadRows) != bad || r.Parts[0].BadRows != uint64(bad) {
			t.Fatalf("%d rows kept, %d reported, want %d", len(r.BadRows), r.Parts[0].BadRows, bad)
		}
		for i, row := range r.BadRows {
			line := 11 + 10*i
			if row.Part != p.Name() || row.Err.Line != int64(line) || string(row.Record) != rest[line-1] ||
				!strings.HasPrefix(string(data[row.Err.Offset:]), rest[line-1]+"\n") {
				t.Fatalf("bad row %d: got %+v, want line %d", i, row, line)
			}
		}
	}
}

// Exceeding MaxBadRows is an error, of one part at the position of the row, and
// of several parts at the end.
func TestTooManyBadRows(t *testing.T) {
	data, bad := badExport(1000)
	var syntax *parser.SyntaxError
	_, err := engine.Run(t.Context(), []engine.Part{memory{"a", data}}, engine.Config{MaxBadRows: uint64(bad) - 1})
	if !errors.Is(err, parser.ErrFieldCount) || !errors.As(err, &syntax) || syntax.Line != int64(10*bad+1) {
		t.Errorf("in one part: got %v", err)
	}
	parts := []engine.Part{memory{"a", data}, memory{"b", data}}
	_, err = engine.Run(t.Context(), parts, engine.Config{MaxBadRows: uint64(2*bad) - 1})
	if want := fmt.Sprintf("%d rows with a wrong number of fields, more than the %d allowed", 2*bad, 2*bad-1); !errors.Is(err, engine.ErrTooManyBadRows) || err.Error() != want {
		t.Errorf("in two parts: got %v", err)
	}
	if _, err = engine.Run(t.Context(), parts, engine.Config{MaxBadRows: uint64(2 * bad)}); err != nil {
		t.Error(err)
	}
}

// Rows that a failed attempt left out are not counted with those of the next
// one.
func TestBadRowsOfAFailedAttempt(t *testing.T) {
	data, bad := badExport(200)
	d := &download{name: "d", declared: engine.Declaration{Rows: 200, Events: []string{"bp", "heart_rate", "spo2"},
		Patients: []string{"P000", "P001", "P002", "P003", "P004", "P005", "P006"}},
		attempts: []io.Reader{io.MultiReader(strings.NewReader(string(data)), failing{}), strings.NewReader(string(data))}}
	r, err := engine.Run(t.Context(), []engine.Part{d}, engine.Config{MaxBadRows: uint64(bad), KeepBadRows: true})
	if err != nil || len(r.BadRows) != bad || r.Parts[0].BadRows != uint64(bad) || r.Parts[0].Attempts != 2 {
		t.Errorf("got %v, %+v", err, r)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("broken") }

// Distinct ids of any bytes stay distinct.
func TestEscapeIDs(t *testing.T) {
	ids := []string{"a", "\xff", `\xff`, `\\xff`, "\xfe\xff", "\xc3\xa9", "\xc3", "\ufffd", `\`, `\\`, "\xed\xa0\x80", ""}
	data := "patient_id,event_type\n"
	for i, id := range ids {
		data += strings.Repeat(id+",e\\\n", i+1)
	}
	if _, err := engine.Run(t.Context(), []engine.Part{memory{"a", []byte(data)}}, engine.Config{}); !errors.Is(err, parser.ErrInvalidUTF8) {
		t.Fatalf("got %v", err)
	}
	r := reportOf(t, []byte(data), engine.Config{EscapeIDs: true})
	got := map[string]uint64{}
	for group, n := range r.All() {
		got[r.Keys[0][group[0]]] = n
	}
	want := map[string]uint64{"a": 1, `\xff`: 2, `\\xff`: 3, `\\\\xff`: 4, `\xfe\xff`: 5, "\u00e9": 6, `\xc3`: 7, "\ufffd": 8, `\\`: 9, `\\\\`: 10,
		`\xed\xa0\x80`: 11, "": 12}
	if diff := cmp.Diff(want, got); diff != "" || r.Keys[1][0] != `e\\` {
		t.Errorf("events %q, patients: %s", r.Keys[1], diff)
	}
}

// explained is a part that explains its failure.
type explained struct{ engine.Part }

func (e explained) Info() engine.PartInfo {
	return engine.PartInfo{Explain: func(err error) error { return fmt.Errorf("because of the test: %w", err) }}
}

// A part explains its final error, and no other one.
func TestExplain(t *testing.T) {
	bad := memory{"bad", []byte("patient_id,event_type\nP\n")}
	_, err := engine.Run(t.Context(), []engine.Part{explained{bad}, memory{"other", bad.data}}, engine.Config{})
	failures := engine.Failures(err)
	if len(failures) != 2 || !strings.HasPrefix(failures[0].Err.Error(), "because of the test: line 2") || !errors.Is(failures[0], parser.ErrFieldCount) ||
		!strings.HasPrefix(failures[1].Err.Error(), "line 2") {
		t.Errorf("got %v", err)
	}
	if _, err := engine.Run(t.Context(), []engine.Part{explained{memory{"good", export(1, 10)}}}, engine.Config{}); err != nil {
		t.Error(err)
	}
}
