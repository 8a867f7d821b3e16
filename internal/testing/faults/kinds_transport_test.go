package faults

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"fastcount/internal/testing/simnet"
	"fastcount/sources"
)

// broken returns the effect of a failed transfer.
func broken(is ...error) effect { return fails(again, classExhausted, is...) }

var connectKinds = []kind{
	{"connect: refused", onAll, func(*maker) attempt {
		return attempt{connect: simnet.Refuse, want: broken()}
	}},
	{"connect: no answer", onAll, func(*maker) attempt {
		return attempt{connect: simnet.Ignore, want: broken(sources.ErrTimeout)}
	}},
	{"connect: reset after accept", onAll, func(*maker) attempt {
		return attempt{connect: simnet.Drop, want: broken()}
	}},
	{"connect: closed instead of an answer", onAll, func(m *maker) attempt {
		return sends(simnet.Answer{End: m.end()}, broken())
	}},
	{"connect: stall before or within the headers", onAll, func(m *maker) attempt {
		r, _ := m.response(m.something())
		head := r.Head()
		return sends(simnet.Answer{Wire: head[:m.IntN(len(head))], End: simnet.Stall}, broken(sources.ErrTimeout))
	}},
	{"connect: headers after a minute", onAll, func(m *maker) attempt {
		r, _ := m.response(m.something())
		a := r.Answer()
		a.Delay = time.Minute
		return sends(a, broken(sources.ErrTimeout))
	}},
	{"connect: headers after a while", onAll, func(m *maker) attempt {
		r, e := m.response(m.truth)
		a := r.Answer()
		a.Delay = 25 * time.Second
		return sends(a, m.came(e.data, len(e.body)))
	}},
	{"connect: cut headers", onAll, func(m *maker) attempt {
		r, _ := m.response(m.something())
		head := r.Head()
		return sends(simnet.Answer{Wire: head[:m.IntN(len(head))], End: m.end()}, broken())
	}},
	{"connect: garbled headers", onAll, func(m *maker) attempt {
		r, _ := m.response(m.something())
		a := r.Answer()
		garbage := one(m, "HTTP/1.1 2x0 OK\r\n\r\n", "220 smtp ready\r\n", "HTTP/1.1 200 OK\r\n no header\r\n",
			"HTTP/1.1 200 OK\r\nno header\r\n")
		a.Wire = append([]byte(garbage), a.Wire...)
		return sends(a, broken())
	}},
}

// cut ends a response after n bytes of its framed body.
func (m *maker) cut(r simnet.Response, e encoded, n int, end simnet.End) attempt {
	wire, body := r.Wire()
	complete := body+n == len(wire)
	if complete && r.Framing != simnet.UntilClose && end == simnet.Stall {
		end = simnet.Again // a server that ignores later requests would cost their attempts
	}
	a := attempt{answer: always(simnet.Answer{Wire: wire[:body+n], End: end})}
	switch {
	case complete && r.Framing != simnet.UntilClose:
		a.want = m.came(e.data, n)
		a.want.raw = len(e.body)
	case end == simnet.Stall:
		a.want = broken(sources.ErrStalled)
	case end == simnet.Reset || r.Framing != simnet.UntilClose:
		a.want = broken()
	default:
		a.want = m.endedEarly(e, n)
	}
	return a
}

// endedEarly returns the effect of a body that ends after n bytes without an
// error.
func (m *maker) endedEarly(e encoded, n int) effect {
	if content, whole := e.prefix(n); whole {
		return m.came(content, n)
	}
	return broken(sources.ErrTruncated)
}

// someCut ends a response at a random byte.
func (m *maker) someCut(end simnet.End) attempt {
	r, e := m.response(m.something())
	wire, body := r.Wire()
	n := m.IntN(len(wire) - body + 1)
	if near := len(wire) - body - m.IntN(8); m.IntN(3) == 0 && near >= 0 {
		n = near
	}
	return m.cut(r, e, n, end)
}

var cutKinds = []kind{
	{"framing: FIN after the headers", onAll, func(m *maker) attempt {
		r, e := m.response(m.something())
		return m.cut(r, e, 0, simnet.Close)
	}},
	{"framing: RST after the headers", onAll, func(m *maker) attempt {
		r, e := m.response(m.something())
		return m.cut(r, e, 0, simnet.Reset)
	}},
	{"framing: FIN at a byte", onAll, func(m *maker) attempt { return m.someCut(simnet.Close) }},
	{"framing: RST at a byte", onAll, func(m *maker) attempt { return m.someCut(simnet.Reset) }},
	{"framing: stall at a byte", onAll, func(m *maker) attempt { return m.someCut(simnet.Stall) }},
	{"framing: FIN between gzip members or zstd frames", onAll, func(m *maker) attempt {
		r, e := m.responseIn(codings[3+m.IntN(2)], m.something())
		r.Framing = simnet.UntilClose
		return m.cut(r, e, e.clean[1].at, simnet.Close)
	}},
}

// inChunks returns a response with a chunked body of at least one chunk, and
// its details.
func (m *maker) inChunks() (r simnet.Response, e encoded, framed []byte, sizes []int) {
	r, e = m.response(m.something())
	r.Framing = simnet.Chunked
	r.Chunk = max(16, len(e.body)/8) // so that a size is of two digits
	framed, sizes = r.Framed()
	return r, e, framed, sizes
}

var chunkKinds = []kind{
	{"framing: cut inside a chunk", onAll, func(m *maker) attempt {
		r, e, _, sizes := m.inChunks()
		return m.cut(r, e, sizes[0]+4+m.IntN(min(len(e.body), r.Chunk)), m.end())
	}},
	{"framing: cut between chunks", onAll, func(m *maker) attempt {
		r, e, _, sizes := m.inChunks()
		return m.cut(r, e, sizes[m.IntN(len(sizes))], m.end())
	}},
	{"framing: cut in a chunk size", onAll, func(m *maker) attempt {
		r, e, _, sizes := m.inChunks()
		return m.cut(r, e, sizes[m.IntN(len(sizes)-1)]+1, m.end())
	}},
	{"framing: cut after 0 CR LF", onAll, func(m *maker) attempt {
		r, e, _, sizes := m.inChunks()
		return m.cut(r, e, sizes[len(sizes)-1]+3, m.end())
	}},
	{"framing: bad chunk size", onAll, func(m *maker) attempt {
		return m.chunkSize(one(m, "zz", "-5", "", "0x10", " 5", "5 5", "1g", "\x00"))
	}},
	{"framing: huge chunk size", onAll, func(m *maker) attempt {
		return m.chunkSize(one(m, "fffffffffffffffff", "ffffffffffffffff", "7fffffffffffffff", "80000000",
			strings.Repeat("1", 5000)))
	}},
	{"framing: chunk longer than its size", onAll, func(m *maker) attempt {
		return m.chunkSize("0f") // fewer than the least that inChunks makes, but for the last
	}},
}

// chunkSize changes the declared size of one chunk.
func (m *maker) chunkSize(size string) attempt {
	r, _, framed, sizes := m.inChunks()
	at := sizes[m.IntN(max(len(sizes)-2, 1))]
	rest := framed[at+strings.Index(string(framed[at:]), "\r\n"):]
	wire := slices.Concat(r.Head(), framed[:at], []byte(size), rest)
	return sends(simnet.Answer{Wire: wire, End: m.anyEnd()}, broken())
}

// unframed returns the header of r with its framing lines replaced.
func unframed(r simnet.Response, lines ...string) []byte {
	r.Framing = simnet.UntilClose
	r.Header = append(slices.Clip(r.Header), lines...)
	return r.Head()
}

// announced returns a response whose headers declare another length of its
// body.
func (m *maker) announced(e encoded, end simnet.End, want effect, r simnet.Response, lines ...string) attempt {
	return sends(simnet.Answer{Wire: append(unframed(r, lines...), e.body...), End: end}, want)
}

func length(n int) string { return fmt.Sprint("Content-Length: ", n) }

var lengthKinds = []kind{
	{"framing: Content-Length too short", onAll, func(m *maker) attempt {
		r, e := m.response(m.something())
		n := m.IntN(len(e.body))
		return m.announced(e, m.anyEnd(), m.endedEarly(e, n), r, length(n))
	}},
	{"framing: Content-Length too long", onAll, func(m *maker) attempt {
		r, e := m.response(m.something())
		return m.announced(e, m.anyEnd(), broken(), r, length(len(e.body)+1+m.IntN(100)))
	}},
	{"framing: two different Content-Lengths", onAll, func(m *maker) attempt {
		r, e := m.response(m.something())
		return m.announced(e, simnet.Close, broken(), r, length(len(e.body)), length(len(e.body)/2))
	}},
	{"framing: negative or garbled Content-Length", onAll, func(m *maker) attempt {
		r, e := m.response(m.something())
		return m.announced(e, simnet.Close, broken(), r,
			"Content-Length: "+one(m, "-5", "5x", "0x10", "99999999999999999999", "1e3"))
	}},
	{"framing: the same Content-Length twice", onAll, func(m *maker) attempt {
		r, e := m.response(m.truth)
		line := length(len(e.body))
		return m.announced(e, simnet.Close, m.came(e.data, len(e.body)), r, line, line)
	}},
	{"framing: bytes after the end", onAll, func(m *maker) attempt {
		r, e := m.response(m.truth)
		r.Framing = one(m, simnet.Chunked, simnet.Length)
		a := r.Answer()
		a.Wire = append(a.Wire, m.poison(m.Rand)...)
		a.End = m.anyEnd()
		return sends(a, m.came(e.data, len(e.body)))
	}},
}

var proxyKinds = []kind{
	{"proxy: ends a cut body well", onAll, func(m *maker) attempt {
		r, e := m.response(m.something())
		return m.coveredUp(r, e, m.IntN(len(e.body)+1))
	}},
}

// coveredUp returns a response of which a proxy received n bytes of the body
// and ended it as if it were complete.
func (m *maker) coveredUp(r simnet.Response, e encoded, n int) attempt {
	r.Framing, r.Body = simnet.Chunked, e.body[:n]
	return sends(r.Answer(), m.endedEarly(e, n))
}

var paceKinds = []kind{
	{"pace: drip, fast enough", onAll, func(m *maker) attempt {
		r, e := m.response(m.truth)
		a := r.Answer()
		a.Piece, a.Pause = len(a.Wire)/10+1, 2*time.Second
		return sends(a, m.came(e.data, len(e.body)))
	}},
	{"pace: drip, too slow", onAll, func(m *maker) attempt {
		r, _ := m.response(m.something())
		a := r.Answer()
		a.Piece, a.Pause = min(len(a.Wire)/10+1, 1000), 20*time.Second
		return sends(a, broken())
	}},
	{"pace: a long chunk, slow but fast enough", onData, func(m *maker) attempt {
		// One chunk with more data than arrives in the window of 60 s: net/http
		// returns none of it before a buffer is full.
		content := table(m.Rand, 3000, []string{poisonMark + "1"}, []string{"bp_sys"})
		r, e := m.responseIn(codings[0], content)
		r.Framing, r.Chunk = simnet.Chunked, 0
		a := r.Answer()
		a.Piece, a.Pause = 1200, time.Second
		return sends(a, m.came(e.data, len(e.body)))
	}},
	{"pace: in small pieces", onAll, func(m *maker) attempt {
		r, e := m.response(m.truth)
		a := r.Answer()
		a.Piece = max(1+m.IntN(40), len(a.Wire)/100)
		return sends(a, m.came(e.data, len(e.body)))
	}},
}
