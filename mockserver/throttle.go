package mockserver

import (
	"context"
	"io"
	"net/http"
	"time"
)

// stopper passes so many bytes on, then calls stop, which does not return.
type stopper struct {
	w    io.Writer
	left int64
	stop func()
}

func (s *stopper) Write(p []byte) (int, error) {
	n, err := s.w.Write(p[:min(int64(len(p)), s.left)])
	if s.left -= int64(n); s.left == 0 {
		s.stop()
	}
	return n, err
}

// drip passes a few bytes on at a time and pauses after each, until the client is gone.
type drip struct {
	w     http.ResponseWriter
	ctx   context.Context
	bytes int
	pause time.Duration
}

func (d *drip) Write(p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var m int
		m, err = d.send(p[n:min(n+d.bytes, len(p))])
		n += m
	}
	return n, err
}

func (d *drip) send(p []byte) (n int, err error) {
	if n, err = d.w.Write(p); err != nil {
		return n, err
	}
	if err := http.NewResponseController(d.w).Flush(); err != nil {
		return n, err
	}
	return n, wait(d.ctx, d.pause)
}
