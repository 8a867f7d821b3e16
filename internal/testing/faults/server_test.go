package faults

import (
	"bytes"
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"fastcount/engine"
	"fastcount/internal/testing/simnet"
)

// begin starts the next attempt.
func (e *endpoint) begin() attempt {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.asked = append(e.asked, time.Now())
	e.hop = 0
	return e.attempts[min(len(e.asked), len(e.attempts))-1]
}

// next returns the next attempt, or the current one if it is being redirected.
func (e *endpoint) next() (a attempt, redirected bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if n := len(e.asked); n > 0 && e.hop < len(e.attempts[min(n, len(e.attempts))-1].hops) {
		return attempt{}, true
	}
	return e.attempts[min(len(e.asked)+1, len(e.attempts))-1], false
}

// follow responds to the request that follows a redirect.
func (e *endpoint) follow() (simnet.Answer, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	hops := e.attempts[min(len(e.asked), len(e.attempts))-1].hops
	if e.hop == len(hops) {
		return simnet.Answer{}, false
	}
	e.hop++
	return hops[e.hop-1], true
}

// questionKey is the context key of the requested endpoint.
type questionKey struct{}

// connect returns the outcome of a connection for the present attempt. Requests
// to the API are identified by their order.
func (w *world) connect(ctx context.Context, address string) simnet.Connect {
	if address != host+":80" {
		w.odd("a connection to %s", address)
	}
	e, ok := ctx.Value(questionKey{}).(*endpoint)
	if !ok {
		e = w.apiEndpoint()
	}
	a, redirected := e.next()
	if redirected || a.connect == simnet.Accept {
		return simnet.Accept
	}
	w.count()
	e.begin()
	return a.connect
}

// apiEndpoint returns the first question to the API that has attempts left.
func (w *world) apiEndpoint() *endpoint {
	for _, e := range append([]*endpoint{w.list}, w.metas...) {
		e.mu.Lock()
		n := len(e.asked)
		redirected := n > 0 && e.hop < len(e.attempts[min(n, len(e.attempts))-1].hops)
		e.mu.Unlock()
		if n < e.expected || redirected {
			return e
		}
	}
	return w.list
}

func (w *world) count() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.n++
	if w.step != nil {
		w.step(w.n)
	}
}

// answer responds to one request.
func (w *world) answer(r *simnet.Request) simnet.Answer {
	if got := r.Header("Authorization"); got != "Bearer "+token || !strings.HasPrefix(r.Host, host) {
		w.odd("%s was asked for %s with %q", r.Host, r.Target, got)
	}
	target, _, _ := strings.Cut(r.Target, "?")
	path, redirected := strings.CutPrefix(target, hopTo)
	for _, e := range w.endpoints() {
		switch {
		case e.path != path:
		case redirected:
			if a, ok := e.follow(); ok {
				return a
			}
		default:
			switch a, _ := e.next(); {
			case r.Kept && a.ends():
				return simnet.Answer{} // the client must connect and request again: that is not an attempt
			case a.connect != simnet.Accept:
				w.odd("%s: a connection that was not to be made", path)
				return simnet.Answer{}
			}
			w.count()
			a := e.begin().answer(time.Now())
			if a.End == simnet.Again {
				a.Idle = w.idle(e)
			}
			return a
		}
	}
	w.odd("a request for %s", r.Target)
	return simnet.Answer{}
}

// idle returns what the server does with the connection after an answer. None
// of it may cost an attempt, or change a result.
func (w *world) idle(e *endpoint) simnet.Idle {
	e.mu.Lock()
	n := len(e.asked)
	e.mu.Unlock()
	hash := fnv.New64()
	fmt.Fprint(hash, e.path, n)
	r := rand.New(rand.NewPCG(w.seed, hash.Sum64()))
	kind := r.IntN(len(idleKinds))
	idle := idleKinds[kind].make(r, e)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.idles = append(w.idles, idleKinds[kind].name)
	return idle
}

// idleKinds are kinds of behavior of a server on an idle connection.
var idleKinds = []struct {
	name string
	make func(r *rand.Rand, e *endpoint) simnet.Idle
}{
	{"idle: kept", func(*rand.Rand, *endpoint) simnet.Idle { return simnet.Idle{} }},
	{"idle: closed", func(r *rand.Rand, _ *endpoint) simnet.Idle {
		return simnet.Idle{After: someTime(r), End: simnet.Close}
	}},
	{"idle: reset", func(r *rand.Rand, _ *endpoint) simnet.Idle {
		return simnet.Idle{After: someTime(r), End: simnet.Reset}
	}},
	{"idle: a timeout is answered", func(r *rand.Rand, _ *endpoint) simnet.Idle {
		return simnet.Idle{After: someTime(r), Wire: []byte("HTTP/1.0 408 Request Time-out\r\n\r\n"), End: simnet.Close}
	}},
	{"idle: something is sent", func(r *rand.Rand, e *endpoint) simnet.Idle {
		return simnet.Idle{After: someTime(r), Wire: e.poison(r), End: simnet.Again}
	}},
	{"idle: an answer is sent", func(r *rand.Rand, e *endpoint) simnet.Idle {
		wire, _ := simnet.Response{Header: e.header, Body: e.poison(r), Framing: simnet.Length}.Wire()
		return simnet.Idle{After: someTime(r), Wire: wire, End: simnet.Again}
	}},
	{"idle: closed instead of an answer", func(r *rand.Rand, _ *endpoint) simnet.Idle {
		return simnet.Idle{Deaf: true, End: simnet.Close}
	}},
	{"idle: reset instead of an answer", func(r *rand.Rand, _ *endpoint) simnet.Idle {
		return simnet.Idle{Deaf: true, End: simnet.Reset}
	}},
}

// someTime returns a time after which a server loses patience with an idle
// connection.
func someTime(r *rand.Rand) time.Duration {
	return []time.Duration{1, time.Millisecond, time.Second, 20 * time.Second}[r.IntN(4)]
}

// proof returns the proof of completeness of the last attempt, derived from the
// bytes that the server sent.
func (e *endpoint) proof() engine.Proof {
	a := e.attempts[min(e.expected, len(e.attempts))-1]
	if a.answer == nil {
		return engine.ProofNone
	}
	wire := a.answer(time.Time{}).Wire
	if len(a.hops) > 0 {
		wire = a.hops[len(a.hops)-1].Wire
	}
	head, body, _ := bytes.Cut(wire, []byte("\r\n\r\n"))
	if bytes.HasPrefix(head, []byte("HTTP/1.1 103")) {
		head, body, _ = bytes.Cut(body, []byte("\r\n\r\n"))
	}
	chunked := bytes.Contains(head, []byte("Transfer-Encoding"))
	if chunked {
		body = unchunked(body)
	}
	switch {
	case bytes.Contains(head, []byte("Content-Length")):
		return engine.ProofLength
	case bytes.Contains(head, []byte("Content-Encoding")), compressed(body):
		return engine.ProofChecksum
	case chunked:
		return engine.ProofFraming
	}
	return engine.ProofNone
}

// unchunked returns the content of the well-formed beginning of a chunked body.
func unchunked(wire []byte) (content []byte) {
	for {
		line, rest, _ := bytes.Cut(wire, []byte("\r\n"))
		n, err := strconv.ParseInt(string(line), 16, 32)
		if err != nil || n <= 0 || n+2 > int64(len(rest)) {
			return content
		}
		content = append(content, rest[:n]...)
		wire = rest[n+2:]
	}
}

// compressed reports whether a body begins like gzip or zstd data.
func compressed(body []byte) bool {
	return bytes.HasPrefix(body, []byte("\x1f\x8b")) || bytes.HasPrefix(body, []byte("\x28\xb5\x2f\xfd"))
}
