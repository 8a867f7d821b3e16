package filestate

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// someInfo describes a file that does not exist.
type someInfo struct {
	fs.FileInfo
	modified time.Time
}

func (i someInfo) ModTime() time.Time { return i.modified }

func TestSettlesIn(t *testing.T) {
	const ms = time.Millisecond
	now := time.Unix(1_000_000_000, 0)
	whole := now.Add(-time.Second)
	for name, c := range map[string]struct {
		modified, changed time.Time
		taken             time.Duration // how long ago
		want              time.Duration
	}{
		"old":                            {now.Add(-time.Hour - 1), now.Add(-time.Hour - 1), 0, 0},
		"just now":                       {now.Add(-1 * ms), now.Add(-1 * ms), 0, 109 * ms},
		"old enough":                     {now.Add(-110 * ms), now.Add(-110 * ms), 0, 0},
		"time set back":                  {now.Add(-time.Hour), now.Add(-30 * ms), 0, 80 * ms},
		"young by time alone":            {now.Add(-30 * ms), now.Add(-time.Hour - 1), 0, 80 * ms},
		"no change time":                 {now.Add(-30 * ms), time.Time{}, 0, 80 * ms},
		"whole seconds":                  {whole, whole, 0, 1110*ms - 10*ms},
		"whole seconds, no change time":  {whole, time.Time{}, 0, 1100 * ms},
		"whole second set, fine changes": {whole, now.Add(-30 * ms), 0, 80 * ms},
		"fine time, whole changes":       {now.Add(-30 * ms), whole, 0, 80 * ms},
		"whole seconds, just now":        {now, now, 0, 2000 * ms},
		"future":                         {now.Add(time.Hour + 1), now.Add(-time.Hour - 1), 0, 110 * ms},
		"whole seconds, future":          {now.Add(time.Hour), time.Time{}, 0, 2000 * ms},
		"future, seen before":            {now.Add(time.Hour + 1), now.Add(time.Hour + 1), 50 * ms, 60 * ms},
		"future, seen long before":       {now.Add(time.Hour + 1), now.Add(time.Hour + 1), time.Minute, 0},
	} {
		s := State{Info: someInfo{modified: c.modified}, changed: c.changed, taken: now.Add(-c.taken)}
		if got := s.settlesIn(now); got != c.want {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

// The state of an old file is settled.
func TestOldFileIsSettled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.csv")
	write(t, path)
	time.Sleep(longestWrite + fineTick)
	info, err := os.Stat(path)
	check(t, err)
	s := Of(info)
	if wait := s.settlesIn(time.Now()); wait > 0 && s.tick() == fineTick {
		t.Errorf("it is waited for %v", wait)
	}
}

// A file that is written to while its state settles has changed.
func TestChangeWhileAFileSettles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.csv")
	write(t, path)
	synctest.Test(t, func(t *testing.T) { // whose clock makes the file's times young
		file, err := os.Open(path)
		check(t, err)
		defer file.Close()
		for _, change := range []bool{false, true} {
			found, err := Stat(file)
			check(t, err)
			if change {
				write(t, path)
			}
			if err := found.Settle(t.Context(), file); errors.Is(err, ErrChanged) != change {
				t.Errorf("changed: %t, got %v", change, err)
			}
		}
	})
}

// Settle ends with its context.
func TestSettleIsCancelled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.csv")
	write(t, path)
	synctest.Test(t, func(t *testing.T) {
		file, err := os.Open(path)
		check(t, err)
		defer file.Close()
		found, err := Stat(file)
		check(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Millisecond, cancel)
		begin := time.Now()
		if err := found.Settle(ctx, file); !errors.Is(err, context.Canceled) || time.Since(begin) != time.Millisecond {
			t.Errorf("got %v after %v", err, time.Since(begin))
		}
	})
}

// Another file, another size, and a path that leads nowhere are changes.
func TestCheckPath(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.csv")
	write(t, path)
	info, err := os.Stat(path)
	check(t, err)
	found := Of(info)
	check(t, found.CheckPath(path))
	version := found.Version()

	check(t, os.Rename(path, path+".old"))
	if err := found.CheckPath(path); !errors.Is(err, ErrChanged) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: got %v", err)
	}
	write(t, path)
	if err := found.CheckPath(path); !errors.Is(err, ErrChanged) || !strings.Contains(err.Error(), "another file") {
		t.Errorf("replaced: got %v", err)
	}
	write(t, path+".old")
	if err := found.CheckPath(path + ".old"); !errors.Is(err, ErrChanged) || !strings.Contains(err.Error(), "size was 1 bytes, is 2") {
		t.Errorf("longer: got %v", err)
	}
	info, err = os.Stat(path + ".old")
	check(t, err)
	if again := Of(info).Version(); again == version || !found.Regular() || found.Size() != 1 {
		t.Errorf("got %q and %q, %v, %d", version, again, found.Regular(), found.Size())
	}
}

// write appends a byte to the file at path.
func write(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	check(t, err)
	_, err = f.WriteString("x")
	check(t, errors.Join(err, f.Close()))
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
