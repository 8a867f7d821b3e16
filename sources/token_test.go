package sources

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"fastcount/engine"
)

// tokenServer denies access with all tokens but one. It counts the requests.
func tokenServer(t *testing.T, valid *atomic.Value) (address string, asked *atomic.Int32) {
	asked = new(atomic.Int32)
	inner := api(map[string]string{"/api/export/demo": oneDownload,
		"/api/export/demo/d1": metadata("d1", `"rows":2,"patients":["P1","P2"],"event_types":["a","b"]`)})
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if sent := r.Header.Get("Authorization"); sent != "Bearer "+valid.Load().(string) {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprintf(w, `{"detail":"you sent (%s)"}`, sent)
			return
		}
		if strings.HasSuffix(r.URL.Path, "/data") {
			_, _ = io.WriteString(w, csvText)
			return
		}
		inner(w, r)
	}).URL, asked
}

// TestTokenIsRenewed changes the token before each request: of the export, of
// its download, and of the data.
func TestTokenIsRenewed(t *testing.T) {
	var valid atomic.Value
	address, asked := tokenServer(t, &valid)
	read := 0
	valid.Store("token-1")
	c := newClient(t, Options{Server: address, Token: "token-0", RenewToken: func() (string, error) {
		read++
		return valid.Load().(string), nil
	}})
	ids, err := c.downloadIDs(t.Context(), "demo")
	check(t, err)
	valid.Store("token-2")
	d, err := c.Download(t.Context(), "demo", ids[0])
	check(t, err)
	valid.Store("token-3")
	report, err := engine.Run(t.Context(), []engine.Part{d}, engine.Config{})
	check(t, err)
	if report.Rows != 2 || report.Parts[0].Attempts != 2 || asked.Load() != 6 || read != 3 {
		t.Errorf("%d rows after %d attempts; %d requests; the token was read %d times", report.Rows, report.Parts[0].Attempts, asked.Load(), read)
	}
}

// TestTokenIsNotRenewed: without another token, and after one that is denied
// too, the refusal is final. Neither token is in an error.
func TestTokenIsNotRenewed(t *testing.T) {
	renewals := 1
	for name, test := range map[string]struct {
		renew   func() (string, error)
		retries int
		asked   int32
	}{
		"the same":       {func() (string, error) { return "token-0", nil }, 7, 1},
		"denied too":     {func() (string, error) { return "token-1", nil }, 7, 2},
		"always another": {func() (string, error) { renewals++; return fmt.Sprint("token-", renewals), nil }, 7, 2},
		"no file":        {func() (string, error) { return "", errors.New("no file") }, 7, 1},
		"empty":          {func() (string, error) { return "", nil }, 7, 1},
		"two lines":      {func() (string, error) { return "token-1\nx", nil }, 7, 1},
		"never renewed":  {nil, 7, 1},
		"no retries":     {func() (string, error) { return "token-1", nil }, -1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			var valid atomic.Value
			valid.Store("other")
			address, asked := tokenServer(t, &valid)
			c := newClient(t, Options{Server: address, Token: "token-0", RenewToken: test.renew, Retries: test.retries})
			_, err := c.Export(t.Context(), "demo")
			if !errors.Is(err, ErrDenied) || asked.Load() != test.asked || strings.Contains(err.Error(), "token-") {
				t.Errorf("%d requests, %v", asked.Load(), err)
			}
		})
	}
}

// TestTokenOfAnotherOrigin: a server that was sent no token causes no renewal.
func TestTokenOfAnotherOrigin(t *testing.T) {
	var valid atomic.Value
	valid.Store("token-1")
	address, asked := tokenServer(t, &valid)
	c := newClient(t, Options{Server: "https://server.test", Token: "token-0", RenewToken: func() (string, error) {
		t.Error("the token was read")
		return "token-1", nil
	}})
	u, err := c.URL(address, "")
	check(t, err)
	_, err = engine.Run(t.Context(), []engine.Part{u}, engine.Config{})
	if !errors.Is(err, ErrDenied) || asked.Load() != 1 {
		t.Errorf("%d requests, %v", asked.Load(), err)
	}
}

// TestOneRenewalForAll denies access to several requests with one token: only
// the first denial renews it.
func TestOneRenewalForAll(t *testing.T) {
	renewals := 0
	tokens := tokens{used: []string{"token-0"}, renew: func() (string, error) { renewals++; return fmt.Sprint("token-", renewals), nil }}
	_, number := tokens.current()
	for range 3 {
		if !tokens.replaced(number) {
			t.Error("the token was not replaced")
		}
	}
	if token, number := tokens.current(); renewals != 1 || token != "token-1" || number != 2 || len(tokens.all()) != 2 {
		t.Errorf("%d renewals, token %d is %s", renewals, number, token)
	}
}
