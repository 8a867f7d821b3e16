package faults

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"fastcount/internal/testing/simnet"
)

const (
	host   = "export.test"
	origin = "http://" + host
	token  = "canary-token"
	export = "exp"
)

// endpoint is one question, its attempts, and their required results.
type endpoint struct {
	question
	attempts []attempt

	// As returned by play:
	expected int
	last     effect
	bound    time.Duration

	mu    sync.Mutex
	asked []time.Time // when each attempt began
	hop   int         // of the redirects of the last attempt that are answered
}

// verify is how a run treats downloads that differ from what is declared.
type verify int

const (
	strict verify = iota
	warn
	off
)

// world is a server and its faults.
type world struct {
	downloads []download
	retries   int
	transfers int
	verify    verify

	list  *endpoint
	metas []*endpoint // none if the list cannot be had
	data  []*endpoint // none if the metadata cannot be had
	urls  []*endpoint // likewise; data of which nothing is declared

	seed uint64 // of what happens to idle connections

	mu    sync.Mutex
	idles []string    // kinds of what was done to idle connections
	odds  []string    // what should not have happened
	step  func(n int) // if set, called with the number of each request
	n     int
}

func (w *world) odd(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.odds = append(w.odds, fmt.Sprintf(format, args...))
}

// newWorld returns a server with random faults.
func newWorld(r *rand.Rand, p *press) *world {
	w := &world{retries: []int{-1, 1, 1, 2, 3, 7}[r.IntN(6)], transfers: 1 + r.IntN(4), seed: r.Uint64()}
	if r.IntN(6) == 0 {
		w.verify = []verify{warn, off}[r.IntN(2)]
	}
	for i := range 1 + r.IntN(1+r.IntN(4)) {
		w.downloads = append(w.downloads, newDownload(r, fmt.Sprint("d", i)))
	}
	faults := make([]int, 1+2*len(w.downloads)) // how many at each question
	for range r.IntN(5) {
		faults[w.place(r)]++
	}
	w.list = w.endpoint(r, p, w.listQuestion(), faults[0])
	if w.list.last.verdict != fine {
		return w
	}
	for i := range w.downloads {
		w.metas = append(w.metas, w.endpoint(r, p, w.metaQuestion(i), faults[1+i]))
	}
	if w.failedMeta() >= 0 {
		return w
	}
	for i := range w.downloads {
		q := w.dataQuestion(i, w.metas[i].last.declared)
		w.data = append(w.data, w.endpoint(r, p, q, faults[1+len(w.downloads)+i]))
	}
	if r.IntN(4) == 0 {
		w.urls = append(w.urls, w.endpoint(r, p, urlQuestion(r), r.IntN(3)))
	}
	return w
}

// place chooses the question that has faults: mostly one for data.
func (w *world) place(r *rand.Rand) int {
	n := len(w.downloads)
	switch r.IntN(8) {
	case 0:
		return 0
	case 1, 2:
		return 1 + r.IntN(n)
	}
	return 1 + n + r.IntN(n)
}

// endpoint returns an endpoint with that number of faults, sometimes with a
// permanent one.
func (w *world) endpoint(r *rand.Rand, p *press, q question, faults int) *endpoint {
	m := &maker{r, p, q}
	e := &endpoint{question: q}
	choice := kindsOf[q.on]
	for range faults {
		k := choice[r.IntN(len(choice))]
		times := 1
		if r.IntN(5) == 0 {
			times = 1 + max(w.retries, 0)
		}
		for range times {
			e.attempts = append(e.attempts, m.fault(k))
		}
	}
	e.attempts = append(e.attempts, m.good())
	e.expected, e.last, e.bound = play(e.attempts, w.retries, q.on == onList)
	if q.on == onMeta && slices.ContainsFunc(e.attempts, func(a attempt) bool { return a.connect != simnet.Accept }) {
		w.transfers = 1 // connections are attributed to this question by order
	}
	return e
}

// failedMeta returns the index of the first download whose metadata request
// fails, or -1.
func (w *world) failedMeta() int {
	return slices.IndexFunc(w.metas, func(e *endpoint) bool { return e.last.verdict != fine })
}

func (w *world) listQuestion() question {
	ids := make([]string, len(w.downloads))
	for i, d := range w.downloads {
		ids[i] = d.id
	}
	return apiQuestion(onList, "/api/export/"+export, export, metadata{"download_ids": quoteJSON(ids)}, declaration{})
}

func (w *world) metaQuestion(i int) question {
	d := w.downloads[i]
	return apiQuestion(onMeta, "/api/export/"+export+"/"+d.id, d.id, metadata{
		"rows": fmt.Sprint(d.declared.rows), "patients": quoteJSON(d.declared.patients),
		"event_types": quoteJSON(d.declared.events), "start_time": `"2025-08-26T00:00:00"`,
	}, d.declared)
}

func apiQuestion(on requests, path, id string, meta metadata, d declaration) question {
	truth := meta.with("id", quoteJSON(id)).json()
	return question{
		on: on, path: path, header: []string{"Content-Type: application/json"},
		meta: meta.with("id", quoteJSON(id)), truth: truth,
		poison: func(*rand.Rand) []byte {
			return meta.with("id", `"other"`).with("patients", `["`+poisonMark+`1"]`).with("rows", "1").json()
		},
		judge: func(content []byte) effect {
			if string(content) == string(truth) {
				return effect{declared: d}
			}
			return malformed
		},
	}
}

func (w *world) dataQuestion(i int, declared declaration) question {
	d := w.downloads[i]
	return question{
		on: onData, path: "/api/export/" + export + "/" + d.id + "/data",
		header: []string{"Content-Type: text/csv; charset=utf-8"}, truth: d.data, poison: d.poison, declared: declared,
		judge: func(content []byte) effect {
			v, c, counts := declared.judge(content)
			if c == classMismatch && w.verify == off {
				v, c = fine, ""
			}
			return effect{verdict: v, class: c, data: content, counts: counts}
		},
	}
}

// urlQuestion returns a question for random data at a URL.
func urlQuestion(r *rand.Rand) question {
	d := newDownload(r, "")
	return question{on: onData, path: "/files/x.csv", truth: d.data, poison: d.poison, judge: func(content []byte) effect {
		e := anything(content)
		if e.verdict == final {
			e.verdict = once
		}
		return e
	}}
}

// endpoints returns all endpoints in the order of sequential requests.
func (w *world) endpoints() []*endpoint {
	return slices.Concat([]*endpoint{w.list}, w.metas, w.data, w.urls)
}
