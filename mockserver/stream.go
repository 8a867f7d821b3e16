package mockserver

import (
	"encoding/binary"
	"io"
	"math"
	"time"

	"fastcount/internal/pyrandom"
)

const header = "patient_id,event_time,event_type,value\n"

const (
	blockSize = 128 << 10 // bytes handed to the writer at once
	rowSpace  = 64        // bytes that a row may touch: at most 48 of its own, and what token stores go past them
)

// stream is the recipe of a download of a built-in export.
type stream struct {
	seed     uuid
	rows     uint64
	events   []string
	patients []string
	start    time.Time // in UTC, a whole hour or not
	step     time.Duration
}

// write makes the stream and writes it in large blocks, all from one buffer.
func (s stream) write(w io.Writer) error {
	g := newGenerator(s)
	block := append(make([]byte, 0, blockSize), header...)
	for len(block) > 0 {
		block = g.fill(block)
		if _, err := w.Write(block); err != nil {
			return err
		}
		block = g.fill(block[:0])
	}
	return nil
}

// generator makes the rows of a stream one after another.
type generator struct {
	random   *pyrandom.Random
	patients []token
	events   []event
	clock    clock
	left     uint64  // rows still to be made
	time     int64   // of the next row before its offset; microseconds since 1970
	step     int64   // microseconds
	spread   float64 // seconds; upper end of a row's offset
}

// token is a field and its comma, padded so that it can be stored whole.
type token struct {
	text [16]byte
	size int
}

func newToken(field string) token {
	t := token{size: len(field) + 1}
	if copy(t.text[:], field+",") < t.size {
		panic("mockserver: a field of a built-in export is too long: " + field)
	}
	return t
}

func newGenerator(s stream) *generator {
	g := &generator{
		random: pyrandom.New(s.seed[:]),
		left:   s.rows,
		time:   s.start.UnixMicro(),
		step:   s.step.Microseconds(),
		spread: s.step.Seconds(),
	}
	for _, p := range s.patients {
		g.patients = append(g.patients, newToken(p))
	}
	for _, e := range s.events {
		g.events = append(g.events, newEvent(e))
	}
	return g
}

// fill appends as many rows to block as fit, or as are left.
func (g *generator) fill(block []byte) []byte {
	end, space := len(block), block[:cap(block)]
	for g.left > 0 && len(space)-end >= rowSpace {
		end += g.row((*[rowSpace]byte)(space[end:]))
		g.left--
	}
	return space[:end]
}

// row makes the next row and returns its size. The order of the draws is part of the data.
func (g *generator) row(dst *[rowSpace]byte) int {
	patient := &g.patients[g.random.RandBelow(uint32(len(g.patients)))]
	offset := microseconds(g.random.Uniform(0, g.spread))
	event := &g.events[g.random.RandBelow(uint32(len(g.events)))]
	value := event.value(g.random.Gauss(event.mean, event.deviation))

	*(*[16]byte)(dst[:]) = patient.text
	n := patient.size
	n += g.clock.put((*[timeSpace]byte)(dst[n:]), g.time+offset)
	*(*[16]byte)(dst[n:]) = event.text
	n += event.size
	binary.LittleEndian.PutUint32(dst[n:], value.text)
	g.time += g.step
	return n + value.size
}

// microseconds rounds as Python's timedelta(seconds=s) does: whole seconds are split off before, and a half goes
// to the even neighbour. The conversion keeps the product from being fused with anything.
func microseconds(s float64) int64 {
	whole := math.Trunc(s)
	return int64(whole)*1e6 + int64(math.RoundToEven(float64((s-whole)*1e6)))
}
