package partial_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"fastcount/engine"
	"fastcount/internal/partial"
	"fastcount/internal/testing/proof"
	"fastcount/parser"
)

var header = partial.Header{Job: "9f2c", Label: "3/64"}

func writePartial(t testing.TB, r *engine.Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := partial.Write(&b, header, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// readPartial returns the pairs and parts of a partial result.
func readPartial(r io.Reader) (map[[2]string]uint64, []partial.Part, error) {
	p, err := partial.NewReader(r)
	if err != nil {
		return nil, nil, err
	}
	pairs := map[[2]string]uint64{}
	for {
		values, n, err := p.Next()
		if err == io.EOF && cmp.Equal(p.Header(), header) {
			return pairs, p.Parts(), nil
		}
		if err != nil {
			return nil, nil, err
		}
		pairs[[2]string(values)] += n
	}
}

func TestRoundTrip(t *testing.T) {
	for _, data := range [][]byte{oddIDs, export(1, 5000), []byte("patient_id,event_type\n")} {
		r := reportOf(t, data)
		text := writePartial(t, r)
		for _, source := range []io.Reader{bytes.NewReader(text), iotest.OneByteReader(bytes.NewReader(text)), iotest.DataErrReader(bytes.NewReader(text))} {
			got, parts, err := readPartial(source)
			if err != nil || !maps.Equal(got, pairs(r)) {
				t.Fatalf("got %d pairs of %d, %v", len(got), len(r.Counts), err)
			}
			if diff := cmp.Diff(r.Parts, partial.Reports(parts)); diff != "" {
				t.Error(diff)
			}
		}
		of, whole, err := partial.Read(bytes.NewReader(text))
		if diff := cmp.Diff(r, whole, cmpopts.EquateEmpty()); err != nil || !cmp.Equal(of, header) || diff != "" {
			t.Errorf("read in one go: %v, %v, %s", of, err, diff)
		}
	}
}

func TestFormat(t *testing.T) {
	r := reportOf(t, []byte("patient_id,event_type\nP2,bp\nP1,bp\nP1,bp\n"))
	const want = `{"fastcount":"partial result","version":3,"job":"9f2c","label":"3/64"}
2:P1,2:bp,2
2:P2,2:bp,1
{"pairs":2,"rows":3,"bytes":40,"parts":[{"name":"a","rows":3,"bytes":40,"raw_bytes":40,"attempts":1,"verified":"none"}],"sha256":"`
	text := string(writePartial(t, r))
	if got := text[:min(len(want), len(text))]; got != want || len(text) != len(want)+64+len("\"}\n") {
		t.Errorf("got %s", text)
	}
}

// A partial result with a byte missing, changed or added is refused.
func TestCorruption(t *testing.T) {
	tried := 0
	text := writePartial(t, reportOf(t, []byte("patient_id,event_type\n\"4:P001,\",\"a\nb\"\n{,x\n\x00,\u2028\n")))
	read := func(text []byte) error {
		_, _, err := readPartial(bytes.NewReader(text))
		if _, r, also := partial.Read(bytes.NewReader(text)); (also == nil) != (err == nil) || (r == nil) != (err != nil) {
			t.Errorf("read in one go: %v and %v, not %v", r, also, err)
		}
		return err
	}
	if err := read(text); err != nil {
		t.Fatal(err)
	}
	for i := range text {
		for what, corrupt := range map[string][]byte{
			"cut":     text[:i],
			"without": slices.Delete(slices.Clone(text), i, i+1),
			"doubled": slices.Insert(slices.Clone(text), i, text[i]),
			"0":       append(append(slices.Clone(text[:i]), '0'), text[i+1:]...),
			"flipped": append(append(slices.Clone(text[:i]), text[i]^1), text[i+1:]...),
		} {
			err := read(corrupt)
			if bytes.Equal(corrupt, text) {
				continue
			}
			tried++
			if !errors.Is(err, partial.ErrCorrupt) && !errors.Is(err, partial.ErrVersion) {
				t.Fatalf("%s at byte %d: got %v of\n%s", what, i, err, corrupt)
			}
		}
	}
	proof.Cases(t, "partials-corrupted", tried)
	if err := read(append(slices.Clone(text), text...)); !errors.Is(err, partial.ErrCorrupt) {
		t.Errorf("twice: got %v", err)
	}
}

func TestReadError(t *testing.T) {
	text := writePartial(t, reportOf(t, export(1, 100)))
	broken := errors.New("broken")
	for i := range text {
		if _, _, err := readPartial(io.MultiReader(bytes.NewReader(text[:i]), iotest.ErrReader(broken))); !errors.Is(err, broken) {
			t.Fatalf("at byte %d: got %v", i, err)
		}
	}
}

func TestWriterRefuses(t *testing.T) {
	w, err := partial.NewWriter(io.Discard, header)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Add([]string{"b", "b"}, 1), w.Add([]string{"b", "c"}, 1<<63)); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []error{w.Add([]string{"b", "c"}, 1), w.Add([]string{"a", "z"}, 1), w.Add([]string{"c", "a"}, 0), w.Add([]string{"c", "a"}, 1<<63), w.Close(nil)} {
		if bad == nil {
			t.Error("no error")
		}
	}
	for name, change := range map[string]func(*engine.Report){
		"incomplete":    func(r *engine.Report) { r.Incomplete = make([]*engine.PartError, 1) },
		"left-out rows": func(r *engine.Report) { r.Parts[0].BadRows = 1 },
		"failed":        func(r *engine.Report) { r.Parts[0].Failed = true },
		"mismatch":      func(r *engine.Report) { r.Parts[0].Err = errors.New("x") },
	} {
		r := reportOf(t, export(1, 5))
		change(r)
		if partial.Write(io.Discard, header, r) == nil {
			t.Errorf("%s: the report was written", name)
		}
	}
}

// A partial result holds any count, and no sum that is too large.
func TestLargeCounts(t *testing.T) {
	for _, n := range []uint64{1<<32 + 1, 1<<53 + 1, 1<<63 + 1, math.MaxUint64} {
		r := reportOf(t, []byte("patient_id,event_type\nP1,bp\n"))
		r.Rows, r.Totals[0], r.Counts[0], r.Parts[0].Rows = n, n, n, n
		_, back, err := partial.Read(bytes.NewReader(writePartial(t, r)))
		if err != nil || back.Counts[0] != n || back.Rows != n || back.Totals[0] != n || back.Parts[0].Rows != n {
			t.Errorf("%d: got %+v, %v", n, back, err)
		}
	}
	w, err := partial.NewWriter(io.Discard, header)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Add([]string{"P1", "bp"}, math.MaxUint64); err != nil {
		t.Fatal(err)
	}
	if err := w.Add([]string{"P2", "bp"}, 1); !errors.Is(err, partial.ErrCorrupt) {
		t.Errorf("sum that is too large: got %v", err)
	}
}

// keyed returns a report of an export by k columns, of which the last is the
// day of a time.
func keyed(t testing.TB, k, rows int) *engine.Report {
	t.Helper()
	names := []string{"a", "b", "c", "d", "e", "f", "g", "time"}
	r := rand.New(rand.NewPCG(uint64(k), 1))
	b := []byte(strings.Join(names, ",") + "\n")
	for range rows {
		for i := range 7 {
			b = fmt.Appendf(b, "%d:%d,", r.IntN(3), i)
		}
		b = fmt.Appendf(b, "2026-01-%02dT00:00:00Z\n", 1+r.IntN(3))
	}
	cfg := engine.Config{By: []engine.KeyColumn{{Name: "time:day", Column: parser.Selector{Name: "time"}, Bucket: "day"}}}
	for _, name := range names[:k-1] {
		cfg.By = slices.Insert(cfg.By, len(cfg.By)-1, engine.KeyColumn{Name: name, Column: parser.Selector{Name: name}})
	}
	report, err := engine.Run(t.Context(), []engine.Part{memory("a", b)}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// A partial result has any number of key columns.
func TestKeyColumns(t *testing.T) {
	for k := 1; k <= engine.MaxKeys; k++ {
		r := keyed(t, k, 300)
		h := partial.Header{Job: "9f2c", By: r.By}
		var b bytes.Buffer
		if err := partial.Write(&b, h, r); err != nil {
			t.Fatal(err)
		}
		of, whole, err := partial.Read(iotest.OneByteReader(bytes.NewReader(b.Bytes())))
		if diff := cmp.Diff(r, whole, cmpopts.EquateEmpty()); err != nil || !cmp.Equal(of, h) || diff != "" {
			t.Errorf("%d: %v, %v, %s", k, of, err, diff)
		}
		if again, err := rewritten(b.String()); err != nil || again != b.String() {
			t.Errorf("%d: got %v\n%s", k, err, again)
		}
		if err := partial.Write(io.Discard, header, r); err == nil {
			t.Errorf("%d: written with the header of other key columns", k)
		}
	}
}
