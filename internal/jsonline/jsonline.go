// Package jsonline reads and writes values as single lines of canonical JSON,
// in which each value has exactly one spelling, and the files that plans,
// partial results and checkpoints are kept in: a header that names format and
// version, lines, and a trailer with a checksum. See [Format].
package jsonline

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// ErrForm is the error for a line that Marshal returns for no value: it is not
// JSON, has a member that is unknown, repeated or left out, or spells a value
// in another way.
var ErrForm = errors.New("not in canonical form")

var (
	errNoChecksum = errors.New("missing checksum")
	errChecksum   = errors.New("checksum mismatch")
)

// Marshal returns v as JSON without a line feed.
func Marshal(v any) ([]byte, error) {
	var line bytes.Buffer
	if err := newEncoder(&line).Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(line.Bytes(), []byte("\n")), nil
}

// newEncoder returns an encoder of lines.
func newEncoder(w io.Writer) *json.Encoder {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e
}

// Unmarshal sets *v, which must be zero, from a line that Marshal returned. The
// error matches ErrForm for every other line, and does not quote it.
func Unmarshal[T any](line []byte, v *T) error {
	if json.Unmarshal(line, v) != nil {
		return ErrForm
	}
	again := compared{line: line}
	if err := newEncoder(&again).Encode(v); err != nil || !again.equal {
		return ErrForm
	}
	return nil
}

// compared compares a line, with a line feed, that an encoder writes to it, in
// one call. The lines of large results are not worth a copy.
type compared struct {
	line  []byte // without a line feed
	equal bool
}

func (c *compared) Write(p []byte) (int, error) {
	c.equal = bytes.Equal(bytes.TrimSuffix(p, []byte("\n")), c.line)
	return len(p), nil
}
