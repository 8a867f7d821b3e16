package faults

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"

	"fastcount/internal/testing/simnet"
)

// verdict is what an attempt is worth, as PROMISES says: it succeeds; it is made again as often as retries allow; once
// more; or not.
type verdict uint8

const (
	fine verdict = iota
	again
	once
	final
)

func (v verdict) String() string {
	return [...]string{"fine", "again", "once more", "final"}[v]
}

// effect is what must come of an attempt.
type effect struct {
	verdict verdict
	class   class
	is      error // that the failure must match beside its class; nil for none

	// Where data are fine, or only not what was declared:
	data   []byte
	raw    int // bytes of the body
	counts counts

	// Where metadata are fine:
	declared declaration

	wait time.Duration // least time before the next attempt
}

// attempt is what a client meets when it asks.
type attempt struct {
	kind    string
	connect simnet.Connect
	answer  func(now time.Time) simnet.Answer
	hops    []simnet.Answer // to the redirects that the answer begins
	want    effect
}

// longest bounds the time of one attempt: connecting, the headers, a body or an error's body that stalls.
const longest = 10*time.Second + 4*30*time.Second + 60*time.Second + time.Second

// play says how many attempts there will be, what comes of the last, and how long all of them may take. Behind the last
// of attempts it is repeated.
//
// Where no connection was ever made, as is possible at the first question, three attempts that are refused are enough.
func play(attempts []attempt, retries int, first bool) (n int, last effect, bound time.Duration) {
	fetchedOnceMore := false
	for n = 1; ; n++ {
		a := attempts[min(n, len(attempts))-1]
		last = a.want
		first = first && (a.connect == simnet.Refuse || a.connect == simnet.Ignore)
		if first && a.connect == simnet.Refuse && n >= 3 {
			return n, last, bound + longest
		}
		bound += longest + max(30*time.Second, last.wait)
		switch {
		case last.verdict == fine, last.verdict == final, n > retries, last.verdict == once && fetchedOnceMore:
			return n, last, bound
		}
		fetchedOnceMore = fetchedOnceMore || last.verdict == once
	}
}

// requests are kinds of requests.
type requests uint8

const (
	onList requests = 1 << iota
	onMeta
	onData

	onAPI = onList | onMeta
	onAll = onAPI | onData
)

// question is a request, and the truth about it.
type question struct {
	on       requests
	path     string
	header   []string                    // of a right answer
	truth    []byte                      // the content of a right answer
	poison   func(r *rand.Rand) []byte   // a content of which nothing may be counted
	judge    func(content []byte) effect // of a content that seems to be whole
	meta     metadata                    // that truth is made of, of a question to the API
	declared declaration                 // what was said about the data that are asked for
}

// maker makes attempts at one question.
type maker struct {
	*rand.Rand
	*press
	question
}

// one returns one of the values.
func one[T any](m *maker, values ...T) T { return values[m.IntN(len(values))] }

func (m *maker) framing() simnet.Framing { return simnet.Framing(m.IntN(3)) }

// end is an end of a connection, and anyEnd may also be none.
func (m *maker) end() simnet.End    { return one(m, simnet.Close, simnet.Reset) }
func (m *maker) anyEnd() simnet.End { return one(m, simnet.Close, simnet.Reset, simnet.Stall) }

// response returns an answer with some coding and framing.
func (m *maker) response(content []byte) (simnet.Response, encoded) {
	choice := codings
	if m.on&onAPI != 0 {
		choice = codings[:5]
	}
	return m.responseIn(choice[m.IntN(len(choice))], content)
}

func (m *maker) responseIn(c coding, content []byte) (simnet.Response, encoded) {
	e := m.encode(c, content)
	r := simnet.Response{Header: m.header, Body: e.body, Framing: m.framing()}
	if c.header != "" {
		r.Header = append(slices.Clip(r.Header), "Content-Encoding: "+c.header)
	}
	if m.IntN(2) == 0 {
		r.Chunk = 1 + m.IntN(max(len(e.body), 1))/(1+m.IntN(8))
		r.Chunk = max(r.Chunk, len(e.body)/20, 1)
	}
	return r, e
}

// whole is an attempt that brings content as it should be brought.
func (m *maker) whole(content []byte) attempt {
	r, e := m.response(content)
	return m.unspoilt(r, e)
}

func (m *maker) unspoilt(r simnet.Response, e encoded) attempt {
	return sends(r.Answer(), m.came(e.data, len(e.body)))
}

// came is the effect of a content that seems to be whole, after so many bytes of the body.
func (m *maker) came(content []byte, raw int) effect {
	w := m.judge(content)
	w.raw = raw
	return w
}

// good is the right answer.
func (m *maker) good() attempt { return m.whole(m.truth) }

// something is the content of an answer that will fail, or must be judged by what comes through: mostly poison.
func (m *maker) something() []byte {
	if m.IntN(4) == 0 {
		return m.truth
	}
	return m.poison(m.Rand)
}

// sends is an attempt that gets that answer.
func sends(a simnet.Answer, want effect) attempt { return attempt{answer: always(a), want: want} }

func always(a simnet.Answer) func(time.Time) simnet.Answer {
	return func(time.Time) simnet.Answer { return a }
}

// fails is the effect of an attempt that fails so.
func fails(v verdict, c class, is ...error) effect {
	return effect{verdict: v, class: c, is: cmp.Or(append(is, nil)...)}
}
