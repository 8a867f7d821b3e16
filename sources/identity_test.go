package sources

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"fastcount/engine"
)

func TestDownloadIdentity(t *testing.T) {
	of := func(rows uint64, patients, events []string) Identity {
		d := &Download{remote: remote{client: newClient(t, Options{Server: "http://host:80/base"})}, id: "d1", declared: engine.Declaration{Rows: rows, Patients: patients, Events: events}}
		d.name = "demo/d1"
		return d.Identity()
	}
	first := of(5, []string{"P1", "P2"}, []string{"up"})
	if first.ID != "http://host:80/base demo/d1" || first.Version != "5 rows, 2 patients, 1 event types" || len(first.Digest) != 32 {
		t.Errorf("got %+v", first)
	}
	if of(5, []string{"P2", "P1"}, []string{"up"}) != first {
		t.Error("the order of a list changes the digest")
	}
	for what, other := range map[string]Identity{
		"rows":                    of(6, []string{"P1", "P2"}, []string{"up"}),
		"another patient":         of(5, []string{"P1", "P3"}, []string{"up"}),
		"one patient less":        of(5, []string{"P1"}, []string{"up"}),
		"a patient twice":         of(5, []string{"P1", "P2", "P2"}, []string{"up"}),
		"names cut elsewhere":     of(5, []string{"P", "1P2"}, []string{"up"}),
		"a name like two":         of(5, []string{"P1,2:P2"}, []string{"up"}),
		"another event type":      of(5, []string{"P1", "P2"}, []string{"down"}),
		"a patient to the events": of(5, []string{"P1"}, []string{"P2", "up"}),
	} {
		if other == first {
			t.Errorf("%s: the same identity", what)
		}
	}
}

func TestFileIdentity(t *testing.T) {
	path := tempFile(t, "a.csv", []byte(csvText))
	then := time.Date(2025, 8, 26, 1, 2, 3, 4500, time.UTC)
	set := func() {
		t.Helper()
		check(t, os.Chtimes(path, then, then))
	}
	set()
	first := newFile(t, path).Identity()
	if first.ID != path || !strings.Contains(first.Version, "2025-08-26T01:02:03.0000045Z") {
		t.Errorf("got %+v", first)
	}
	if got := newFile(t, path).Identity(); got != first {
		t.Errorf("found again: %+v", got)
	}
	t.Chdir(filepath.Dir(path))
	if got := newFile(t, "./a.csv").Identity(); got != first {
		t.Errorf("by another name: %+v", got)
	}

	check(t, os.WriteFile(path, []byte(csvText+"\n"), 0o600))
	set()
	if newFile(t, path).Identity() == first {
		t.Error("another size: the same identity")
	}
	check(t, os.WriteFile(path, []byte(csvText), 0o600))
	if newFile(t, path).Identity() == first {
		t.Error("another time: the same identity")
	}
	set()
	if strings.Contains(first.Version, "changed") && newFile(t, path).Identity() == first {
		t.Error("rewritten, with its time set back: the same identity")
	}
	if runtime.GOOS != "windows" {
		check(t, os.Rename(path, path+".old")) // so that its inode number is still in use
		check(t, os.WriteFile(path, []byte(csvText), 0o600))
		set()
		if newFile(t, path).Identity() == first {
			t.Error("another file in its place: the same identity")
		}
	}
	if got := newFile(t, os.DevNull).Identity(); got != (Identity{}) {
		t.Errorf("of a device: %+v", got)
	}
}

// Different parts have different identities, even with confusing names.
func TestIdentitiesDiffer(t *testing.T) {
	seen := make(map[Identity]string)
	add := func(what string, p engine.Part) {
		t.Helper()
		id := Identify(p)
		if id == (Identity{}) {
			return
		}
		if known, taken := seen[id]; taken {
			t.Errorf("%s and %s are both %+v", known, what, id)
		}
		seen[id] = what
	}
	dir, then := t.TempDir(), time.Date(2025, 8, 26, 1, 2, 3, 4500, time.UTC)
	names := []string{"a", "b", "bytes [0,5) of a", "http:", `"a"`, "a\n", "a, 5 bytes"}
	if runtime.GOOS == "linux" {
		names = append(names, "\xff", "\xfe")
	}
	files := 0
	for _, name := range names {
		for _, text := range []string{"12345", "123456"} { // twice at one path, at different times
			path := write(t, filepath.Join(dir, name), []byte(text))
			check(t, os.Chtimes(path, then, then))
			f := newFile(t, path)
			files++
			add(path, f)
			for from := range len(text) + 1 {
				for to := from; to <= len(text); to++ {
					add(fmt.Sprintf("%s from %d to %d", path, from, to), f.Section(name, int64(from), int64(to)))
				}
			}
		}
	}
	for _, server := range []string{"http://a:80", "http://a:80/b"} {
		for _, name := range []string{"x/y", "x/z", "b x/y"} {
			add(server+name, &Download{remote: remote{client: newClient(t, Options{Server: server}), name: name}})
		}
	}
	u, err := newClient(t, Options{}).URL("http://a:80/x/y", "")
	check(t, err)
	add("URL", u)
	add("stdin", NewStdin(strings.NewReader(""), LocalOptions{}))
	if want := files + len(names)*(21+28) + 6; len(seen) != want {
		t.Errorf("%d identities, want %d", len(seen), want)
	}
	f := newFile(t, filepath.Join(dir, "a"))
	if f.Named("other").Identity() != f.Identity() {
		t.Error("a file is another one by another name")
	}
	if got := newFile(t, os.DevNull).Section("a", 0, 0).(*section).Identity(); got != (Identity{}) {
		t.Errorf("of a device: %+v", got)
	}
}

// A relative path has no meaning once the working directory is removed.
func TestNoIdentityWithoutDirectory(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the working directory cannot be removed")
	}
	dir := t.TempDir()
	t.Chdir(dir)
	f := newFile(t, write(t, "a.csv", []byte(csvText)))
	check(t, os.RemoveAll(dir))
	t.Setenv("PWD", "")
	if got := f.Identity(); got != (Identity{}) {
		t.Errorf("got %+v", got)
	}
}

// keyed is a store that keeps results by the identity of each part.
type keyed struct {
	parts []engine.Part
	kept  map[Identity]*engine.Report
}

func (s keyed) Load(yield func([]int, *engine.Report) bool) {
	for i, p := range s.parts {
		if r := s.kept[Identify(p)]; r != nil && !yield([]int{i}, r) {
			return
		}
	}
}

func (s keyed) Save(part int, r *engine.Report) error {
	s.kept[Identify(s.parts[part])] = r
	return nil
}

// The result of one half of a file is not used for the other half, nor for the
// file.
func TestHalfAFileIsNotTheWhole(t *testing.T) {
	text := "patient_id,event_type\n" + strings.Repeat("P1,a\n", 1000)
	f := newFile(t, tempFile(t, "a.csv", []byte(text)))
	size := int64(len(text))
	kept := make(map[Identity]*engine.Report)
	for _, c := range []struct {
		part engine.Part
		rows uint64
	}{
		{f.Section("a.csv", 0, size/2), 498}, {f.Section("a.csv", size/2, size), 502}, {f, 1000}, {f.Section("a.csv", 0, size), 1000},
		{f.Section("a.csv", 0, size/2), 498}, {f, 1000},
	} {
		parts := []engine.Part{c.part}
		store := keyed{parts, kept}
		r, err := engine.Run(t.Context(), parts, engine.Config{Jobs: 1, Load: store.Load, Save: store.Save})
		check(t, err)
		if r.Rows != c.rows {
			t.Errorf("%+v: %d rows, want %d", Identify(c.part), r.Rows, c.rows)
		}
	}
	if len(kept) != 4 {
		t.Errorf("%d kept", len(kept))
	}
}

// A range is not a CSV stream: without a header, and from the middle of a
// record.
func TestSectionIsNotOpenedAsAWhole(t *testing.T) {
	s := newFile(t, tempFile(t, "a.tsv", []byte(csvText))).Section("named", 5, 9).(*section)
	if r, err := s.Open(t.Context()); r != nil || !errors.Is(err, errRange) {
		t.Errorf("got %v, %v", r, err)
	}
	info := s.Info()
	if s.Name() != "named" || info.Range.From != 5 || info.Range.To != 9 || info.Size != int64(len(csvText)) || !info.SizeKnown || info.Delimiter != "\t" {
		t.Errorf("got %+v", info)
	}
	if at, err := s.Boundary(t.Context(), 7); at != 7 || err != nil {
		t.Errorf("got %d, %v", at, err)
	}
}

func TestServerIsOneSpelling(t *testing.T) {
	for _, raw := range []string{"https://Host/a%20b", "https://host:443/a%20b/", "HTTPS://host/a%20b#x"} {
		if got := newClient(t, Options{Server: raw}).Server(); got != "https://host:443/a%20b" {
			t.Errorf("%s: %s", raw, got)
		}
	}
	if got := newClient(t, Options{}).Server(); got != "" {
		t.Errorf("got %q", got)
	}
}
