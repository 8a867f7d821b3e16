package engine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fastcount/engine"
	"fastcount/parser"
)

// kept holds saved reports in memory.
type kept struct {
	mu      sync.Mutex
	reports map[int]*engine.Report
	err     error // of Save
}

func (k *kept) Load(yield func([]int, *engine.Report) bool) {
	for part, r := range k.reports {
		if !yield([]int{part}, r) {
			return
		}
	}
}

func (k *kept) Save(part int, r *engine.Report) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.reports[part] = r
	return k.err
}

// once is a part that must not be opened again.
type once struct {
	memory
	broken bool
	opened int
}

func (o *once) Open(ctx context.Context) (io.ReadCloser, error) {
	if o.opened++; o.opened > 1 && !o.broken {
		return nil, errors.New("opened again")
	}
	if o.broken {
		return nil, errors.New("broken")
	}
	return o.memory.Open(ctx)
}

// Parts that a failed run finished are not read again by the next run, whose
// result is that of a single run.
func TestStore(t *testing.T) {
	data := [][]byte{export(1, 500), oddIDs, export(2, 300), []byte("patient_id,event_type\nP1,\xff\n")}
	cfg := engine.Config{EscapeIDs: true}
	var parts, plainParts []engine.Part
	for i, d := range data {
		parts = append(parts, &once{memory: memory{fmt.Sprint(i), d}, broken: i == 2})
		plainParts = append(plainParts, memory{fmt.Sprint(i), d})
	}
	want, err := engine.Run(t.Context(), plainParts, cfg)
	if err != nil {
		t.Fatal(err)
	}
	store := &kept{reports: map[int]*engine.Report{}}
	cfg.Load, cfg.Save = store.Load, store.Save
	if _, err := engine.Run(t.Context(), parts, cfg); err == nil || len(store.reports) != 3 {
		t.Fatalf("got %v, and %d parts were kept", err, len(store.reports))
	}
	parts[2].(*once).broken, parts[2].(*once).opened = false, 0
	cfg.Progress = new(engine.Progress)
	got, err := engine.Run(t.Context(), parts, cfg)
	if err != nil {
		t.Fatal(err)
	}
	for i := range got.Parts {
		if got.Parts[i].Kept != (i != 2) {
			t.Errorf("part %d: kept is %v", i, got.Parts[i].Kept)
		}
		if p := progressOf(cfg.Progress)[i]; p.Kept != got.Parts[i].Kept || p.Phase != engine.Done ||
			p.Rows != got.Parts[i].Rows || p.Bytes != got.Parts[i].Bytes || p.RawBytes != got.Parts[i].RawBytes {
			t.Errorf("part %d: %+v", i, p)
		}
		got.Parts[i].Kept = false
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Incomplete parts are not saved, because the next run would take them for
// complete ones.
func TestStoreTakesOnlyWhatIsComplete(t *testing.T) {
	short := &download{name: "short", attempts: []io.Reader{bytes.NewReader(export(1, 5))}, declared: engine.Declaration{Rows: 6}}
	parts := []engine.Part{
		memory{"bad", []byte("patient_id,event_type\nP1,up\nP1\n")}, short, memory{"good", export(1, 5)},
	}
	store := &kept{reports: map[int]*engine.Report{}}
	cfg := engine.Config{Load: store.Load, Save: store.Save, MaxBadRows: 1, AllowMismatch: true}
	r, err := engine.Run(t.Context(), parts, cfg)
	if err != nil || len(r.Incomplete) < 2 {
		t.Fatalf("got %v", err)
	}
	if len(store.reports) != 1 || store.reports[2] == nil {
		t.Errorf("kept are %v", store.reports)
	}
}

// An id that was saved because the run escapes ids is refused, at its position,
// by a run that does not.
func TestStoreKeepsNoRuleAway(t *testing.T) {
	parts := []engine.Part{memory{"a", []byte("patient_id,event_type\nP1,up\nP\xff,up\n")}}
	store := &kept{reports: map[int]*engine.Report{}}
	if _, err := engine.Run(t.Context(), parts, engine.Config{Load: store.Load, Save: store.Save, EscapeIDs: true}); err != nil {
		t.Fatal(err)
	}
	_, err := engine.Run(t.Context(), parts, engine.Config{Load: store.Load, Save: store.Save})
	var syntax *parser.SyntaxError
	if !errors.As(err, &syntax) || syntax.Line != 3 || !errors.Is(err, parser.ErrInvalidUTF8) {
		t.Errorf("got %v", err)
	}
}

// Saved counts are included in the limits of the run that loads them.
func TestStoreKeepsLimits(t *testing.T) {
	parts := []engine.Part{memory{"a", []byte("patient_id,event_type\nP1,up\nP2,down\n")}}
	store := &kept{reports: map[int]*engine.Report{}}
	if _, err := engine.Run(t.Context(), parts, engine.Config{Load: store.Load, Save: store.Save}); err != nil || store.reports[0] == nil {
		t.Fatal(err)
	}
	for want, limits := range map[error]engine.Limits{
		engine.ErrTooManyPatients: {Patients: 1}, engine.ErrTooManyEvents: {Events: 1}, engine.ErrTooManyPairs: {Pairs: 1}, engine.ErrIDTooLong: {ID: 3},
	} {
		_, without := engine.Run(t.Context(), parts, engine.Config{Limits: limits})
		_, err := engine.Run(t.Context(), parts, engine.Config{Load: store.Load, Save: store.Save, Limits: limits})
		if !errors.Is(err, want) || !errors.Is(without, want) {
			t.Errorf("%+v: got %v, without a store %v", limits, err, without)
		}
	}
}

func TestStoreFails(t *testing.T) {
	store := &kept{reports: map[int]*engine.Report{}, err: errors.New("disk full")}
	_, err := engine.Run(t.Context(), []engine.Part{memory{"a", export(1, 5)}}, engine.Config{Load: store.Load, Save: store.Save})
	if failed, ok := errors.AsType[*engine.PartError](err); !ok || !errors.Is(err, store.err) || failed.Attempts != 1 {
		t.Errorf("got %v", err)
	}
}

// together yields the reports of parts as one report.
func together(t *testing.T, parts []engine.Part, which ...int) iter.Seq2[[]int, *engine.Report] {
	t.Helper()
	var covered []engine.Part
	for _, i := range which {
		covered = append(covered, parts[i])
	}
	r, err := engine.Run(t.Context(), covered, engine.Config{EscapeIDs: true, RawIDs: true})
	if err != nil {
		t.Fatal(err)
	}
	return func(yield func([]int, *engine.Report) bool) { yield(which, r) }
}

// One report may hold the counts of several parts.
func TestStoreOfSeveralParts(t *testing.T) {
	var parts []engine.Part
	for i := range 5 {
		parts = append(parts, memory{fmt.Sprint(i), export(i, 100*(i+1))})
	}
	want, err := engine.Run(t.Context(), parts, engine.Config{})
	if err != nil {
		t.Fatal(err)
	}
	cfg := engine.Config{Load: together(t, parts, 3, 0, 4), Progress: new(engine.Progress)}
	parts[0], parts[3], parts[4] = broken{"0"}, broken{"3"}, broken{"4"}
	got, err := engine.Run(t.Context(), parts, cfg)
	if err != nil {
		t.Fatal(err)
	}
	for i := range got.Parts {
		if p := progressOf(cfg.Progress)[i]; got.Parts[i].Kept != (i != 1 && i != 2) || p.Phase != engine.Done || p.Rows != want.Parts[i].Rows {
			t.Errorf("part %d: %+v, %+v", i, got.Parts[i], p)
		}
		got.Parts[i].Kept = false
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// broken is a part that cannot be opened.
type broken struct{ name string }

func (b broken) Name() string                                { return b.name }
func (b broken) Info() engine.PartInfo                       { return engine.PartInfo{} }
func (b broken) Open(context.Context) (io.ReadCloser, error) { return nil, errors.New("broken") }

// A report of several parts that exceeds a limit fails the run, and one with an
// id that is refused is not used.
func TestStoreOfSeveralPartsKeepsLimits(t *testing.T) {
	parts := []engine.Part{memory{"a", []byte("patient_id,event_type\nP1,up\nP2,down\n")}, memory{"b", []byte("patient_id,event_type\nP3,up\n")}}
	for want, limits := range map[error]engine.Limits{
		engine.ErrTooManyPatients: {Patients: 2}, engine.ErrTooManyEvents: {Events: 1}, engine.ErrTooManyPairs: {Pairs: 2}, engine.ErrIDTooLong: {ID: 3},
	} {
		_, err := engine.Run(t.Context(), parts, engine.Config{Load: together(t, parts, 0, 1), Limits: limits})
		if !errors.Is(err, want) || engine.Failures(err) != nil {
			t.Errorf("%+v: got %v", limits, err)
		}
	}
	parts[1] = memory{"b", []byte("patient_id,event_type\nP\xff,up\n")}
	_, err := engine.Run(t.Context(), parts, engine.Config{Load: together(t, parts, 0, 1)})
	if failed := engine.Failures(err); len(failed) != 1 || failed[0].Part != "b" || !errors.Is(err, parser.ErrInvalidUTF8) {
		t.Errorf("got %v", err)
	}
}
