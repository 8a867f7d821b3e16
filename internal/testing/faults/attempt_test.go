package faults

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"

	"fastcount/internal/testing/simnet"
)

// verdict is the required outcome of an attempt: success, retries up to the
// limit, one retry, or no retry.
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

// effect is the required result of an attempt.
type effect struct {
	verdict verdict
	class   class
	is      error // that the failure must match in addition to its class, or nil

	// For data that is valid, or differs only from the declaration:
	data   []byte
	raw    int // bytes of the body
	counts counts

	// For valid metadata:
	declared declaration

	wait time.Duration // least time before the next attempt
}

// attempt is the behavior of the network and the server for one request.
type attempt struct {
	kind    string
	connect simnet.Connect
	answer  func(now time.Time) simnet.Answer
	hops    []simnet.Answer // to the redirects that the answer begins
	want    effect
}

// ends reports whether the server ends the connection without an answer.
func (a attempt) ends() bool {
	if a.connect != simnet.Accept {
		return true
	}
	answer := a.answer(time.Now())
	return len(answer.Wire) == 0 && answer.End != simnet.Stall
}

// longest is the maximum time of one attempt: connecting, the headers, and a
// body or an error body that stalls.
const longest = 10*time.Second + 4*30*time.Second + 60*time.Second + time.Second

// play returns the number of attempts, the result of the last one, and the
// maximum time of all. After the last element of attempts, that element is
// repeated.
//
// If no connection was made before, as is possible for the first request, the
// client stops after three refused attempts, or one without an answer.
func play(attempts []attempt, retries int, first bool) (n int, last effect, bound time.Duration) {
	fetchedOnceMore := false
	for n = 1; ; n++ {
		a := attempts[min(n, len(attempts))-1]
		last = a.want
		first = first && (a.connect == simnet.Refuse || a.connect == simnet.Ignore)
		if first && (a.connect == simnet.Ignore || n >= 3) {
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

// question is a request and the correct response.
type question struct {
	on       requests
	path     string
	header   []string                    // of a right answer
	truth    []byte                      // the content of a right answer
	poison   func(r *rand.Rand) []byte   // a content of which nothing may be counted
	judge    func(content []byte) effect // of a content that seems to be whole
	meta     metadata                    // that truth is made of, of a question to the API
	declared declaration                 // what was declared about the requested data
}

// maker makes attempts for one question.
type maker struct {
	*rand.Rand
	*press
	question
}

// one returns a random element of the values.
func one[T any](m *maker, values ...T) T { return values[m.IntN(len(values))] }

func (m *maker) framing() simnet.Framing { return simnet.Framing(m.IntN(3)) }

// end returns a random end of a connection. anyEnd may also return that the
// connection stays open.
func (m *maker) end() simnet.End    { return one(m, simnet.Close, simnet.Reset) }
func (m *maker) anyEnd() simnet.End { return one(m, simnet.Close, simnet.Reset, simnet.Stall) }

// response returns a response with a random coding and framing.
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

// whole returns an attempt that transfers content without faults.
func (m *maker) whole(content []byte) attempt {
	r, e := m.response(content)
	return m.unspoilt(r, e)
}

func (m *maker) unspoilt(r simnet.Response, e encoded) attempt {
	return sends(r.Answer(), m.came(e.data, len(e.body)))
}

// came returns the effect of content that appears complete after that number of
// bytes of the body.
func (m *maker) came(content []byte, raw int) effect {
	w := m.judge(content)
	w.raw = raw
	return w
}

// good returns an attempt with the correct response.
func (m *maker) good() attempt { return m.whole(m.truth) }

// something returns the content of a response that will fail or be judged by
// the received data: mostly poison.
func (m *maker) something() []byte {
	if m.IntN(4) == 0 {
		return m.truth
	}
	return m.poison(m.Rand)
}

// sends returns an attempt with that response.
func sends(a simnet.Answer, want effect) attempt { return attempt{answer: always(a), want: want} }

func always(a simnet.Answer) func(time.Time) simnet.Answer {
	return func(time.Time) simnet.Answer { return a }
}

// fails returns the effect of a failed attempt.
func fails(v verdict, c class, is ...error) effect {
	return effect{verdict: v, class: c, is: cmp.Or(append(is, nil)...)}
}
