package mockserver

import (
	"fmt"
	"math/rand/v2"
)

// shape is the recipe of a file: its names, and what stands around the four wanted fields of a row.
type shape struct {
	patients      int                               // how many there are
	appendPatient func(dst []byte, n uint32) []byte // appends the name of patient n, from 0
	events        []kind
	gaps          [5]gap // before patient_id, event_time, event_type and value, and behind value
}

// kind is an event type and what its values look like.
type kind struct {
	name string
	normal
}

// gap is what stands between two wanted fields, delimiters, quotes and line ends included. Where there are other
// columns it has several texts, of which each row gets any.
type gap struct {
	header string
	texts  []string // at least 1, at most 256
}

// plainShape has the names and the form of the export large; the others start from it.
func plainShape() shape {
	return shape{20, numbered('L', 3), kinds("heart_rate", "spo2", "bp_sys", "bp_dia"), separated("", ",", "\n")}
}

func uuidShape() shape {
	s := plainShape()
	s.appendPatient = listed(uuidNames(s.patients))
	return s
}

func quotedShape() shape {
	s := plainShape()
	s.gaps = separated(`"`, `","`, "\"\n")
	return s
}

func crlfShape() shape {
	s := plainShape()
	s.gaps = separated("", ",", "\r\n")
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
	s.events = manyKinds(256)
	return s
}

// separated returns the gaps of a row with no other columns.
func separated(first, between, last string) (gaps [5]gap) {
	for i, text := range [...]string{first, between, between, between, last} {
		gaps[i] = gap{text, []string{text}}
	}
	return gaps
}

// numbered names patients by a letter and their number from 1, in so many digits: at most seven.
func numbered(letter byte, digits int) func(dst []byte, n uint32) []byte {
	return func(dst []byte, n uint32) []byte {
		dst = append(append(dst, letter), "0000000"[:digits]...)
		for i, left := len(dst)-1, n+1; left > 0; i, left = i-1, left/10 {
			dst[i] = '0' + byte(left%10)
		}
		return dst
	}
}

// listed names patients by a list.
func listed(names []string) func(dst []byte, n uint32) []byte {
	return func(dst []byte, n uint32) []byte { return append(dst, names[n]...) }
}

func uuidNames(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = downloadID("shape", i).String()
	}
	return names
}

// kinds returns the event types of the built-in exports that have these names.
func kinds(names ...string) []kind {
	list := make([]kind, len(names))
	for i, name := range names {
		list[i] = kind{name, normals[name]}
	}
	return list
}

// manyKinds returns sixteen families of so many event types each. Their names have from 7 to 14 bytes: a length that
// cannot be foreseen costs a counter more than a long name does.
func manyKinds(each int) []kind {
	families := [...]string{
		"lab", "med", "temp", "spo2", "pulse", "bp_sys", "bp_dia", "weight",
		"glucose", "lactate", "resp_rate", "potassium", "heart_rate", "creatinine", "hemoglobin", "urine_rate",
	}
	alike := kinds("heart_rate", "spo2", "bp_sys", "bp_dia")
	var list []kind
	for i, family := range families {
		for n := range each {
			list = append(list, kind{fmt.Sprintf("%s_%03d", family, n), alike[i%len(alike)].normal})
		}
	}
	return list
}
