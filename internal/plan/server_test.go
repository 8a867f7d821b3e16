package plan

import (
	"errors"
	"strings"
	"testing"

	"fastcount/sources"
)

func TestCheckServer(t *testing.T) {
	file := Entry{File: &File{Digest: someDigest, Path: "a", Size: 1}, Weight: 1}
	of := func(server string) []Entry {
		return []Entry{file, {Download: &Download{Server: server, Export: "x", ID: "d"}, Weight: 1}}
	}
	const server = "http://127.0.0.1:80/base"
	for _, c := range []struct {
		entries []Entry
		own     string
		secrets bool
		want    error
		text    string
	}{
		{[]Entry{file}, "", true, nil, ""},
		{[]Entry{file}, "https://elsewhere", true, nil, ""},
		{of(""), "", false, nil, ""},
		{of(""), "", true, nil, ""}, // the built-in server receives none
		{of(""), server, false, ErrOtherServer, "built-in mock server"},
		{of(server), "", false, nil, ""},
		{of(server), "", true, ErrSecrets, "names: " + server},
		{of(server), server, true, nil, ""},
		{of(server), "http://127.0.0.1/base/", true, nil, ""}, // another spelling
		{of(server), "http://127.0.0.1/", true, ErrOtherServer, server},
		{of(server), "http://127.0.0.1:81/base", false, ErrOtherServer, server},
		{of(server), "https://127.0.0.1:80/base", true, ErrOtherServer, server},
		{of(server), "127.0.0.1", true, sources.ErrArgument, ""},
	} {
		err := written(t, c.entries).CheckServer(c.own, c.secrets)
		if !errors.Is(err, c.want) || err != nil && !strings.Contains(err.Error(), c.text) {
			t.Errorf("%v, --server %q, secrets %v: got %v, want %v", c.entries[len(c.entries)-1].Download, c.own, c.secrets, err, c.want)
		}
	}
}
