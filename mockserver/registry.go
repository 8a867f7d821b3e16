package mockserver

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	"fastcount/internal/pyrandom"
)

// Export is a list of downloads with an id.
type Export struct {
	ID        string
	Downloads []Download // in the order of the list that the server returns
}

// Download is one stream of an export and its metadata. The metadata are not
// checked against the stream, so that a test can serve incorrect ones.
type Download struct {
	ID       string // a UUID in a real export, but any text is valid
	Rows     uint64 // declared number of rows
	Events   []string
	Patients []string
	Start    time.Time // of the first row; sent without its zone
	End      time.Time

	// Body writes the stream, including the header, and returns the first error
	// of w. It is called for each request, possibly concurrently, and must
	// write the same bytes each time. If it is nil, the stream is empty.
	Body func(w io.Writer) error

	file string // if set, the file that holds the stream
}

// Builtin returns the exports demo, small and large. Their rows are generated
// by Body and not stored.
func Builtin() []Export {
	exports := make([]Export, len(specs))
	for i, s := range specs {
		exports[i] = s.export()
	}
	return exports
}

// lookup returns the export with the given id, or nil.
func lookup(exports []Export, id string) *Export {
	for i := range exports {
		if exports[i].ID == id {
			return &exports[i]
		}
	}
	return nil
}

// spec defines a built-in export.
type spec struct {
	id               string
	downloads        int
	minRows, maxRows int64 // per download
	events           []string
	letter           byte // first byte of the patient ids
	patients         int  // size of the pool
	step             time.Duration
}

var specs = [...]spec{
	{"demo", 2, 5_000, 10_000, []string{"bp_sys", "bp_dia"}, 'P', 4, 7 * time.Second},
	{"small", 10, 500_000, 1_000_000, []string{"heart_rate", "spo2"}, 'S', 6, 3 * time.Second},
	{"large", 20, 5_000_000, 10_000_000, []string{"heart_rate", "spo2", "bp_sys", "bp_dia"}, 'L', 20,
		300 * time.Millisecond},
}

// epoch is the start of every built-in export.
var epoch = time.Date(2025, time.August, 26, 0, 0, 0, 0, time.UTC)

// export returns the export that s defines. The order in which random numbers
// are drawn determines the data.
func (s spec) export() Export {
	r, pool, start := pyrandom.New(s.id), s.pool(), epoch
	e := Export{ID: s.id, Downloads: make([]Download, s.downloads)}
	for i := range e.Downloads {
		id := downloadID(s.id, i)
		rows := r.RandInt(s.minRows, s.maxRows)
		patients := pyrandom.Sample(r, pool, int(r.RandInt(2, int64(s.patients))))
		end := start.Add(time.Duration(rows) * s.step)
		body := stream{seed: id, rows: uint64(rows), events: s.events, patients: patients, start: start, step: s.step}
		e.Downloads[i] = Download{
			ID: id.String(), Rows: body.rows, Events: s.events, Patients: patients, Start: start, End: end,
			Body: body.write,
		}
		start = end
	}
	return e
}

// pool returns the patient ids from which each download takes a sample.
func (s spec) pool() []string {
	ids := make([]string, s.patients)
	for i := range ids {
		ids[i] = fmt.Sprintf("%c%03d", s.letter, i+1)
	}
	return ids
}

// downloadID returns the id of download i of an export: a hash in the form of a
// random UUID.
func downloadID(export string, i int) uuid {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s_%d", export, i))
	id := uuid(sum[:16])
	id[6] = id[6]&0x0f | 4<<4 // version 4
	id[8] = id[8]&0x3f | 2<<6 // variant of RFC 9562
	return id
}

// uuid is a UUID (RFC 9562).
type uuid [16]byte

// parseUUID parses a UUID in any form that Python's uuid.UUID accepts: with
// hyphens at any positions or none, braces, the prefix urn:uuid:, and letters
// of either case.
func parseUUID(s string) (id uuid, ok bool) {
	s = strings.NewReplacer("urn:", "", "uuid:", "").Replace(s)
	s = strings.ReplaceAll(strings.Trim(s, "{}"), "-", "")
	if len(s) != hex.EncodedLen(len(id)) {
		return id, false
	}
	_, err := hex.Decode(id[:], []byte(s))
	return id, err == nil
}

// String returns the canonical form: lower case, in five groups.
func (u uuid) String() string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}
