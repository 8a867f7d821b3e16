package mockserver

import (
	"net/http"
	"slices"
	"strings"
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
		if s.exports, err = exportsIn(s.exports, o.Data); err != nil {
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
	resp := s.response(r.Method, t, known)
	if known {
		s.applyFaults(resp, t, r.URL.Path)
	}
	resp.send(w, r)
}

// applyFaults lets every fault that matches the request change its answer.
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

// The requests of the API.
const (
	OnExports Requests = 1 << iota // GET /api/export
	OnExport                       // GET /api/export/{export}
	OnMeta                         // GET /api/export/{export}/{download}
	OnData                         // GET /api/export/{export}/{download}/data

	OnAll = OnExports | OnExport | OnMeta | OnData
)

// target is what a path asks for. The ids are empty where the path has none.
type target struct {
	on               Requests // a single kind
	export, download string
}

// route reads a path, already unescaped. known is false where the API has no such path.
func route(path string) (t target, known bool) {
	rest, known := strings.CutPrefix(path, "/api/export")
	segments := strings.Split(rest, "/") // the first is what follows "export" directly: nothing
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

// answer says what a request is to get where no fault interferes.
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

// exportResponse answers what concerns one export; e is nil where there is no such export. A download id that is no
// UUID is refused before anything is looked up, unless the export lists that very id.
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

// position returns the index of the first download of that id, or -1; e may be nil. An id may also be written in
// another form of the same UUID.
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
