package mockserver

import (
	"net/http"
	"sync"
)

// Options say what a server offers and how it misbehaves. The zero value is a well-behaved server of the built-in
// exports.
type Options struct {
	// Exports are offered in this order; nil means Builtin().
	Exports []Export

	// Data, if set, is a folder of files as Generate writes them, in the folder itself or in one named after the
	// export. Only the exports all of whose files are there are offered, each file as it is, with a Content-Length.
	Data string

	// Faults change answers. Each request gets all faults that match it, in this order.
	Faults []Fault

	// OnRequest, if set, sees every request before it is answered. Several goroutines call it at once.
	OnRequest func(*http.Request)
}

// New returns a server of the export API. It fails where Data holds no whole export or cannot be read, and where a
// fault makes no sense.
func New(o Options) (http.Handler, error) {
	s := &server{exports: o.Exports, faults: o.Faults, onRequest: o.OnRequest, seen: map[string]int{}}
	if s.exports == nil {
		s.exports = Builtin()
	}
	if o.Data != "" {
		var err error
		if s.exports, err = onDisk(s.exports, o.Data); err != nil {
			return nil, err
		}
	}
	for _, f := range s.faults {
		if err := f.validate(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// server is the handler that New returns.
type server struct {
	exports   []Export
	faults    []Fault
	onRequest func(*http.Request)

	mu   sync.Mutex
	seen map[string]int // requests so far, by path; kept only where there are faults
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.onRequest != nil {
		s.onRequest(r)
	}
	t, known := route(r.URL.Path)
	a := s.answer(r.Method, t, known)
	if known {
		s.misbehave(a, t, r.URL.Path)
	}
	a.send(w, r)
}

// misbehave lets every fault that matches the request change its answer.
func (s *server) misbehave(a *answer, t target, path string) {
	if len(s.faults) == 0 {
		return
	}
	s.mu.Lock()
	s.seen[path]++
	attempt := s.seen[path]
	s.mu.Unlock()
	number := lookup(s.exports, t.export).position(t.download) + 1
	for _, f := range s.faults {
		if f.matches(t, number, attempt) {
			f.Do.apply(a)
		}
	}
}
