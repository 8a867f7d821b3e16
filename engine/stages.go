package engine

import (
	"io"
	"time"
)

// Stages holds the time that all workers together spent in each stage, failed
// attempts included. Time on the fused path, which parses and counts in one
// pass, is in Count.
type Stages struct {
	Wait   time.Duration // for the sources of streams: the disk, the network, a pipe
	Decode time.Duration // decompressing
	Parse  time.Duration // making blocks of records
	Count  time.Duration // looking ids up and counting them
}

// Waiter is a stream that measures how long it has waited for its source. The
// rest of the time in Read is decompression; for a stream that is not a Waiter,
// all of it is waiting. Waited is called by the goroutine that reads.
type Waiter interface {
	Waited() time.Duration
}

func (s *Stages) add(o Stages) {
	s.Wait += o.Wait
	s.Decode += o.Decode
	s.Parse += o.Parse
	s.Count += o.Count
}

// timed measures how long the reads of a stream take.
type timed struct {
	io.Reader
	reading time.Duration
}

func (t *timed) Read(p []byte) (int, error) {
	begin := time.Now()
	n, err := t.Reader.Read(p)
	t.reading += time.Since(begin)
	return n, err
}

// split divides the time of all reads into waiting and decoding.
func (t *timed) split() (wait, decode time.Duration) {
	w, ok := t.Reader.(Waiter)
	if !ok {
		return t.reading, 0
	}
	wait = min(w.Waited(), t.reading)
	return wait, t.reading - wait
}
