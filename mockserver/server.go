package mockserver

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Options configures a server. The zero value serves the built-in exports
// without faults.
type Options struct {
	// Exports are the exports to serve, in this order. If it is nil, Builtin()
	// is used.
	Exports []Export

	// Data, if set, is a directory with files as written by Generate, either
	// directly or in a subdirectory with the id of the export. Only exports
	// whose files are complete are served. The response has a Content-Length.
	Data string

	// Faults change responses. All faults that match a request are applied, in
	// this order.
	Faults []Fault

	// OnRequest, if set, is called for each request before the response,
	// possibly concurrently.
	OnRequest func(*http.Request)
}

// New returns a server of the export API. It returns an error if Data cannot be
// read or does not hold a complete export, or if a fault is invalid.
func New(o Options) (http.Handler, error) {
	s := &server{exports: o.Exports, faults: o.Faults, onRequest: o.OnRequest, seen: map[string]int{}}
	if s.exports == nil {
		s.exports = Builtin()
	}
	if o.Data != "" {
		var err error
		if s.exports, err = exportsIn(s.exports, o.Data); err != nil {
			return nil, err
		}
	}
	for i, f := range s.faults {
		if err := f.validate(); err != nil {
			return nil, fmt.Errorf("fault %d: %w", i+1, err)
		}
	}
	return s, nil
}

// server implements the export API.
type server struct {
	exports   []Export
	faults    []Fault
	onRequest func(*http.Request)

	mu   sync.Mutex
	seen map[string]int // number of requests by path; only counted if there are faults
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.onRequest != nil {
		s.onRequest(r)
	}
	t, known := route(r.URL.Path)
	resp := s.response(r.Method, t, known)
	if known {
		s.applyFaults(resp, t, r.URL.Path)
	}
	resp.send(w, r)
}

// applyFaults applies all faults that match the request to its response.
func (s *server) applyFaults(resp *response, t target, path string) {
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
			f.Do.apply(resp)
		}
	}
}

// Requests is a set of kinds of requests.
type Requests uint8

// The kinds of requests of the API.
const (
	OnExports Requests = 1 << iota // GET /api/export
	OnExport                       // GET /api/export/{export}
	OnMeta                         // GET /api/export/{export}/{download}
	OnData                         // GET /api/export/{export}/{download}/data

	OnAll = OnExports | OnExport | OnMeta | OnData
)

// target is the resource that a path identifies. Ids that the path does not
// contain are empty.
type target struct {
	on               Requests // one kind
	export, download string
}

// route returns the target of an unescaped path. It reports whether the API has
// such a path.
func route(path string) (t target, known bool) {
	rest, known := strings.CutPrefix(path, "/api/export")
	segments := strings.Split(rest, "/") // the first is empty
	if !known || segments[0] != "" || slices.Contains(segments[1:], "") {
		return target{}, false
	}
	switch ids := segments[1:]; {
	case len(ids) == 0:
		return target{on: OnExports}, true
	case len(ids) == 1:
		return target{OnExport, ids[0], ""}, true
	case len(ids) == 2:
		return target{OnMeta, ids[0], ids[1]}, true
	case len(ids) == 3 && ids[2] == "data":
		return target{OnData, ids[0], ids[1]}, true
	}
	return target{}, false
}

// response returns the response to a request without faults.
func (s *server) response(method string, t target, known bool) *response {
	if !known {
		return failure(http.StatusNotFound, "Not Found")
	}
	if method != http.MethodGet {
		resp := failure(http.StatusMethodNotAllowed, "Method Not Allowed")
		resp.header.Set("Allow", http.MethodGet)
		return resp
	}
	if t.on == OnExports {
		return success(exportList(s.exports))
	}
	return exportResponse(lookup(s.exports, t.export), t)
}

// exportResponse returns the response to a request for a resource of e, which
// is nil if the export does not exist. A download id that is not a UUID is
// rejected before any look-up, unless e has a download with exactly that id.
func exportResponse(e *Export, t target) *response {
	i := e.position(t.download)
	_, valid := parseUUID(t.download)
	switch {
	case t.on != OnExport && i < 0 && !valid:
		return failure(http.StatusUnprocessableEntity, invalidUUID)
	case e == nil:
		return failure(http.StatusNotFound, "Export not found")
	case t.on == OnExport:
		return success(newListing(e))
	case i < 0:
		return failure(http.StatusNotFound, "Download not found")
	case t.on == OnMeta:
		return success(newMetadata(&e.Downloads[i]))
	}
	return e.Downloads[i].response()
}

// position returns the index of the first download with the given id, or -1.
// Other forms of the same UUID match. e may be nil.
func (e *Export) position(id string) int {
	if e == nil {
		return -1
	}
	canonical := id
	if u, ok := parseUUID(id); ok {
		canonical = u.String()
	}
	return slices.IndexFunc(e.Downloads, func(d Download) bool { return d.ID == id || d.ID == canonical })
}
