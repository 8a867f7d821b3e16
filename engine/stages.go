package engine

import (
	"io"
	"time"
)

// Stages say where the workers' time went, added up over all of them. Counting along the fast road, which parses as it
// counts, is Count; attempts that failed are in it too.
type Stages struct {
	Wait   time.Duration // for the sources of streams: the disk, the network, a pipe
	Decode time.Duration // decompressing
	Parse  time.Duration // making blocks of records
	Count  time.Duration // looking ids up and counting them
}

// Waiter is a stream that knows how long it has waited for its source. Time in its Read beyond that is decompression;
// all of it is waiting for a stream that is no Waiter. Waited is called by the goroutine that reads.
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
