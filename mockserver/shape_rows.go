package mockserver

import (
	"io"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strconv"
)

const (
	shapeStep  = 300_000 // microseconds from row to row, as in the export large
	shapeSlack = 4 << 10 // more than the longest row
)

// shapeRows makes the rows of a shape one after another. It has integers alone: those come out the same on every
// machine.
type shapeRows struct {
	shape
	random  *rand.PCG // what the wanted fields are drawn from
	filler  *rand.PCG // what the gaps are drawn from, so that they do not change the wanted fields
	patient deck
	event   deck
	clock   clock
	time    int64 // of the next row before its offset; microseconds since 1970
}

func newShapeRows(s shape) *shapeRows {
	g := &shapeRows{shape: s, random: rand.NewPCG(1, 0), filler: rand.NewPCG(2, 0), time: epoch.UnixMicro()}
	g.patient = newDeck(s.patients, g.random)
	g.event = newDeck(len(s.events), g.random)
	return g
}

// write writes the header and so many rows, all from one buffer.
func (s shape) write(w io.Writer, rows uint64) error {
	g := newShapeRows(s)
	block := s.appendHeader(make([]byte, 0, blockSize+shapeSlack))
	for ; rows > 0; rows-- {
		if len(block) >= blockSize {
			if _, err := w.Write(block); err != nil {
				return err
			}
			block = block[:0]
		}
		block = g.appendRow(block)
	}
	_, err := w.Write(block)
	return err
}

func (s shape) appendHeader(dst []byte) []byte {
	for i, name := range [...]string{"patient_id", "event_time", "event_type", "value"} {
		dst = append(append(dst, s.gaps[i].header...), name...)
	}
	return append(dst, s.gaps[4].header...)
}

// appendRow appends the next row. The order of the draws is part of the data.
func (g *shapeRows) appendRow(dst []byte) []byte {
	patient := g.patient.next(g.random)
	at := g.time + int64(below(g.random, shapeStep))
	event := &g.events[g.event.next(g.random)]
	value := event.roughly(g.random.Uint64())
	filler := g.filler.Uint64()
	g.time += shapeStep

	dst = append(dst, g.gaps[0].text(filler)...)
	dst = g.appendPatient(dst, patient)
	dst = append(dst, g.gaps[1].text(filler>>8)...)
	dst = g.clock.append(dst, at)
	dst = append(dst, g.gaps[2].text(filler>>16)...)
	dst = append(dst, event.name...)
	dst = append(dst, g.gaps[3].text(filler>>24)...)
	dst = strconv.AppendInt(dst, value, 10)
	return append(dst, g.gaps[4].text(filler>>32)...)
}

// text returns the text that the lowest byte of a draw chooses.
func (g *gap) text(draw uint64) string {
	return g.texts[int(byte(draw))*len(g.texts)>>8]
}

// append is put without the comma.
func (c *clock) append(dst []byte, t int64) []byte {
	n := len(dst)
	dst = slices.Grow(dst, timeSpace)[:n+timeSpace]
	n += c.put((*[timeSpace]byte)(dst[n:]), t) - 1
	return dst[:n]
}

// roughly turns a draw into a value that is distributed much as the normal distribution is. The sum of eight random
// bytes has the mean 1020 and the standard deviation 209.
func (n *normal) roughly(draw uint64) int64 {
	const odd = 0x00ff00ff00ff00ff // every other byte
	pairs := draw&odd + draw>>8&odd
	sum := pairs * 0x0001000100010001 >> 48
	value := int64(n.mean) + (int64(sum)-1020)*int64(n.deviation)/209
	return min(max(value, int64(n.low)), int64(n.high))
}

// deck deals the numbers below its size at random: first each of them once, from then on any.
type deck struct {
	order []uint32
	dealt int
}

func newDeck(size int, random *rand.PCG) deck {
	order := make([]uint32, size)
	for i := range order {
		j := below(random, uint64(i)+1)
		order[i] = order[j]
		order[j] = uint32(i)
	}
	return deck{order: order}
}

func (d *deck) next(random *rand.PCG) uint32 {
	if d.dealt == len(d.order) {
		return uint32(below(random, uint64(len(d.order))))
	}
	d.dealt++
	return d.order[d.dealt-1]
}

// below returns a number below n. It is uneven by less than n in 2^64, which nobody can see.
func below(random *rand.PCG, n uint64) uint64 {
	high, _ := bits.Mul64(random.Uint64(), n)
	return high
}
