package engine

import (
	"context"
	"io"
	"time"
)

// Part is one input with an end of its own: a file, standard input, or one
// download of an export.
//
// The part is the unit of concurrency, retry, verification, error and commit:
// each attempt to read it counts into an accumulator of its own, which joins
// the total only after the stream has ended and passed every check. A Part also
// implements those of the optional interfaces below that apply to it.
type Part interface {
	// Name identifies the part in messages. It is unique within a run and holds
	// no secret.
	Name() string

	// Open starts an attempt to read the part from its first byte and returns
	// its decoded CSV bytes. The stream returns io.EOF only if its end is
	// proved as well as the transport allows, and another error otherwise. Open
	// may be called again after the last stream was closed. The stream may
	// implement Prover, RawCounter and Waiter.
	Open(ctx context.Context) (io.ReadCloser, error)
}

// Declarer is a part whose server declares what it holds, such as a download of
// an export.
type Declarer interface {
	Declared() Declaration
}

// Declaration is what a server declares about a download. A part that differs
// from it is treated as Config.Verify requires.
type Declaration struct {
	ID       string   // the server's id of the download; downloads of one id are the same one
	Rows     uint64   // data rows, the header not counted
	Patients []string // every patient id that may occur
	Events   []string // every event type that may occur
}

// Identifier is a part that later runs can identify, so that Config.Store can
// save what was counted of it.
type Identifier interface {
	// Identity returns the same value as long as reading the part would return
	// the same bytes, as far as that can be determined without reading it, and
	// the zero Identity if it cannot.
	Identity() Identity
}

// Identity distinguishes a part from every other one. It holds no secret and no
// patient id.
type Identity struct {
	ID      string // the path of a file, or the ids of an export and a download
	Version string // changes when the part does; for people: size, time, row count
	Digest  string // of what may change although Version does not; not for people
}

// Splitter is a part that can be read from several places at once: a regular
// file that is not compressed, or whose compression allows it. Several workers
// count a large one.
type Splitter interface {
	// Size returns the stored length in bytes, and whether the part can be
	// split.
	Size() (size int64, ok bool)

	// Cut returns the first place at or after the stored byte at where a byte
	// range may begin, or Size if there is none.
	Cut(ctx context.Context, at int64) (int64, error)

	// OpenRange opens the part from one place to its end. from is 0 or a result
	// of Cut; to is the start of the next range, or Size.
	OpenRange(ctx context.Context, from, to int64) (RangeStream, error)
}

// Ranger is a Splitter of which only one byte range is to be counted, such as
// the part of a large file that belongs to one shard. PartReport.Range
// describes what was counted, from which merging determines whether the ranges
// of several runs fit together. The line numbers of errors in a range that does
// not begin at byte 0 are 0, because they are not known.
type Ranger interface {
	Splitter

	// Range returns the range in stored bytes: its start, and the start of the
	// next one, at most Size. A record belongs to the range that holds the byte
	// before it, and to the first range if there is no such byte.
	Range() (from, to int64)
}

// RangeStream is a stream that reports where the next byte range begins.
type RangeStream interface {
	io.ReadCloser

	// Limit returns the number of decoded bytes before the place that OpenRange
	// was given as to, or math.MaxInt64 while that is not known. It is known
	// once the byte after that place was read, and at the end of the stream.
	Limit() int64
}

// Checker is a part that can detect that it changed while it was read.
type Checker interface {
	// Check returns an error if the part changed since it was found. It is
	// called once, after the last byte was read and before the counts are
	// committed.
	Check() error
}

// Delimited is a part whose field delimiter is known, such as from the
// extension of its name. A delimiter in Config has precedence.
type Delimited interface {
	// Delimiter returns the field delimiter, or 0 if it is not known.
	Delimiter() byte
}

// Remote is a part that waits for a network rather than for a processor; see
// Config.Transfers.
type Remote interface {
	Remote() bool
}

// Retrier is a part whose failed attempts may be repeated. The counts of a
// failed attempt are discarded, and after a pause the part is opened again from
// its first byte. A part that is not a Retrier fails at its first error.
type Retrier interface {
	// Retry reports whether to try again after attempt number attempt, counted
	// from 1, failed with err, and how long to wait before. err is an error of
	// Open, of the stream, or of the data.
	Retry(attempt int, err error) (wait time.Duration, again bool)
}

// Prover is a stream that reports what proves its end. The end of any other
// stream is proved by nothing.
type Prover interface {
	// Proof returns the strongest proof that holds. It is final once Read has
	// returned io.EOF.
	Proof() Proof

	// Checked reports whether damage on the way to the reader shows as an error
	// of Read, at the end at the latest, because the stream is compressed or
	// comes over a network that marks its end. It can be called at any time, and
	// its result does not change.
	Checked() bool
}

// RawCounter is a stream that counts the bytes it reads from its source, before
// decompression. RawBytes is called by the goroutine that reads the stream.
type RawCounter interface {
	RawBytes() int64
}
