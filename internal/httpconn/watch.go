package httpconn

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// minRate is the minimum progress in bytes per second, averaged over a window.
const minRate = 1 << 10

// watchdog ends a transfer that makes no progress. net/http has no timeout for
// a body that stalls.
//
// Time is divided into windows. A window ends as soon as minRate bytes arrived
// for each of its seconds. If its time ends first, the transfer has stalled.
// Only time inside Read counts, not what the client does between reads.
//
// The bytes are those that Read returns or, of a metered watchdog, those that
// arrive at the connection. The two differ for a chunked body of HTTP/1.1:
// net/http returns only when the buffer or the chunk is full.
type watchdog struct {
	r       io.ReadCloser
	cancel  func() // interrupts a blocked Read of r
	window  time.Duration
	metered bool

	mu      sync.Mutex // guards the fields up to timer
	left    time.Duration
	got     int64     // bytes in this window
	since   time.Time // when Read began, or the window within it
	reading bool
	timer   *time.Timer // runs only inside Read

	fired chan struct{} // closed once cancel was called and returned
	err   error
}

func newWatchdog(r io.ReadCloser, window time.Duration, cancel func()) *watchdog {
	return &watchdog{r: r, cancel: cancel, window: window, left: window, fired: make(chan struct{})}
}

// meter makes the watchdog count the bytes that arrive at a connection, which
// must carry only the data of r.
func (w *watchdog) meter(conn *meteredConn) {
	w.metered = true
	add := w.add
	conn.observe.Store(&add)
}

// Read returns an error that matches [ErrStalled] when the transfer has
// stalled. No timer runs after it returns.
func (w *watchdog) Read(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	w.begin()
	n, err := w.r.Read(p)
	if !w.metered {
		w.add(n)
	}
	if !w.end() {
		<-w.fired
		w.err = w.stalled()
		return n, w.err
	}
	return n, err
}

// Close closes r.
func (w *watchdog) Close() error { return w.r.Close() }

func (w *watchdog) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reading, w.since = true, time.Now()
	if w.timer != nil {
		w.timer.Reset(w.left)
		return
	}
	w.timer = time.AfterFunc(w.left, func() {
		w.cancel()
		close(w.fired)
	})
}

// end reports whether time is left in the window after a Read.
func (w *watchdog) end() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reading = false
	w.left -= time.Since(w.since)
	return w.timer.Stop()
}

// add counts n bytes, and begins the next window if they complete this one.
func (w *watchdog) add(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.got += int64(n)
	if w.got <= 0 || float64(w.got) < w.window.Seconds()*minRate {
		return
	}
	if w.reading {
		if !w.timer.Stop() {
			return // too late
		}
		w.since = time.Now()
		w.timer.Reset(w.window)
	}
	w.left, w.got = w.window, 0
}

func (w *watchdog) stalled() error {
	if w.got == 0 {
		return fmt.Errorf("%w: no data for %gs", ErrStalled, w.window.Seconds())
	}
	return fmt.Errorf("%w: %d bytes in %gs", ErrStalled, w.got, w.window.Seconds())
}
