package faults

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"fastcount/internal/testing/oracle"
)

// Prefixes of patient ids: of those in correct data, and of those in data that
// must not be counted. No error may contain either.
const (
	patientMark = "Patient~"
	poisonMark  = "Poison~"
)

// declaration is the metadata of a download.
type declaration struct {
	rows     uint64
	patients []string
	events   []string
}

// download is the true content of one download of the simulated export.
type download struct {
	id       string
	data     []byte
	declared declaration
}

type counts map[[2]string]uint64

// newDownload returns a random download.
func newDownload(r *rand.Rand, id string) download {
	d := download{id: id}
	for i := range 1 + r.IntN(6) {
		d.declared.patients = append(d.declared.patients, fmt.Sprint(patientMark, r.IntN(3), i))
	}
	d.declared.events = []string{"bp_sys", "bp_dia", "heart_rate", "sp,o2"}[:1+r.IntN(4)]
	rows := r.IntN(30)
	if r.IntN(500) == 0 {
		rows = 1500 + r.IntN(500) // longer than what is looked at at once
	}
	d.declared.rows = uint64(rows)
	d.data = table(r, rows, d.declared.patients, d.declared.events)
	return d
}

// poison returns data like that of d, of another patient.
func (d download) poison(r *rand.Rand) []byte {
	return table(r, max(int(d.declared.rows), 1), []string{poisonMark + "1", poisonMark + "2"}, d.declared.events)
}

// times are timestamps with and without a fraction, as in an export.
var times = [2]string{"2025-08-26T00:00:04.906404Z", "2025-08-26T00:00:07Z"}

// table returns a random CSV with that number of rows, in a random dialect.
func table(r *rand.Rand, rows int, patients, events []string) []byte {
	order := r.Perm(4)
	quoted, end := r.IntN(4) == 0, "\n"
	if r.IntN(3) == 0 {
		end = "\r\n"
	}
	var out strings.Builder
	line := func(fields ...string) {
		for i, at := range order {
			if i > 0 {
				out.WriteByte(',')
			}
			out.WriteString(quote(fields[at], quoted))
		}
		out.WriteString(end)
	}
	line("patient_id", "event_time", "event_type", "value")
	for i := range rows {
		line(patients[r.IntN(len(patients))], times[i%2], events[r.IntN(len(events))], strconv.Itoa(r.IntN(200)))
	}
	data := out.String()
	if rows > 0 && r.IntN(5) == 0 {
		data = strings.TrimSuffix(data, end)
	}
	return []byte(data)
}

func quote(field string, always bool) string {
	if always || strings.Contains(field, ",") {
		return `"` + field + `"`
	}
	return field
}

// judge returns the required result of data that appears complete: the verdict,
// and the counts if it is valid CSV.
func (d declaration) judge(data []byte) (verdict, class, counts) {
	got, err := countAll(data)
	if err != nil {
		return once, classSyntax, nil
	}
	rows, declared := uint64(0), true
	for pair, n := range got {
		rows += n
		declared = declared && slices.Contains(d.patients, pair[0]) && slices.Contains(d.events, pair[1])
	}
	if rows != d.rows || !declared {
		return once, classMismatch, got
	}
	return fine, "", got
}

func countAll(data []byte) (counts, error) {
	return oracle.Counts(data, ',', "patient_id", "event_type")
}
