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
	// The stream may implement Prover and RawCounter.
	Open(ctx context.Context) (io.ReadCloser, error)
}

// Declarer is a part whose server declared what it holds, such as a download of an export.
type Declarer interface {
	Declared() Declaration
}

// Declaration is what a server says about a download; the engine refuses a part that does not match it.
type Declaration struct {
	ID       string   // the server's id of the download; downloads of one id are the same one
	Rows     uint64   // data rows, the header not counted
	Patients []string // every patient id that may occur
	Events   []string // every event type that may occur
}

// Identifier is a part that can be told from every other one also in a later run, so that what was counted of it may
// be kept: see Config.Store.
type Identifier interface {
	// Identity returns the same as long as reading the part would give the same bytes, as far as can be told without
	// reading it, and the zero Identity where nothing can be told.
	Identity() Identity
}

// Identity tells a part from every other one. It holds no secret and no patient id.
type Identity struct {
	ID      string // which part it is: the path of a file, the ids of an export and a download
	Version string // what changes when the part does, for people: sizes, times, row counts
	Digest  string // of what may change without a trace in Version; it need not be shown
}

// Splitter is a part that can be read from several places at once: a regular file that is not compressed, or one whose
// compression allows it. The engine counts a large one on several workers.
type Splitter interface {
	// Size returns the length in bytes as stored, and whether the part can be split at all.
	Size() (size int64, ok bool)

	// Cut returns the first place at or behind the byte at, as stored, where a range may begin; Size if there is none.
	Cut(ctx context.Context, at int64) (int64, error)

	// OpenRange is Open from one place to the end of the part: from is 0 or an answer of Cut, to the next range's
	// from or Size.
	OpenRange(ctx context.Context, from, to int64) (RangeStream, error)
}

// Ranger is a Splitter of which only one range is to be counted, such as the share of one machine in a large file. What
// was counted is told in PartReport.Range, from which it can be seen whether the ranges of several runs fit together.
// Without the text before a range, lines cannot be told: those of its errors are 0.
type Ranger interface {
	Splitter

	// Range returns where the range begins and where the next one does, in bytes as stored, less than Size or Size
	// itself. A record belongs to the range in which the byte before it lies, and to the first one if there is none.
	Range() (from, to int64)
}

// RangeStream is a stream that knows where the next range begins.
type RangeStream interface {
	io.ReadCloser

	// Limit returns how many bytes of the stream come before the place that OpenRange was given as to, or math.MaxInt64
	// while that is not known. It is known once the byte behind was read, and at the end of the stream.
	Limit() int64
}

// Checker is a part that can tell after reading whether what was read is still what is there.
type Checker interface {
	// Check returns an error if the part changed since it was found. It is called once, after the last byte was
	// read and before the part's counts are committed.
	Check() error
}

// Delimited is a part that knows what is between its fields, such as by the ending of its name. Config.Dialect.Delimiter
// takes precedence if it is set.
type Delimited interface {
	// Delimiter returns the byte between two fields, or 0 where it is not known.
	Delimiter() byte
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

// RawCounter is a stream that knows how many bytes it has taken from its source, before decompression.
// RawBytes is called by the goroutine that reads the stream.
type RawCounter interface {
	RawBytes() int64
}
