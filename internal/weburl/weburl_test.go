package weburl

import (
	"net/url"
	"strings"
	"testing"
)

func parse(t *testing.T, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestParse(t *testing.T) {
	for raw, want := range map[string]string{
		"http://h": "http://h/", "https://h/x?y#z": "https://h/x?y", "HTTP://h/": "http://h/",
		"ftp://h/": "", "h": "", "http://": "", "http:///secret": "", "http://me:secret@h/": "", "http://h/%secret": "", "http://[secret": "",
	} {
		u, err := Parse(raw)
		if (err == nil) != (want != "") || err == nil && u.String() != want || err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v, %v", raw, u, err)
		}
	}
}

func TestOrigin(t *testing.T) {
	for raw, want := range map[string]string{
		"http://Host/x": "http://host:80", "https://host": "https://host:443", "https://host:444": "https://host:444",
		"http://[::1]:8000/": "http://[::1]:8000", "http://[::1]": "http://[::1]:80",
	} {
		if got := Origin(parse(t, raw)); got != want {
			t.Errorf("%s: got %s, want %s", raw, got, want)
		}
	}
}

// Messages contain no query.
func TestPublic(t *testing.T) {
	u := parse(t, "https://Host:8443/a%20b?sig=secret")
	if got := Public(u); got != "https://Host:8443/a%20b" {
		t.Errorf("got %s", got)
	}
	if got := PublicOrigin(u); got != "https://Host:8443" {
		t.Errorf("got %s", got)
	}
}

func TestNormal(t *testing.T) {
	for _, test := range []struct {
		a, b           string
		equal, similar bool
	}{
		{"http://h/p", "HTTP://H:80/q/../p", true, true},
		{"http://h", "http://h/", true, true},
		{"http://h/%7e%2f", "http://h/~%2F", true, true},
		{"http://h/a/./b/..", "http://h/a/", true, true},
		{"http://h/../../a", "http://h/a", true, true},
		{"http://h//a", "http://h/a", false, true},
		{"http://h/a?", "http://h/a", false, true},
		{"http://h/%2F", "http://h//", false, false},
		{"http://h/a?x", "http://h/a?y", false, false},
		{"http://h/a", "https://h/a", false, false},
		{"http://h/a", "http://h/A", false, false},
	} {
		a, b := parse(t, test.a), parse(t, test.b)
		if equal, similar := Normal(a) == Normal(b), Similar(a) == Similar(b); equal != test.equal || similar != test.similar {
			t.Errorf("%s and %s: equal: %v, similar: %v", test.a, test.b, equal, similar)
		}
	}
}

func TestPlaces(t *testing.T) {
	for place, valid := range map[string]bool{
		"store.test": true, "store.test:8443": true, "::1": true, "[::1]": true, "[::1]:80": true, "store.test:": true,
		"": false, ":80": false, "store.test:x": false, "store.test:0": false, "https://store.test": false, "*.store.test": false,
	} {
		if ValidPlace(place) != valid {
			t.Errorf("%q is valid: %v", place, !valid)
		}
	}
	for _, test := range []struct {
		place, url string
		want       bool
	}{
		{"store.test", "https://STORE.test/x", true},
		{"store.test", "https://store.test:8443/x", false},
		{"store.test:8443", "https://store.test:8443/x", true},
		{"store.test:443", "https://store.test/x", true},
		{"::1", "http://[::1]:80/x", true},
		{"store.test", "https://a.store.test/x", false},
	} {
		if got := IsAt(parse(t, test.url), test.place); got != test.want {
			t.Errorf("%+v: got %v", test, got)
		}
	}
}
