// Package jsonline reads and writes values as single lines of JSON that have
// exactly one form each, so that a file of such lines cannot be changed without
// changing what it means.
package jsonline

import (
	"bytes"
	"encoding/json"
	"errors"
)

// ErrForm reports that a line is not what Marshal returns for any value: it is
// not JSON, or has a member that is unknown, repeated or left out, or is spelled
// in another way.
var ErrForm = errors.New("not in the form in which it is written")

// Marshal returns v as JSON without a line feed.
func Marshal(v any) ([]byte, error) {
	var line bytes.Buffer
	e := json.NewEncoder(&line)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(line.Bytes(), []byte("\n")), nil
}

// Unmarshal sets *v, which must be zero, from a line that Marshal returned. The
// error matches ErrForm for every other line, and does not quote it.
func Unmarshal[T any](line []byte, v *T) error {
	if json.Unmarshal(line, v) != nil {
		return ErrForm
	}
	again, err := Marshal(v)
	if err != nil || !bytes.Equal(again, line) {
		return ErrForm
	}
	return nil
}
