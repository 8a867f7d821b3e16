package mockserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// ErrNoShape says that there is no shape of that name.
var ErrNoShape = errors.New("no such shape")

// maxShapeRows keeps timestamps in years of four digits.
const maxShapeRows = 1 << 39

// shapes are in the order in which Shapes lists them.
var shapes = [...]struct {
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

// Shapes returns the names of the shapes: inputs that a counter meets beside rows like those of the built-in exports,
// from which each differs in one respect.
//
//   - uuid: the 20 patient ids are UUIDs of 36 bytes.
//   - quoted: every field is quoted.
//   - crlf: lines end in CR LF.
//   - wide: of 40 columns patient_id is number 6, event_time 13, event_type 22 and value 31, counted from 1. The
//     others are short, and some of their fields are empty.
//   - many-patients: 1,000,000 patient ids, from P0000001 on, in random order.
//   - many-events: 4,096 event types of 1,000 patients.
//
// As many rows of uuid, quoted, crlf and wide are the same table, but for the patients' names in uuid and the other
// columns in wide. In each shape all patients and all event types occur as soon as there are as many rows.
func Shapes() []string {
	names := make([]string, len(shapes))
	for i, s := range shapes {
		names[i] = s.name
	}
	return names
}

// WriteShape writes the header and so many rows of a shape to w, in blocks of about 128 KiB, and returns the first
// error of w. The bytes are the same on every machine and in every run, and those of fewer rows are a prefix of those
// of more. The error of an unknown name matches ErrNoShape; more than 2^39 rows are an error too. Nothing is written
// then.
func WriteShape(w io.Writer, name string, rows uint64) error {
	s, err := findShape(name, rows)
	if err != nil {
		return err
	}
	return s.write(w, rows)
}

// GenerateShape writes what WriteShape writes as the file <name>.csv into dir, which it makes if need be, and returns
// the file's path. As with Generate the file appears under its name only once it is whole and on the disk, in place of
// an older one, and nothing is left behind when writing fails or ctx ends. report, unless nil, hears of the file once
// it is there; bytes is its size. For the errors of a wrong name or number of rows see WriteShape.
func GenerateShape(ctx context.Context, name string, rows uint64, dir string,
	report func(file string, rows uint64, bytes int64)) (file string, err error) {
	s, err := findShape(name, rows)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	file = filepath.Join(dir, name+".csv")
	size, err := writeWhole(ctx, file, func(w io.Writer) error { return s.write(w, rows) })
	if err != nil {
		return "", err
	}
	if err := syncFolder(dir); err != nil {
		return "", err
	}
	if report != nil {
		report(file, rows, size)
	}
	return file, nil
}

// findShape returns the shape of that name, if it can have so many rows.
func findShape(name string, rows uint64) (shape, error) {
	if rows > maxShapeRows {
		return shape{}, fmt.Errorf("a shape has at most %d rows, not %d", uint64(maxShapeRows), rows)
	}
	for _, s := range shapes {
		if s.name == name {
			return s.recipe(), nil
		}
	}
	return shape{}, fmt.Errorf("%w: %.200q", ErrNoShape, name)
}
