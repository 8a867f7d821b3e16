package engine_test

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"fastcount/engine"
	"fastcount/internal/testing/proof"
)

var head = engine.PartialHead{Work: "9f2c", Unit: "3/64"}

func writePartial(t testing.TB, r *engine.Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := engine.WritePartial(&b, head, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// readPartial returns the pairs and parts of a partial result.
func readPartial(r io.Reader) (map[[2]string]uint64, []engine.PartReport, error) {
	p, err := engine.NewPartialReader(r)
	if err != nil {
		return nil, nil, err
	}
	pairs := map[[2]string]uint64{}
	for {
		patient, event, n, err := p.Next()
		if err == io.EOF && cmp.Equal(p.Head(), head) {
			return pairs, p.Parts(), nil
		}
		if err != nil {
			return nil, nil, err
		}
		pairs[[2]string{patient, event}] += n
	}
}

func reportOf(t testing.TB, data []byte, cfg engine.Config) *engine.Report {
	t.Helper()
	r, err := engine.Run(t.Context(), []engine.Part{memory{"a", data}}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// oddIDs is an export with ids that hold what the format itself is made of.
var oddIDs = []byte("patient_id,event_type\n\"4:P001,\",\"a\nb\"\n\"\",\"\"\n\"{\",x\n\"{\",x\n\x00,\u2028\n" + strings.Repeat("y", 4000) + ",z\n")

func TestPartialIsReadBack(t *testing.T) {
	for _, data := range [][]byte{oddIDs, export(1, 5000), []byte("patient_id,event_type\n")} {
		r := reportOf(t, data, engine.Config{})
		text := writePartial(t, r)
		for _, source := range []io.Reader{bytes.NewReader(text), iotest.OneByteReader(bytes.NewReader(text)), iotest.DataErrReader(bytes.NewReader(text))} {
			got, parts, err := readPartial(source)
			if err != nil || !maps.Equal(got, pairs(r)) {
				t.Fatalf("got %d pairs of %d, %v", len(got), len(r.Pairs), err)
			}
			if diff := cmp.Diff(r.Parts, parts); diff != "" {
				t.Error(diff)
			}
		}
		of, whole, err := engine.ReadPartial(bytes.NewReader(text))
		if diff := cmp.Diff(r, whole, cmpopts.EquateEmpty()); err != nil || !cmp.Equal(of, head) || diff != "" {
			t.Errorf("read in one go: %v, %v, %s", of, err, diff)
		}
	}
}

func TestPartialFormat(t *testing.T) {
	r := reportOf(t, []byte("patient_id,event_type\nP2,bp\nP1,bp\nP1,bp\n"), engine.Config{})
	const want = `{"fastcount":"partial result","version":1,"work":"9f2c","unit":"3/64"}
2:P1,2:bp,2
2:P2,2:bp,1
{"pairs":2,"rows":3,"bytes":40,"parts":[{"name":"a","rows":3,"bytes":40,"raw_bytes":40,"attempts":1,"verified":"none"}],"sha256":"`
	text := string(writePartial(t, r))
	if got := text[:min(len(want), len(text))]; got != want || len(text) != len(want)+64+len("\"}\n") {
		t.Errorf("got %s", text)
	}
}

// No partial result that lacks a byte, has another one, or has one more, is taken for whole.
func TestDamagedPartial(t *testing.T) {
	tried := proof.Begin(t, "partials-damaged")
	text := writePartial(t, reportOf(t, []byte("patient_id,event_type\n\"4:P001,\",\"a\nb\"\n{,x\n\x00,\u2028\n"), engine.Config{}))
	read := func(text []byte) error {
		_, _, err := readPartial(bytes.NewReader(text))
		if _, r, also := engine.ReadPartial(bytes.NewReader(text)); (also == nil) != (err == nil) || (r == nil) != (err != nil) {
			t.Errorf("read in one go: %v and %v, not %v", r, also, err)
		}
		return err
	}
	if err := read(text); err != nil {
		t.Fatal(err)
	}
	for i := range text {
		for what, damaged := range map[string][]byte{
			"cut":     text[:i],
			"without": slices.Delete(slices.Clone(text), i, i+1),
			"doubled": slices.Insert(slices.Clone(text), i, text[i]),
			"0":       append(append(slices.Clone(text[:i]), '0'), text[i+1:]...),
			"flipped": append(append(slices.Clone(text[:i]), text[i]^1), text[i+1:]...),
		} {
			err := read(damaged)
			if bytes.Equal(damaged, text) {
				continue
			}
			tried.Add(1)
			if !errors.Is(err, engine.ErrDamaged) && !errors.Is(err, engine.ErrPartialVersion) {
				t.Fatalf("%s at byte %d: got %v of\n%s", what, i, err, damaged)
			}
		}
	}
	if err := read(append(slices.Clone(text), text...)); !errors.Is(err, engine.ErrDamaged) {
		t.Errorf("twice: got %v", err)
	}
}

func TestPartialReadError(t *testing.T) {
	text := writePartial(t, reportOf(t, export(1, 100), engine.Config{}))
	broken := errors.New("broken")
	for i := range text {
		if _, _, err := readPartial(io.MultiReader(bytes.NewReader(text[:i]), iotest.ErrReader(broken))); !errors.Is(err, broken) {
			t.Fatalf("at byte %d: got %v", i, err)
		}
	}
}

func TestPartialWriterRefuses(t *testing.T) {
	w, err := engine.NewPartialWriter(io.Discard, head)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Add("b", "b", 1), w.Add("b", "c", 1<<63)); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []error{w.Add("b", "c", 1), w.Add("a", "z", 1), w.Add("c", "a", 0), w.Add("c", "a", 1<<63), w.Close(nil)} {
		if bad == nil {
			t.Error("no error")
		}
	}
	if engine.WritePartial(io.Discard, head, &engine.Report{Shortfalls: make([]engine.Shortfall, 1)}) == nil {
		t.Error("an incomplete report was written")
	}
}
