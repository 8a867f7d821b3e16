//go:build !race

package program

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// content writes the content of a file or a response. It returns the first
// error of the writer.
type content func(w io.Writer) error

// endless is a number of mebibytes, blocks or bytes that is never reached.
const endless = 1 << 40

func text(s string) content {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

func join(contents ...content) content {
	return func(w io.Writer) error {
		for _, c := range contents {
			if err := c(w); err != nil {
				return err
			}
		}
		return nil
	}
}

// times writes b n times.
func times(n int64, b []byte) content {
	return func(w io.Writer) error {
		for range n {
			if _, err := w.Write(b); err != nil {
				return err
			}
		}
		return nil
	}
}

// again writes s repeatedly, at most that number of mebibytes.
func again(s string, mebibytes int64) content {
	piece := []byte(strings.Repeat(s, (1<<20)/len(s)))
	return times(mebibytes, piece)
}

// sparse extends a file by size bytes without writing them.
func sparse(size int64) content {
	return func(w io.Writer) error {
		f := w.(*os.File)
		at, err := f.Seek(0, io.SeekCurrent)
		if err != nil {
			return err
		}
		return f.Truncate(at + size)
	}
}

// listed writes `,"0000001"` and so on, n of them.
func listed(n int) content {
	return func(w io.Writer) error {
		var b bytes.Buffer
		for i := range n {
			fmt.Fprintf(&b, `,"%07d"`, i+1)
		}
		_, err := b.WriteTo(w)
		return err
	}
}

// frame begins a zstd frame (RFC 8878, section 3.1.1) with a window of 1<<log
// bytes.
func frame(log int) content {
	return text("\x28\xb5\x2f\xfd\x00" + string([]byte{byte(log-10) << 3}))
}

// The types of zstd blocks.
const (
	storedBlock   = 0
	repeatedBlock = 1
)

func zstdBlock(kind, size int) []byte {
	n := size<<3 | kind<<1
	return []byte{byte(n), byte(n >> 8), byte(n >> 16)}
}

// stored writes a zstd block that holds s.
func stored(s string) content { return text(string(zstdBlock(storedBlock, len(s))) + s) }

// repeated writes n zstd blocks, each of size times the same byte.
func repeated(c byte, size int, n int64) content {
	b := append(zstdBlock(repeatedBlock, size), c)
	return func(w io.Writer) error {
		const many = 1 << 10
		if err := times(n/many, bytes.Repeat(b, many))(w); err != nil {
			return err
		}
		return times(n%many, b)(w)
	}
}

// longIDs writes zstd blocks of n rows, each with a patient id of 4,000 bytes.
func longIDs(n int) content {
	return func(w io.Writer) error {
		same := append(zstdBlock(repeatedBlock, 3990), 'x')
		for i := range n {
			id := stored(fmt.Sprintf("%010d,t,bp,1\n", i))
			if err := join(text(string(same)), id)(w); err != nil {
				return err
			}
		}
		return nil
	}
}

// gzipHead begins a gzip member (RFC 1952, section 2.3).
var gzipHead = text("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff")

// deflated writes s as blocks of a deflate stream. They do not refer to earlier
// blocks, and do not end the stream.
func deflated(s string) content {
	var b bytes.Buffer
	z, err := flate.NewWriter(&b, flate.BestCompression)
	if err == nil {
		_, err = io.WriteString(z, s)
	}
	if err == nil {
		err = z.Flush()
	}
	return func(w io.Writer) error {
		if err != nil {
			return err
		}
		_, err := w.Write(b.Bytes())
		return err
	}
}

// deflatedAgain writes s repeatedly as blocks of a deflate stream, at most that
// number of mebibytes.
func deflatedAgain(s string, mebibytes int64) content {
	one := deflated(strings.Repeat(s, (1<<20)/len(s)))
	return func(w io.Writer) error {
		for range mebibytes {
			if err := one(w); err != nil {
				return err
			}
		}
		return nil
	}
}

// data responds with CSV in a content encoding.
func data(encoding string, c content) http.HandlerFunc { return ok("text/csv", encoding, c) }

// api responds with JSON in a content encoding.
func api(encoding string, c content) http.HandlerFunc { return ok("application/json", encoding, c) }

func ok(mediaType, encoding string, c content) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", mediaType)
		if encoding != "" {
			w.Header().Set("Content-Encoding", encoding)
		}
		_ = c(w) // the client disconnects
	}
}

// announced is api with a Content-Length.
func announced(length int64, c content) http.HandlerFunc {
	respond := api("", c)
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", strconv.FormatInt(length, 10))
		respond(w, r)
	}
}

// metadata serves an export of one download with one row, whose patients are P
// and those of list.
func metadata(list content) http.HandlerFunc {
	responses := map[string]content{
		"/api/export/demo":        text(`{"data":{"id":"demo","download_ids":["d"]}}`),
		"/api/export/demo/d":      join(text(`{"data":{"id":"d","rows":1,"event_types":["a"],"patients":["P"`), list, text(`]}}`)),
		"/api/export/demo/d/data": text("patient_id,event_type\nP,a\n"),
	}
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_ = responses[r.URL.Path](w)
	}
}

// raw writes c to the connection and nothing else.
func raw(c content) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		_ = c(conn)
		_ = conn.Close()
	}
}

// failing responds with status 500.
func failing(encoding string, c content) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if encoding != "" {
			w.Header().Set("Content-Encoding", encoding)
		}
		w.WriteHeader(http.StatusInternalServerError)
		_ = c(w)
	}
}

// redirects responds to each request with another location and an endless page.
func redirects(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Location", r.URL.Path+"x")
	w.WriteHeader(http.StatusFound)
	_ = again("x", endless)(w)
}

// dripping responds with begin, followed by a byte every 10 ms.
func dripping(begin string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, err := io.WriteString(w, begin)
		for err == nil && r.Context().Err() == nil {
			w.(http.Flusher).Flush()
			time.Sleep(10 * time.Millisecond)
			_, err = io.WriteString(w, " ")
		}
	}
}
