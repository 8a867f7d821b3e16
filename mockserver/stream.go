package mockserver

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"time"

	"fastcount/internal/pyrandom"
)

const header = "patient_id,event_time,event_type,value\n"

const (
	blockSize = 128 << 10 // bytes handed to the writer at once
	rowSize   = 64        // bytes that a row may touch: at most 48 of its own, and what token stores go past them
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
	for g.left > 0 && len(space)-end >= rowSize {
		end += g.row((*[rowSize]byte)(space[end:]))
		g.left--
	}
	return space[:end]
}

// row makes the next row and returns its size. The order of the draws is part of the data.
func (g *generator) row(dst *[rowSize]byte) int {
	patient := &g.patients[g.random.RandBelow(uint32(len(g.patients)))]
	offset := microseconds(g.random.Uniform(0, g.spread))
	event := &g.events[g.random.RandBelow(uint32(len(g.events)))]
	value := event.value(g.random.Gauss(event.mean, event.deviation))

	*(*[16]byte)(dst[:]) = patient.text
	n := patient.size
	n += g.clock.put((*[timeSize]byte)(dst[n:]), g.time+offset)
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

const (
	second = 1_000_000 // microseconds
	minute = 60 * second
	hour   = 60 * minute

	timeSize = 32 // bytes that clock.put may touch
)

// clock prints timestamps. It remembers the text of the hour that it printed last: only a new hour costs a call
// into package time. The zero value is ready.
type clock struct {
	hour int64    // start of that hour, microseconds since 1970
	text [16]byte // "2006-01-02T15:"
}

// put writes the timestamp t, microseconds since 1970, and a comma; it returns how many bytes they take. As in
// Python there are six decimals, or none where they would all be zero.
func (c *clock) put(dst *[timeSize]byte, t int64) int {
	in := uint64(t - c.hour)
	if in >= hour {
		c.setHour(t)
		in = uint64(t - c.hour)
	}
	seconds, micros := in/second, in%second
	*(*[16]byte)(dst[:]) = c.text
	putDigits(dst[14:], seconds/60)
	dst[16] = ':'
	putDigits(dst[17:], seconds%60)
	if micros == 0 {
		return 19 + copy(dst[19:], "Z,")
	}
	dst[19] = '.'
	putDigits(dst[20:], micros/10_000)
	putDigits(dst[22:], micros/100%100)
	putDigits(dst[24:], micros%100)
	return 26 + copy(dst[26:], "Z,")
}

// turn makes the hour of t the remembered one.
func (c *clock) setHour(t int64) {
	c.hour = t - t%hour
	time.UnixMicro(t).UTC().AppendFormat(c.text[:0], "2006-01-02T15:")
}

// putDigits writes the two digits of a number below 100.
func putDigits(dst []byte, n uint64) {
	binary.LittleEndian.PutUint16(dst, digitPairs[n])
}

// digitPairs are the numbers below 100 in two digits, the first in the lower byte.
var digitPairs = func() (text [100]uint16) {
	for n := range text {
		text[n] = uint16('0'+n/10) | uint16('0'+n%10)<<8
	}
	return text
}()

// event is an event type: its field in a row, and what its values are drawn from.
type event struct {
	token
	normal
}

// normal is a normal distribution, clamped.
type normal struct {
	mean, deviation float64
	low, high       int
}

// normals says what the values of each event type of the built-in exports look like.
var normals = map[string]normal{
	"heart_rate": {75, 15, 30, 200},
	"spo2":       {97, 2, 70, 100},
	"bp_sys":     {120, 20, 60, 250},
	"bp_dia":     {80, 15, 30, 150},
}

func newEvent(name string) event {
	return event{newToken(name), normals[name]}
}

// value turns a draw into the last field of a row.
func (n *normal) value(draw float64) lastField {
	return lastFields[uint8(min(max(int(draw), n.low), n.high))]
}

// lastField is a value and its line feed, at most four bytes, the first byte lowest.
type lastField struct {
	text uint32
	size int
}

// lastFields has every value that a clamp can give.
var lastFields = func() (fields [256]lastField) {
	for v := range fields {
		text := fmt.Sprintf("%d\n", v)
		fields[v].size = len(text)
		for i := range len(text) {
			fields[v].text |= uint32(text[i]) << (8 * i)
		}
	}
	return fields
}()
