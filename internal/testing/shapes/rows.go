package shapes

import (
	"io"
	"math/bits"
	"math/rand/v2"
	"strconv"
	"time"
)

const (
	blockSize = 128 << 10              // bytes per write
	rowSlack  = 4 << 10                // more than the longest row
	step      = 300 * time.Millisecond // from row to row, as in the export large
)

// epoch is the time of the first row, without its offset.
var epoch = time.Date(2025, time.August, 26, 0, 0, 0, 0, time.UTC)

// generator makes the rows of a shape one after another. It uses integer
// arithmetic only, which gives the same results on every machine.
type generator struct {
	shape
	random  *rand.PCG // for the four fields
	filler  *rand.PCG // for the gaps, so that they do not change the four fields
	patient deck
	event   deck
	time    time.Time // of the next row, without its offset
}

func newGenerator(s shape) *generator {
	g := &generator{shape: s, random: rand.NewPCG(1, 0), filler: rand.NewPCG(2, 0), time: epoch}
	g.patient = newDeck(s.patients, g.random)
	g.event = newDeck(len(s.events), g.random)
	return g
}

// write writes the header and the given number of rows from one buffer.
func (s shape) write(w io.Writer, rows uint64) error {
	g := newGenerator(s)
	block := s.appendHeader(make([]byte, 0, blockSize+rowSlack))
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
func (g *generator) appendRow(dst []byte) []byte {
	patient := g.patient.next(g.random)
	at := g.time.Add(time.Duration(below(g.random, uint64(step.Microseconds()))) * time.Microsecond)
	event := &g.events[g.event.next(g.random)]
	value := event.value(g.random.Uint64())
	filler := g.filler.Uint64()
	g.time = g.time.Add(step)

	dst = append(dst, g.gaps[0].text(filler)...)
	dst = g.appendPatient(dst, patient)
	dst = append(dst, g.gaps[1].text(filler>>8)...)
	dst = appendTime(dst, at)
	dst = append(dst, g.gaps[2].text(filler>>16)...)
	dst = append(dst, event.name...)
	dst = append(dst, g.gaps[3].text(filler>>24)...)
	dst = strconv.AppendInt(dst, value, 10)
	return append(dst, g.gaps[4].text(filler>>32)...)
}

// text returns the text that the lowest byte of a draw selects.
func (g *gap) text(draw uint64) string {
	return g.texts[int(byte(draw))*len(g.texts)>>8]
}

// appendTime appends a timestamp as Python's datetime.isoformat formats it:
// with six decimals, or none if all of them are zero.
func appendTime(dst []byte, t time.Time) []byte {
	if t.Nanosecond() == 0 {
		return t.AppendFormat(dst, "2006-01-02T15:04:05Z")
	}
	return t.AppendFormat(dst, "2006-01-02T15:04:05.000000Z")
}

// value turns a draw into a value whose distribution approximates the normal
// distribution. The sum of eight random bytes has the mean 1020 and the
// standard deviation 209.
func (e *event) value(draw uint64) int64 {
	const odd = 0x00ff00ff00ff00ff // every other byte
	pairs := draw&odd + draw>>8&odd
	sum := pairs * 0x0001000100010001 >> 48
	return min(max(e.mean+(int64(sum)-1020)*e.deviation/209, e.low), e.high)
}

// deck deals the numbers below its size in random order: first each of them
// once, then any of them.
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

// below returns a random number below n. Its bias, less than n in 2^64, is
// negligible.
func below(random *rand.PCG, n uint64) uint64 {
	high, _ := bits.Mul64(random.Uint64(), n)
	return high
}
