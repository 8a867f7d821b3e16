package fuzz

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"fastcount/internal/partial"
)

// resigned replaces the checksum of a partial result by the correct one, so
// that readers examine everything else.
func resigned(text []byte) []byte {
	const member = `,"sha256":"`
	at := bytes.LastIndex(text, []byte(member))
	if at < 0 {
		return text
	}
	at += len(member)
	summed := text[:at-len(member)+1]
	return fmt.Appendf(bytes.Clone(text[:at]), "%x\"}\n", sha256.Sum256(summed))
}

// readPartial returns the groups of a partial result and the error that ended
// it, as text.
func readPartial(r io.Reader) string {
	var all strings.Builder
	in, err := partial.NewReader(r)
	for err == nil {
		var values []string
		var n uint64
		if values, n, err = in.Next(); err == nil {
			fmt.Fprintf(&all, "%q %d\n", values, n)
		}
	}
	return all.String() + err.Error()
}

// FuzzPartial writes the content of each accepted partial result again, which
// must give the same bytes, apart from the version. It reads every one also
// byte by byte, which must give the same groups or the same error.
func FuzzPartial(f *testing.F) {
	for _, text := range []string{
		`{"fastcount":"partial result","version":2,"job":"w","label":"u","covers":[[0,10],[20,30]],"total":40,"shards":4,"dialect":{"comment":"\"#\""}}
1:a,1:x,2
1:a,2:yy,1
10:bbbbbbbbbb,1:x,4
{"pairs":3,"rows":7,"bytes":100,"parts":[` +
			`{"name":"f","rows":3,"bytes":40,"raw_bytes":50,"attempts":1,"verified":"none","range":{"from":0,"to":50,"start":0,"end":55,"size":100}},` +
			`{"name":"f","rows":1,"bytes":5,"raw_bytes":40,"attempts":1,"verified":"none","range":{"from":60,"to":90,"start":61,"end":95,"size":100}},` +
			`{"name":"x/d2","download":"d2","rows":3,"bytes":55,"raw_bytes":9,"attempts":1,"verified":"framing","ragged_rows":1,"comments":2,"skipped_rows":3}],"sha256":"`,
		`{"fastcount":"partial result","version":3,"job":"w","label":"u","by":["x","y:day","z"]}
0:,10:2026-01-01,1:z,2
0:,10:2026-01-01,2:zz,3
{"pairs":2,"rows":5,"bytes":100,"parts":[{"name":"f","rows":5,"bytes":100,"raw_bytes":50,"attempts":1,"verified":"none"}],"sha256":"`,
		`{"fastcount":"partial result","version":3,"job":"w","label":"u","by":["x"]}
1:a,18446744073709551615
{"pairs":1,"rows":18446744073709551615,"bytes":1,"parts":[{"name":"f","rows":18446744073709551615,"bytes":1,"raw_bytes":50,"attempts":1,"verified":"none"}],"sha256":"`,
		`{"fastcount":"partial result","version":1,"job":"w","label":"u","total":1,"shards":9,"escape_ids":true,"allow_duplicate_ids":true}
{"pairs":0,"rows":0,"bytes":0,"parts":[],"sha256":"`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		text = resigned(text)
		if fast, slow := readPartial(bytes.NewReader(text)), readPartial(iotest.OneByteReader(bytes.NewReader(text))); fast != slow {
			t.Fatalf("got\n%s\nand byte by byte\n%s", fast, slow)
		}
		in, err := partial.NewReader(bytes.NewReader(text))
		if err != nil {
			return
		}
		var again bytes.Buffer
		out, err := partial.NewWriter(&again, in.Header())
		if err != nil {
			t.Fatalf("read and not written: %v", err)
		}
		for {
			values, n, err := in.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				return
			}
			if err := out.Add(values, n); err != nil {
				t.Fatalf("read and not written: %v", err)
			}
		}
		if err := out.Close(in.Parts()); err != nil {
			t.Fatalf("read and not written: %v", err)
		}
		for _, earlier := range []string{`"version":1`, `"version":2`} {
			if bytes.HasPrefix(text, []byte(`{"fastcount":"partial result",`+earlier)) {
				text = resigned(bytes.Replace(text, []byte(earlier), []byte(`"version":3`), 1))
			}
		}
		if !bytes.Equal(again.Bytes(), text) {
			t.Fatalf("got\n%s\nwant\n%s", again.Bytes(), text)
		}
	})
}
