package mockserver

import (
	"net/http"
	"slices"
	"strings"
)

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
func (s *server) answer(method string, t target, known bool) *answer {
	if !known {
		return failure(http.StatusNotFound, "Not Found")
	}
	if method != http.MethodGet {
		a := failure(http.StatusMethodNotAllowed, "Method Not Allowed")
		a.header.Set("Allow", http.MethodGet)
		return a
	}
	if t.on == OnExports {
		return success(exportList(s.exports))
	}
	return exportAnswer(lookup(s.exports, t.export), t)
}

// exportAnswer answers what concerns one export; e is nil where there is no such export. A download id that is no
// UUID is refused before anything is looked up, unless the export lists that very id.
func exportAnswer(e *Export, t target) *answer {
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
	return e.Downloads[i].answer()
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
