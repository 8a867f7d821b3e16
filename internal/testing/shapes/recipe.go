package shapes

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
)

// shape describes a file: the names that occur in it, and the text around the
// four fields of a row that a counter may ask for.
type shape struct {
	patients      int                               // number of distinct patients
	appendPatient func(dst []byte, n uint32) []byte // appends the id of patient n, from 0
	events        []event
	gaps          [5]gap // before patient_id, event_time, event_type and value, and after value
}

// event is an event type and the distribution of its values: a normal
// distribution, clamped.
type event struct {
	name            string
	mean, deviation int64
	low, high       int64
}

// gap is the text between two of the four fields, including delimiters, quotes
// and line ends. If it holds additional columns, there are several texts, and
// each row gets one of them at random.
type gap struct {
	header string
	texts  []string // 1 to 256
}

// plainEvents are the event types of the export large.
var plainEvents = []event{
	{"heart_rate", 75, 15, 30, 200},
	{"spo2", 97, 2, 70, 100},
	{"bp_sys", 120, 20, 60, 250},
	{"bp_dia", 80, 15, 30, 150},
}

// plainShape has the names and the format of the export large. The other shapes
// are derived from it.
func plainShape() shape {
	return shape{20, numbered('L', 3), plainEvents, delimited("", ",", "\n")}
}

func uuidShape() shape {
	s := plainShape()
	ids := uuids(s.patients)
	s.appendPatient = func(dst []byte, n uint32) []byte { return append(dst, ids[n]...) }
	return s
}

func quotedShape() shape {
	s := plainShape()
	s.gaps = delimited(`"`, `","`, "\"\n")
	return s
}

func crlfShape() shape {
	s := plainShape()
	s.gaps = delimited("", ",", "\r\n")
	return s
}

func wideShape() shape {
	s := plainShape()
	s.gaps = wideGaps(rand.NewPCG(40, 0))
	return s
}

func manyPatientsShape() shape {
	s := plainShape()
	s.patients, s.appendPatient = 1_000_000, numbered('P', 7)
	return s
}

func manyEventsShape() shape {
	s := plainShape()
	s.patients, s.appendPatient = 1000, numbered('P', 4)
	s.events = manyEvents(256)
	return s
}

// delimited returns the gaps of a row without additional columns.
func delimited(first, between, last string) (gaps [5]gap) {
	for i, text := range [...]string{first, between, between, between, last} {
		gaps[i] = gap{text, []string{text}}
	}
	return gaps
}

// numbered returns a function that appends a letter and the number of the
// patient from 1, padded with zeros to the given number of digits, at most 7.
func numbered(letter byte, digits int) func(dst []byte, n uint32) []byte {
	return func(dst []byte, n uint32) []byte {
		dst = append(append(dst, letter), "0000000"[:digits]...)
		for i, left := len(dst)-1, n+1; left > 0; i, left = i-1, left/10 {
			dst[i] = '0' + byte(left%10)
		}
		return dst
	}
}

// uuids returns n ids in the form of random UUIDs (RFC 9562, version 4).
func uuids(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		id := sha256.Sum256(fmt.Appendf(nil, "shape_%d", i))
		id[6] = id[6]&0x0f | 4<<4 // version
		id[8] = id[8]&0x3f | 2<<6 // variant
		ids[i] = fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:16])
	}
	return ids
}

// manyEvents returns sixteen families of n event types each. Their names have 7
// to 14 bytes: a length that cannot be predicted costs a counter more than a
// long name.
func manyEvents(n int) []event {
	families := [...]string{
		"lab", "med", "temp", "spo2", "pulse", "bp_sys", "bp_dia", "weight",
		"glucose", "lactate", "resp_rate", "potassium", "heart_rate", "creatinine", "hemoglobin", "urine_rate",
	}
	var list []event
	for i, family := range families {
		for j := range n {
			e := plainEvents[i%len(plainEvents)]
			e.name = fmt.Sprintf("%s_%03d", family, j)
			list = append(list, e)
		}
	}
	return list
}
