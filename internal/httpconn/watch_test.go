package httpconn

import (
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// feed sends pieces of n bytes, each after a pause, and then blocks until the
// other end is closed.
func feed(w net.Conn, n, pieces int, every time.Duration) {
	for range pieces {
		time.Sleep(every)
		if _, err := w.Write(make([]byte, n)); err != nil {
			return
		}
	}
}

func TestWatchdog(t *testing.T) {
	const window = time.Minute
	tests := []struct {
		name   string
		bytes  int
		pieces int
		every  time.Duration
		think  time.Duration // of the reader between two reads
		fails  time.Duration // of waiting inside Read
		text   string
	}{
		{"nothing comes", 0, 0, 0, 0, window, "no data for 60s"},
		{"a burst, then nothing", 1 << 20, 1, 0, 0, window, "no data for 60s"},
		{"one byte a second", 1, 1000, time.Second, 0, window, "bytes in 60s"},
		{"just under the rate", minRate - 100, 1000, time.Second, 0, window, "bytes in 60s"},
		{"just over the rate, then nothing", minRate + 100, 110, time.Second, 0, 110*time.Second + window, "no data for 60s"},
		{"much just in time", 60 << 10, 2, 59 * time.Second, 0, 2*59*time.Second + window, "no data for 60s"},
		{"a slow reader is nobody's fault", 60 << 10, 3, 0, time.Hour, window, "no data for 60s"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, client := net.Pipe()
				var feeding sync.WaitGroup
				feeding.Go(func() { feed(server, test.bytes, test.pieces, test.every) })
				defer feeding.Wait()
				cancelled := 0
				w := newWatchdog(client, window, func() { cancelled++; client.Close() })
				var waited time.Duration
				var err error
				buf := make([]byte, 2<<20)
				for err == nil {
					begin := time.Now()
					_, err = w.Read(buf)
					waited += time.Since(begin)
					time.Sleep(test.think)
				}
				if !errors.Is(err, ErrStalled) || !strings.Contains(err.Error(), test.text) || cancelled != 1 {
					t.Errorf("got %v, cancelled %d times", err, cancelled)
				}
				if waited != test.fails {
					t.Errorf("failed after %v of waiting, want %v", waited, test.fails)
				}
				if _, again := w.Read(buf); again != err {
					t.Errorf("then %v", again)
				}
			})
		})
	}
}

func TestWatchdogPassesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatchdog(io.NopCloser(strings.NewReader(text)), time.Minute, func() { t.Error("cancelled") })
		got, err := io.ReadAll(w)
		if string(got) != text || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		time.Sleep(time.Hour) // no timer is left running
	})
}
