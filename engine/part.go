package engine

import (
	"context"
	"errors"
	"io"
	"time"

	"fastcount/parser"
)

// Part is one input with an end of its own: a file, standard input, or one
// download of an export. [NewPart] makes one from a function.
//
// The part is the unit of concurrency, retry, verification, error and commit:
// each attempt to read it counts into an accumulator of its own, which joins
// the total only after the stream has ended and passed every check. A Part may
// also implement [Splitter] and [Retrier].
type Part interface {
	// Name identifies the part in messages. It is unique within a run and holds
	// no secret.
	Name() string

	// Info returns what is known of the part before it is read. It is cheap and
	// always returns the same.
	Info() PartInfo

	// Open starts an attempt to read the part from its first byte and returns
	// its decoded CSV bytes. The stream returns io.EOF only if its end is
	// proved as well as the transport allows, and another error otherwise.
	// Close returns an error if the part changed while it was read. Open may be
	// called again after the last stream was closed.
	//
	// The stream may have a method Info() [StreamInfo], which is called by the
	// goroutine that reads, also after io.EOF.
	//
	// The stream may be a [parser.Windower]. If reading a window can fail, it
	// also has a method Guard(f func() error) error, which calls f, which reads
	// the stream, and returns the error of f or why reading a window failed.
	// Such a stream returns windows only during that call.
	Open(ctx context.Context) (io.ReadCloser, error)
}

// PartInfo holds what is known of a part before it is read. The zero value
// means that nothing is known.
type PartInfo struct {
	Size      int64 // stored length in bytes, if SizeKnown
	SizeKnown bool

	// Remote is true of a part that waits for a network rather than for a
	// processor; see Config.Transfers.
	Remote bool

	// Delimiter is the field delimiter that the part implies, such as by the
	// extension of its name, or "". A delimiter in Config has precedence.
	Delimiter string

	// Facts, if not nil, returns what parser.Selector.Fact can select: facts
	// about the part that do not change, such as its name. It is a function
	// because Info is called more often than facts are needed.
	Facts func() map[string]string

	// Explain, if not nil, returns the error with which the part finally failed
	// with an explanation, or that error.
	Explain func(error) error

	// Declared is what the server declares about a download, otherwise nil.
	Declared *Declaration

	// Range, if not nil, is the byte range of a Splitter that is to be counted,
	// such as the part of a large file that belongs to one shard. From and To
	// are stored bytes; the other fields are not used. A record belongs to the
	// range that holds the byte before it, and to the first range if there is
	// no such byte. PartReport.Range describes what was counted, from which
	// merging determines whether the ranges of several runs fit together. The
	// line numbers of errors in a range that does not begin at byte 0 are 0,
	// because they are not known.
	Range *Range
}

// Fact returns a fact about the part, or "" if it has no such fact.
func (i PartInfo) Fact(name string) string {
	if i.Facts == nil {
		return ""
	}
	return i.Facts()[name]
}

// Declaration is what a server declares about a download. A part that differs
// from it fails, unless Config allows otherwise.
type Declaration struct {
	ID       string   // the server's id of the download; downloads of one id are the same one
	Rows     uint64   // data rows, the header not counted
	Patients []string // every patient id that may occur
	Events   []string // every event type that may occur

	// Start and End are the earliest and the latest time of the rows, in ISO
	// 8601 as the server writes them, or "". If both are known, and a column of
	// Config.By is named event_time, they are compared with that column.
	Start, End string
}

// Splitter is a part that can be read from several offsets concurrently: a file
// that is not compressed, or whose compression allows it, or an object whose
// server supports byte ranges. Several workers count a large one. If a range
// cannot be read, the part is read as a whole. A Splitter whose size is not
// known is read as a whole, too.
type Splitter interface {
	// Boundary returns the first stored byte at or after at where a byte range
	// may begin, or the size of the part without one.
	Boundary(ctx context.Context, at int64) (int64, error)

	// OpenRange opens the part from one boundary to its end. from is 0 or a
	// result of Boundary; to is the start of the next range, or the size of the
	// part. The stream has a method Info() StreamInfo that sets Limit. The rest
	// is as for Part.Open.
	OpenRange(ctx context.Context, from, to int64) (io.ReadCloser, error)
}

// Retrier is a part whose failed attempts may be repeated. An attempt reads the
// whole part. The counts of a failed attempt are discarded, and after a pause
// the part is opened again from its first byte. A part that is not a Retrier
// fails at its first error.
type Retrier interface {
	// Retry reports whether to try again after attempt number attempt, counted
	// from 1, failed with err, and how long to wait before. err is an error of
	// Open, of the stream, or of the data.
	Retry(attempt int, err error) (wait time.Duration, again bool)
}

// StreamInfo holds facts about a stream up to the bytes that it has returned.
type StreamInfo struct {
	// Proof is the strongest proof of completeness that holds. It is final once
	// Read has returned io.EOF.
	Proof Proof

	// Checked is true if damage on the way to the reader shows as an error of
	// Read, at the end at the latest, because the stream is compressed or comes
	// over a network that marks its end. It does not change.
	Checked bool

	RawBytes int64         // bytes read from the source, before decompression
	Mapped   int64         // of RawBytes, those read through a mapping of a file
	Retries  int           // requests that failed and were repeated, without reading a byte twice
	Waited   time.Duration // time spent waiting for the source; the rest of the time in Read is decompression

	// Limit, of a stream that OpenRange returned, is the number of decoded
	// bytes before the next range, or math.MaxInt64 while that is not known. It
	// is known once the byte after that place was read, and at the end of the
	// stream.
	Limit int64
}

// NewPart returns a part of which nothing but its name is known. Its end is
// proved by nothing but the stream's io.EOF, and it fails at its first error.
func NewPart(name string, open func(context.Context) (io.ReadCloser, error)) Part {
	return &funcPart{name, open}
}

type funcPart struct {
	name string
	open func(context.Context) (io.ReadCloser, error)
}

func (p *funcPart) Name() string                                    { return p.name }
func (p *funcPart) Info() PartInfo                                  { return PartInfo{} }
func (p *funcPart) Open(ctx context.Context) (io.ReadCloser, error) { return p.open(ctx) }

// infoStream is a stream that reports facts about itself; see Part.Open.
type infoStream interface {
	io.ReadCloser
	Info() StreamInfo
}

// infoOf returns the facts about a stream that has returned a number of bytes.
func infoOf(stream io.Reader, returned int64) StreamInfo {
	if s, ok := stream.(infoStream); ok {
		return s.Info()
	}
	return StreamInfo{RawBytes: returned}
}

// guarded is a stream of which reading a window can fail; see Part.Open.
type guarded interface {
	Guard(f func() error) error
}

// guard calls f, which reads a stream, with its method Guard if it has one.
func guard(stream io.Reader, f func() error) error {
	if g, ok := stream.(guarded); ok {
		return g.Guard(f)
	}
	return f()
}

// closed closes a stream, reading of which has returned err, and returns the
// error of the attempt. A part that changed while it was read explains a syntax
// error.
func closed(stream io.Closer, err error) error {
	closeErr := stream.Close()
	var syntax *parser.SyntaxError
	if closeErr != nil && (err == nil || errors.As(err, &syntax)) {
		return closeErr
	}
	return err
}
