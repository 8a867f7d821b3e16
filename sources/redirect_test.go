package sources

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
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

// TestAllowedRedirects redirects requests for data to another origin. No secret
// is sent there, nor back from there.
func TestAllowedRedirects(t *testing.T) {
	canary := http.Header{"X-Api-Key": {"canary"}}
	asked := 0
	store := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked++
		for name := range r.Header {
			if strings.Contains(r.Header.Get(name), "canary") {
				t.Errorf("%s was sent to another origin", name)
			}
		}
		if to := r.URL.Query().Get("to"); to != "" {
			http.Redirect(w, r, to, http.StatusFound)
			return
		}
		if r.URL.Path == "/denied" {
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, "<Error><Message>no "+r.URL.Query().Get("signature")+"</Message></Error>")
			return
		}
		_, _ = io.WriteString(w, csvText)
	})
	place := strings.TrimPrefix(store.URL, "http://")
	host, _, _ := strings.Cut(place, ":")
	tests := []struct {
		name  string
		allow string
		to    string // STORE and HOME are origins
		text  string // of the error; "" for none
		asked int    // requests to the store
	}{
		{"allowed", place, "STORE/x.csv?signature=s3cret", "", 1},
		{"in another case", strings.ToUpper(place), "STORE/x.csv", "", 1},
		{"within it", place, "STORE/?to=/y.csv", "", 2},
		{"back", place + " HOME", "STORE/?to=HOME/plain", "", 1},
		{"back, not allowed", place, "STORE/?to=HOME/plain", "redirect refused: to another origin", 1},
		{"on to another", place, "STORE/?to=http://stranger.test/", "redirect refused: to another origin", 1},
		{"denied", place, "STORE/denied?signature=s3cret", `the server answered 403 Forbidden: "no [secret]"`, 1},
		{"without its port", host, "STORE/x.csv", "redirect refused: to another origin", 0},
		{"another port", host + ":1", "STORE/x.csv", "redirect refused: to another origin", 0},
		{"not allowed", "", "STORE/x.csv", "redirect refused: to another origin", 0},
		{"with a user", place, strings.Replace("STORE/x.csv", "STORE", strings.Replace(store.URL, "://", "://me:canary@", 1), 1), "redirect refused: to another origin", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			asked = 0
			var home string
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				secret := r.Header.Get("Authorization") == "Bearer canary" && r.Header.Get("X-Api-Key") == "canary"
				if plain := r.URL.Path == "/plain"; secret == plain {
					t.Errorf("%s was asked for with %v", r.URL, r.Header)
				} else if plain {
					_, _ = io.WriteString(w, csvText)
					return
				}
				w.Header().Set("Location", strings.NewReplacer("STORE", store.URL, "HOME", home).Replace(test.to))
				w.WriteHeader(http.StatusTemporaryRedirect)
			})
			home = s.URL
			allow := strings.Fields(strings.ReplaceAll(test.allow, "HOME", strings.TrimPrefix(home, "http://")))
			o := Options{Server: s.URL, Token: "canary", Header: canary, AllowRedirect: allow, Retries: -1}
			got, err := readPart(t, urlPart(t, o, s.URL+"/from"))
			if test.text == "" && (got != csvText || err != nil) || test.text != "" && (err == nil || !strings.HasPrefix(err.Error(), test.text)) {
				t.Errorf("got %q, %v", got, err)
			}
			if err != nil && (strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "canary")) || asked != test.asked {
				t.Errorf("the store was asked %d times: %v", asked, err)
			}
		})
	}
}

// TestMetadataStaysHome: requests for metadata follow no redirect to another
// origin, even if it is allowed for data.
func TestMetadataStaysHome(t *testing.T) {
	store := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the store was asked") })
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, store.URL, http.StatusFound) })
	c := newClient(t, Options{Server: s.URL, AllowRedirect: []string{strings.TrimPrefix(store.URL, "http://")}})
	if _, err := c.Exports(t.Context()); !errors.Is(err, ErrRedirect) {
		t.Errorf("got %v", err)
	}
}

// TestNeverToPlainHTTP: a redirect from https to http is refused, even if it is
// allowed, also after others.
func TestNeverToPlainHTTP(t *testing.T) {
	plain := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a request came over http") })
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			http.Redirect(w, r, "/again", http.StatusFound)
			return
		}
		http.Redirect(w, r, plain.URL, http.StatusFound)
	}))
	t.Cleanup(secure.Close)
	o := Options{CAFile: certificateFile(t, secure.Certificate()), AllowRedirect: []string{strings.TrimPrefix(plain.URL, "http://")}}
	if _, err := readPart(t, urlPart(t, o, secure.URL+"/")); !errors.Is(err, ErrRedirect) {
		t.Errorf("got %v", err)
	}
}

// TestPlaces checks the forms of AllowRedirect.
func TestPlaces(t *testing.T) {
	for place, valid := range map[string]bool{
		"store.test": true, "store.test:8443": true, "10.0.0.1": true, "10.0.0.1:80": true, "::1": true, "[::1]": true, "[::1]:80": true,
		"": false, ":80": false, "store.test:": true, "store.test:x": false, "store.test:0": false, "store.test:70000": false,
		"https://store.test": false, "store.test/x": false, "*.store.test": false, "me@store.test": false, "a b": false,
	} {
		if _, err := NewClient(Options{AllowRedirect: []string{place}}); (err == nil) != valid || err != nil && !errors.Is(err, ErrArgument) {
			t.Errorf("%q: got %v", place, err)
		}
	}
	u := func(raw string) *url.URL {
		u, err := url.Parse(raw)
		check(t, err)
		return u
	}
	for _, test := range []struct {
		place, from, to string
		want            bool
	}{
		{"store.test", "https://h", "https://store.test/x", true},
		{"store.test", "http://h", "https://store.test:443/x", true},
		{"store.test", "http://h", "http://store.test/x", true},
		{"store.test", "https://h", "http://store.test/x", false},
		{"store.test", "https://h", "https://store.test:8443/x", false},
		{"store.test:8443", "https://h", "https://STORE.test:8443/x", true},
		{"store.test:443", "https://h", "https://store.test/x", true},
		{"::1", "https://h", "https://[::1]/x", true},
		{"store.test", "https://h", "https://a.store.test/x", false},
		{"store.test", "https://h", "ftp://store.test/x", false},
	} {
		c := newClient(t, Options{AllowRedirect: []string{test.place}})
		if got := c.mayLeave(u(test.from), u(test.to)); got != test.want {
			t.Errorf("%+v: got %v", test, got)
		}
	}
}
