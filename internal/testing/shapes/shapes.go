// Package shapes generates CSV inputs that differ from the rows of the built-in
// exports in one respect each. Benchmarks and tests count them.
//
// The bytes of a shape are the same on every machine and in every run, and the
// rows of a shorter input are a prefix of those of a longer one:
//
//   - uuid: the 20 patient ids are UUIDs of 36 bytes.
//   - quoted: every field is quoted.
//   - crlf: lines end in CR LF.
//   - wide: 40 columns. Counted from 1, patient_id is column 6, event_time 13,
//     event_type 22 and value 31. The others are short, and some are empty.
//   - many-patients: 1,000,000 patient ids from P0000001, in random order.
//   - many-events: 4,096 event types and 1,000 patients.
//
// For the same number of rows, uuid, quoted, crlf and wide hold the same table,
// except for the patient ids of uuid and the additional columns of wide. Every
// patient and every event type occurs once there are that many rows.
package shapes

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// maxRows keeps timestamps within years of four digits.
const maxRows = 1 << 39

// all holds the shapes in the order of Names.
var all = [...]struct {
	name   string
	recipe func() shape
}{
	{"uuid", uuidShape},
	{"quoted", quotedShape},
	{"crlf", crlfShape},
	{"wide", wideShape},
	{"many-patients", manyPatientsShape},
	{"many-events", manyEventsShape},
}

// Names returns the names of all shapes.
func Names() []string {
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = s.name
	}
	return names
}

// Write writes the header and the given number of rows of a shape to w in
// blocks of about 128 KiB, and returns the first error of w. It writes nothing
// and returns an error for an unknown name, or if rows exceeds
// 2^39.
func Write(w io.Writer, name string, rows uint64) error {
	if rows > maxRows {
		return fmt.Errorf("shape %.200q: %d rows: the limit is %d", name, rows, uint64(maxRows))
	}
	for _, s := range all {
		if s.name == name {
			return s.recipe().write(w, rows)
		}
	}
	return fmt.Errorf("shape %.200q: unknown; the shapes are %s", name, strings.Join(Names(), ", "))
}

// WriteFile writes what Write writes to the named file.
func WriteFile(file, name string, rows uint64) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	return errors.Join(Write(f, name, rows), f.Close())
}
