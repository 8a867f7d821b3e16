package engine

import (
	"context"
	"io"
	"time"
)

// Part is one piece of input with an end of its own: a file, standard input, one download of an export.
//
// The part is the unit of concurrency, retry, verification, error and commit: each attempt to read it counts into
// a table of its own, and that table joins the totals only after the stream ended well and passed every check.
// A Part also implements those of the optional interfaces below that hold for it.
type Part interface {
	// Name tells people which source this is. It is unique within a run and holds no secret.
	Name() string

	// Open starts one attempt to read the part from its first byte and returns its decoded CSV bytes.
	// The stream ends in io.EOF only where the end is as well proven as the transport allows; everything else is
	// another error. Open may be called again after the last stream was closed.
	// The stream may implement Framer and RawCounter.
	Open(ctx context.Context) (io.ReadCloser, error)
}

// Declarer is a part whose server declared what it holds, such as a download of an export.
type Declarer interface {
	Declared() Declaration
}

// Declaration is what a server says about a download; the engine refuses a part that does not match it.
type Declaration struct {
	Rows     uint64   // data rows, the header not counted
	Patients []string // every patient id that may occur
	Events   []string // every event type that may occur
}

// Splitter is a part whose bytes can be read from any offset: a plain, uncompressed, regular file.
// The engine counts a large one on several workers.
type Splitter interface {
	// Size returns the length in bytes, and whether the part can be split at all.
	Size() (size int64, ok bool)

	// OpenAt is Open from the byte offset off to the end of the part.
	OpenAt(ctx context.Context, off int64) (io.ReadCloser, error)
}

// Checker is a part that can tell after reading whether what was read is still what is there.
type Checker interface {
	// Check returns an error if the part changed since it was found. It is called once, after the last byte was
	// read and before the part's counts are committed.
	Check() error
}

// Remote is a part that waits for a network rather than for a processor; see Config.Transfers.
type Remote interface {
	Remote() bool
}

// Retrier is a part whose failed attempts may be repeated. The engine throws the attempt's table away, waits, and
// opens the part again from its first byte. A part that is no Retrier fails at its first error.
type Retrier interface {
	// Retry is asked after attempt number attempt (from 1) failed with err, an error of Open, of the stream, or of
	// what the engine found in the data. It returns whether to try again and how long to wait before.
	Retry(attempt int, err error) (wait time.Duration, again bool)
}

// Framer is a stream that knows whether its transport or compression proves its end: that io.EOF comes only where the
// sender ended. It may be asked at any time, and its answer does not change.
type Framer interface {
	Framed() bool
}

// RawCounter is a stream that knows how many bytes it has taken from its source, before decompression.
// RawBytes is called by the goroutine that reads the stream.
type RawCounter interface {
	RawBytes() int64
}
