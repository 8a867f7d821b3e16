package sources

import (
	"fmt"
	"io"
	"time"
)

// minRate is how many bytes a second count as progress, averaged over the window.
const minRate = 1 << 10

// watchdog ends a transfer that makes no progress: nothing else in net/http ends a body that stalls.
//
// It watches one window of time after another. A window is over, and well, as soon as it has brought minRate bytes for
// each of its seconds; it is over, and the transfer has stalled, when its time is used up before. Only time spent
// inside Read is used up: a server is not blamed for what its client does between two reads.
type watchdog struct {
	r      io.Reader
	cancel func() // makes a Read of r that hangs return
	window time.Duration

	left  time.Duration // of the window
	got   int64         // bytes that the window brought
	timer *time.Timer   // runs only inside Read
	fired chan struct{} // closed once cancel was called and returned
	err   error
}

func newWatchdog(r io.Reader, window time.Duration, cancel func()) *watchdog {
	return &watchdog{r: r, cancel: cancel, window: window, left: window, fired: make(chan struct{})}
}

// Read returns an error that matches ErrStalled when the transfer has stalled. When it returns, nothing of the
// watchdog is running.
func (w *watchdog) Read(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	begin := time.Now()
	w.start()
	n, err := w.r.Read(p)
	stopped := w.timer.Stop()
	w.spend(time.Since(begin), n)
	if !stopped {
		<-w.fired
		w.err = w.stalled()
		return n, w.err
	}
	return n, err
}

func (w *watchdog) start() {
	if w.timer != nil {
		w.timer.Reset(w.left)
		return
	}
	w.timer = time.AfterFunc(w.left, func() {
		w.cancel()
		close(w.fired)
	})
}

// spend takes note of a Read, and begins the next window if this one has brought enough.
func (w *watchdog) spend(d time.Duration, n int) {
	w.left -= d
	w.got += int64(n)
	if w.got > 0 && float64(w.got) >= w.window.Seconds()*minRate {
		w.left, w.got = w.window, 0
	}
}

func (w *watchdog) stalled() error {
	if w.got == 0 {
		return fmt.Errorf("%w: no data for %gs", ErrStalled, w.window.Seconds())
	}
	return fmt.Errorf("%w: %d bytes in %gs", ErrStalled, w.got, w.window.Seconds())
}
