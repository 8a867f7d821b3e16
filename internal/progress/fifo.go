package progress

import (
	"iter"
	"time"

	"fastcount/engine"
	"fastcount/sources"
)

// How long a FIFO is waited for without a word, and how often that is looked
// at.
const (
	fifoPatience = 2 * time.Second
	fifoInterval = 500 * time.Millisecond
)

// fifoWatch finds the FIFOs that a run waits for. Opening a FIFO waits until
// another process writes to it, which may be never.
type fifoWatch struct {
	begun map[int]time.Time // by index of the part: when it was first seen to be read
}

// watchFIFOs returns a watch of the parts that are files and not regular; nil
// without such parts.
func watchFIFOs(parts []engine.Part) *fifoWatch {
	w := &fifoWatch{make(map[int]time.Time)}
	for i, part := range parts {
		if f, ok := part.(*sources.File); ok && !f.Info().SizeKnown {
			w.begun[i] = time.Time{}
		}
	}
	if len(w.begun) == 0 {
		return nil
	}
	return w
}

// silent returns the names of the parts that have been read for fifoPatience
// and have given nothing. Each is returned once.
func (w *fifoWatch) silent(parts iter.Seq2[int, engine.PartProgress], now time.Time) (names []string) {
	for i, p := range parts {
		begun, watched := w.begun[i]
		switch {
		case !watched || p.Attempt == 0:
		case p.Phase != engine.Running || p.RawBytes > 0:
			delete(w.begun, i)
		case begun.IsZero():
			w.begun[i] = now
		case now.Sub(begun) >= fifoPatience:
			names = append(names, p.Name)
			delete(w.begun, i)
		}
	}
	return names
}
