package mockserver

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestAPI(t *testing.T) {
	const (
		id  = "f725622a-22ea-4acc-aab8-810ec8b5e2c6"
		bad = `{"detail":[{"loc":["path","download_id"],"msg":"value is not a valid uuid","type":"type_error.uuid"}]}`

		meta = `{"data":{"id":"` + id + `","rows":9014,"event_types":["bp_sys","bp_dia"],` +
			`"patients":["P001","P004","P003"],"start_time":"2025-08-26T00:00:00","end_time":"2025-08-26T17:31:38"}}`
	)
	s := serve(t, Options{})
	for _, c := range []struct {
		method, path string
		status       int
		body         string
	}{
		{"GET", "", 200, `{"data":{"export_ids":["demo","small","large"]}}`},
		{"GET", "/demo", 200, `{"data":{"id":"demo","download_ids":["` + id + `","591ef21e-8a64-413a-b506-37a41cb6b896"]}}`},
		{"GET", "/demo/" + id, 200, meta},
		{"GET", "/demo/" + strings.ToUpper(id), 200, meta},
		{"GET", "/demo/" + strings.ReplaceAll(id, "-", ""), 200, meta},
		{"GET", "/demo/urn:uuid:" + id, 200, meta},
		{"GET", "/demo/%7B" + id + "%7D", 200, meta},

		{"GET", "/none", 404, `{"detail":"Export not found"}`},
		{"GET", "/none/" + id, 404, `{"detail":"Export not found"}`},
		{"GET", "/none/" + id + "/data", 404, `{"detail":"Export not found"}`},
		{"GET", "/small/" + id, 404, `{"detail":"Download not found"}`},
		{"GET", "/small/" + id + "/data", 404, `{"detail":"Download not found"}`},
		{"GET", "/demo/0", 422, bad},
		{"GET", "/demo/0/data", 422, bad},
		{"GET", "/none/0", 422, bad},
		{"GET", "/demo/" + id[1:] + "g", 422, bad},

		{"POST", "", 405, `{"detail":"Method Not Allowed"}`},
		{"PUT", "/demo", 405, `{"detail":"Method Not Allowed"}`},
		{"DELETE", "/demo/0", 405, `{"detail":"Method Not Allowed"}`},
		{"HEAD", "/demo/" + id + "/data", 405, ""},
		{"GET", "/", 404, `{"detail":"Not Found"}`},
		{"GET", "s", 404, `{"detail":"Not Found"}`},
		{"GET", "/demo/", 404, `{"detail":"Not Found"}`},
		{"GET", "/demo/" + id + "/", 404, `{"detail":"Not Found"}`},
		{"GET", "/demo/" + id + "/rows", 404, `{"detail":"Not Found"}`},
		{"GET", "/demo/" + id + "/data/more", 404, `{"detail":"Not Found"}`},
		{"POST", "/demo/" + id + "/rows", 404, `{"detail":"Not Found"}`},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			r := ask(t, c.method, s.URL+"/api/export"+c.path)
			if r.StatusCode != c.status || r.body != c.body || r.err != nil {
				t.Errorf("got %d %s (%v), want %d %s", r.StatusCode, r.body, r.err, c.status, c.body)
			}
			if kind := r.Header.Get("Content-Type"); kind != "application/json" {
				t.Errorf("the content type is %q", kind)
			}
		})
	}
	if r := get(t, s.URL+"/"); r.StatusCode != 404 || r.body != `{"detail":"Not Found"}` {
		t.Errorf("/: got %d %s", r.StatusCode, r.body)
	}
}

func TestData(t *testing.T) {
	s := serve(t, Options{})
	for _, want := range references(t)[:2] {
		r := get(t, s.URL+"/api/export/demo/"+want.id+"/data", "Accept-Encoding: gzip, zstd")
		sum := newDigest()
		if _, err := io.WriteString(sum, r.body); err != nil || r.err != nil {
			t.Fatal(err, r.err)
		}
		if r.StatusCode != 200 || sum.String() != want.sum {
			t.Errorf("got %d with hash %v, want 200 with %s", r.StatusCode, sum, want.sum)
		}
	}
}

// TestDataHeaders checks the bytes on the wire. The body is short because
// net/http would add a Content-Length to it by default.
func TestDataHeaders(t *testing.T) {
	s := serve(t, Options{Exports: tiny()})
	head, body, _ := strings.Cut(wire(t, s, tinyPath(0)+"/data"), "\r\n\r\n")
	for _, want := range []string{
		"HTTP/1.1 200 OK\r\n", "\r\nContent-Type: text/csv; charset=utf-8\r\n", "\r\nTransfer-Encoding: chunked\r\n",
	} {
		if !strings.Contains(head+"\r\n", want) {
			t.Errorf("%q is not in the header: %s", want, head)
		}
	}
	for _, unwanted := range []string{"Content-Length", "Etag", "Accept-Ranges", "Content-Encoding", "Last-Modified"} {
		if strings.Contains(head, unwanted) {
			t.Errorf("%s is in the header: %s", unwanted, head)
		}
	}
	if !strings.HasSuffix(body, "\r\n0\r\n\r\n") {
		t.Errorf("the body does not end in the last chunk: %q", body)
	}
}

func TestAllowHeader(t *testing.T) {
	s := serve(t, Options{})
	if allow := ask(t, "POST", s.URL+"/api/export").Header.Get("Allow"); allow != "GET" {
		t.Errorf("Allow is %q", allow)
	}
}

// TestCustomExports serves what a real server does not: ids that are not UUIDs,
// empty lists, and times with fractions of a second.
func TestCustomExports(t *testing.T) {
	s := serve(t, Options{Exports: []Export{
		{ID: "none"},
		{ID: "odd", Downloads: []Download{{ID: "<&>", Start: epoch, End: epoch.Add(1500 * time.Millisecond)}}},
	}})
	for path, want := range map[string]string{
		"":      `{"data":{"export_ids":["none","odd"]}}`,
		"/none": `{"data":{"id":"none","download_ids":[]}}`,
		"/odd":  `{"data":{"id":"odd","download_ids":["<&>"]}}`,
		"/odd/%3C&>": `{"data":{"id":"<&>","rows":0,"event_types":[],"patients":[],` +
			`"start_time":"2025-08-26T00:00:00","end_time":"2025-08-26T00:00:01.500000"}}`,
		"/odd/%3C&>/data": "",
	} {
		if r := get(t, s.URL+"/api/export"+path); r.StatusCode != 200 || r.body != want || r.err != nil {
			t.Errorf("%s: got %d %s (%v), want %s", path, r.StatusCode, r.body, r.err, want)
		}
	}
}

// A stream that fails does not end properly.
func TestBrokenBody(t *testing.T) {
	exports := tiny()
	exports[0].Downloads[0].Body = func(w io.Writer) error {
		if err := Bytes([]byte(tinyCSV))(w); err != nil {
			return err
		}
		return errors.New("out of rows")
	}
	s := serve(t, Options{Exports: exports})
	if r := get(t, s.URL+tinyPath(0)+"/data"); r.err == nil {
		t.Errorf("the stream ended properly: %q", r.body)
	}
}

// A long stream stops soon after the client closes the connection.
func TestClientGone(t *testing.T) {
	h, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	s := serveHandler(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(done)
		h.ServeHTTP(w, r)
	}))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	path := "/api/export/large/" + lookup(Builtin(), "large").Downloads[0].ID + "/data"
	req, err := http.NewRequestWithContext(ctx, "GET", s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if _, err := io.CopyN(io.Discard, res.Body, 1<<20); err != nil {
		t.Fatal(err)
	}
	cancel()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Error("the server is still sending")
	}
}

func TestOnRequest(t *testing.T) {
	var count atomic.Int64
	s := serve(t, Options{OnRequest: func(r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer x" {
			count.Add(1)
		}
	}})
	get(t, s.URL+"/api/export", "Authorization: Bearer x")
	get(t, s.URL+"/nowhere", "Authorization: Bearer x")
	if count.Load() != 2 {
		t.Errorf("%d requests were reported, want 2", count.Load())
	}
}

func TestParseUUID(t *testing.T) {
	const want = "f725622a-22ea-4acc-aab8-810ec8b5e2c6"
	for _, s := range []string{want, "F725622A22EA4ACCAAB8810EC8B5E2C6", "{" + want + "}", "urn:uuid:" + want} {
		if id, ok := parseUUID(s); !ok || id.String() != want {
			t.Errorf("%s was read as %v, %v", s, id, ok)
		}
	}
	for _, s := range []string{"", "demo", want[1:], want + "0", strings.Replace(want, "f", "g", 1), "../" + want} {
		if _, ok := parseUUID(s); ok {
			t.Errorf("%q was accepted as a UUID", s)
		}
	}
}
