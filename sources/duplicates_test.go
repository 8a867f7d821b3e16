package sources

import (
	"errors"
	"strings"
	"testing"
)

// TestDownloadOfTwoExports: an id identifies a download on its server.
func TestDownloadOfTwoExports(t *testing.T) {
	type entry struct{ server, export, id string }
	tests := []struct {
		name    string
		entries []entry
		same    bool // AllowSameIDs
		want    []string
	}{
		{"two exports", []entry{{"http://h", "x", "d1"}, {"http://h", "x", "d2"}, {"http://h", "y", "d2"}}, false, []string{"d2", "x and y"}},
		{"two spellings of the server", []entry{{"http://h/p", "x", "d1"}, {"HTTP://H:80/q/../p/", "y", "d1"}}, false, []string{"d1", "x and y"}},
		{"no server", []entry{{"", "x", "d1"}, {"", "y", "d1"}}, false, []string{"d1", "x and y"}},
		{"once more", []entry{{"", "x", "d1"}, {"", "x", "d1"}}, true, []string{"x/d1", "twice"}},
		{"two servers", []entry{{"http://h", "x", "d1"}, {"http://g", "y", "d1"}, {"", "y", "d1"}, {"http://h/p", "x", "d1"}}, false, nil},
		{"allowed", []entry{{"http://h", "x", "d1"}, {"http://h", "y", "d1"}}, true, nil},
		{"case", []entry{{"http://h", "x", "d1"}, {"http://h", "y", "D1"}}, false, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			set := DownloadSet{AllowSameIDs: test.same}
			var err error
			for _, e := range test.entries {
				if err != nil {
					t.Fatalf("before %v: %v", e, err)
				}
				err = set.Add(e.server, e.export, e.id)
			}
			if errors.Is(err, ErrArgument) != (test.want != nil) {
				t.Fatalf("got %v", err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error does not contain %q: %v", want, err)
				}
			}
		})
	}
}

// TestURLOfADownload: the data of a download is not counted again by its URL.
func TestURLOfADownload(t *testing.T) {
	client, err := NewClient(Options{})
	check(t, err)
	defer client.Close()
	u, err := client.URL("http://h/p/api/export/x/./d1/data", "")
	check(t, err)
	other, err := client.URL("http://h/p/api/export/x/d2/data", "")
	check(t, err)
	for _, first := range []bool{true, false} {
		var set DownloadSet
		check(t, set.AddURL(other))
		add := func() error { return set.Add("http://h/p", "x", "d1") }
		addURL := func() error { return set.AddURL(u) }
		if first {
			add, addURL = addURL, add
		}
		check(t, addURL())
		if err := add(); !errors.Is(err, ErrArgument) || !strings.Contains(err.Error(), "download x/d1") || !strings.Contains(err.Error(), u.Name()) {
			t.Errorf("got %v", err)
		}
	}
}
