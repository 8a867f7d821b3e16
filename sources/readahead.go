package sources

import (
	"context"
	"io"
	"sync"
)

// The memory of one stream that is read ahead: one block is at the consumer, one is being filled, one waits between
// them. A block holds a few calls' worth of a decoder, which gives some 32 KiB at a time, so that the goroutines wake
// each other seldom; all of them together still fit into a second-level cache.
const (
	blockSize   = 256 << 10
	aheadBlocks = 3
)

// leastBlock is how many bytes a source that may wait for somebody must have brought before a consumer without any
// gets them: no fewer, for each time costs a wake-up; no more, for what is wrong in them should be told now.
const leastBlock = 64 << 10

type aheadMemory [aheadBlocks][blockSize]byte

var aheadMemories = sync.Pool{New: func() any { return new(aheadMemory) }}

// ahead reads and decodes a stream in a goroutine of its own, up to aheadBlocks blocks before its consumer. What comes
// out is what comes out of src itself: the same bytes, and behind the last of them its error.
//
// The blocks go around: from free to the goroutine, full of bytes into full, from there to the consumer, and back.
// Both channels have room for all blocks, so that only receiving ever waits.
type ahead struct {
	ctx context.Context // of the attempt; its end ends a Read of src that waits
	src io.Reader

	least  int // bytes of a block that a waiting consumer gets
	memory *aheadMemory
	free   chan []byte
	full   chan []byte // closed when the goroutine is at its end
	err    error       // what ended it; may be looked at once full is closed

	block []byte // at the consumer
	rest  []byte // of the block
}

// newAhead begins to read src. The end of ctx must end a Read of src that waits.
func newAhead(ctx context.Context, src io.Reader, least int) *ahead {
	a := &ahead{ctx: ctx, src: src, least: least, memory: aheadMemories.Get().(*aheadMemory),
		free: make(chan []byte, aheadBlocks), full: make(chan []byte, aheadBlocks)}
	for i := range a.memory {
		a.free <- a.memory[i][:]
	}
	go a.run()
	return a
}

// run fills blocks until src fails or comes to its end, or ctx ends.
func (a *ahead) run() {
	defer close(a.full)
	for a.err == nil {
		select {
		case block := <-a.free:
			if n := a.fill(block); n > 0 || a.err == nil {
				a.full <- block[:n]
			}
		case <-a.ctx.Done():
			a.err = a.ctx.Err()
		}
	}
}

// fill reads until the block is full, or holds enough for a consumer that waits, or src fails, or src has nothing to
// give, which the consumer is to judge.
func (a *ahead) fill(block []byte) (n int) {
	for a.err == nil && (n < a.least || n < len(block) && len(a.full) > 0) {
		var m int
		m, a.err = a.src.Read(block[n:])
		n += m
		if m == 0 {
			break
		}
	}
	return n
}

// Read copies from the block at hand, or waits for the next one.
func (a *ahead) Read(p []byte) (int, error) {
	if len(a.rest) == 0 && !a.next() {
		return 0, a.err
	}
	n := copy(p, a.rest)
	a.rest = a.rest[n:]
	return n, nil
}

// next gives the block at hand back and takes the one behind it. It returns false if there is none.
func (a *ahead) next() (ok bool) {
	if a.block != nil {
		a.free <- a.block[:blockSize]
	}
	a.block, ok = <-a.full
	a.rest = a.block
	return ok
}

// Close returns once the goroutine has ended, which it does because ctx has.
func (a *ahead) Close() error {
	for range a.full {
		// what was read ahead is not wanted
	}
	aheadMemories.Put(a.memory)
	a.memory, a.block, a.rest = nil, nil, nil
	return nil
}

// openStream opens a stream, and reads ahead on it if that is wanted and a Read of it that waits can be ended.
func openStream(ctx context.Context, ahead bool, open func(context.Context) (*stream, error)) (io.ReadCloser, error) {
	cancel := func() {}
	if ahead {
		ctx, cancel = context.WithCancel(ctx)
	}
	s, err := open(ctx)
	if err != nil {
		cancel()
		return nil, err
	}
	if ahead && s.stoppable {
		s.readAhead(ctx)
	}
	s.closers = append(s.closers, func() error { cancel(); return nil })
	return s, nil
}

func (s *stream) readAhead(ctx context.Context) {
	least := blockSize
	if s.waits {
		least = leastBlock
	}
	a := newAhead(ctx, s.Reader, least)
	s.Reader = a
	s.closers = append(s.closers, a.Close)
}
