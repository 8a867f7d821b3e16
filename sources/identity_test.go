package sources

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"fastcount/engine"
)

func TestDownloadIdentity(t *testing.T) {
	of := func(rows uint64, patients, events []string) engine.Identity {
		d := &Download{id: "d1", declared: engine.Declaration{Rows: rows, Patients: patients, Events: events}}
		d.name = "demo/d1"
		return d.Identity()
	}
	first := of(5, []string{"P1", "P2"}, []string{"up"})
	if first.ID != "demo/d1" || first.Version != "5 rows, 2 patients, 1 event types" || len(first.Digest) != 32 {
		t.Errorf("got %+v", first)
	}
	if of(5, []string{"P2", "P1"}, []string{"up"}) != first {
		t.Error("the order of a list tells")
	}
	for what, other := range map[string]engine.Identity{
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
	if again := newFile(t, path); !again.found.changed.IsZero() && again.Identity() == first {
		t.Error("rewritten, with its time set back: the same identity")
	}
	if runtime.GOOS != "windows" {
		check(t, os.Rename(path, path+".old")) // so that its number is still taken
		check(t, os.WriteFile(path, []byte(csvText), 0o600))
		set()
		if newFile(t, path).Identity() == first {
			t.Error("another file in its place: the same identity")
		}
	}
	if got := newFile(t, os.DevNull).Identity(); got != (engine.Identity{}) {
		t.Errorf("of a device: %+v", got)
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
