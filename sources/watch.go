package sources

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// minRate is how many bytes a second count as progress, averaged over the window.
const minRate = 1 << 10

// watchdog ends a transfer that makes no progress: nothing else in net/http ends a body that stalls.
//
// It watches one window of time after another. A window is over, and well, as soon as it has brought minRate bytes for
// each of its seconds; it is over, and the transfer has stalled, when its time is used up before. Only time spent
// inside Read is used up: a server is not blamed for what its client does between two reads.
//
// The bytes are those that Read returns or, of a metered watchdog, those that
// arrive at the connection. The two differ for a chunked body of HTTP/1.1:
// net/http returns only when the buffer or the chunk is full.
type watchdog struct {
	r       io.Reader
	cancel  func() // makes a Read of r that hangs return
	window  time.Duration
	metered bool

	mu      sync.Mutex // for what follows up to timer; needed where metered
	left    time.Duration
	got     int64     // bytes that the window brought
	since   time.Time // when Read began, or the window within it
	reading bool
	timer   *time.Timer // runs only inside Read

	fired chan struct{} // closed once cancel was called and returned
	err   error
}

func newWatchdog(r io.Reader, window time.Duration, cancel func()) *watchdog {
	return &watchdog{r: r, cancel: cancel, window: window, left: window, fired: make(chan struct{})}
}

// meter makes the watchdog count the bytes that arrive at a connection, which
// must carry nothing else than what r reads.
func (w *watchdog) meter(conn *meteredConn) {
	w.metered = true
	add := w.add
	conn.observe.Store(&add)
}

// Read returns an error that matches ErrStalled when the transfer has stalled. When it returns, nothing of the
// watchdog is running.
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

// end reports whether the window was not used up during the Read.
func (w *watchdog) end() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reading = false
	w.left -= time.Since(w.since)
	return w.timer.Stop()
}

// add takes note of n bytes, and begins the next window if this one has brought enough.
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
