package sources

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/valyala/fastjson"

	"fastcount/engine"
	"fastcount/parser"
)

// api serves a fixed text at each path; other paths are not found.
func api(answers map[string]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		answer, ok := answers[r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			answer = `{"detail":"Not Found"}`
		}
		_, _ = io.WriteString(w, answer)
	}
}

const oneDownload = `{"data":{"id":"demo","download_ids":["d1"]}}`

func metadata(id, rest string) string { return `{"data":{"id":"` + id + `",` + rest + `}}` }

const goodRest = `"rows":2,"event_types":["a","b"],"patients":["P1","P\u00e92"],"start_time":"x"`

func TestExports(t *testing.T) {
	s := serve(t, api(map[string]string{"/v1/api/export": `{"data":{"export_ids":["demo","v1.2",".hidden"]}}`}))
	for _, server := range []string{s.URL + "/v1", s.URL + "/v1/"} {
		ids, err := newClient(t, Options{Server: server}).Exports(t.Context())
		if diff := cmp.Diff([]string{"demo", "v1.2", ".hidden"}, ids); diff != "" || err != nil {
			t.Errorf("%v\n%s", err, diff)
		}
	}
	if _, err := newClient(t, Options{Server: s.URL}).Exports(t.Context()); !errors.Is(err, ErrNotFound) {
		t.Errorf("without the prefix: %v", err)
	}
	if _, err := newClient(t, Options{}).Exports(t.Context()); !errors.Is(err, ErrArgument) {
		t.Errorf("without a server: %v", err)
	}
}

func TestExport(t *testing.T) {
	s := serve(t, api(map[string]string{
		"/api/export/demo":         `{"data":{"id":"demo","download_ids":["d2","d1"]}}`,
		"/api/export/demo/d1":      metadata("d1", goodRest),
		"/api/export/demo/d2":      metadata("d2", `"patients":["P1"],"event_types":[],"rows":0`),
		"/api/export/demo/d1/data": csvText,
	}))
	downloads, err := newClient(t, Options{Server: s.URL}).Export(t.Context(), "demo")
	check(t, err)
	var names, ids []string
	for _, d := range downloads {
		names, ids = append(names, d.Name()), append(ids, d.ID())
	}
	if diff := cmp.Diff([]string{"demo/d2", "demo/d1", "d2", "d1"}, slices.Concat(names, ids)); diff != "" {
		t.Error(diff)
	}
	want := engine.Declaration{ID: "d1", Rows: 2, Patients: []string{"P1", "Pé2"}, Events: []string{"a", "b"}}
	if diff := cmp.Diff(&want, downloads[1].Info().Declared); diff != "" {
		t.Error(diff)
	}
	if got, err := readPart(t, downloads[1]); got != csvText || err != nil || !downloads[1].Info().Remote {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := readPart(t, downloads[0]); !errors.Is(err, ErrNotFound) {
		t.Errorf("a download that is gone: %v", err)
	}
}

func TestExportRefusesBadMetadata(t *testing.T) {
	list := func(ids string) string { return `{"data":{"id":"demo","download_ids":` + ids + `}}` }
	download := func(rest string) string { return metadata("d1", rest) }
	tests := []struct {
		name, export, download string
		text                   string // of the error
	}{
		{"empty answer", "", "", "malformed"},
		{"cut", `{"data":{"id":"demo"`, "", "malformed"},
		{"no JSON", "<html>", "", "malformed"},
		{"data after it", oneDownload + "x", "", "malformed"},
		{"no data", `{"id":"demo"}`, "", "no object data"},
		{"data is a list", `{"data":[]}`, "", "no object data"},
		{"another export", `{"data":{"id":"small","download_ids":["d1"]}}`, "", "its id is not demo"},
		{"no echo", `{"data":{"download_ids":["d1"]}}`, "", "its id is not demo"},
		{"echo: element is not a string", `{"data":{"id":1,"download_ids":["d1"]}}`, "", "its id is not demo"},
		{"no list", `{"data":{"id":"demo"}}`, "", "no list download_ids"},
		{"null for a list", list("null"), "", "no list download_ids"},
		{"nothing to count", list("[]"), "", "no downloads"},
		{"a number for an id", list(`["d1",2]`), "", "element is not a string"},
		{"twice", list(`["d1","d2","d1"]`), "", "element 3 repeats an id"},
		{"up", list(`[".."]`), "", "element 1 is not a valid id"},
		{"here", list(`["."]`), "", "element 1 is not a valid id"},
		{"slash", list(`["a/b"]`), "", "element 1 is not a valid id"},
		{"backslash", list(`["a\\b"]`), "", "element 1 is not a valid id"},
		{"query", list(`["a?b"]`), "", "element 1 is not a valid id"},
		{"fragment", list(`["a#b"]`), "", "element 1 is not a valid id"},
		{"escaped", list(`["%2e%2e"]`), "", "element 1 is not a valid id"},
		{"empty id", list(`[""]`), "", "element 1 is not a valid id"},
		{"NUL", list(`["a\u0000"]`), "", "element 1 is not a valid id"},
		{"line break", list(`["a\n"]`), "", "element 1 is not a valid id"},
		{"letter beyond ASCII", list(`["é"]`), "", "element 1 is not a valid id"},
		{"long id", list(`["` + strings.Repeat("x", 129) + `"]`), "", "element 1 is not a valid id"},
		{"very long id", list(`["` + strings.Repeat("x", 10_000) + `"]`), "", "element 1 is not a valid id"},
		{"too many", list(`["d` + strings.Join(numbers(100_001), `","d`) + `"]`), "", "more ids than the limit of 100000"},
		{"too deep", strings.Repeat("[", 1000), "", "malformed"},
		{"data twice", `{"data":{"id":"demo","download_ids":["d1"]},"data":{}}`, "", `repeated member "data"`},
		{"a list twice", `{"data":{"id":"demo","download_ids":["d1"],"download_ids":["d2"]}}`, "", `repeated member "download_ids"`},
		{"an odd key", `{"data":{"id":"demo","download_ids":["d1"],"download\u005fids":["d2"]}}`, "", `repeated member "download_ids"`},
		{"bad next to the list", `{"data":{"id":"demo","download_ids":["d1"],"x":[nil]}}`, "", "malformed"},
		{"one long value", `{"data":{"id":"demo","download_ids":["d1"],"x":"` + strings.Repeat("x", 300_000) + `"}}`, "", "294912 bytes outside of its lists"},
		{"one long element", list(`["d1","` + strings.Repeat("x", 300_000) + `"]`), "", "294912 bytes outside of its lists"},
		{"too many values", "[" + strings.Repeat("0,", maxValues) + "0]", "", "values"},

		{"another download", oneDownload, metadata("d2", goodRest), "its id is not d1"},
		{"no rows", oneDownload, download(`"patients":[],"event_types":[]`), "rows is not a number"},
		{"rows null", oneDownload, download(`"rows":null,"patients":[],"event_types":[]`), "rows is not a number"},
		{"rows text", oneDownload, download(`"rows":"2","patients":[],"event_types":[]`), "rows is not a number"},
		{"rows negative", oneDownload, download(`"rows":-1,"patients":[],"event_types":[]`), "rows is not a whole number"},
		{"rows minus 0", oneDownload, download(`"rows":-0,"patients":[],"event_types":[]`), "rows is not a whole number"},
		{"rows float", oneDownload, download(`"rows":2.0,"patients":[],"event_types":[]`), "rows is not a whole number"},
		{"rows with an exponent", oneDownload, download(`"rows":2e3,"patients":[],"event_types":[]`), "rows is not a whole number"},
		{"rows infinite", oneDownload, download(`"rows":inf,"patients":[],"event_types":[]`), "malformed"},
		{"rows with a zero before", oneDownload, download(`"rows":02,"patients":[],"event_types":[]`), "malformed"},
		{"rows over all bounds", oneDownload, download(`"rows":9223372036854775808,"patients":[],"event_types":[]`), "rows is not a whole number"},
		{"no patients", oneDownload, download(`"rows":2,"event_types":[]`), "no list patients"},
		{"a patient is a number", oneDownload, download(`"rows":2,"patients":["P1",7],"event_types":[]`), "patients: element is not a string"},
		{"no event types", oneDownload, download(`"rows":2,"patients":[]`), "no list event_types"},
		{"event types are text", oneDownload, download(`"rows":2,"patients":[],"event_types":"a"`), "no list event_types"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := serve(t, api(map[string]string{"/api/export/demo": test.export, "/api/export/demo/d1": test.download}))
			_, err := newClient(t, Options{Server: s.URL, Retries: -1}).Export(t.Context(), "demo")
			if !errors.Is(err, ErrMetadata) || !strings.Contains(err.Error(), test.text) {
				t.Errorf("got %v", err)
			}
			if err != nil && len(err.Error()) > 500 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
		})
	}
}

func numbers(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = strconv.Itoa(i)
	}
	return out
}

func TestExportID(t *testing.T) {
	c := newClient(t, Options{Server: "http://localhost:1"})
	for _, id := range []string{"", ".", "..", "a/b", "a?b", "%2e", "é", strings.Repeat("x", 129)} {
		if _, err := c.Export(t.Context(), id); !errors.Is(err, ErrArgument) {
			t.Errorf("%q: %v", id, err)
		}
	}
	for _, id := range []string{"a", "...", ".a", "A-b_c:d.9", strings.Repeat("x", 128)} {
		if !validID(id) {
			t.Errorf("%q is refused", id)
		}
	}
	const allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-"
	for c := range 256 {
		id := "x" + string([]byte{byte(c)})
		if validID(id) != (strings.IndexByte(allowed, byte(c)) >= 0) {
			t.Errorf("%q: got %t", id, validID(id))
		}
	}
}

func TestAnswerLimits(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/html/api/export" {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
		}
		_, _ = io.WriteString(w, `{"data":{"export_ids":["demo"]}}`+strings.Repeat(" ", 100))
	})
	for _, test := range []struct {
		path string
		max  int
		text string
	}{{"", 132, ""}, {"", 131, "exceeds the limit of 131 bytes"}, {"/html", 0, "HTML page"}} {
		_, err := newClient(t, Options{Server: s.URL + test.path, MaxJSON: test.max, Retries: -1}).Exports(t.Context())
		if test.text == "" && err != nil || test.text != "" && (!errors.Is(err, ErrMetadata) || !strings.Contains(err.Error(), test.text)) {
			t.Errorf("%+v: got %v", test, err)
		}
	}
}

// TestOddKeys finds a list by any encoding of its name, at any position.
func TestOddKeys(t *testing.T) {
	for _, answer := range []string{
		`{"data":{"export_ids":["a","b"]}}`,
		`{"d\u0061ta":{"export_ids":["a","b"]}}`,
		`{"data":{"export\u005fids":["a","b"]}}`,
		` {"x":{"export_ids":["c",[{"export_ids":["d"]}]]}, "data" : { "y":[[["e"]]], "export_ids" : [ "a" , "b" ] } , "z":[["f"]]} `,
	} {
		s := serve(t, api(map[string]string{"/api/export": answer}))
		ids, err := newClient(t, Options{Server: s.URL}).Exports(t.Context())
		if err != nil || !slices.Equal(ids, []string{"a", "b"}) {
			t.Errorf("%s: got %q, %v", answer, ids, err)
		}
	}
}

// TestNamesTwice: a list takes no more memory than the distinct names in it.
func TestNamesTwice(t *testing.T) {
	patients := strings.Join(numbers(2000), `","`)
	s := serve(t, api(map[string]string{"/api/export/demo": oneDownload,
		"/api/export/demo/d1": metadata("d1", `"rows":2,"event_types":["a"],"patients":["`+patients+strings.Repeat(`","`+patients, 20)+`"]`)}))
	downloads, err := newClient(t, Options{Server: s.URL}).Export(t.Context(), "demo")
	check(t, err)
	got := downloads[0].Info().Declared.Patients
	if cap(got) > 16_000 {
		t.Errorf("capacity %d", cap(got))
	}
	want := numbers(2000)
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(slices.Compact(got), want) {
		t.Errorf("got %d names", len(got))
	}
}

func TestTooManyNames(t *testing.T) {
	names := nameSet{limit: 1}
	var list []string
	add := names.adder(&list, "patients")
	name := fastjson.MustParse(`"P1"`)
	if err := add(name); err != nil {
		t.Errorf("the limit holds too early: %v", err)
	}
	if err := add(name); !errors.Is(err, ErrMetadata) || !errors.Is(err, ErrTooManyNames) {
		t.Errorf("got %v", err)
	}
}

// TestErrorOfTheFirst makes two downloads fail, the second one sooner. The
// error of the first is returned.
func TestErrorOfTheFirst(t *testing.T) {
	inner := api(map[string]string{"/api/export/demo": `{"data":{"id":"demo","download_ids":["d0","d1","d2"]}}`})
	last := make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/api/export/demo/d1":
			<-last
		case "/api/export/demo/d2":
			defer close(last)
		case "/api/export/demo/d0":
			_, _ = io.WriteString(w, metadata("d0", goodRest))
			return
		}
		inner(w, r)
	})
	_, err := newClient(t, Options{Server: s.URL}).Export(t.Context(), "demo")
	if !errors.Is(err, ErrNotFound) || !strings.HasPrefix(err.Error(), "download demo/d1: ") {
		t.Errorf("got %v", err)
	}
}

func TestForEach(t *testing.T) { synctest.Test(t, testForEach) }

func testForEach(t *testing.T) {
	var running, most atomic.Int32
	var mu sync.Mutex
	var called []int
	err := forEach(50, 3, func(i int) error {
		now := running.Add(1)
		mu.Lock()
		most.Store(max(most.Load(), now))
		called = append(called, i)
		mu.Unlock()
		time.Sleep(time.Millisecond)
		running.Add(-1)
		if i == 20 {
			return fmt.Errorf("number %d", i)
		}
		return nil
	})
	if err == nil || err.Error() != "number 20" || most.Load() > 3 || slices.Max(called) > 24 {
		t.Errorf("got %v, %d at once, %v", err, most.Load(), called)
	}
}

// pipeServer serves connections made of net.Pipe, so that time can be fake.
func pipeServer(t *testing.T, h http.Handler) func(context.Context, string, string) (net.Conn, error) {
	conns := make(chan net.Conn)
	done := make(chan struct{})
	server := &http.Server{Handler: h}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(&pipeListener{conns, done}) // always http.ErrServerClosed, or that the listener is closed
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-served
	})
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		a, b := net.Pipe()
		select {
		case conns <- a:
			return b, nil
		case <-done:
			return nil, net.ErrClosed
		}
	}
}

type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error { close(l.done); return nil }

func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{} }

// TestAskRetries checks the number of requests to a failing API and the time
// they take.
func TestAskRetries(t *testing.T) {
	good := `{"data":{"export_ids":["demo"]}}`
	fail := func(code int, header, value string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set(header, value)
			w.WriteHeader(code)
		}
	}
	respond := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
	}
	tests := []struct {
		name    string
		answers []http.HandlerFunc // the last one again and again
		asked   int
		err     error
		from    time.Duration
		to      time.Duration
	}{
		{"good", []http.HandlerFunc{respond(good)}, 1, nil, 0, 0},
		{"500, then good", []http.HandlerFunc{fail(500, "", ""), respond(good)}, 2, nil, 0, 500 * time.Millisecond},
		{"cut, then good", []http.HandlerFunc{raw("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"), respond(good)}, 2, nil, 0, 500 * time.Millisecond},
		{"malformed, then good", []http.HandlerFunc{respond("{"), respond(good)}, 2, nil, 0, 500 * time.Millisecond},
		{"malformed", []http.HandlerFunc{respond("{")}, 2, ErrMetadata, 0, 500 * time.Millisecond},
		{"500 for ever", []http.HandlerFunc{fail(500, "", "")}, 8, ErrExhausted, 0, 62 * time.Second},
		{"429 with seconds", []http.HandlerFunc{fail(429, "Retry-After", "120"), respond(good)}, 2, nil, 2 * time.Minute, 2 * time.Minute},
		{"503 with a date", []http.HandlerFunc{fail(503, "Retry-After", "Sat, 01 Jan 2000 00:01:00 GMT"), respond(good)}, 2, nil, time.Minute, time.Minute},
		{"503 for long", []http.HandlerFunc{fail(503, "Retry-After", "301")}, 1, ErrExhausted, 0, 0},
		{"501", []http.HandlerFunc{fail(501, "", "")}, 1, &StatusError{}, 0, 0},
		{"401", []http.HandlerFunc{fail(401, "", "")}, 1, ErrDenied, 0, 0},
		{"404 in the end", []http.HandlerFunc{fail(500, "", ""), fail(404, "", "")}, 2, ErrNotFound, 0, 500 * time.Millisecond},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked := 0
				dial := pipeServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					h := test.answers[min(asked, len(test.answers)-1)]
					asked++
					h(w, r)
				}))
				c := newClient(t, Options{Server: "http://server.test", DialContext: dial})
				begin := time.Now() // in fake time, the first moment of the year 2000
				_, err := c.Exports(t.Context())
				took := time.Since(begin)
				if test.err == nil && err != nil || test.err != nil && !isKind(err, test.err) {
					t.Errorf("got %v", err)
				}
				if asked != test.asked || took < test.from || took > test.to {
					t.Errorf("asked %d times, want %d; it took %v, want %v to %v", asked, test.asked, took, test.from, test.to)
				}
			})
		})
	}
}

func TestAskIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dial := pipeServer(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "100")
			w.WriteHeader(http.StatusServiceUnavailable)
		}))
		c := newClient(t, Options{Server: "http://server.test", DialContext: dial})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.Export(ctx, "demo"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

// TestDownloadInAnEngine counts downloads with the engine: a failed attempt is
// discarded, and invalid data is requested once more.
func TestDownloadInAnEngine(t *testing.T) {
	poison := "patient_id,event_time,event_type,value\nPOISON,t,a,1\n"
	cut := func(text string) string {
		head := "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		if text == "" {
			return head // a chunk of no bytes would be the last
		}
		return head + fmt.Sprintf("%x\r\n%s\r\n", len(text), text)
	}
	respond := func(text string) string { return cut(text) + "0\r\n\r\n" }
	tests := []struct {
		name    string
		answers []string // the last one again and again
		asked   int
		check   func(error) bool
	}{
		{"cut twice", []string{cut(poison), cut(csvText), respond(csvText)}, 3, nil},
		{"too few rows once", []string{respond(poison), respond(csvText)}, 2, nil},
		{"empty once", []string{respond(""), respond(csvText)}, 2, nil},
		{"always too few rows", []string{respond(poison)}, 2, func(err error) bool { return errors.Is(err, engine.ErrMismatch) }},
		{"always malformed", []string{respond(csvText + "x\n")}, 2, isA[*parser.SyntaxError]},
		{"always cut", []string{cut(csvText)}, 8, func(err error) bool { return errors.Is(err, ErrExhausted) }},
		{"malformed and cut", []string{cut(poison + "x\n")}, 8, func(err error) bool { return errors.Is(err, ErrExhausted) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var asked atomic.Int32
				inner := api(map[string]string{"/api/export/demo": oneDownload,
					"/api/export/demo/d1": metadata("d1", `"rows":2,"patients":["P1","P2","POISON"],"event_types":["a","b"]`)})
				dial := pipeServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if !strings.HasSuffix(r.URL.Path, "/data") {
						inner(w, r)
						return
					}
					n := int(asked.Add(1))
					raw(test.answers[min(n, len(test.answers))-1])(w, r)
				}))
				downloads, err := newClient(t, Options{Server: "http://server.test", DialContext: dial}).Export(t.Context(), "demo")
				check(t, err)
				cfg := engine.Config{}
				report, err := engine.Run(t.Context(), []engine.Part{downloads[0]}, cfg)
				if got := int(asked.Load()); got != test.asked {
					t.Errorf("asked %d times, want %d", got, test.asked)
				}
				if test.check != nil {
					if err == nil || !test.check(err) {
						t.Errorf("got %v", err)
					}
					return
				}
				if err != nil || !slices.Equal(report.Keys[0], []string{"P1", "P2"}) || report.Rows != 2 {
					t.Errorf("got %+v, %v", report, err)
				}
			})
		})
	}
}

func isA[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}
