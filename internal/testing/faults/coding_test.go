package faults

import (
	"bytes"
	"compress/gzip"
	"slices"

	"github.com/klauspost/compress/zstd"
)

// coding is the compression of the data of a response.
type coding struct {
	name   string
	header string // Content-Encoding; "" where the client is to find out by the first bytes
	format format
	parts  int // gzip members or zstd frames
}

type format int

const (
	plain format = iota
	gzipped
	zstandard
)

var codings = []coding{
	{name: "identity"},
	{"gzip", "gzip", gzipped, 1},
	{"zstd", "zstd", zstandard, 1},
	{"gzip of two members", "gzip", gzipped, 2},
	{"zstd of two frames", "zstd", zstandard, 2},
	{"a .gz file", "", gzipped, 1},
	{"a .zst file", "", zstandard, 1},
}

// magic is the number of bytes that identify compressed data.
func (f format) magic() int { return [...]int{0, 2, 4}[f] }

// press compresses data. It is not safe for concurrent use.
type press struct {
	gzip *gzip.Writer
	zstd *zstd.Encoder
}

func newPress() *press {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest),
		zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(32<<10))
	if err != nil {
		panic(err)
	}
	g, err := gzip.NewWriterLevel(nil, gzip.HuffmanOnly)
	if err != nil {
		panic(err)
	}
	return &press{g, z}
}

// encoded is the encoded form of data.
type encoded struct {
	coding coding
	data   []byte // before the coding
	body   []byte // after it
	clean  []cut  // where the body can end without anybody noticing, by its coding
}

// cut is a position in a body, and the meaning of the bytes before it.
type cut struct {
	at      int
	content []byte
}

func (p *press) encode(c coding, data []byte) encoded {
	e := encoded{coding: c, data: data, clean: []cut{{0, nil}}}
	for i := range c.parts {
		from, to := len(data)*i/c.parts, len(data)*(i+1)/c.parts
		e.body = append(e.body, p.one(c.format, data[from:to])...)
		e.clean = append(e.clean, cut{len(e.body), data[:to]})
	}
	if c.format == plain {
		e.body = data
	}
	return e
}

func (p *press) one(f format, data []byte) []byte {
	if f == zstandard {
		return p.zstd.EncodeAll(data, nil)
	}
	var out bytes.Buffer
	p.gzip.Reset(&out)
	if _, err := p.gzip.Write(data); err != nil {
		panic(err)
	}
	if err := p.gzip.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// prefix returns the content of the first n bytes of the body as if they were
// all, and false if the coding shows that data is missing.
func (e encoded) prefix(n int) (content []byte, whole bool) {
	if e.coding.format == plain || e.coding.header == "" && n < e.coding.format.magic() {
		return e.body[:n], true
	}
	i := slices.IndexFunc(e.clean, func(c cut) bool { return c.at == n })
	if i < 0 {
		return nil, false
	}
	return e.clean[i].content, true
}
