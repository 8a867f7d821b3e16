package sources

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fastcount/engine"
	"fastcount/internal/testing/simnet"
)

func TestValidatorOf(t *testing.T) {
	const date, later, soon = "Thu, 01 Jan 2026 00:00:00 GMT", "Thu, 01 Jan 2026 00:01:00 GMT", "Thu, 01 Jan 2026 00:00:59 GMT"
	for _, test := range []struct {
		header http.Header
		want   string
	}{
		{http.Header{}, ""},
		{http.Header{"Etag": {`"a"`}}, `"a"`},
		{http.Header{"Etag": {`"a-1:2/3"`}, "Last-Modified": {date}}, `"a-1:2/3"`},
		{http.Header{"Etag": {`W/"a"`}}, ""},
		{http.Header{"Etag": {`W/"a"`}, "Last-Modified": {date}, "Date": {later}}, ""},
		{http.Header{"Etag": {`a`}}, ""},
		{http.Header{"Etag": {`"a`}}, ""},
		{http.Header{"Etag": {`"`}}, ""},
		{http.Header{"Etag": {`""`}}, ""},
		{http.Header{"Etag": {`"a"b"`}}, ""},
		{http.Header{"Etag": {"\"a\x01\""}}, ""},
		{http.Header{"Etag": {`"a"`, `"b"`}}, ""},
		{http.Header{"Etag": {`"` + strings.Repeat("a", maxValidator) + `"`}}, ""},
		{http.Header{"Last-Modified": {date}, "Date": {later}}, date},
		{http.Header{"Last-Modified": {date}, "Date": {soon}}, ""},
		{http.Header{"Last-Modified": {date}, "Date": {date}}, ""},
		{http.Header{"Last-Modified": {date}}, ""},
		{http.Header{"Last-Modified": {"yesterday"}, "Date": {later}}, ""},
	} {
		if got := validatorOf(test.header); got != test.want {
			t.Errorf("%v: got %q, want %q", test.header, got, test.want)
		}
		if test.want != "" && (!sameValidator(test.header, test.want) || sameValidator(http.Header{}, test.want)) {
			t.Errorf("%v: wrong comparison", test.header)
		}
	}
}

func TestParseContentRange(t *testing.T) {
	for text, want := range map[string][3]int64{
		"bytes 0-0/1":  {0, 1, 1},
		"bytes 5-9/20": {5, 10, 20},
		"Bytes 5-9/10": {5, 10, 10},
		"bytes 0-9223372036854775806/9223372036854775807": {0, math.MaxInt64, math.MaxInt64},
		"": {}, "bytes": {}, "bytes 5-9": {}, "bytes 5-9/*": {}, "bytes */20": {}, "bytes 9-5/20": {}, "bytes 5-20/20": {},
		"rows 5-9/20": {}, "bytes  5-9/20": {}, "bytes 5-9/20 ": {}, "bytes -5-9/20": {}, "bytes +5-9/20": {}, "bytes 0x5-9/20": {},
		"bytes 0-9223372036854775807/9223372036854775807": {}, "bytes 0-18446744073709551615/20": {},
	} {
		first, end, size, ok := parseContentRange(text)
		if ok != (want != [3]int64{}) || ok && [3]int64{first, end, size} != want {
			t.Errorf("%q: got %d to %d of %d, %v", text, first, end, size, ok)
		}
	}
}

// objectServer answers with an object and counts requests and connections.
type objectServer struct {
	network simnet.Network
	object  simnet.Object
	change  func(n int, r *simnet.Request, resp *simnet.Response) *simnet.Answer // may be nil

	mu          sync.Mutex
	requests    []string // their headers Range
	connections int
}

func newObjectServer(data []byte) *objectServer {
	s := &objectServer{object: simnet.Object{Data: data, ETag: `"v"`}}
	s.network.Answer = func(r *simnet.Request) simnet.Answer {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.requests = append(s.requests, r.Header("Range"))
		resp := s.object.Respond(r)
		if s.change != nil {
			if a := s.change(len(s.requests), r, &resp); a != nil {
				return *a
			}
		}
		return resp.Answer()
	}
	return s
}

func (s *objectServer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	s.mu.Lock()
	s.connections++
	s.mu.Unlock()
	return s.network.DialContext(ctx, network, address)
}

func (s *objectServer) url(t testing.TB, o Options) *URL {
	o.DialContext = s.dial
	return urlPart(t, o, "http://server.test/x.csv")
}

// TestObjectRanges reads many ranges over one connection.
func TestObjectRanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		data := []byte(strings.Repeat(csvText, 30_000))
		s := newObjectServer(data)
		u := s.url(t, Options{})
		check(t, u.Probe(t.Context()))
		if info := u.Info(); !info.SizeKnown || info.Size != int64(len(data)) || !u.Plain() || u.Validator() != `"v"` {
			t.Fatalf("got %+v, %q", info, u.Validator())
		}
		for from := int64(0); from < int64(len(data)); from += 300_000 {
			to := min(from+300_000, int64(len(data)))
			r, err := u.OpenRange(t.Context(), from, to)
			check(t, err)
			got := make([]byte, min(to+1000, int64(len(data)))-from)
			_, err = io.ReadFull(r, got)
			check(t, err)
			info := r.(*plainRange).Info()
			if !bytes.Equal(got, data[from:][:len(got)]) || info.Limit != to-from || info.Proof != engine.ProofLength || !info.Checked || info.Retries != 0 {
				t.Errorf("bytes from %d: got %+v", from, info)
			}
			check(t, r.Close())
		}
		if s.connections != 1 {
			t.Errorf("%d connections for %d requests", s.connections, len(s.requests))
		}
	})
}

// TestHeaderOfObject reads the first bytes with one small request.
func TestHeaderOfObject(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newObjectServer([]byte(strings.Repeat(csvText, 30_000)))
		u := s.url(t, Options{})
		check(t, u.Probe(t.Context()))
		r, err := u.OpenRange(t.Context(), 0, 1_000_000)
		check(t, err)
		_, err = io.ReadFull(r, make([]byte, 64<<10))
		check(t, errors.Join(err, r.Close()))
		if want := []string{"bytes=0-511", "bytes=0-131071"}; !slices.Equal(s.requests, want) || s.connections != 1 {
			t.Errorf("got %q over %d connections, want %q over 1", s.requests, s.connections, want)
		}
	})
}

// TestFirstResponse opens a URL whose server ignored the header Range, with the
// response to the probe.
func TestFirstResponse(t *testing.T) {
	for _, encoding := range []string{"", "gzip"} {
		synctest.Test(t, func(t *testing.T) {
			s := newObjectServer(nil)
			body := []byte(csvText)
			s.change = func(_ int, r *simnet.Request, resp *simnet.Response) *simnet.Answer {
				*resp = simnet.Response{Framing: simnet.Length, Body: body}
				if encoding != "" {
					resp.Body = gz(t, csvText)
					resp.Replace("Content-Encoding", encoding)
				}
				return nil
			}
			u := s.url(t, Options{})
			check(t, u.Probe(t.Context()))
			if info := u.Info(); info.SizeKnown != (encoding == "") || u.Plain() || u.Validator() != "" {
				t.Errorf("got %+v", info)
			}
			if at, err := u.Boundary(t.Context(), 5); err != nil || at != u.size {
				t.Errorf("boundary at %d, %v", at, err)
			}
			for n := range 2 {
				if got, err := readPart(t, u); got != csvText || err != nil || len(s.requests) != 1+n {
					t.Errorf("got %q, %v after %d requests", got, err, len(s.requests))
				}
			}
		})
	}
}

// TestContinued breaks a response to a plain request, which is continued only
// if its headers allow it.
func TestContinued(t *testing.T) {
	data := []byte(strings.Repeat(csvText, 30_000))
	half := len(data) / 2
	for _, test := range []struct {
		name      string
		change    func(resp *simnet.Response)
		continued bool
	}{
		{"strong ETag", func(*simnet.Response) {}, true},
		{"weak ETag", func(resp *simnet.Response) { resp.Replace("ETag", `W/"v"`) }, false},
		{"no ETag", func(resp *simnet.Response) { resp.Replace("ETag", "") }, false},
		{"no Accept-Ranges", func(resp *simnet.Response) { resp.Replace("Accept-Ranges", "") }, false},
		{"chunked", func(resp *simnet.Response) { resp.Framing = simnet.Chunked }, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newObjectServer(data)
				s.change = func(n int, _ *simnet.Request, resp *simnet.Response) *simnet.Answer {
					if n > 1 {
						return nil
					}
					test.change(resp)
					wire, body := resp.Wire()
					return &simnet.Answer{Wire: wire[:body+half], End: simnet.Reset}
				}
				var retried []string
				u := s.url(t, Options{Retrying: func(what string, attempt int, err error, _ time.Duration) {
					retried = append(retried, fmt.Sprintf("%s %d %v", what, attempt, errors.Is(err, ErrExhausted)))
				}})
				r, err := u.Open(t.Context())
				check(t, err)
				got, err := drain(r)
				check(t, r.Close())
				if !test.continued {
					if !errors.Is(err, ErrExhausted) || judge(err) != always || len(s.requests) != 1 {
						t.Errorf("got %v after %q", err, s.requests)
					}
					return
				}
				if got != string(data) || err != nil {
					t.Errorf("got %d bytes, %v", len(got), err)
				}
				want := []string{"", fmt.Sprintf("bytes=%d-%d", half, len(data)-1)}
				if !slices.Equal(s.requests, want) || !slices.Equal(retried, []string{"http://server.test/x.csv 1 true"}) || r.(*stream).Info().Retries != 1 {
					t.Errorf("requested %q, want %q; retried %q", s.requests, want, retried)
				}
			})
		})
	}
}

// TestProgress continues a response more often than there are attempts, since
// each of them makes progress.
func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		data := []byte(strings.Repeat(csvText, 100_000))
		s := newObjectServer(data)
		s.change = func(_ int, _ *simnet.Request, resp *simnet.Response) *simnet.Answer {
			wire, body := resp.Wire()
			return &simnet.Answer{Wire: wire[:min(len(wire), body+400_000)]}
		}
		r, err := s.url(t, Options{}).Open(t.Context())
		check(t, err)
		got, err := drain(r)
		if n := r.(*stream).Info().Retries; got != string(data) || err != nil || n != len(data)/400_000 {
			t.Errorf("got %d bytes of %d, %v after %d retries", len(got), len(data), err, n)
		}
		check(t, r.Close())
	})
}

// TestContinuedOtherwise breaks a response, after which the server no longer
// has the object: the next attempt begins at the first byte.
func TestContinuedOtherwise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		data := []byte(strings.Repeat(csvText, 100))
		s := newObjectServer(data)
		s.change = func(n int, r *simnet.Request, resp *simnet.Response) *simnet.Answer {
			if n == 1 {
				wire, body := resp.Wire()
				return &simnet.Answer{Wire: wire[:body+50]}
			}
			*resp = simnet.Object{Data: []byte(csvText), ETag: `"w"`}.Respond(r)
			return nil
		}
		u := s.url(t, Options{})
		_, err := readPart(t, u)
		if !errors.Is(err, ErrExhausted) || judge(err) != always {
			t.Errorf("got %v", err)
		}
		if got, err := readPart(t, u); got != csvText || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

// TestAttemptsOfObject gives up after the attempts of the client. The engine
// makes no further ones.
func TestAttemptsOfObject(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newObjectServer([]byte(strings.Repeat(csvText, 10_000)))
		s.change = func(n int, _ *simnet.Request, resp *simnet.Response) *simnet.Answer {
			if n > 1 {
				return &simnet.Answer{End: simnet.Reset}
			}
			return nil
		}
		u := s.url(t, Options{Retries: 3})
		check(t, u.Pin(t.Context()))
		_, err := readPart(t, u)
		if !errors.Is(err, ErrExhausted) || judge(err) != never || len(s.requests) != 1+4+1 { // one was repeated, as the kept connection was closed
			t.Errorf("got %v after %d requests", err, len(s.requests))
		}
	})
}

// TestPinned changes the object after Pin.
func TestPinned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newObjectServer([]byte(csvText))
		u := s.url(t, Options{})
		check(t, u.Pin(t.Context()))
		s.object.ETag = `"w"`
		for range 2 {
			if _, err := readPart(t, u); !errors.Is(err, ErrChanged) || judge(err) != never {
				t.Errorf("got %v", err)
			}
		}
	})
}

// TestPinRefuses pins what is not CSV, and what cannot be had.
func TestPinRefuses(t *testing.T) {
	for _, test := range []struct {
		name   string
		data   []byte
		change func(n int, r *simnet.Request, resp *simnet.Response) *simnet.Answer
		want   error
	}{
		{"a zip archive", zipOf(t, "a.csv", csvText), nil, ErrContent},
		{"xz", []byte("\xfd7zXZ\x00" + csvText), nil, ErrContent},
		{"HTML", []byte(csvText), func(_ int, _ *simnet.Request, resp *simnet.Response) *simnet.Answer {
			resp.Replace("Content-Type", "text/html")
			return nil
		}, ErrContent},
		{"404", []byte(csvText), func(_ int, _ *simnet.Request, resp *simnet.Response) *simnet.Answer {
			resp.Status = http.StatusNotFound
			return nil
		}, ErrNotFound},
		{"503 twice", []byte(csvText), func(n int, _ *simnet.Request, resp *simnet.Response) *simnet.Answer {
			if n < 3 {
				resp.Status = http.StatusServiceUnavailable
			}
			return nil
		}, nil},
		{"nothing", nil, nil, nil},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newObjectServer(test.data)
			s.change = test.change
			if err := s.url(t, Options{}).Pin(t.Context()); !errors.Is(err, test.want) || err != nil && test.want == nil {
				t.Errorf("%s: got %v, want %v", test.name, err, test.want)
			}
		})
	}
}

// TestRepeatedSecret does not use a validator that contains the token, which
// messages and plans would show.
func TestRepeatedSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newObjectServer([]byte(csvText))
		s.object.ETag = `"canary-token"`
		u := s.url(t, Options{Server: "http://server.test", Token: "canary-token", AllowHTTPToken: true})
		check(t, u.Pin(t.Context()))
		if u.Validator() != "" {
			t.Errorf("got %q", u.Validator())
		}
	})
}

// Members and frames of an object are found where those of a file are, and
// their ranges hold the same bytes, although responses break at random.
func TestMembersOfObjects(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, compress := range []func(testing.TB, string) []byte{gz, zst} {
		var data []byte
		for range 40 {
			data = append(data, compress(t, randomText(random, 1+random.IntN(20_000)))...)
		}
		f := newFile(t, tempFile(t, "x", data))
		var at []int64
		for range 30 {
			at = append(at, random.Int64N(int64(len(data))))
		}
		var want []int64
		for _, n := range at {
			place, err := f.Boundary(t.Context(), n)
			check(t, err)
			want = append(want, place)
		}
		synctest.Test(t, func(t *testing.T) {
			s := newObjectServer(data)
			s.change = func(n int, _ *simnet.Request, resp *simnet.Response) *simnet.Answer {
				if n > 1 && len(resp.Body) > 1 && n%3 > 0 {
					wire, body := resp.Wire()
					return &simnet.Answer{Wire: wire[:body+random.IntN(len(resp.Body))], End: simnet.End(n % 2)}
				}
				return nil
			}
			u := s.url(t, Options{Retries: 1000})
			check(t, u.Probe(t.Context()))
			for i, n := range at {
				place, err := u.Boundary(t.Context(), n)
				if err != nil || place != want[i] {
					t.Errorf("boundary after %d: %d, %v, want %d", n, place, err, want[i])
				}
			}
			size := int64(len(data))
			for i := range 10 {
				from, to := min(want[i], want[i+1]), max(want[i], want[i+1])
				if from == size {
					continue
				}
				one, limit := readRange(t, f, from, to)
				other, otherLimit := readRange(t, u, from, to)
				if one != other || limit != otherLimit {
					t.Errorf("bytes %d to %d: %d bytes up to %d, want %d up to %d", from, to, len(other), otherLimit, len(one), limit)
				}
			}
		})
	}
}

func randomText(random *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = "abcdefghijklmnop,\n"[random.IntN(18)]
	}
	return string(b)
}

// readRange reads a range to the end of the part, and returns its Limit.
func readRange(t *testing.T, p engine.Splitter, from, to int64) (string, int64) {
	t.Helper()
	r, err := p.OpenRange(t.Context(), from, to)
	check(t, err)
	text, err := drain(r)
	check(t, errors.Join(err, r.Close()))
	return text, r.(interface{ Info() engine.StreamInfo }).Info().Limit
}
