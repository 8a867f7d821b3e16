package faults

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"fastcount/internal/testing/simnet"
	"fastcount/parser"
	"fastcount/sources"
)

// status returns a response with that status and some header lines, with or
// without a valid body.
func (m *maker) status(code int, want effect, lines ...string) attempt {
	r := simnet.Response{Status: code, Header: append(lines, "Content-Type: application/json"),
		Framing: m.framing(), Body: []byte(`{"detail":` + quoteJSON(one(m, "so it is", "no access for "+m.echo())) + `}`)}
	if code == http.StatusNoContent {
		r.Framing, r.Body = simnet.UntilClose, nil
	}
	a := r.Answer()
	if m.IntN(4) == 0 && code != http.StatusNoContent {
		a.Wire, a.End = a.Wire[:len(a.Wire)-2], m.anyEnd()
	}
	return sends(a, want)
}

// later returns a temporary status with a Retry-After, and its meaning.
func (m *maker) later(code int, retryAfter string, wait time.Duration) attempt {
	want := broken()
	want.wait = wait
	return m.status(code, want, "Retry-After: "+retryAfter)
}

var statusKinds = []kind{
	{"status: 401 or 403", onAll, func(m *maker) attempt {
		return m.status(one(m, 401, 403), fails(final, classDenied))
	}},
	{"status: 404 or 410", onAll, func(m *maker) attempt {
		return m.status(one(m, 404, 410), fails(final, classNotFound))
	}},
	{"status: 408 or 425", onAll, func(m *maker) attempt { return m.status(one(m, 408, 425), broken()) }},
	{"status: other 4xx", onAll, func(m *maker) attempt {
		return m.status(one(m, 400, 405, 409, 416, 422, 451), fails(final, classStatus))
	}},
	{"status: 429 with seconds", onAll, func(m *maker) attempt {
		seconds := 1 + m.IntN(300)
		return m.later(429, fmt.Sprint(seconds), time.Duration(seconds)*time.Second)
	}},
	{"status: 503 with a date", onAll, func(m *maker) attempt {
		seconds := time.Duration(m.IntN(300)) * time.Second
		a := m.later(503, "DATE", max(seconds-time.Second, 0)) // a date has no fractions of a second
		answer := a.answer
		a.answer = func(now time.Time) simnet.Answer {
			r := answer(now)
			date := now.Add(seconds).UTC().Format(http.TimeFormat)
			r.Wire = bytes.Replace(r.Wire, []byte("DATE"), []byte(date), 1)
			return r
		}
		return a
	}},
	{"status: Retry-After that is too long", onAll, func(m *maker) attempt {
		return m.status(one(m, 429, 503, 500), fails(final, classExhausted),
			"Retry-After: "+one(m, "301", "86400", "99999999999999999999999", "9223372036854775807",
				"Fri, 31 Dec 2100 23:59:59 GMT"))
	}},
	{"status: Retry-After negative or garbage", onAll, func(m *maker) attempt {
		return m.later(one(m, 429, 503), one(m, "-5", "soon", "", "1.5", "Sat, 01 Jan 1994 00:00:00 GMT"), 0)
	}},
	{"status: 5xx", onAll, func(m *maker) attempt { return m.status(one(m, 500, 502, 503, 504, 520, 599), broken()) }},
	{"status: 501 or 505", onAll, func(m *maker) attempt { return m.status(one(m, 501, 505), fails(final, classStatus)) }},
	{"status: 204", onAll, func(m *maker) attempt { return m.status(204, fails(final, classStatus)) }},
	{"status: 206 unasked", onAll, func(m *maker) attempt {
		r, _ := m.response(m.something())
		r.Status = http.StatusPartialContent
		r.Header = append(slices.Clip(r.Header), fmt.Sprintf("Content-Range: bytes 0-%d/%d", len(r.Body)-1, len(r.Body)+10))
		return sends(r.Answer(), fails(final, classStatus))
	}},
	{"status: 103 before the answer", onAll, func(m *maker) attempt {
		r, e := m.response(m.truth)
		a := r.Answer()
		a.Wire = append([]byte("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"), a.Wire...)
		return sends(a, m.came(e.data, len(e.body)))
	}},
}

// echo returns the token as a server may repeat it.
func (m *maker) echo() string {
	encoded := base64.StdEncoding
	return one(m, token, strings.ToUpper(token), "Bearer "+token, encoded.EncodeToString([]byte(token)),
		encoded.EncodeToString([]byte("user:"+token)), strings.ReplaceAll(token, "-", "%2D"))
}

// echoHead returns the header of a response that repeats the token and an id in
// unexpected places.
func (m *maker) echoHead(r simnet.Response) string {
	text := m.echo() + patientMark + "1" + poisonMark + "1"
	line := one(m, text, "HTTP/1.1 "+text, "HTTP/1.1 200 OK\r\n"+text, "HTTP/1.1 200 OK\r\nContent-Length: "+text,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: "+text, "HTTP/1.1 200 OK\r\n "+text+": x")
	return line + "\r\n\r\n" + string(r.Body)
}

var echoKinds = []kind{
	{"echo: in a malformed head", onAll, func(m *maker) attempt {
		r, _ := m.response(m.something())
		return sends(simnet.Answer{Wire: []byte(m.echoHead(r)), End: m.end()}, broken())
	}},
	{"echo: in the framing of a body", onAll, func(m *maker) attempt {
		return m.chunkSize(m.echo() + patientMark)
	}},
	{"echo: in Content-Encoding", onAll, func(m *maker) attempt {
		r, _ := m.responseIn(codings[0], m.something())
		r.Header = append(slices.Clip(r.Header), "Content-Encoding: "+m.echo())
		return sends(r.Answer(), fails(once, classContent))
	}},
	{"echo: in Location", onAll, func(m *maker) attempt {
		to := one(m, "http://%zz", "http://stranger.test/", "ftp:", "http://"+host+":99/?") + m.echo()
		return sends(m.redirect(to), fails(final, classRedirect))
	}},
	{"echo: in malformed JSON", onAPI, func(m *maker) attempt {
		text := string(m.truth)
		return m.sendsJSON([]byte(one(m, text+quoteJSON(m.echo()), `{"`+m.echo(), `{"data":{"patients":["`+poisonMark+`1" `+m.echo())), malformed)
	}},
}

// redirect returns a response that redirects the client.
func (m *maker) redirect(to string) simnet.Answer {
	r := simnet.Response{Status: one(m, 301, 302, 303, 307, 308), Framing: m.framing(), Body: []byte(one(m, "", page))}
	if to != "" {
		r.Header = []string{"Location: " + to}
	}
	return r.Answer()
}

// hopTo is the prefix of paths that redirects lead to. The server responds
// there as the attempt specifies.
const hopTo = "/hop"

var redirectKinds = []kind{
	{"redirect: same origin", onAll, func(m *maker) attempt {
		a := m.good()
		for range m.IntN(3) {
			a.hops = append(a.hops, m.redirect(hopTo+m.path))
		}
		a.hops = append(a.hops, a.answer(time.Time{}))
		a.answer = always(m.redirect(one(m, "", origin, "//"+host, origin+":80") + hopTo + m.path))
		return a
	}},
	{"redirect: too many", onAll, func(m *maker) attempt {
		hop := m.redirect(hopTo + m.path)
		return attempt{answer: always(hop), hops: []simnet.Answer{hop, hop, hop}, want: fails(final, classRedirect)}
	}},
	{"redirect: other host or port", onAll, func(m *maker) attempt {
		to := one(m, "http://stranger.test/data", "//stranger.test/data", origin+":81/data", "http://user:pw@"+host+"/")
		return sends(m.redirect(to), fails(final, classRedirect))
	}},
	{"redirect: other scheme", onAll, func(m *maker) attempt {
		return sends(m.redirect(one(m, "https://"+host+"/data", "file:///data", "data:,x")), fails(final, classRedirect))
	}},
	{"redirect: nowhere", onAll, func(m *maker) attempt {
		return sends(m.redirect(one(m, "", "http://[", ":")), fails(final, classRedirect))
	}},
}

// unlike returns a response with another Content-Type.
func (m *maker) unlike(mediaType, body string, want effect) attempt {
	r := simnet.Response{Header: []string{"Content-Type: " + mediaType}, Body: []byte(body), Framing: m.framing()}
	return sends(r.Answer(), want)
}

// damaged returns a compressed response that is modified without changing its
// length.
func (m *maker) damaged(change func(e *encoded) effect) attempt {
	r, e := m.responseIn(codings[1+m.IntN(2)], m.something())
	e.body = slices.Clone(e.body)
	want := change(&e)
	r.Body = e.body
	return sends(r.Answer(), want)
}

const page = "<!DOCTYPE html><html><body>Something went wrong</body></html>\n"

// maxRecord and maxJSON are the limits in a simulation. tooLarge exceeds both.
const (
	maxRecord = 8 << 10
	maxJSON   = 32 << 10
	tooLarge  = 64 << 10
)

var bodyKinds = []kind{
	{"body: HTML 200, data", onData, func(m *maker) attempt {
		return m.unlike(one(m, "text/html; charset=utf-8", "application/xhtml+xml"), page, fails(once, classContent))
	}},
	{"body: HTML 200, API", onAPI, func(m *maker) attempt {
		return m.unlike(one(m, "text/html", "text/plain"), page, fails(once, classMetadata))
	}},
	{"body: JSON 200", onData, func(m *maker) attempt {
		return m.unlike(one(m, "application/json", "application/problem+json"), `{"detail":"sorry"}`, fails(once, classContent))
	}},
	{"body: empty 200", onAll, func(m *maker) attempt {
		r := simnet.Response{Header: m.header, Framing: m.framing()}
		return sends(r.Answer(), m.came(nil, 0))
	}},
	{"body: encoding unasked", onAll, func(m *maker) attempt {
		r, _ := m.responseIn(codings[0], m.something())
		r.Header = append(slices.Clip(r.Header), "Content-Encoding: "+one(m, "br", "deflate", "compress", "gzip, zstd", "x"))
		return sends(r.Answer(), fails(once, classContent))
	}},
	{"body: not encoded as declared", onAll, func(m *maker) attempt {
		r, _ := m.responseIn(codings[0], m.something())
		r.Header = append(slices.Clip(r.Header), "Content-Encoding: "+one(m, "gzip", "zstd"))
		return sends(r.Answer(), fails(once, classCorrupt))
	}},
	{"body: checksum wrong", onAll, func(m *maker) attempt {
		return m.damaged(func(e *encoded) effect {
			at := len(e.body) - 4
			if e.coding.format == gzipped {
				at = len(e.body) - 8
			}
			e.body[at] ^= 1 << m.IntN(8)
			return fails(once, classCorrupt)
		})
	}},
	{"body: bytes after compressed data", onAll, func(m *maker) attempt {
		return m.damaged(func(e *encoded) effect {
			e.body = append(e.body, "Poison~9,t,bp_sys,1\n"...)
			return fails(once, classCorrupt)
		})
	}},
	{"body: too large, data", onData, func(m *maker) attempt {
		r, _ := m.responseIn(codings[1+m.IntN(2)], []byte("patient_id,event_type\n"+strings.Repeat("x", tooLarge)))
		return sends(r.Answer(), fails(once, classLimit, parser.ErrRecordTooLong))
	}},
	{"body: too large, API", onAPI, func(m *maker) attempt {
		r, _ := m.responseIn(codings[m.IntN(3)], m.meta.with("padding", quoteJSON(strings.Repeat("x", tooLarge))).json())
		return sends(r.Answer(), fails(once, classMetadata))
	}},
	{"body: window", onAll, func(m *maker) attempt {
		// A frame header alone: a window of 2^exponent bytes, no checksum, one
		// empty block.
		exponent := 24 + m.IntN(8)
		body := []byte{0x28, 0xb5, 0x2f, 0xfd, 0, byte(exponent-10) << 3, 1, 0, 0}
		r := simnet.Response{Header: append(slices.Clip(m.header), "Content-Encoding: zstd"), Body: body, Framing: m.framing()}
		return sends(r.Answer(), fails(final, classLimit, sources.ErrWindow))
	}},
	{"body: UTF-16", onData, func(m *maker) attempt {
		return m.whole([]byte("\xff\xfep\x00a\x00t\x00i\x00e\x00n\x00t\x00"))
	}},
	{"body: another header", onData, func(m *maker) attempt {
		return m.whole(bytes.Replace(m.something(), []byte("patient_id"), []byte("patient"), 1))
	}},
}
