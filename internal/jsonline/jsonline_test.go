package jsonline_test

import (
	"errors"
	"testing"

	"fastcount/internal/jsonline"
)

type record struct {
	Name  string `json:"name"`
	Count uint64 `json:"count,omitempty"`
}

func TestMarshalIsReadBack(t *testing.T) {
	for _, want := range []record{{}, {"<a&b>\u2028\ufffd", 1<<64 - 1}} {
		line, err := jsonline.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got record
		if err := jsonline.Unmarshal(line, &got); err != nil || got != want {
			t.Errorf("%s: got %v, %v", line, got, err)
		}
	}
	line, err := jsonline.Marshal(record{"<&>", 0})
	if want := `{"name":"<&>"}`; err != nil || string(line) != want {
		t.Errorf("got %s, %v, want %s", line, err, want)
	}
	if _, err := jsonline.Marshal(func() {}); err == nil {
		t.Error("a function was written")
	}
}

func TestOtherFormsAreRefused(t *testing.T) {
	for name, line := range map[string]string{
		"empty":            ``,
		"no JSON":          `{`,
		"trailing data":    `{"name":"a"}{}`,
		"line feed":        "{\"name\":\"a\"}\n",
		"space":            `{"name": "a"}`,
		"unknown member":   `{"name":"a","size":1}`,
		"repeated member":  `{"name":"b","name":"a"}`,
		"missing member":   `{}`,
		"null":             `{"name":null}`,
		"other case":       `{"Name":"a"}`,
		"other order":      `{"count":1,"name":"a"}`,
		"zero written out": `{"name":"a","count":0}`,
		"leading zero":     `{"name":"a","count":01}`,
		"exponent":         `{"name":"a","count":1e2}`,
		"escape":           `{"name":"\u0061"}`,
		"invalid UTF-8":    "{\"name\":\"\xff\"}",
		"too large":        `{"name":"a","count":18446744073709551616}`,
	} {
		var got record
		if err := jsonline.Unmarshal([]byte(line), &got); !errors.Is(err, jsonline.ErrForm) {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
}
