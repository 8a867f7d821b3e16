package sources

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"fastcount/engine"
)

// readAhead reads r ahead in blocks, and returns what comes out in reads of up to size bytes, with the final error.
func readAhead(r io.Reader, least, size int) (got []byte, err error) {
	a := newAhead(context.Background(), r, least)
	got, err = readSome(a, size)
	return got, errors.Join(err, a.Close())
}

// readSome reads until an error, which io.EOF is as well.
func readSome(r io.Reader, size int) (got []byte, err error) {
	buf := make([]byte, size)
	for err == nil {
		var n int
		n, err = r.Read(buf)
		got = append(got, buf[:n]...)
	}
	return got, err
}

// script is a reader that does what it is told, call by call.
type script struct {
	data  []byte
	steps []int // bytes of each call, in turn; the last step holds for ever
	err   error // behind the data
	with  bool  // err comes together with the last bytes
}

func (s *script) Read(p []byte) (int, error) {
	if len(s.data) == 0 {
		return 0, s.err
	}
	n := s.steps[0]
	if len(s.steps) > 1 {
		s.steps = s.steps[1:]
	}
	n = copy(p, s.data[:min(n, len(s.data))])
	s.data = s.data[n:]
	if len(s.data) == 0 && s.with {
		return n, s.err
	}
	return n, nil
}

// TestAheadIsAPlainReader compares with the reader itself, for any way in which that gives its bytes and fails.
func TestAheadIsAPlainReader(t *testing.T) {
	text := make([]byte, 2*aheadBlocks*blockSize)
	for i := range text {
		text[i] = byte(rand.Uint32())
	}
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.OneOf(rapid.IntRange(0, 100), rapid.IntRange(blockSize-2, blockSize+2),
			rapid.IntRange(0, len(text))).Draw(t, "size")
		s := &script{
			data:  text[:size],
			steps: append(rapid.SliceOfN(rapid.IntRange(0, 70_000), 0, 20).Draw(t, "steps"), 1<<20),
			err:   rapid.SampledFrom([]error{io.EOF, io.ErrUnexpectedEOF, errors.New("broken")}).Draw(t, "err"),
			with:  rapid.Bool().Draw(t, "with"),
		}
		got, err := readAhead(s, rapid.SampledFrom([]int{leastBlock, blockSize}).Draw(t, "least"), rapid.SampledFrom([]int{977, 64 << 10, blockSize, 512 << 10}).Draw(t, "read"))
		if !errors.Is(err, s.err) || !bytes.Equal(got, text[:size]) {
			t.Fatalf("%d bytes and %v, want %d and %v", len(got), err, size, s.err)
		}
	})
}

// TestAheadPassesEmptyReads leaves it to the consumer how often nothing may come without an error.
func TestAheadPassesEmptyReads(t *testing.T) {
	a := newAhead(t.Context(), &script{data: []byte("a,b"), steps: []int{0, 1, 0, 0, 9}, err: io.EOF}, leastBlock)
	var counts []int
	for {
		n, err := a.Read(make([]byte, 9))
		if err == io.EOF {
			break
		}
		check(t, err)
		counts = append(counts, n)
	}
	if got := fmt.Sprint(counts); got != "[0 1 0 2]" {
		t.Errorf("reads gave %v bytes", got)
	}
	check(t, a.Close())
}

func TestAheadErrorIsSticky(t *testing.T) {
	broken := errors.New("broken")
	a := newAhead(t.Context(), iotest.ErrReader(broken), leastBlock)
	for range 3 {
		if n, err := a.Read(make([]byte, 9)); n != 0 || err != broken {
			t.Errorf("%d bytes, %v", n, err)
		}
	}
	check(t, a.Close())
	if n, err := a.Read(make([]byte, 9)); n != 0 || err != broken {
		t.Errorf("after Close: %d bytes, %v", n, err)
	}
}

// endless gives as many bytes as are asked for, and counts them.
type endless struct{ given int }

func (e *endless) Read(p []byte) (int, error) {
	e.given += len(p)
	return len(p), nil
}

// TestAheadIsBounded lets nobody read: the blocks fill up, and the end of the context ends the wait for a free one.
func TestAheadIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		src := new(endless)
		a := newAhead(ctx, src, blockSize)
		synctest.Wait()
		if src.given != aheadBlocks*blockSize {
			t.Errorf("%d bytes were read ahead", src.given)
		}
		cancel()
		got, err := readSome(a, 1000)
		if len(got) != src.given || !errors.Is(err, context.Canceled) {
			t.Errorf("%d bytes of %d, %v", len(got), src.given, err)
		}
		check(t, a.Close())
	})
}

// TestAheadGivesWhatIsThere lets a source bring pieces and then wait: its consumer gets leastBlock bytes at once, and
// fewer only when the source is at its end.
func TestAheadGivesWhatIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		go func() {
			for range leastBlock/1000 + 2 {
				_, _ = w.Write(make([]byte, 1000)) // fails only once r is closed
			}
			time.Sleep(time.Hour)
			_ = w.Close()
		}()
		begin := time.Now()
		a := newAhead(t.Context(), r, leastBlock)
		n, err := a.Read(make([]byte, blockSize))
		if n < leastBlock || err != nil || time.Since(begin) > 0 {
			t.Errorf("%d bytes, %v, after %v", n, err, time.Since(begin))
		}
		rest, err := readSome(a, blockSize)
		if len(rest) == 0 || n+len(rest) != (leastBlock/1000+2)*1000 || err != io.EOF || time.Since(begin) != time.Hour {
			t.Errorf("then %d bytes, %v, after %v", len(rest), err, time.Since(begin))
		}
		check(t, a.Close())
	})
}

// TestAheadOfEverySource reads all sources ahead: the bytes, the number of raw bytes and the proof of the end are the
// same as without.
func TestAheadOfEverySource(t *testing.T) {
	long := strings.Repeat(csvText, 40_000)
	for format, data := range map[string][]byte{"plain": []byte(long), "gzip": join(gz(t, long[:9]), gz(t, long[9:])), "zstd": zst(t, long)} {
		path := tempFile(t, "a.csv", data)
		server := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(data) })
		for name, part := range map[string]func(ahead bool) engine.Part{
			"file":  func(ahead bool) engine.Part { return mustFile(t, path, ahead) },
			"stdin": func(ahead bool) engine.Part { return mustStdin(t, path, ahead) },
			"url":   func(ahead bool) engine.Part { return urlPart(t, Options{ReadAhead: ahead}, server.URL) },
		} {
			t.Run(format+"/"+name, func(t *testing.T) {
				want, plain := describe(t, part(false))
				got, ahead := describe(t, part(true))
				if got != want || plain || ahead != (format != "plain" || name != "file") {
					t.Errorf("got %s, read ahead: %v; without %s, %v", got, ahead, want, plain)
				}
				if !strings.Contains(want, fmt.Sprintf("%d raw", len(data))) {
					t.Errorf("%s of %d", want, len(data))
				}
			})
		}
	}
}

// describe reads a part to its end, asking for its progress, and says whether it was read ahead.
func describe(t *testing.T, p engine.Part) (what string, isAhead bool) {
	s, err := p.Open(t.Context())
	check(t, err)
	n := 0
	for buf := make([]byte, 100_000); err == nil; {
		var m int
		m, err = s.Read(buf)
		n += m
		s.(engine.RawCounter).RawBytes()
	}
	what = fmt.Sprintf("%d bytes, %d raw, framed %v, %v", n, s.(engine.RawCounter).RawBytes(), s.(engine.Framer).Framed(), err)
	_, isAhead = s.(*stream).Reader.(*ahead)
	check(t, s.Close())
	return what, isAhead
}

// TestAheadEndsByTheSourcesError cuts and breaks sources in the middle.
func TestAheadEndsByTheSourcesError(t *testing.T) {
	long := strings.Repeat(csvText, 40_000)
	whole := gz(t, long)
	for name, test := range map[string]struct {
		data []byte
		want error
	}{
		"cut":     {whole[:len(whole)-5], ErrTruncated},
		"garbage": {join(whole, []byte("garbage")), ErrCorrupt},
		"window":  {join(zst(t, long), bigWindow), ErrWindow},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := NewFile(tempFile(t, "a.gz", test.data), LocalOptions{ReadAhead: true, MaxWindow: 8 << 20})
			check(t, err)
			if got, err := readPart(t, f); !errors.Is(err, test.want) || got != long {
				t.Errorf("%d bytes of %d, %v", len(got), len(long), err)
			}
		})
	}
}

// waiting opens sources whose next Read waits for ever, and may have given "patient_id" before.
func waiting(t *testing.T) map[string]func(ctx context.Context) (io.ReadCloser, error) {
	r, w, err := os.Pipe()
	check(t, err)
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "patient_id")
		w.(http.Flusher).Flush()
		<-release
	}))
	t.Cleanup(func() {
		close(release)
		server.Close()
		check(t, errors.Join(r.Close(), w.Close()))
	})
	_, err = io.WriteString(w, "patient_id")
	check(t, err)
	return map[string]func(ctx context.Context) (io.ReadCloser, error){
		"pipe": NewStdin(r, LocalOptions{ReadAhead: true}).Open,
		"url":  urlPart(t, Options{ReadAhead: true}, server.URL).Open,
	}
}

// TestAheadCloseWhileWaiting closes while the goroutine waits in a Read, which only the end of its context can end.
func TestAheadCloseWhileWaiting(t *testing.T) {
	for name, open := range waiting(t) {
		t.Run(name, func(t *testing.T) {
			s, err := open(t.Context())
			check(t, err)
			time.Sleep(time.Millisecond)
			begin := time.Now()
			check(t, s.Close())
			if took := time.Since(begin); took > time.Second {
				t.Errorf("Close took %v", took)
			}
		})
	}
}

func TestAheadCancelWhileWaiting(t *testing.T) {
	for name, open := range waiting(t) {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			s, err := open(ctx)
			check(t, err)
			time.AfterFunc(5*time.Millisecond, cancel)
			if got, err := drain(s); !errors.Is(err, context.Canceled) || got != "patient_id" {
				t.Errorf("got %q, %v", got, err)
			}
			check(t, s.Close())
		})
	}
}

// TestAheadNotOfWhatCannotBeEnded reads a reader that knows no deadline as if nothing had been asked.
func TestAheadNotOfWhatCannotBeEnded(t *testing.T) {
	s, err := NewStdin(strings.NewReader(csvText), LocalOptions{ReadAhead: true}).Open(t.Context())
	check(t, err)
	if _, ok := s.(*stream).Reader.(*ahead); ok {
		t.Error("it is read ahead")
	}
	check(t, s.Close())
}

func TestAheadFailsToOpen(t *testing.T) {
	f := mustFile(t, tempFile(t, "a.gz", gz(t, csvText)), true)
	check(t, os.Remove(f.path))
	if s, err := f.Open(t.Context()); s != nil || !errors.Is(err, ErrChanged) {
		t.Errorf("got %v, %v", s, err)
	}
}

// TestAheadIdle blames no server for the time in which all blocks are full.
func TestAheadIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const window = time.Minute
		w := newWatchdog(io.LimitReader(new(endless), 2*aheadBlocks*blockSize), window, func() { t.Error("stalled") })
		a := newAhead(t.Context(), w, leastBlock)
		time.Sleep(10 * window)
		if got, err := readSome(a, blockSize); len(got) != 2*aheadBlocks*blockSize || err != io.EOF {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		check(t, a.Close())
	})
}

func mustFile(t testing.TB, path string, ahead bool) *File {
	t.Helper()
	f, err := NewFile(path, LocalOptions{ReadAhead: ahead})
	check(t, err)
	return f
}

// mustStdin is standard input that was redirected from a file.
func mustStdin(t testing.TB, path string, ahead bool) *Stdin {
	t.Helper()
	f, err := os.Open(path)
	check(t, err)
	t.Cleanup(func() { check(t, f.Close()) })
	return NewStdin(f, LocalOptions{ReadAhead: ahead})
}
