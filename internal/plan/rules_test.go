package plan_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"fastcount/engine"
	"fastcount/internal/merge"
	"fastcount/internal/plan"
	"fastcount/internal/testing/descriptors"
	"fastcount/parser"
	"fastcount/sources"
)

// planned writes a plan of the files of w into its directory and reads it.
func (w *world) planned(t *testing.T, rules plan.Rules) *plan.Plan {
	t.Helper()
	path := filepath.Join(w.dir, "job.plan")
	var text bytes.Buffer
	check(t, plan.Write(&text, rules, w.entries))
	check(t, os.WriteFile(path, text.Bytes(), 0o600))
	p, err := plan.Read(path)
	check(t, err)
	return p
}

// TestRulesOfPlans counts files whose result depends on each rule of a plan, in
// shards and in one run.
func TestRulesOfPlans(t *testing.T) {
	for name, c := range map[string]struct {
		row   string // format, with a number
		head  string
		rules plan.Rules
		cfg   engine.Config
	}{
		"delimiter":       {"v;P%d;e\n", "value;patient_id;event_type\n", plan.Rules{Dialect: plan.Dialect{Delimiter: ";"}}, engine.Config{Dialect: parser.Dialect{Delimiter: ";"}}},
		"tab":             {"v\tP%d\te\n", "value\tpatient_id\tevent_type\n", plan.Rules{Dialect: plan.Dialect{Delimiter: "\t"}}, engine.Config{Dialect: parser.Dialect{Delimiter: "\t"}}},
		"no header":       {"P%d,v,e\n", "P,v,e\n", plan.Rules{Dialect: plan.Dialect{NoHeader: true}}, engine.Config{Dialect: parser.Dialect{NoHeader: true}}},
		"patient by name": {"a,P%d,e\n", "patient_id,other,event_type\n", plan.Rules{Patient: plan.Column{Name: "other"}}, engine.Config{Patient: parser.Selector{Name: "other"}}},
		"event by name":   {"a,P%d,e\n", "event_type,other,patient_id\n", plan.Rules{Event: plan.Column{Name: "other"}}, engine.Config{Event: parser.Selector{Name: "other"}}},
		"patient by number": {"a,P%d,e\n", "patient_id,other,event_type\n", plan.Rules{Patient: plan.Column{Number: 2}},
			engine.Config{Patient: parser.Selector{Number: 2}}},
		"event by number": {"a,P%d,e\n", "event_type,other,patient_id\n", plan.Rules{Event: plan.Column{Number: 2}},
			engine.Config{Event: parser.Selector{Number: 2}}},
		"both by number": {"a,b,P%d,e\n", "", plan.Rules{Dialect: plan.Dialect{NoHeader: true}, Patient: plan.Column{Number: 3}, Event: plan.Column{Number: 4}},
			engine.Config{Dialect: parser.Dialect{NoHeader: true}, Patient: parser.Selector{Number: 3}, Event: parser.Selector{Number: 4}}},
		"comment": {"#P9,v,e\nP%d,v,e\n", "patient_id,x,event_type\n", plan.Rules{Dialect: plan.Dialect{Comment: "#"}},
			engine.Config{Dialect: parser.Dialect{Comment: "#"}}},
		"no quotes": {"P%d,5\",e\n", "patient_id,x,event_type\n", plan.Rules{Dialect: plan.Dialect{NoQuote: true}},
			engine.Config{Dialect: parser.Dialect{NoQuote: true}}},
		"other quotes": {"P%d,'a,\n',e\n", "patient_id,x,event_type\n", plan.Rules{Dialect: plan.Dialect{Quote: '\''}},
			engine.Config{Dialect: parser.Dialect{Quote: '\''}}},
		"escape quotes": {"P%d,\"a\\\",\",e\n", "patient_id,x,event_type\n", plan.Rules{Dialect: plan.Dialect{Escape: '\\'}},
			engine.Config{Dialect: parser.Dialect{Escape: '\\'}}},
		"delimiter of two bytes": {"P%d||v||e\n", "patient_id||x||event_type\n", plan.Rules{Dialect: plan.Dialect{Delimiter: "||"}},
			engine.Config{Dialect: parser.Dialect{Delimiter: "||"}}},
		"trim": {" P%d ,v, e\n", "patient_id,x,event_type\n", plan.Rules{Dialect: plan.Dialect{Trim: true}},
			engine.Config{Dialect: parser.Dialect{Trim: true}}},
		"ragged": {"P%d,v,e,\n", "patient_id,x,event_type\n", plan.Rules{Dialect: plan.Dialect{Ragged: true}},
			engine.Config{Dialect: parser.Dialect{Ragged: true}}},
		"lines and rows": {"P%d,v,e\n", "title\n\npatient_id,x,event_type\n---\n", plan.Rules{Dialect: plan.Dialect{SkipLines: 2, SkipRows: 1}},
			engine.Config{Dialect: parser.Dialect{SkipLines: 2, SkipRows: 1}}},
		"repeated headers": {"P%d,v,e\npatient_id,x,event_type\n", "patient_id,x,event_type\n", plan.Rules{Dialect: plan.Dialect{SkipRepeatedHeaders: true}},
			engine.Config{Dialect: parser.Dialect{SkipRepeatedHeaders: true}}},
		"names": {"P%d,v,e\n", "", plan.Rules{Dialect: plan.Dialect{Names: []string{"event_type", "x", "patient_id"}}},
			engine.Config{Dialect: parser.Dialect{Names: []string{"event_type", "x", "patient_id"}}}},
		"alternatives": {"P%d,v,e\n", "other,x,event_type\n", plan.Rules{Patient: plan.Column{Name: "none", Or: &plan.Column{Name: "other"}}},
			engine.Config{Patient: parser.Selector{Name: "none", Or: &parser.Selector{Name: "other"}}}},
		"name of the file": {"P%d,v,e\n", "patient_id,x,event_type\n", plan.Rules{Patient: plan.Column{Fact: "name"}},
			engine.Config{Patient: parser.Selector{Fact: "name"}}},
		"escape": {"P%d\xff,\\e\n", "patient_id,event_type\n", plan.Rules{EscapeIDs: true}, engine.Config{EscapeIDs: true}},
	} {
		w := &world{dir: t.TempDir()}
		for i := range 3 {
			text := c.head
			for row := range 100 {
				text += fmt.Sprintf(c.row, (row+i)%17)
			}
			w.addFile(t, fmt.Sprintf("%d.csv", i), []byte(text), 3)
		}
		w.findFiles(t)
		want, err := engine.Run(t.Context(), w.parts, c.cfg)
		check(t, err)
		if r, err := engine.Run(t.Context(), w.parts, engine.Config{}); err == nil && cmp.Equal(r, want) {
			t.Errorf("%s: the rule does not matter", name)
		}
		const n = 7
		p := w.planned(t, c.rules)
		var files []string
		for i := range n {
			files = append(files, w.count(t, p, i, n))
		}
		set, err := merge.Open(files)
		check(t, err)
		got, err := set.Report(engine.Limits{})
		check(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// A worker refuses inputs that differ from those of the plan.
func TestChangedFiles(t *testing.T) {
	const text = "patient_id,event_type\nP1,e\n"
	for name, c := range map[string]struct {
		change func(t *testing.T, path string, f *plan.File)
		want   error
		text   string
	}{
		"unchanged": {func(*testing.T, string, *plan.File) {}, nil, ""},
		"missing":   {func(t *testing.T, path string, _ *plan.File) { check(t, os.Remove(path)) }, sources.ErrNotFound, "a.csv"},
		"longer": {func(t *testing.T, path string, f *plan.File) {
			check(t, os.WriteFile(path, []byte(text+"P2,e\n"), 0o600))
			check(t, os.Chtimes(path, f.Modified, f.Modified))
		}, plan.ErrChanged, "was 27 bytes, is 32"},
		"another time": {func(t *testing.T, path string, f *plan.File) {
			later := f.Modified.Add(1e9)
			check(t, os.Chtimes(path, later, later))
		}, plan.ErrChanged, "a.csv"},
		"other content": {func(t *testing.T, path string, f *plan.File) {
			check(t, os.WriteFile(path, []byte(strings.Replace(text, "P1", "P2", 1)), 0o600))
			check(t, os.Chtimes(path, f.Modified, f.Modified))
		}, plan.ErrChanged, "first or last 64 KiB differ"},
		"copied": {func(t *testing.T, path string, f *plan.File) {
			check(t, os.Rename(path, path+".old"))
			check(t, os.WriteFile(path, []byte(text), 0o600))
			check(t, os.Chtimes(path, f.Modified, f.Modified))
		}, nil, ""},
		"compressed": {func(t *testing.T, path string, f *plan.File) {
			f.Whole = true
		}, plan.ErrChanged, "compression"},
	} {
		w := &world{dir: t.TempDir()}
		w.addFile(t, "a.csv", []byte(text), 3)
		w.findFiles(t)
		p := w.planned(t, plan.Rules{})
		c.change(t, filepath.Join(w.dir, "a.csv"), p.Entries[0].File)
		parts, err := p.Parts(t.Context(), p.Shard(0, 1), sources.LocalOptions{}, nil)
		if !errors.Is(err, c.want) || err != nil && !strings.Contains(err.Error(), c.text) || (err == nil) != (len(parts) == 1) {
			t.Errorf("%s: got %v, %v, want %v", name, parts, err, c.want)
		}
	}
}

// A file that a worker could not find is not added to a plan.
func TestFileUnitRefuses(t *testing.T) {
	dir := t.TempDir()
	odd := filepath.Join(dir, "\xff.csv")
	check(t, os.WriteFile(odd, []byte("a,b\n"), 0o600))
	for _, path := range []string{odd, os.DevNull} {
		f, err := sources.NewFile(path, sources.LocalOptions{})
		check(t, err)
		if u, err := plan.NewFile(t.Context(), f); u != (plan.Entry{}) || err == nil {
			t.Errorf("%s: got %v, %v", path, u, err)
		}
	}
}

// The rules of a plan replace the settings of whoever counts a shard, also
// those that the plan leaves at their defaults.
func TestRulesReplaceSettings(t *testing.T) {
	own := engine.Config{
		Patient: parser.Selector{Name: "a"}, Event: parser.Selector{Number: 2}, EscapeIDs: true,
		Dialect: parser.Dialect{Delimiter: ";", NoHeader: true},
	}
	plan.Rules{}.Config(&own)
	if want := (engine.Config{RawIDs: true}); !cmp.Equal(own, want, cmpopts.EquateComparable(parser.Selector{}), cmpopts.IgnoreUnexported(engine.Config{})) {
		t.Errorf("got %+v, want %+v", own, want)
	}
}

// A compressed file weighs more than a plain one of its size, because it is
// decompressed. Every file has a weight.
func TestWeightOfFiles(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       int64
	}{{"empty.csv", "", 1}, {"a.csv", "patient_id,event_type\n", 22}, {"a.csv.gz", "\x1f\x8b" + strings.Repeat("x", 20), 8 * 22}} {
		name := filepath.Join(t.TempDir(), c.name)
		check(t, os.WriteFile(name, []byte(c.text), 0o600))
		f, err := sources.NewFile(name, sources.LocalOptions{})
		check(t, err)
		if u, err := plan.NewFile(t.Context(), f); err != nil || u.Weight != c.want {
			t.Errorf("%s: got %+v, %v, want a weight of %d", c.name, u, err, c.want)
		}
	}
}

// No file is left open, whether it matches the plan or not.
func TestPlannedFilesAreClosed(t *testing.T) {
	w := &world{dir: t.TempDir()}
	for kind := range 4 {
		w.addFile(t, fmt.Sprintf("%d.csv", kind), []byte("patient_id,event_type\nP1,e\n"), kind)
	}
	w.findFiles(t)
	descriptors.Check(t)
	p := w.planned(t, plan.Rules{})
	parts, err := p.Parts(t.Context(), p.Shard(0, 1), sources.LocalOptions{}, nil)
	check(t, err)
	_, err = engine.Run(t.Context(), parts, engine.Config{})
	check(t, err)
	for i := range p.Entries {
		p.Entries[i].File.Digest = strings.Repeat("0", 64)
		if _, err := p.Parts(t.Context(), p.Shard(0, 1), sources.LocalOptions{}, nil); !errors.Is(err, plan.ErrChanged) {
			t.Errorf("got %v", err)
		}
	}
	file := filepath.Join(w.dir, "other.csv")
	check(t, os.WriteFile(file, []byte("a\n\"b"), 0o600))
	f, err := sources.NewFile(file, sources.LocalOptions{})
	check(t, err)
	u, err := plan.NewFile(t.Context(), f)
	check(t, err)
	if err := plan.Scan(t.Context(), &u, f, engine.Config{}); err == nil {
		t.Error("an unclosed quote was scanned")
	}
}

// A file that changes while the plan is made is refused.
func TestFileThatChangedIsNotPlanned(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.csv")
	check(t, os.WriteFile(path, []byte("patient_id,event_type\n"), 0o600))
	f, err := sources.NewFile(path, sources.LocalOptions{})
	check(t, err)
	check(t, os.WriteFile(path, []byte("patient_id,event_type\nP1,e\n"), 0o600))
	if u, err := plan.NewFile(t.Context(), f); !errors.Is(err, sources.ErrChanged) || errors.Is(err, plan.ErrUnplannable) || u != (plan.Entry{}) {
		t.Errorf("got %v, %v", u, err)
	}
}

// The error of a run matches ErrChanged if a file changes after the parts were
// compared with the plan.
func TestFileThatChangesWhileItIsCounted(t *testing.T) {
	for kind := range 4 {
		w := &world{dir: t.TempDir()}
		w.addFile(t, "a.csv", []byte("patient_id,event_type\nP1,e\n"), kind)
		w.findFiles(t)
		p := w.planned(t, plan.Rules{})
		parts, err := p.Parts(t.Context(), p.Shard(0, 1), sources.LocalOptions{}, nil)
		check(t, err)
		name := filepath.Join(w.dir, filepath.Base(p.Entries[0].File.Path))
		check(t, os.WriteFile(name, []byte("patient_id,event_type\nP1,e\nP2,e\n"), 0o600))
		_, err = engine.Run(t.Context(), parts, engine.Config{})
		text := err.Error()
		if err := plan.Changed(err); !errors.Is(err, plan.ErrChanged) || !errors.Is(err, sources.ErrChanged) || err.Error() != text {
			t.Errorf("kind %d: got %v", kind, err)
		}
		for _, f := range engine.Failures(err) {
			if !errors.Is(f, plan.ErrChanged) {
				t.Errorf("kind %d: got the failure %v", kind, f)
			}
		}
	}
	if err := plan.Changed(sources.ErrNotFound); err != sources.ErrNotFound {
		t.Errorf("got %v", err)
	}
}
