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
	rowSize   = 64        // bytes that a row may write: up to 48, and the padding of a token
)

// stream defines the rows of a download of a built-in export.
type stream struct {
	seed     uuid
	rows     uint64
	events   []string
	patients []string
	start    time.Time // in UTC
	step     time.Duration
}

// write generates the stream and writes it in blocks of blockSize.
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

// generator generates the rows of a stream in order.
type generator struct {
	random   *pyrandom.Random
	patients []token
	events   []event
	clock    clock
	left     uint64  // number of rows left
	time     int64   // of the next row without its offset, in microseconds since 1970
	step     int64   // from row to row, in microseconds
	spread   float64 // limit of the offset of a row, in seconds
}

// token is a field followed by a comma, padded so that it can be copied with
// one store.
type token struct {
	text [16]byte
	size int
}

func newToken(field string) token {
	t := token{size: len(field) + 1}
	if copy(t.text[:], field+",") < t.size {
		panic("mockserver: field of a built-in export too long: " + field)
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

// fill appends rows to block until its capacity or the last row is reached.
func (g *generator) fill(block []byte) []byte {
	end, space := len(block), block[:cap(block)]
	for g.left > 0 && len(space)-end >= rowSize {
		end += g.row((*[rowSize]byte)(space[end:]))
		g.left--
	}
	return space[:end]
}

// row writes the next row to dst and returns its size. The order in which
// random numbers are drawn determines the data.
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

// microseconds converts seconds as Python's timedelta(seconds=s) does: it
// splits off whole seconds, and rounds the rest half to even. The conversion to
// float64 prevents a fused multiply-add.
func microseconds(s float64) int64 {
	whole := math.Trunc(s)
	return int64(whole)*1e6 + int64(math.RoundToEven(float64((s-whole)*1e6)))
}

const (
	second = 1_000_000 // microseconds
	minute = 60 * second
	hour   = 60 * minute

	timeSize = 32 // bytes that clock.put may write
)

// clock formats timestamps. It caches the text of the last hour, so that it
// calls package time only once per hour. The zero value is ready to use.
type clock struct {
	hour int64    // start of the hour, in microseconds since 1970
	text [16]byte // "2006-01-02T15:"
}

// put writes the timestamp t, in microseconds since 1970, and a comma, and
// returns their size. As in Python there are six decimals, or none if all are
// zero.
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

// setHour caches the hour of t.
func (c *clock) setHour(t int64) {
	c.hour = t - t%hour
	time.UnixMicro(t).UTC().AppendFormat(c.text[:0], "2006-01-02T15:")
}

// putDigits writes n, which must be less than 100, as two digits.
func putDigits(dst []byte, n uint64) {
	binary.LittleEndian.PutUint16(dst, digitPairs[n])
}

// digitPairs holds the numbers below 100 as two digits, the first digit in the
// lower byte.
var digitPairs = func() (text [100]uint16) {
	for n := range text {
		text[n] = uint16('0'+n/10) | uint16('0'+n%10)<<8
	}
	return text
}()

// event is an event type: its field in a row and the distribution of its
// values.
type event struct {
	token
	normal
}

// normal is a normal distribution whose values are clamped.
type normal struct {
	mean, deviation float64
	low, high       int
}

// normals holds the distributions of values by event type.
var normals = map[string]normal{
	"heart_rate": {75, 15, 30, 200},
	"spo2":       {97, 2, 70, 100},
	"bp_sys":     {120, 20, 60, 250},
	"bp_dia":     {80, 15, 30, 150},
}

func newEvent(name string) event {
	return event{newToken(name), normals[name]}
}

// value converts a random number to the last field of a row.
func (n *normal) value(draw float64) lastField {
	return lastFields[uint8(min(max(int(draw), n.low), n.high))]
}

// lastField is a value followed by a line feed: at most four bytes, in
// little-endian order.
type lastField struct {
	text uint32
	size int
}

// lastFields holds the last field for every value.
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
