package plan_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fastcount/engine"
	"fastcount/internal/merge"
	"fastcount/internal/plan"
	"fastcount/sources"
)

// addArchive adds the members of a zip archive to w.
func (w *world) addArchive(t *testing.T, name string, members map[string]string) {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for member, text := range members {
		f, err := z.Create(member)
		check(t, err)
		_, err = f.Write([]byte(text))
		check(t, err)
	}
	check(t, z.Close())
	path := filepath.Join(w.dir, name)
	check(t, os.WriteFile(path, out.Bytes(), 0o600))
	found, err := sources.Resolve([]string{path}, nil, sources.LocalOptions{})
	check(t, err)
	for _, s := range found {
		e, err := plan.NewFile(t.Context(), s.Part)
		check(t, err)
		w.entries, w.parts = append(w.entries, e), append(w.parts, s.Part)
	}
}

// Members of archives, counted in any number of shards, give the report of one
// run. Their weight is the length of their data.
func TestMembersOfPlans(t *testing.T) {
	w := &world{dir: t.TempDir()}
	text := "patient_id,event_type\n" + strings.Repeat("P1,up\n", 100)
	w.addArchive(t, "x.zip", map[string]string{"a.csv": text, "d/b.csv": text + "P2,down\n", `d\c.csv`: text})
	w.addArchive(t, "y.zip", map[string]string{"a.csv": text})
	for _, e := range w.entries {
		if e.Weight < int64(len(text)) || e.Weight > int64(len(text))+10 {
			t.Errorf("%+v weighs %d, and has %d bytes", e.File, e.Weight, len(text))
		}
	}
	want, err := engine.Run(t.Context(), w.parts, engine.Config{})
	check(t, err)
	p := w.planned(t, plan.Rules{})
	for n := 1; n < 6; n++ {
		var files []string
		for i := range n {
			files = append(files, w.count(t, p, i, n))
		}
		set, err := merge.Open(files)
		check(t, err)
		got, err := set.Report(engine.Limits{})
		check(t, err)
		for _, r := range []*engine.Report{want, got} {
			for i := range r.Parts {
				r.Parts[i].RawBytes = 0
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d shards: %s", n, diff)
		}
	}
}

// A member that the archive no longer has, or an archive that changed, is an
// error.
func TestChangedArchive(t *testing.T) {
	w := &world{dir: t.TempDir()}
	w.addArchive(t, "x.zip", map[string]string{"a.csv": "patient_id,event_type\n"})
	p := w.planned(t, plan.Rules{})
	p.Entries[0].File.Member = "b.csv"
	if _, err := p.Parts(t.Context(), p.Shard(0, 1), sources.LocalOptions{}, nil); !errors.Is(err, sources.ErrNotFound) {
		t.Errorf("another member: got %v", err)
	}
	check(t, os.WriteFile(filepath.Join(w.dir, "x.zip"), []byte("PK\x03\x04"), 0o600))
	if _, err := p.Parts(t.Context(), p.Shard(0, 1), sources.LocalOptions{}, nil); !errors.Is(err, plan.ErrChanged) {
		t.Errorf("another archive: got %v", err)
	}
}

// An archive that cannot be read is not added to a plan.
func TestDamagedArchiveIsNotPlanned(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.zip")
	check(t, os.WriteFile(path, []byte("PK\x03\x04"), 0o600))
	found, err := sources.Resolve([]string{path}, nil, sources.LocalOptions{})
	check(t, err)
	if e, err := plan.NewFile(t.Context(), found[0].Part); !errors.Is(err, sources.ErrTruncated) {
		t.Errorf("got %+v, %v", e, err)
	}
}

// A plan is counted only by those who give its command themselves.
func TestCommandOfPlans(t *testing.T) {
	w := &world{dir: t.TempDir()}
	w.addFile(t, "a.csv", []byte("patient_id,event_type\n"), 3)
	w.findFiles(t)
	w.entries[0].File.Whole = true // as NewFile does for a file with a command
	for planned, given := range map[string]string{"cat": "", "": "cat", "cat ": "cat"} {
		p := w.planned(t, plan.Rules{Pre: planned})
		parts, err := p.Parts(t.Context(), p.Shard(0, 1), sources.LocalOptions{Pre: given}, nil)
		if !errors.Is(err, plan.ErrOtherCommand) || !strings.Contains(err.Error(), fmt.Sprintf("%q", planned)) {
			t.Errorf("planned with %q, given %q: got %v, %v", planned, given, parts, err)
		}
	}
}
