package sources

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fastcount/engine"
	"fastcount/internal/filestate"
)

// What package filestate assumes of files.
const (
	longestWrite  = 100 * time.Millisecond // that one write(2) takes
	longestSettle = 2 * time.Second        // that a young file is waited for
)

// changeTime skips a test where the system has no change time.
func changeTime(t *testing.T) {
	t.Helper()
	info, err := os.Stat(t.TempDir())
	check(t, err)
	if !strings.Contains(filestate.Of(info).Version(), "changed") {
		t.Skip("the system has no change time: a time that is set back leaves no trace")
	}
}

// setBack changes a file and then sets its time back.
func setBack(t *testing.T, path string, change func()) {
	t.Helper()
	info, err := os.Stat(path)
	check(t, err)
	change()
	check(t, os.Chtimes(path, time.Time{}, info.ModTime()))
}

// A file whose time was set back after it was overwritten, or truncated and
// extended again, has changed: while it is read, and after it was read.
func TestTimeSetBack(t *testing.T) {
	changeTime(t)
	for name, data := range map[string][]byte{"plain": []byte(csvText), "gzip": gz(t, csvText)} {
		for how, change := range map[string]func(t *testing.T, path string){
			"overwritten": func(t *testing.T, path string) {
				f, err := os.OpenFile(path, os.O_WRONLY, 0)
				check(t, err)
				_, err = f.WriteAt(bytes.ToUpper(data[len(data)-3:]), int64(len(data)-3))
				check(t, errors.Join(err, f.Close()))
			},
			"cut and extended": func(t *testing.T, path string) {
				check(t, os.Truncate(path, 10))
				check(t, os.Truncate(path, int64(len(data))))
			},
			"the same bytes": func(t *testing.T, path string) { check(t, os.WriteFile(path, data, 0)) },
		} {
			t.Run(name+" "+how, func(t *testing.T) {
				t.Parallel()
				f := newFile(t, tempFile(t, "a.csv", data))
				s, err := f.Open(t.Context())
				check(t, err)
				_, err = s.Read(make([]byte, 1))
				check(t, err)
				setBack(t, f.path, func() { change(t, f.path) })
				if _, err := drain(s); how != "cut and extended" && name == "plain" && !errors.Is(err, ErrChanged) {
					t.Errorf("stream: got %v", err)
				}
				if err := s.Close(); !errors.Is(err, ErrChanged) {
					t.Errorf("Close: got %v", err)
				}
			})
		}
	}
}

// Changes are detected for ranges too, even for one that does not reach the end
// of the file.
func TestTimeSetBackInARange(t *testing.T) {
	changeTime(t)
	f := newFile(t, tempFile(t, "a.csv", []byte(csvText)))
	s, err := f.OpenRange(t.Context(), 5, 9)
	check(t, err)
	_, err = s.Read(make([]byte, 4))
	check(t, err)
	setBack(t, f.path, func() { write(t, f.path, []byte(csvText)) })
	section := f.Section("a", 5, 9).(*section)
	if s, err := section.OpenRange(t.Context(), 0, 5); s != nil || !errors.Is(err, ErrChanged) {
		t.Errorf("opened again: got %v, %v", s, err)
	}
	if err := s.Close(); !errors.Is(err, ErrChanged) {
		t.Errorf("closed: got %v", err)
	}
}

// Standard input that is a regular file must not change.
func TestStdinChanged(t *testing.T) {
	for name, change := range map[string]func(path string){
		"no change":   func(string) {},
		"longer":      func(path string) { appendTo(t, path, "P9,t,a,1\n") },
		"shorter":     func(path string) { check(t, os.Truncate(path, 50)) },
		"overwritten": func(path string) { setBack(t, path, func() { write(t, path, []byte(strings.ToUpper(csvText))) }) },
	} {
		t.Run(name, func(t *testing.T) {
			if name == "overwritten" {
				changeTime(t)
			}
			path := tempFile(t, "a.csv", []byte("skipped"+csvText))
			file, err := os.Open(path)
			check(t, err)
			defer file.Close()
			_, err = file.Seek(7, io.SeekStart)
			check(t, err)
			s, err := NewStdin(file, LocalOptions{}).Open(t.Context())
			check(t, err)
			change(path)
			got, err := drain(s)
			if changed := errors.Is(err, ErrChanged); changed == (name == "no change") || err == nil && got != csvText {
				t.Errorf("got %q, %v", got, err)
			}
			check(t, s.Close())
		})
	}
}

// The clock of these tests begins in 2000, so that every change time of a file
// is in the future. Opening such a file waits once.
func TestYoungFileIsWaitedForOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		files := []*File{newFile(t, tempFile(t, "a.csv", []byte(csvText))), newFile(t, tempFile(t, "b.csv", []byte(csvText)))}
		begin := time.Now()
		for i, f := range append(files, files[0], files[0].Named("c")) {
			if got, err := readPart(t, f); got != csvText || err != nil {
				t.Errorf("got %q, %v", got, err)
			}
			if waited := time.Since(begin); waited < longestWrite || waited > longestSettle+longestWrite {
				t.Errorf("after file %d: waited %v", i, waited)
			}
		}
		again := newFile(t, files[0].path)
		_, err := readPart(t, again)
		check(t, err)
		begin = time.Now()
		_, err = again.Digest(t.Context())
		check(t, err)
		_, err = again.Boundary(t.Context(), 5)
		check(t, err)
		if waited := time.Since(begin); waited > 0 {
			t.Errorf("waited %v again", waited)
		}
	})
}

// The wait ends with the context, and with an error where the file changed.
func TestWaitEnds(t *testing.T) {
	for name, c := range map[string]struct {
		then func(path string, cancel func())
		want error
	}{
		"cancelled": {func(_ string, cancel func()) { cancel() }, context.Canceled},
		"changed":   {func(path string, _ func()) { appendTo(t, path, "P9,t,a,1\n") }, ErrChanged},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			path := tempFile(t, "a.csv", []byte(csvText))
			stdin, err := os.Open(path)
			check(t, err)
			defer stdin.Close()
			time.AfterFunc(longestWrite/2, func() { c.then(path, cancel) })
			begin := time.Now()
			for _, part := range []engine.Part{newFile(t, path), NewStdin(stdin, LocalOptions{})} {
				_, err := readPartCtx(t, ctx, part)
				if late := name == "changed" && part.Name() == "stdin"; late != (err == nil) || !late && !errors.Is(err, c.want) {
					t.Errorf("%s: %s: got %v, want %v", name, part.Name(), err, c.want)
				}
			}
			if took := time.Since(begin); name == "cancelled" && took != longestWrite/2 {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// overwriter repeatedly overwrites a file in place, at the same size. Each
// state consists of one letter, repeated.
type overwriter struct {
	file    *os.File
	size    int
	setBack bool
	longest time.Duration // that it took to write a state
}

// write writes a state in several steps.
func (o *overwriter) write(letter byte) error {
	begin := time.Now()
	const steps = 8
	for i := range steps {
		step := o.size / steps
		if _, err := o.file.WriteAt(bytes.Repeat([]byte{letter}, step), int64(i*step)); err != nil {
			return err
		}
		if o.setBack {
			if err := os.Chtimes(o.file.Name(), time.Time{}, time.Unix(1, 5)); err != nil {
				return err
			}
		}
		time.Sleep(time.Millisecond)
	}
	o.longest = max(o.longest, time.Since(begin))
	return nil
}

// run overwrites the file until stop is closed, and rests in between.
func (o *overwriter) run(t *testing.T, random *rand.Rand, stop <-chan struct{}) {
	for letter := byte('a'); ; letter ^= 'a' ^ 'b' {
		if err := o.write(letter); err != nil {
			t.Error(err)
		}
		select {
		case <-stop:
			return
		case <-time.After(time.Duration(random.Int64N(int64(400 * time.Millisecond)))):
		}
	}
}

// states returns the letters in a stream that is read slowly.
func states(r io.Reader) (letters map[byte]bool, err error) {
	letters = make(map[byte]bool)
	for buf := make([]byte, 4<<10); ; time.Sleep(100 * time.Microsecond) {
		n, err := r.Read(buf)
		for _, b := range buf[:n] {
			letters[b] = true
		}
		if err == io.EOF {
			return letters, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// While a file is overwritten in place, each attempt to read it returns one of
// its states or fails. No attempt mixes two.
func TestOverwrittenInPlace(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the system has no change time")
	}
	const writers, attempts, size = 10, 40, 64 << 10
	for i := range writers {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(1, uint64(i)))
			path := tempFile(t, "a.csv", bytes.Repeat([]byte("a"), size))
			file, err := os.OpenFile(path, os.O_RDWR, 0)
			check(t, err)
			o := &overwriter{file: file, size: size, setBack: i%2 == 0}
			stop := make(chan struct{})
			var running sync.WaitGroup
			running.Go(func() { o.run(t, random, stop) })
			whole, mixed := 0, 0
			for range attempts {
				switch letters, err := readState(t, path); {
				case err != nil && !errors.Is(err, ErrChanged):
					t.Error(err)
				case err == nil && len(letters) == 1:
					whole++
				case err == nil:
					mixed++
				}
			}
			close(stop)
			running.Wait()
			check(t, file.Close())
			// Changes may go undetected if a write(2) takes longer than
			// longestWrite, also on a machine that pauses for that time.
			if mixed > 0 && o.longest < longestWrite {
				t.Errorf("%d of %d attempts mixed two states", mixed, attempts)
			}
			t.Logf("%d of %d attempts gave a state", whole, attempts)
		})
	}
}

// readState makes one attempt to read a file.
func readState(t *testing.T, path string) (map[byte]bool, error) {
	f, err := NewFile(path, LocalOptions{})
	if err != nil {
		return nil, err
	}
	s, err := f.Open(t.Context())
	if err != nil {
		return nil, err
	}
	letters, err := states(s)
	return letters, errors.Join(err, s.Close())
}
