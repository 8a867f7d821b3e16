package engine

import (
	"io"
	"time"

	"fastcount/parser"
)

// stages holds the time spent in each stage; see Progress.Stages.
type stages struct {
	wait, decode, parse, count time.Duration
}

func (s *stages) add(o stages) {
	s.wait += o.wait
	s.decode += o.decode
	s.parse += o.parse
	s.count += o.count
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

// Window implements [parser.Windower].
func (t *timed) Window(unread int) []byte {
	w, ok := t.Reader.(parser.Windower)
	if !ok {
		return nil
	}
	begin := time.Now()
	data := w.Window(unread)
	t.reading += time.Since(begin)
	return data
}

// split divides the time of all reads into waiting and decoding. All of it is
// waiting if the stream does not report how long it waited.
func (t *timed) split() (wait, decode time.Duration) {
	s, ok := t.Reader.(infoStream)
	if !ok {
		return t.reading, 0
	}
	wait = min(s.Info().Waited, t.reading)
	return wait, t.reading - wait
}
