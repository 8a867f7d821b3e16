package parser_test

import (
	"io"
	"syscall"
	"testing"

	"fastcount/parser"
)

// guarded is a source whose windows cannot be written to and are followed by an
// inaccessible page after Slack bytes. A window that has ended is inaccessible.
type guarded struct {
	t        *testing.T
	data     []byte
	sizes    []int // new bytes of each window
	at       int
	previous []byte
}

func (g *guarded) Window(unread int) []byte {
	g.end()
	if len(g.sizes) == 0 || g.sizes[0] == 0 {
		return nil
	}
	text := g.data[g.at-unread : g.at+g.sizes[0]]
	g.at, g.sizes = g.at+g.sizes[0], g.sizes[1:]
	page := syscall.Getpagesize()
	size := (len(text) + parser.Slack + page - 1) / page * page
	all, err := syscall.Mmap(-1, 0, size+page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		g.t.Fatal(err)
	}
	g.previous = all
	from := size - parser.Slack - len(text)
	copy(all[from:], text)
	g.protect(all[:size], syscall.PROT_READ)
	g.protect(all[size:], syscall.PROT_NONE)
	return all[from : from+len(text) : size]
}

func (g *guarded) protect(memory []byte, access int) {
	if err := syscall.Mprotect(memory, access); err != nil {
		g.t.Fatal(err)
	}
}

func (g *guarded) end() {
	if g.previous == nil {
		return
	}
	if err := syscall.Munmap(g.previous); err != nil {
		g.t.Fatal(err)
	}
	g.previous = nil
}

func (g *guarded) Read(p []byte) (int, error) {
	g.end()
	n := copy(p, g.data[g.at:])
	g.at += n
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// Windows are not written to, and nothing is read after their slack or after
// their end, wherever an input is cut.
func TestAccessesStayInWindows(t *testing.T) {
	r := parser.NewReader(nil, ids)
	for _, c := range cases() {
		t.Run(c.Name, func(t *testing.T) {
			for cut := range min(len(c.Input), 200) + 1 {
				for _, sizes := range [][]int{{cut}, {cut, len(c.Input) - cut}} {
					src := &guarded{t: t, data: []byte(c.Input), sizes: sizes}
					r.Reset(src, config(c))
					checkCase(t, c, r)
					src.end()
				}
			}
		})
	}
}
