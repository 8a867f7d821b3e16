package mockserver

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// withFaults serves tiny with the given faults, in the syntax of ParseFault.
func withFaults(t *testing.T, specs ...string) (base string) {
	t.Helper()
	o := Options{Exports: tiny()}
	for _, spec := range specs {
		f, err := ParseFault(spec)
		if err != nil {
			t.Fatal(err)
		}
		o.Faults = append(o.Faults, f)
	}
	return serve(t, o).URL
}

func gunzip(t *testing.T, s string) string {
	t.Helper()
	z, err := gzip.NewReader(strings.NewReader(s))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestResponses covers faults that change the header of a data response or its
// whole body.
func TestResponses(t *testing.T) {
	const csv, html, json = "text/csv; charset=utf-8", "text/html; charset=utf-8", "application/json"
	for _, c := range []struct {
		spec          string
		status        int
		kind          string
		header, value string
		body          string // a beginning, unless empty
	}{
		{"status=503,retry-after=7", 503, json, "Retry-After", "7", `{"detail":"Service Unavailable"}`},
		{"status=401", 401, json, "Retry-After", "", `{"detail":"Unauthorized"}`},
		{"status=206", 206, csv, "Content-Range", "", tinyCSV},
		{"status=204", 204, csv, "Content-Length", "", ""},
		{"html", 200, html, "Location", "", "<!DOCTYPE html>"},
		{"empty", 200, csv, "Content-Length", "", ""},
		{"redirect=http://elsewhere.example/x?a=b", 307, csv, "Location", "http://elsewhere.example/x?a=b", ""},
		{"content-type=application/json", 200, json, "Location", "", tinyCSV},
		{"status=500,body=a,b=c", 500, json, "Content-Length", "5", "a,b=c"},
		{"body=x,y\n", 200, csv, "Content-Length", "", "x,y\n"},
		{"gzip", 200, csv, "Content-Encoding", "", tinyCSV},
		{"gzip=unasked", 200, csv, "Content-Encoding", "gzip", "\x1f\x8b"},
		{"length", 200, csv, "Content-Length", "137", tinyCSV},
	} {
		t.Run(c.spec, func(t *testing.T) {
			r := get(t, withFaults(t, c.spec)+tinyPath(0)+"/data")
			if r.err != nil || r.StatusCode != c.status || r.Header.Get("Content-Type") != c.kind ||
				r.Header.Get(c.header) != c.value {
				t.Errorf("got %d %v (%v), want %d with %s and %s: %q",
					r.StatusCode, r.Header, r.err, c.status, c.kind, c.header, c.value)
			}
			if !strings.HasPrefix(r.body, c.body) || c.body == "" && r.body != "" {
				t.Errorf("the body is %q, want %q", r.body, c.body)
			}
		})
	}
}

// TestStops covers bodies that end early. The client must report an error, even
// if it has received every byte.
func TestStops(t *testing.T) {
	for _, c := range []struct {
		spec string
		got  int
	}{
		{"cut=0", 0},
		{"cut=10", 10},
		{"cut=136", 136},
		{"cut=137", 137},
		{"length,cut=0", 0},
		{"length,cut=136", 136},
		{"cut=5,gzip=unasked", 5},
		{"cut=5,gzip=unasked,length", 5},
		{"cut=9,drip=2/1us", 9},
		{"status=503,cut=3", 3},
		{"cut=10,body=T9,poison,a,1\n", 10},
	} {
		t.Run(c.spec, func(t *testing.T) {
			r := get(t, withFaults(t, c.spec)+tinyPath(0)+"/data")
			if len(r.body) != c.got || !errors.Is(r.err, io.ErrUnexpectedEOF) {
				t.Errorf("got %d bytes and %v, want %d and an unexpected end", len(r.body), r.err, c.got)
			}
		})
	}
	t.Run("beyond the end", func(t *testing.T) {
		if r := get(t, withFaults(t, "cut=138")+tinyPath(0)+"/data"); r.body != tinyCSV || r.err != nil {
			t.Errorf("got %q and %v", r.body, r.err)
		}
	})
	t.Run("identity", func(t *testing.T) { // only the number of rows reveals this cut
		o := Options{Exports: tiny(), Faults: []Fault{{Do: All(Header("Transfer-Encoding", "identity"), Cut(60))}}}
		if r := get(t, serve(t, o).URL+tinyPath(0)+"/data"); r.body != tinyCSV[:60] || r.err != nil || !r.Close {
			t.Errorf("got %q and %v", r.body, r.err)
		}
	})
}

// TestReset allows for systems that discard received data after a reset.
func TestReset(t *testing.T) {
	res, err := client.Get(withFaults(t, "reset=10") + tinyPath(0) + "/data")
	var body []byte
	if err == nil {
		defer res.Body.Close()
		body, err = io.ReadAll(res.Body)
	}
	if len(body) > 10 || !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %d bytes and %v, want at most 10 and a reset", len(body), err)
	}
}

// TestStall reads until the server stalls and cancels the request after a short
// time. Closing the server at the end of the test waits for its connections.
func TestStall(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", withFaults(t, "stall=10")+tinyPath(0)+"/data", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if _, err := io.ReadFull(res.Body, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(30*time.Millisecond, cancel)
	if n, err := res.Body.Read(make([]byte, 1)); n != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("got %d bytes and %v after the server stalled", n, err)
	}
}

func TestDelay(t *testing.T) {
	base := withFaults(t, "delay=30ms,attempts=1")
	start := time.Now()
	if r := get(t, base+tinyPath(0)+"/data"); r.body != tinyCSV || time.Since(start) < 30*time.Millisecond {
		t.Errorf("got %q after %v", r.body, time.Since(start))
	}
}

func TestDelayIsCancelled(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", withFaults(t, "delay=1h")+tinyPath(0)+"/data", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Do(req); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestDrip(t *testing.T) {
	o := Options{Exports: tiny(), Faults: []Fault{{Do: Drip(40, time.Millisecond)}}}
	_, body, _ := strings.Cut(wire(t, serve(t, o), tinyPath(0)+"/data"), "\r\n\r\n")
	var want bytes.Buffer
	for _, chunk := range []string{tinyCSV[:40], tinyCSV[40:80], tinyCSV[80:120]} {
		want.WriteString("28\r\n" + chunk + "\r\n")
	}
	want.WriteString("11\r\n" + tinyCSV[120:] + "\r\n0\r\n\r\n")
	if body != want.String() {
		t.Errorf("got %q, want %q", body, want.String())
	}
}

func TestGzip(t *testing.T) {
	r := get(t, withFaults(t, "gzip")+tinyPath(0)+"/data", "Accept-Encoding: zstd, gzip")
	if r.Header.Get("Content-Encoding") != "gzip" || r.ContentLength != -1 || gunzip(t, r.body) != tinyCSV {
		t.Errorf("got %v %q", r.Header, r.body)
	}
	r = get(t, withFaults(t, "gzip,length")+tinyPath(0)+"/data", "Accept-Encoding: gzip")
	if r.ContentLength != int64(len(r.body)) || gunzip(t, r.body) != tinyCSV {
		t.Errorf("got %v %q", r.Header, r.body)
	}
}

func TestMetadataFaults(t *testing.T) {
	id := downloadID("tiny", 0).String()
	for spec, want := range map[string]string{
		"rows=+1": `{"data":{"id":"` + id + `","rows":4,`,
		"rows=-1": `{"data":{"id":"` + id + `","rows":2,`,
		"times=-1.5s": `{"data":{"id":"` + id + `","rows":3,"event_types":["a","b"],"patients":["T1","T2"],` +
			`"start_time":"2025-08-25T23:59:58.500000","end_time":"2025-08-26T00:00:02.500000"}}`,
		"times=1h,times=-1h,rows=1": `{"data":{"id":"` + id + `","rows":4,"event_types":["a","b"],"patients":["T1","T2"],` +
			`"start_time":"2025-08-26T00:00:00","end_time":"2025-08-26T00:00:04"}}`,
		"id=somebody else":          `{"data":{"id":"somebody else","rows":3,`,
		"status=503,rows=1,on=meta": `{"detail":"Service Unavailable"}`,
	} {
		base := withFaults(t, spec)
		if r := get(t, base+tinyPath(0)); !strings.HasPrefix(r.body, want) || r.err != nil {
			t.Errorf("%s: got %s (%v), want %s", spec, r.body, r.err, want)
		}
		if r := get(t, base+tinyPath(0)+"/data"); r.body != tinyCSV {
			t.Errorf("%s: the data are %q", spec, r.body)
		}
	}
}

func TestHandler(t *testing.T) {
	teapot := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	s := serve(t, Options{Exports: tiny(), Faults: []Fault{{Do: Handler(teapot), On: OnExport}}})
	if r := get(t, s.URL+"/api/export/tiny"); r.StatusCode != http.StatusTeapot || r.body != "" || r.err != nil {
		t.Errorf("got %d, %q, %v", r.StatusCode, r.body, r.err)
	}
}

func TestHeaderRemoved(t *testing.T) {
	s := serve(t, Options{Exports: tiny(), Faults: []Fault{{Do: Header("content-type", "")}}})
	if r := get(t, s.URL+tinyPath(0)+"/data"); r.Header["Content-Type"] != nil || r.body != tinyCSV {
		t.Errorf("got %v %q", r.Header, r.body)
	}
}

// TestSelection checks to which requests a fault applies. Each test case
// requests some paths in turn and lists the expected status of each.
func TestSelection(t *testing.T) {
	const list, export = "/api/export", "/api/export/tiny"
	meta, first, second := tinyPath(0), tinyPath(0)+"/data", tinyPath(1)+"/data"
	for _, c := range []struct {
		spec   string
		paths  []string
		status []int
	}{
		{"status=500", []string{list, export, meta, first, second}, []int{200, 200, 200, 500, 500}},
		{"status=500,on=all", []string{list, export, meta, first}, []int{500, 500, 500, 500}},
		{"status=500,on=exports+meta", []string{list, export, meta, first}, []int{500, 200, 500, 200}},
		{"status=500,on=all,export=tiny", []string{list, export, meta}, []int{200, 500, 500}},
		{"status=500,export=other", []string{first}, []int{200}},
		{"status=500,download=2", []string{first, second}, []int{200, 500}},
		{"status=500,on=all,download=1", []string{list, export, meta, first, second}, []int{200, 200, 500, 500, 200}},
		{"status=500,attempts=1", []string{first, second, first, second}, []int{500, 500, 200, 200}},
		{"status=500,attempts=2-3", []string{first, first, first, first}, []int{200, 500, 500, 200}},
		{"status=500,attempts=2-", []string{first, first, first}, []int{200, 500, 500}},
	} {
		t.Run(c.spec, func(t *testing.T) {
			base := withFaults(t, c.spec)
			for i, path := range c.paths {
				if r := get(t, base+path); r.StatusCode != c.status[i] {
					t.Errorf("request %d: got %d, want %d", i+1, r.StatusCode, c.status[i])
				}
			}
		})
	}
}

// Several faults apply in order.
func TestSeveralFaults(t *testing.T) {
	base := withFaults(t, "status=500,attempts=1", "status=503,retry-after=1,attempts=2-2", "cut=4,attempts=2-3")
	for i, want := range []struct {
		status, size int
	}{{500, 34}, {503, 4}, {200, 4}, {200, len(tinyCSV)}} {
		if r := get(t, base+tinyPath(0)+"/data"); r.StatusCode != want.status || len(r.body) != want.size {
			t.Errorf("attempt %d: got %d with %q", i+1, r.StatusCode, r.body)
		}
	}
}

func TestParseFaultErrors(t *testing.T) {
	for _, spec := range []string{
		"", "download=1", "cut", "cut=-1", "cut=x", "cut=1,,on=all", "cut=1,on=", "cut=1,on=none", "cut=1,download=0",
		"cut=1,attempts=0", "cut=1,attempts=3-2", "cut=1,attempts=", "status=99", "status=600", "status=ok",
		"drip=5", "drip=0/1s", "drip=1/-1s", "delay=5", "delay=-1s", "gzip=yes", "html=1", "rows=one", "times=1", "explode", "CUT=1",
	} {
		if f, err := ParseFault(spec); err == nil {
			t.Errorf("%q was accepted as %+v", spec, f)
		} else if strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: the error has several lines: %v", spec, err)
		}
	}
}

func TestFaultsAreValidated(t *testing.T) {
	for name, f := range map[string]Fault{
		"nothing":  {},
		"download": {Do: Cut(1), Download: -1},
		"attempts": {Do: Cut(1), From: 3, To: 2},
	} {
		if _, err := New(Options{Faults: []Fault{f}}); err == nil {
			t.Errorf("%s: %+v was accepted", name, f)
		}
	}
}
