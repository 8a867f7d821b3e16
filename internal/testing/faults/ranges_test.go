package faults

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fastcount/engine"
	"fastcount/internal/testing/proof"
	"fastcount/internal/testing/simnet"
	"fastcount/sources"
)

// object is the data of the tests of ranges: large enough that a range does not
// fit in one request.
var object = sync.OnceValue(func() simnet.Object {
	r := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	b.WriteString("patient_id,note,event_type\n")
	for b.Len() < 3<<20 {
		fmt.Fprintf(&b, "P%d,%s,e%d\n", r.IntN(50), strings.Repeat("x", r.IntN(60)), r.IntN(7))
	}
	return simnet.Object{Data: []byte(b.String()), ETag: `"v1"`}
})

// rangeFault is a fault of a server that sends ranges. count and shard are the
// errors that a run, and a run of a byte range with a plan, must return. Nil
// means that the counts must be right.
type rangeFault struct {
	name         string
	count, shard error
	change       func(n int, r *simnet.Request, resp *simnet.Response) *simnet.Answer // of the response to range n, from 1
}

// header returns a change that replaces a header of each range from number from
// on.
func header(from int, name, value string) func(int, *simnet.Request, *simnet.Response) *simnet.Answer {
	return func(n int, _ *simnet.Request, resp *simnet.Response) *simnet.Answer {
		if n >= from && resp.Status == http.StatusPartialContent {
			resp.Replace(name, value)
		}
		return nil
	}
}

// span returns the range that resp holds.
func span(resp *simnet.Response) (from, to, size int) {
	for _, line := range resp.Header {
		if _, err := fmt.Sscanf(line, "Content-Range: bytes %d-%d/%d", &from, &to, &size); err == nil {
			break
		}
	}
	return from, to, size
}

// shifted returns a change of the Content-Range by these numbers.
func shifted(from, to, size int) func(int, *simnet.Request, *simnet.Response) *simnet.Answer {
	return func(n int, _ *simnet.Request, resp *simnet.Response) *simnet.Answer {
		a, b, c := span(resp)
		if n >= 2 {
			resp.Replace("Content-Range", fmt.Sprintf("bytes %d-%d/%d", a+from, b+to, c+size))
		}
		return nil
	}
}

// cutShort returns a change that ends a response after n bytes of its body.
func cutShort(end simnet.End, n int) func(int, *simnet.Request, *simnet.Response) *simnet.Answer {
	return func(_ int, _ *simnet.Request, resp *simnet.Response) *simnet.Answer {
		if len(resp.Body) <= n {
			return nil
		}
		wire, body := resp.Wire()
		return &simnet.Answer{Wire: wire[:body+n], End: end}
	}
}

// status returns a change of the status of n responses, from the second on. A
// status that is about ranges is not that of other requests.
func status(code, n int, lines ...string) func(int, *simnet.Request, *simnet.Response) *simnet.Answer {
	return func(i int, r *simnet.Request, resp *simnet.Response) *simnet.Answer {
		if i >= 2 && i < 2+n && (r.Header("Range") != "" || code != 416 && code != 412) {
			*resp = simnet.Response{Status: code, Header: lines, Framing: simnet.Length}
		}
		return nil
	}
}

const forever = 1 << 30

var rangeFaults = []rangeFault{
	{"none", nil, nil, header(forever, "", "")},
	{"200 for each range", nil, sources.ErrRange, func(n int, _ *simnet.Request, resp *simnet.Response) *simnet.Answer {
		if n >= 2 {
			*resp = object().Respond(&simnet.Request{})
		}
		return nil
	}},
	{"200 of other data", nil, sources.ErrChanged, func(n int, _ *simnet.Request, resp *simnet.Response) *simnet.Answer {
		if n >= 2 {
			*resp = object().Respond(&simnet.Request{})
			resp.Replace("ETag", `"v2"`)
		}
		return nil
	}},
	{"other start", nil, sources.ErrRange, shifted(1, 0, 0)},
	{"other start and end", nil, sources.ErrRange, shifted(-1, -1, 0)},
	{"without the first byte", nil, sources.ErrRange, func(n int, r *simnet.Request, resp *simnet.Response) *simnet.Answer {
		if n >= 2 && resp.Status == http.StatusPartialContent {
			resp.Body = resp.Body[1:]
		}
		return shifted(1, 0, 0)(n, r, resp)
	}},
	{"other end", nil, sources.ErrRange, shifted(0, 1, 1)},
	{"other total", nil, sources.ErrChanged, shifted(0, 0, 7)},
	{"smaller end than the body", nil, sources.ErrRange, shifted(0, -1, 0)},
	{"end before the start", nil, sources.ErrRange, header(2, "Content-Range", "bytes 5-3/100")},
	{"unknown total", nil, sources.ErrRange, header(2, "Content-Range", "bytes 0-131071/*")},
	{"malformed Content-Range", nil, sources.ErrRange, header(2, "Content-Range", "bytes 0–131071/x")},
	{"huge Content-Range", nil, sources.ErrRange, header(2, "Content-Range", "bytes 0-9223372036854775807/9223372036854775807")},
	{"no Content-Range", nil, sources.ErrRange, header(2, "Content-Range", "")},
	{"two of Content-Range", nil, sources.ErrRange, func(n int, _ *simnet.Request, resp *simnet.Response) *simnet.Answer {
		if n >= 2 {
			resp.Header = append(resp.Header, "Content-Range: bytes 0-1/2")
		}
		return nil
	}},
	{"other unit", nil, sources.ErrRange, header(2, "Content-Range", "rows 0-131071/200000")},
	{"several ranges", nil, sources.ErrRange, header(2, "Content-Type", `multipart/byteranges; boundary="x"`)},
	{"gzip", nil, sources.ErrRange, header(2, "Content-Encoding", "gzip")},
	{"brotli", nil, sources.ErrRange, header(2, "Content-Encoding", "br")},
	{"identity", nil, nil, header(2, "Content-Encoding", "identity")},
	{"another ETag", nil, sources.ErrChanged, header(3, "ETag", `"v2"`)},
	{"a weak ETag later", nil, sources.ErrChanged, header(3, "ETag", `W/"v1"`)},
	{"no ETag later", nil, sources.ErrChanged, header(3, "ETag", "")},
	{"a weak ETag", nil, errNoObject, header(1, "ETag", `W/"v1"`)},
	{"no ETag", nil, errNoObject, header(1, "ETag", "")},
	{"an empty ETag", nil, errNoObject, header(1, "ETag", `""`)},
	{"unknown total at first", nil, errNoObject, header(1, "Content-Range", "bytes 0-511/*")},
	{"gzip at first", nil, errNoObject, header(1, "Content-Encoding", "gzip")},
	{"an ETag of each response", nil, sources.ErrChanged, func(n int, _ *simnet.Request, resp *simnet.Response) *simnet.Answer {
		resp.Replace("ETag", fmt.Sprintf(`"v%d"`, n))
		return nil
	}},
	{"If-Range ignored", nil, sources.ErrChanged, func(n int, r *simnet.Request, resp *simnet.Response) *simnet.Answer {
		if n >= 3 && r.Header("Range") != "" {
			other := simnet.Object{Data: object().Data, ETag: `"v2"`}
			*resp = other.Respond(r.Without("If-Range"))
		}
		return nil
	}},
	{"416", nil, sources.ErrChanged, status(416, forever)},
	{"412", nil, sources.ErrChanged, status(412, forever)},
	{"404", sources.ErrNotFound, sources.ErrNotFound, status(404, forever)},
	{"403", sources.ErrDenied, sources.ErrDenied, status(403, forever)},
	{"503 twice", nil, nil, status(503, 2)},
	{"429 twice, with Retry-After", nil, nil, status(429, 2, "Retry-After: 7")},
	{"503 always", sources.ErrExhausted, sources.ErrExhausted, status(503, forever)},
	{"503 for an hour", sources.ErrExhausted, sources.ErrExhausted, status(503, forever, "Retry-After: 3600")},
	{"closed in each response", nil, nil, cutShort(simnet.Close, 200_000)},
	{"reset in each response", nil, nil, cutShort(simnet.Reset, 200_000)},
	{"stalled in each response", nil, nil, cutShort(simnet.Stall, 200_000)},
	{"no byte", sources.ErrExhausted, sources.ErrExhausted, cutShort(simnet.Reset, 0)},
	{"one byte of each response", sources.ErrExhausted, sources.ErrExhausted, cutShort(simnet.Close, 1)},
	{"short, chunked", nil, nil, func(n int, _ *simnet.Request, resp *simnet.Response) *simnet.Answer {
		resp.Framing, resp.Body = simnet.Chunked, resp.Body[:min(len(resp.Body), 100_000)]
		return nil
	}},
	{"long, chunked", nil, sources.ErrRange, func(n int, _ *simnet.Request, resp *simnet.Response) *simnet.Answer {
		if n >= 2 && resp.Status == http.StatusPartialContent {
			resp.Framing, resp.Body = simnet.Chunked, append(resp.Body[:len(resp.Body):len(resp.Body)], "P1,x,e1\n"...)
		}
		return nil
	}},
	{"long", nil, sources.ErrRange, func(n int, _ *simnet.Request, resp *simnet.Response) *simnet.Answer {
		if n >= 2 && resp.Status == http.StatusPartialContent {
			resp.Body = append(resp.Body[:len(resp.Body):len(resp.Body)], "P1,x,e1\n"...)
		}
		return nil
	}},
	{"fewer bytes than requested", nil, nil, func(n int, r *simnet.Request, resp *simnet.Response) *simnet.Answer {
		if from, to, size := span(resp); n >= 2 && resp.Status == http.StatusPartialContent && to-from > 50_000 {
			resp.Body = resp.Body[:50_000]
			resp.Replace("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, from+49_999, size))
		}
		return nil
	}},
	{"until close", nil, nil, func(n int, _ *simnet.Request, resp *simnet.Response) *simnet.Answer {
		resp.Framing = simnet.UntilClose
		return nil
	}},
	{"redirected to a signed URL", nil, nil, func(n int, r *simnet.Request, resp *simnet.Response) *simnet.Answer {
		if !strings.Contains(r.Target, "signature") {
			*resp = simnet.Response{Status: 302, Framing: simnet.Length, Header: []string{fmt.Sprintf("Location: /o?signature=s3cret%d", n)}}
		}
		return nil
	}},
	{"redirected elsewhere", sources.ErrRedirect, sources.ErrRedirect, status(302, forever, "Location: http://other.test/")},
	{"an HTML page", nil, sources.ErrRange, func(n int, r *simnet.Request, resp *simnet.Response) *simnet.Answer {
		if n >= 2 && r.Header("Range") != "" {
			*resp = simnet.Response{Framing: simnet.Length, Header: []string{"Content-Type: text/html"}, Body: []byte("<html>")}
		}
		return nil
	}},
}

// errNoObject marks faults because of which the server does not seem to send
// ranges, so that no plan cuts the URL.
var errNoObject = errors.New("no ranges")

// rangeServer answers with the ranges of an object and a fault.
type rangeServer struct {
	object  *simnet.Object
	fault   rangeFault
	retries int // of the client; 0 means the default

	mu sync.Mutex
	n  int
}

func newRangeServer(fault rangeFault) *rangeServer {
	o := object()
	return &rangeServer{object: &o, fault: fault}
}

func (s *rangeServer) answer(r *simnet.Request) simnet.Answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	resp := s.object.Respond(r)
	if a := s.fault.change(s.n, r, &resp); a != nil {
		return *a
	}
	return resp.Answer()
}

// rangeClient returns a client of a server for the present bubble.
func rangeClient(t *testing.T, s *rangeServer) *sources.Client {
	network := &simnet.Network{Answer: s.answer}
	c, err := sources.NewClient(sources.Options{DialContext: network.DialContext, Retries: s.retries})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The faults of a server that sends ranges never lead to a wrong count, neither
// of a whole URL nor of a byte range of it.
func TestRangeFaults(t *testing.T) {
	want, err := countAll(object().Data)
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range rangeFaults {
		t.Run(fault.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { countObject(t, fault, want) })
			synctest.Test(t, func(t *testing.T) { countSection(t, fault, want) })
		})
	}
	proof.Cases(t, "range-faults", 2*len(rangeFaults))
}

// countObject counts the object with several connections.
func countObject(t *testing.T, fault rangeFault, want counts) {
	c := rangeClient(t, newRangeServer(fault))
	defer c.Close()
	u, err := c.URL("http://"+host+"/o", "")
	if err != nil {
		t.Fatal(err)
	}
	_ = u.Probe(t.Context()) // a failure means that there are no ranges
	begin := time.Now()
	got, err := engine.Run(t.Context(), []engine.Part{u}, engine.Config{Transfers: 4, RangeSize: 500_000})
	if took := time.Since(begin); took > time.Hour {
		t.Errorf("it took %v", took)
	}
	if fault.count != nil || err != nil {
		if !errors.Is(err, fault.count) {
			t.Errorf("got %v, want %v", err, fault.count)
		}
		return
	}
	checkCounts(t, got, want)
}

// add adds the counts of a report to c.
func add(c counts, r *engine.Report) {
	for group, n := range r.All() {
		c[[2]string{r.Keys[0][group[0]], r.Keys[1][group[1]]}] += n
	}
}

func checkCounts(t *testing.T, got *engine.Report, want counts) {
	t.Helper()
	rows := uint64(0)
	for _, n := range want {
		rows += n
	}
	found := counts{}
	add(found, got)
	if got.Rows != rows || !maps.Equal(found, want) {
		t.Errorf("got %d rows, want %d", got.Rows, rows)
	}
}

// countSection counts the object in three byte ranges, each with a client of
// its own, as three workers with a plan do.
func countSection(t *testing.T, fault rangeFault, want counts) {
	size := int64(len(object().Data))
	found, last := counts{}, int64(0)
	for _, cut := range [][2]int64{{0, size / 3}, {size / 3, size/3 + 1_000_000}, {size/3 + 1_000_000, size}} {
		c := rangeClient(t, newRangeServer(fault))
		defer c.Close()
		u, err := c.URL("http://"+host+"/o", "")
		if err == nil {
			err = u.Pin(t.Context())
		}
		if err == nil && u.Validator() == "" {
			err = errNoObject
		}
		var got *engine.Report
		if err == nil {
			got, err = engine.Run(t.Context(), []engine.Part{u.Section(cut[0], cut[1])}, engine.Config{Transfers: 4, RangeSize: 300_000})
		}
		if fault.shard != nil || err != nil {
			if !errors.Is(err, fault.shard) {
				t.Errorf("got %v, want %v", err, fault.shard)
			}
			return
		}
		if r := got.Parts[0].Range; r.Start != last && cut[0] > 0 {
			t.Errorf("range %v begins at %d, want %d", cut, r.Start, last)
		}
		last = got.Parts[0].Range.End
		add(found, got)
	}
	if !maps.Equal(found, want) {
		t.Errorf("got %v, want %v", found, want)
	}
}

// Any object, plain or of many gzip members or zstd frames, that is cut and
// chunked in any way and breaks at random, has the counts of the whole.
func TestRangesOfAnyObject(t *testing.T) {
	n := proof.Bound(20, 400)
	for i := range n {
		r := rand.New(rand.NewPCG(5, uint64(i)))
		text := table(r, 2000+r.IntN(20_000), []string{"P1", "P2", "P,3", ""}, []string{"bp_sys", "hr"})
		want, err := countAll(text)
		if err != nil {
			t.Fatal(err)
		}
		data := compressedAtRandom(r, text)
		synctest.Test(t, func(t *testing.T) {
			s := &rangeServer{object: &simnet.Object{Data: data, ETag: `"v"`}, fault: rangeFault{change: breaks(r)}, retries: 1000}
			c := rangeClient(t, s)
			defer c.Close()
			u, err := c.URL("http://"+host+"/o", "")
			if err == nil {
				err = u.Probe(t.Context())
			}
			if err != nil {
				t.Fatal(err)
			}
			cfg := engine.Config{Transfers: 1 + r.IntN(5), RangeSize: int64(1 + r.IntN(len(data))), BufferSize: 1 << (10 + r.IntN(10))}
			cfg.RangeSize = max(cfg.RangeSize, int64(len(data))/50)
			got, err := engine.Run(t.Context(), []engine.Part{u}, cfg)
			if err != nil {
				t.Fatalf("case %d: %v", i, err)
			}
			checkCounts(t, got, want)
		})
	}
	proof.Cases(t, "range-objects", n)
}

// compressedAtRandom returns text, plain or compressed in pieces.
func compressedAtRandom(r *rand.Rand, text []byte) (data []byte) {
	f := []format{plain, gzipped, zstandard}[r.IntN(3)]
	if f == plain {
		return text
	}
	for p := newPress(); len(text) > 0; {
		n := min(len(text), 1+r.IntN(60_000))
		data = append(data, p.one(f, text[:n])...)
		text = text[n:]
	}
	return data
}

// breaks returns a change that frames responses at random, and lets some of
// them break. The first one, which answers a probe, is complete.
func breaks(r *rand.Rand) func(int, *simnet.Request, *simnet.Response) *simnet.Answer {
	return func(n int, _ *simnet.Request, resp *simnet.Response) *simnet.Answer {
		if resp.Framing, resp.Chunk = simnet.Framing(r.IntN(3)), 1+r.IntN(50_000); n == 1 || r.IntN(3) > 0 {
			return nil
		}
		wire, body := resp.Wire()
		return &simnet.Answer{Wire: wire[:body+r.IntN(len(wire)-body+1)], End: simnet.End(r.IntN(3)), Piece: 1 + r.IntN(100_000)}
	}
}
