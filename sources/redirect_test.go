package sources

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestRedirects(t *testing.T) {
	canary := http.Header{"X-Api-Key": {"canary"}}
	stranger := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("another origin was asked, with %v", r.Header)
	})
	tests := []struct {
		name, to string
		err      error
	}{
		{"within the origin", "/data", nil},
		{"relative", "data", nil},
		{"another port", stranger.URL + "/data?key=hidden", ErrRedirect},
		{"another host", "http://stranger.test/data?key=hidden", ErrRedirect},
		{"another scheme", "https://HOST/data?key=hidden", ErrRedirect},
		{"no network", "file:///etc/passwd", ErrRedirect},
		{"a user", "http://user:hidden@HOST/data", ErrRedirect},
		{"in a circle", "/from", ErrRedirect},
		{"nowhere", "", ErrRedirect},
		{"no URL", "http://[hidden", ErrRedirect},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			asked := 0
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				asked++
				if r.Header.Get("Authorization") != "Bearer canary" || r.Header.Get("X-Api-Key") != "canary" {
					t.Errorf("secrets of the origin are missing: %v", r.Header)
				}
				if r.URL.Path == "/data" {
					_, _ = io.WriteString(w, csvText)
					return
				}
				w.Header()["Location"] = []string{strings.Replace(test.to, "HOST", r.Host, 1)}
				w.WriteHeader(http.StatusFound)
			})
			part := urlPart(t, Options{Server: s.URL, Token: "canary", Header: canary}, s.URL+"/from")
			got, err := readPart(t, part)
			if !errors.Is(err, test.err) || test.err == nil && got != csvText {
				t.Errorf("got %q, %v", got, err)
			}
			if err != nil && (strings.Contains(err.Error(), "hidden") || judge(err) != never) {
				t.Errorf("got %v", err)
			}
			if asked > 1+maxRedirects {
				t.Errorf("asked %d times", asked)
			}
		})
	}
}

// TestNoRedirectToPlainHTTP follows a redirect within https, and rejects one to
// http at the same host and port.
func TestNoRedirectToPlainHTTP(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/data":
			_, _ = io.WriteString(w, csvText)
		case "/within":
			http.Redirect(w, r, "https://"+r.Host+"/data", http.StatusFound)
		default:
			http.Redirect(w, r, "http://"+r.Host+"/data?key=hidden", http.StatusFound)
		}
	}))
	t.Cleanup(s.Close)
	o := Options{Server: s.URL, Token: "canary", CAFile: certificateFile(t, s.Certificate())}
	if got, err := readPart(t, urlPart(t, o, s.URL+"/within")); got != csvText || err != nil {
		t.Errorf("within https: got %q, %v", got, err)
	}
	_, err := readPart(t, urlPart(t, o, s.URL+"/down"))
	if !errors.Is(err, ErrRedirect) || judge(err) != never || strings.Contains(err.Error(), "hidden") {
		t.Errorf("to http: got %v", err)
	}
}

func TestThreeRedirectsAreFollowed(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/000" {
			_, _ = io.WriteString(w, csvText)
			return
		}
		http.Redirect(w, r, r.URL.Path+"0", http.StatusTemporaryRedirect)
	})
	if got, err := readPart(t, urlPart(t, Options{}, s.URL+"/")); got != csvText || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

// TestSecretsStayHome sends a request to another server than the one of the
// secrets.
func TestSecretsStayHome(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		for name, values := range r.Header {
			if strings.Contains(strings.Join(values, ""), "canary") {
				t.Errorf("%s was sent to another origin", name)
			}
		}
		_, _ = io.WriteString(w, csvText)
	})
	secrets := http.Header{"X-Api-Key": {"canary"}, "X-Any": {"canary"}}
	for _, server := range []string{"https://server.test", "http://localhost:1", ""} {
		part := urlPart(t, Options{Server: server, Token: "canary", Header: secrets}, s.URL+"/x.csv?key=canary2")
		if part.Name() != s.URL+"/x.csv" {
			t.Errorf("Name: %s", part.Name())
		}
		_, err := readPart(t, part)
		check(t, err)
	}
}
