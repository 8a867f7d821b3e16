//go:build !purego

package sources

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"fastcount/engine"
	"fastcount/internal/testing/descriptors"
	"fastcount/internal/testing/oracle"
	"fastcount/internal/testing/proof"
	"fastcount/parser"
)

// mappedFile is a file that is always read through windows, as far as that is
// possible. populate and populated, if set, are called before and after a
// window is mapped, with its number.
type mappedFile struct {
	*File
	populate, populated func(window int)
}

func (f *mappedFile) Open(ctx context.Context) (io.ReadCloser, error) {
	s, err := f.File.open(ctx)
	return f.watched(s, s, err)
}

func (f *mappedFile) OpenRange(ctx context.Context, from, to int64) (io.ReadCloser, error) {
	s, err := f.File.OpenRange(ctx, from, to)
	if err != nil {
		return nil, err
	}
	r := s.(*plainRange)
	return f.watched(r, r.stream, nil)
}

func (f *mappedFile) watched(s watchedStream, raw *stream, err error) (io.ReadCloser, error) {
	if err != nil {
		return nil, err
	}
	for range 10 {
		raw.raw.r.(*regularReader).windows.Copied(1<<20, time.Hour)
	}
	return &watchedWindows{watchedStream: s, file: f}, nil
}

type watchedStream interface {
	io.ReadCloser
	Info() engine.StreamInfo
	Guard(f func() error) error
	Window(unread int) []byte
}

type watchedWindows struct {
	watchedStream
	file   *mappedFile
	number int
}

func (w *watchedWindows) Window(unread int) []byte {
	if w.file.populate != nil {
		w.file.populate(w.number)
	}
	data := w.watchedStream.Window(unread)
	if w.file.populated != nil && data != nil {
		w.file.populated(w.number)
	}
	w.number++
	return data
}

// needPopulate skips a test of windows where the system cannot populate a
// mapping: Linux before 5.14, and gVisor.
func needPopulate(t *testing.T) {
	t.Helper()
	memory, err := unix.Mmap(-1, 0, 1, unix.PROT_READ, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Munmap(memory) }()
	if unix.Madvise(memory, unix.MADV_POPULATE_READ) == unix.EINVAL {
		t.Skip("the system does not have MADV_POPULATE_READ")
	}
}

// windowText returns CSV of about n bytes. Most of it is counted by the fused
// path; the rest is quoted.
func windowText(n int) []byte {
	var b bytes.Buffer
	b.WriteString("patient_id,event_time,event_type,value\n")
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "P%d,2025-11-02T01:50:49.%06dZ,e%d,%d\n", i%13, i%1_000_000, i%5, i)
		if i%3000 == 0 {
			fmt.Fprintf(&b, "\"P%d\",\"a \"\"note\"\",\nof two lines\",e0,\n", i%3)
		}
	}
	return b.Bytes()
}

// counts returns the counts of a report by patient and event.
func counts(r *engine.Report) map[[2]string]uint64 {
	m := make(map[[2]string]uint64)
	for group, n := range r.All() {
		m[[2]string{r.Keys[0][group[0]], r.Keys[1][group[1]]}] = n
	}
	return m
}

// sameCounts returns an error unless the report holds exactly want, a number of
// times.
func sameCounts(r *engine.Report, want map[[2]string]uint64, times uint64) error {
	got := counts(r)
	if len(got) != len(want) {
		return fmt.Errorf("got %d pairs, want %d", len(got), len(want))
	}
	for pair, n := range want {
		if got[pair] != times*n {
			return fmt.Errorf("%q: got %d, want %d times %d", pair, got[pair], times, n)
		}
	}
	return nil
}

// Files are counted correctly through windows, in one range and in several.
func TestCountInWindows(t *testing.T) {
	needPopulate(t)
	text := windowText(9 << 20)
	want, err := oracle.Counts(text, ',', "patient_id", "event_type")
	check(t, err)
	for name, data := range map[string][]byte{"complete": text, "no line feed at the end": text[:len(text)-1]} {
		path := tempFile(t, "a.csv", data)
		descriptors.Check(t)
		for _, cfg := range []engine.Config{{}, {Jobs: 2, RangeSize: 3<<20 + 1}, {BufferSize: 1 << 10}} {
			r, err := engine.Run(t.Context(), []engine.Part{&mappedFile{File: newFile(t, path)}}, cfg)
			check(t, err)
			if err := sameCounts(r, want, 1); err != nil {
				t.Errorf("%s, %+v: %v", name, cfg, err)
			}
			maps, err := os.ReadFile("/proc/self/maps")
			check(t, err)
			if bytes.Contains(maps, []byte(path)) {
				t.Errorf("%s, %+v: the file is still mapped", name, cfg)
			}
			if p := r.Parts[0]; p.RawBytes != uint64(len(data)) || !p.Mapped {
				t.Errorf("%s, %+v: %d bytes, mapped: %v", name, cfg, p.RawBytes, p.Mapped)
			}
		}
	}
}

// Small files, compressed files and standard input are read.
func TestNotMapped(t *testing.T) {
	text := windowText(3 << 20)
	for name, data := range map[string][]byte{"a.csv": text[:200_000], "b.gz": gz(t, string(text))} {
		data = data[:bytes.LastIndexByte(data, '\n')+1]
		if name == "b.gz" {
			data = gz(t, string(text))
		}
		r, err := engine.Run(t.Context(), []engine.Part{newFile(t, tempFile(t, name, data))}, engine.Config{})
		check(t, err)
		if r.Parts[0].Mapped {
			t.Errorf("%s is mapped", name)
		}
	}
	file, err := os.Open(tempFile(t, "c.csv", text))
	check(t, err)
	defer func() { check(t, file.Close()) }()
	r, err := engine.Run(t.Context(), []engine.Part{NewStdin(file, LocalOptions{})}, engine.Config{})
	check(t, err)
	if r.Parts[0].Mapped {
		t.Error("standard input is mapped")
	}
}

// changes are what can happen to a file while it is counted.
var changes = []struct {
	name   string
	change func(file *os.File, size int64) error
	always bool // counting always fails, whenever it happens
}{
	{"truncated to nothing", func(f *os.File, _ int64) error { return f.Truncate(0) }, true},
	{"truncated", func(f *os.File, n int64) error { return f.Truncate(n / 2) }, true},
	{"truncated and restored", func(f *os.File, n int64) error { return errors.Join(f.Truncate(n/3), f.Truncate(n)) }, true},
	{"extended", func(f *os.File, n int64) error { return writeAt(f, "P1,t,e1,\n", n) }, true},
	{"overwritten", func(f *os.File, n int64) error { return overwrite(f, 0, n) }, true},
	{"overwritten in the middle", func(f *os.File, n int64) error { return overwrite(f, n/2, 100) }, true},
	{"punched", func(f *os.File, n int64) error { return punch(f, 0, n) }, true},
	{"punched in the middle", func(f *os.File, n int64) error { return punch(f, n/2, n/4) }, true},
	{"collapsed", collapse, true},
	{"removed", func(f *os.File, _ int64) error { return os.Remove(f.Name()) }, true},
	{"replaced", func(f *os.File, _ int64) error { return replaceFile(f.Name()) }, true},
	{"unchanged", func(*os.File, int64) error { return nil }, false},
}

func writeAt(f *os.File, text string, at int64) error {
	_, err := f.WriteAt([]byte(text), at)
	return err
}

// overwrite writes quotes, line feeds and other bytes.
func overwrite(f *os.File, at, n int64) error {
	_, err := f.WriteAt(bytes.Repeat([]byte("\",\n\r,P1"), int(n/7)+1)[:n], at)
	return err
}

// punch makes a hole, whose bytes are zero.
func punch(f *os.File, at, n int64) error {
	return unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, at, n)
}

// collapse removes pages of a file, on file systems that can do that.
func collapse(f *os.File, n int64) error {
	err := unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_COLLAPSE_RANGE, 64<<10, 64<<10)
	if err == syscall.EOPNOTSUPP || err == syscall.EINVAL {
		return f.Truncate(n - 64<<10)
	}
	return err
}

func replaceFile(path string) error {
	if err := os.WriteFile(path+".new", []byte("patient_id,event_type\n"), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// A changer changes a file once, in a phase of counting it.
type changer struct {
	t      *testing.T
	file   *os.File
	size   int64
	change func(*os.File, int64) error
	once   sync.Once
}

func (c *changer) do() {
	c.once.Do(func() {
		if err := c.change(c.file, c.size); err != nil {
			c.t.Error(err)
		}
	})
}

// phases are when a file is changed: before or after a window is populated, or
// at any time while it is counted.
var phases = []struct {
	name string
	run  func(part *mappedFile, c *changer) (stop func())
}{
	{"before the first window", func(p *mappedFile, c *changer) func() {
		p.populate = func(int) { c.do() }
		return func() {}
	}},
	{"after the first window", func(p *mappedFile, c *changer) func() {
		p.populated = func(int) { c.do() }
		return func() {}
	}},
	{"before the second window", func(p *mappedFile, c *changer) func() {
		p.populate = func(n int) {
			if n == 1 {
				c.do()
			}
		}
		return func() {}
	}},
	{"while a window is counted", func(p *mappedFile, c *changer) func() {
		var done sync.WaitGroup
		p.populated = func(int) {
			done.Go(func() {
				time.Sleep(time.Duration(rand.IntN(300)) * time.Microsecond)
				c.do()
			})
		}
		return done.Wait
	}},
}

// A file that changes while it is counted through windows fails as changed, or
// the counts are exact, in every phase. It never ends the process.
func TestChangesInWindows(t *testing.T) {
	needPopulate(t)
	text := windowText(700_000)
	want, err := oracle.Counts(text, ',', "patient_id", "event_type")
	check(t, err)
	tried := 0
	for _, change := range changes {
		for _, phase := range phases {
			rounds := proof.Bound(3, 210) // 10,080 runs
			tried += rounds
			t.Run(change.name+"/"+phase.name, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				path := func(i int) string { return filepath.Join(dir, fmt.Sprint(i)) }
				for i := range rounds {
					write(t, path(i), text)
				}
				time.Sleep(longestWrite + 10*time.Millisecond) // so that counting each file need not wait
				for i := range rounds {
					cfg := engine.Config{}
					if i%3 == 1 {
						cfg = engine.Config{Jobs: 2, RangeSize: 300_000}
					}
					ok := countChanged(t, path(i), text, cfg, change.change, phase.run, want)
					if ok == change.always && phase.name != "while a window is counted" {
						t.Errorf("counted: %v", ok)
					}
				}
			})
		}
	}
	proof.Cases(t, "changed-in-windows", tried)
}

// countChanged counts a file that changes, and after it text, by the same
// worker. It reports whether the file was counted.
func countChanged(t *testing.T, path string, text []byte, cfg engine.Config, change func(*os.File, int64) error,
	run func(*mappedFile, *changer) func(), want map[[2]string]uint64) bool {
	t.Helper()
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	check(t, err)
	defer func() { check(t, errors.Join(file.Close(), os.RemoveAll(path))) }()
	part := &mappedFile{File: newFile(t, path)}
	after := engine.NewPart("after", func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil })
	stop := run(part, &changer{t: t, file: file, size: int64(len(text)), change: change})
	cfg.AllowPartial = true
	r, err := engine.Run(t.Context(), []engine.Part{part, after}, cfg)
	stop()
	check(t, err)
	failure := r.Parts[0].Err
	if failure != nil && !errors.Is(failure, ErrChanged) {
		t.Errorf("got %v", failure)
	}
	times := uint64(2)
	if failure != nil {
		times = 1
	}
	if err := sameCounts(r, want, times); err != nil {
		t.Errorf("%v: %v", failure, err)
	}
	return failure == nil
}

// A file whose bytes change all the time, under the assembly and under the
// parser, fails as changed. No panic escapes that results from bytes that were
// read twice and differ.
func TestBytesThatChange(t *testing.T) {
	needPopulate(t)
	text := windowText(700_000)
	for round := range proof.Bound(5, 100) {
		path := tempFile(t, "a.csv", text)
		file, err := os.OpenFile(path, os.O_RDWR, 0)
		check(t, err)
		memory, err := unix.Mmap(int(file.Fd()), 0, len(text), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
		check(t, err)
		done := make(chan struct{})
		var writer sync.WaitGroup
		part := &mappedFile{File: newFile(t, path), populated: func(int) {
			check(t, writeAt(file, "\n", 5)) // a store through a mapping does not always change the times
			writer.Go(func() {
				random := rand.New(rand.NewPCG(uint64(round), 1))
				for {
					select {
					case <-done:
						return
					default:
						for range 100 {
							memory[random.IntN(len(memory))] = "\n,\"\rP1"[random.IntN(6)]
						}
					}
				}
			})
			time.Sleep(100 * time.Microsecond)
		}}
		_, err = engine.Run(t.Context(), []engine.Part{part}, engine.Config{})
		close(done)
		writer.Wait()
		if !errors.Is(err, ErrChanged) {
			t.Errorf("got %v", err)
		}
		check(t, errors.Join(unix.Munmap(memory), file.Close()))
	}
}

// Where a window cannot be read although the file is unchanged, the error is
// that of reading the file, or names the byte.
func TestUnreadableWindow(t *testing.T) {
	f := newFile(t, tempFile(t, "a.csv", windowText(600_000)))
	s, err := f.open(t.Context())
	check(t, err)
	r := s.raw.r.(*regularReader)
	if err := r.explain(-1); err != nil {
		t.Errorf("an unchanged file explains a panic: %v", err)
	}
	if err := r.explain(77); !errors.Is(err, errMapped) {
		t.Errorf("got %v", err)
	}
	check(t, s.Close())
	if err := r.explain(77); err == nil || errors.Is(err, errMapped) {
		t.Errorf("got %v", err)
	}
}

// A range of a compressed file has windows of decoded bytes, never of stored
// ones.
func TestNoWindowOfStoredBytes(t *testing.T) {
	text := windowText(3 << 20)
	for name, data := range map[string][]byte{"a.csv.gz": gz(t, string(text)), "a.csv.zst": zst(t, string(text))} {
		f := newFile(t, tempFile(t, name, data))
		s, err := f.OpenRange(t.Context(), 0, int64(len(data)))
		check(t, err)
		if w := s.(parser.Windower).Window(0); w != nil && !bytes.HasPrefix(text, w) {
			t.Errorf("%s: a window of %d other bytes", name, len(w))
		}
		check(t, s.Close())
	}
}

// Readers that do not call Guard get no windows: they could not survive the
// truncation of a file.
func TestNoWindowsWithoutGuard(t *testing.T) {
	text := windowText(2 << 20)
	path := tempFile(t, "a.csv", text)
	part := &mappedFile{File: newFile(t, path), populated: func(int) { t.Error("a window") }}
	s, err := part.Open(t.Context())
	check(t, err)
	r := parser.NewReader(s, parser.Config{})
	for err == nil {
		_, err = r.Next()
	}
	if err != io.EOF || r.Offset() != int64(len(text)) {
		t.Errorf("got offset %d, %v", r.Offset(), err)
	}
	check(t, s.Close())
}
