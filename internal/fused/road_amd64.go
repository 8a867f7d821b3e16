//go:build !purego

package fused

import (
	"bytes"
	"encoding/binary"
	"unsafe"

	"golang.org/x/sys/cpu"

	"fastcount/internal/intern"
)

// Available says whether this processor and this build have the road.
var Available = cpu.X86.HasAVX2 && cpu.X86.HasAES && cpu.X86.HasBMI1 && cpu.X86.HasBMI2 && cpu.X86.HasPOPCNT

// Road counts the records of one layout. It is used by one goroutine at a time.
type Road struct {
	layout  Layout
	pattern pattern
	paved   bool // pattern and tables are made
	long    bool // for names that do not fit into short keys
	closed  bool // no road for this layout
	turns   int  // how often the pattern changed

	lanes         *lanes
	first, second table
	stride        int
}

// maxTurns bounds how often the tables are made anew because records of another pattern came.
const maxTurns = 64

// laneCount is how many runs of records are counted in turn. One record's end must be found before the next is begun, so
// a processor with one lane waits for it; three lanes were 4 % faster than two.
const laneCount = 3

// lanes is what lanes_amd64.s knows of a road: the runs of records and what is the same for all of them. Addresses
// of input and tables are kept as unsafe.Pointer as long as Go must know of them; stops may lie behind an object.
type lanes struct {
	specials    [16]byte // the special byte with these low four bits, or 0xff
	hashKeys    [32]byte
	firstEnd    uint64 // 1 << the pattern's number, likewise the next three
	secondBegin uint64
	secondEnd   uint64
	rowEnd      uint64
	nearBegin   uint64 // for wide records: the number of the special byte before the first column, and
	nearStart   uint64 // what keeps the place behind it: 0 where the column begins the record
	comma       byte
	endMask     uint32 // which bytes from there on are the end, as a little-endian word
	endWord     uint32 // what they must be
	skip        uint64 // how many they are
	firstBase   unsafe.Pointer
	secondBase  unsafe.Pointer
	firstMask   uint32 // offset of the last slot, which is a mask
	secondMask  uint32
	keep        unsafe.Pointer // shortMasks or longMasks
	counts      unsafe.Pointer
	delta       uint64                    // what is added to a count: 1, or -1 to take back
	at          [laneCount]unsafe.Pointer // where the lanes begin
	now         [laneCount]uintptr        // where they have come to
	stop        [laneCount]uintptr        // no record is begun here or later
	rounds      uint64                    // how often a record of every lane was counted
}

// shortMasks[n-1] keeps the first n bytes of a key. A longer key has none left, which no key in a table matches.
var shortMasks = func() (m [65][16]byte) {
	for i := range 16 {
		setOnes(m[i][:i+1])
	}
	return m
}()

// longMasks are the same for long keys. The first n bytes of a first key are kept by the 64 bytes of first from 65-n on;
// it has no more than 64. second is as shortMasks.
var longMasks = func() (m struct {
	first  [192]byte
	second [65][32]byte
}) {
	setOnes(m.first[1:65])
	for i := range 32 {
		setOnes(m.second[i][:i+1])
	}
	return m
}()

// allLanes counts a record from each lane in turn until one of them stops: at its stop, then it returns 0, or at a
// record that it cannot count, then its number from 1. oneLane does the same in the first lane alone. Those called
// Next are the fastest, for patterns in which the special bytes that matter are the first four; Any is for the others
// in which all are compared, Long for names that do not fit into short keys, and Wide for all plain records.

//go:noescape
func allLanesNext(l *lanes) (stopped int)

//go:noescape
func allLanesAny(l *lanes) (stopped int)

//go:noescape
func allLanesLong(l *lanes) (stopped int)

//go:noescape
func allLanesWide(l *lanes) (stopped int)

//go:noescape
func oneLaneNext(l *lanes) (stopped int)

//go:noescape
func oneLaneAny(l *lanes) (stopped int)

//go:noescape
func oneLaneLong(l *lanes) (stopped int)

//go:noescape
func oneLaneWide(l *lanes) (stopped int)

func (r *Road) allLanes() int {
	switch {
	case r.pattern.wide:
		return allLanesWide(r.lanes)
	case r.long:
		return allLanesLong(r.lanes)
	case r.pattern.next():
		return allLanesNext(r.lanes)
	default:
		return allLanesAny(r.lanes)
	}
}

func (r *Road) oneLane() int {
	switch {
	case r.pattern.wide:
		return oneLaneWide(r.lanes)
	case r.long:
		return oneLaneLong(r.lanes)
	case r.pattern.next():
		return oneLaneNext(r.lanes)
	default:
		return oneLaneAny(r.lanes)
	}
}

// New returns a road for records of this layout.
func New(l Layout) *Road {
	return &Road{layout: l, closed: !Available || !l.special(), lanes: new(lanes)}
}

// Count counts the records of data, from its beginning, which must be the beginning of a record, up to the first that
// it cannot count or that begins at data[stop] or later. It adds to counts[id of first*stride+id of second], where the
// ids are those of the names in the two tables, and returns how many bytes and records it went along. It never
// reads a record that does not end in data. data[:len(data)+Slack] must lie within its capacity; stride is a power of
// two and counts has a place for every pair of names.
func (r *Road) Count(data []byte, stop int, first, second *intern.Table, counts []uint64, stride int) (used, rows int) {
	if r.closed || len(data) == 0 || len(counts) == 0 {
		return 0, 0
	}
	stop = min(stop, bytes.LastIndexByte(data, '\n')+1) // behind it a record is not whole
	if stop <= 0 || !r.pave(data, first, second, counts, stride) {
		return 0, 0
	}
	used, rows = r.drive(data, stop)
	if used == 0 && r.turn(data) {
		return r.Count(data, stop, first, second, counts, stride)
	}
	return used, rows
}

// Reset makes r forget the names that it took over; for when the two tables were reset.
func (r *Road) Reset() { r.paved = false }

// turn looks whether the records have another pattern now, and takes it up.
func (r *Road) turn(data []byte) bool {
	p, ok := detect(r.layout, data)
	if !ok || p == r.pattern || r.turns == maxTurns {
		return false
	}
	r.turns++
	r.paved = false
	return true
}

// pave makes pattern and tables if they are missing, and brings the tables up to date.
func (r *Road) pave(data []byte, first, second *intern.Table, counts []uint64, stride int) bool {
	if !r.paved {
		p, ok := detect(r.layout, data)
		if !ok {
			return false
		}
		r.pattern, r.paved, r.long = p, true, false
		r.reset(stride)
	}
	if stride != r.stride {
		r.reset(stride)
	}
	for !r.update(first, second) {
		r.long = true
		r.reset(stride)
	}
	near, far := &r.first, &r.second
	if r.pattern.swapped {
		near, far = far, near
	}
	r.lanes.firstBase, r.lanes.firstMask = unsafe.Pointer(&near.slots[0]), near.mask
	r.lanes.secondBase, r.lanes.secondMask = unsafe.Pointer(&far.slots[0]), far.mask
	r.lanes.counts = unsafe.Pointer(&counts[0])
	return true
}

// update takes over the names that the tables do not have yet. It returns false if one of them needs long keys.
func (r *Road) update(first, second *intern.Table) bool {
	p := &r.pattern
	return r.take(&r.first, first, p.firstBefore, p.firstAfter, 8*uint64(r.stride)) &&
		r.take(&r.second, second, p.secondBefore, p.secondAfter, 8)
}

// take adds the names that t does not have yet, each with its id times unit.
func (r *Road) take(t *table, names *intern.Table, before, after string, unit uint64) bool {
	if t.shouldGrow(names.Len()) {
		*t = newTable(t.form, 2*names.Len())
	}
	for ; t.names < names.Len(); t.names++ {
		name := names.Name(uint32(t.names))
		size := len(before) + len(name) + len(after)
		if size > t.key && !r.long && r.pattern.canBeLong() {
			return false
		}
		if size > t.key || !r.layout.fits(name) || bytes.Equal(name, r.layout.Header) {
			continue
		}
		var key [64]byte
		n := copy(key[:], before)
		n += copy(key[n:], name)
		copy(key[n:], after)
		t.put(hashOf(&key[0], t.key/16, &r.lanes.hashKeys), key[:t.key], uint64(t.names)*unit)
	}
	return true
}

// reset empties the tables and sets the lanes to the pattern.
func (r *Road) reset(stride int) {
	r.stride = stride
	p, l := r.pattern, r.lanes
	for i := range l.specials {
		l.specials[i] = 0xff
	}
	for _, c := range []byte{r.layout.Comma, '\n', '"', '\r'} {
		l.specials[c&0x0f] = c
	}
	l.hashKeys = newKeys()
	var word [4]byte
	copy(word[:], p.end)
	l.endWord, l.endMask, l.skip = binary.LittleEndian.Uint32(word[:]), 1<<(8*len(p.end))-1, uint64(len(p.end))
	seen := 0 // special bytes that are not counted again
	if r.long {
		r.first, r.second = newTable(longFirstForm, 0), newTable(longSecondForm, 0)
		l.keep = unsafe.Pointer(&longMasks)
		seen = p.firstEnd
	} else {
		r.first, r.second = newTable(shortForm, 0), newTable(shortForm, 0)
		l.keep = unsafe.Pointer(&shortMasks)
	}
	if p.wide {
		l.setWide(p, r.layout.Comma)
		return
	}
	l.firstEnd, l.rowEnd = 1<<p.firstEnd, 1<<(p.rowEnd-seen)
	l.secondBegin, l.secondEnd = 1<<(p.secondBegin-seen), 1<<(p.secondEnd-seen)
}

// setWide sets the numbers of the special bytes as they are.
func (l *lanes) setWide(p pattern, comma byte) {
	l.comma = comma
	l.firstEnd, l.rowEnd = uint64(p.firstEnd), uint64(p.rowEnd)
	l.secondBegin, l.secondEnd = uint64(p.secondBegin), uint64(p.secondEnd)
	l.nearBegin, l.nearStart = 0, 0
	if p.firstEnd > 0 {
		l.nearBegin, l.nearStart = uint64(p.firstEnd-1), ^uint64(0)
	}
}

// drive counts the records that begin before stop, all of which end in data.
func (r *Road) drive(data []byte, stop int) (used, rows int) {
	l, base := r.lanes, unsafe.Pointer(unsafe.SliceData(data))
	cuts, ok := cutLanes(data, stop)
	if !ok {
		return r.along(base, 0, stop, +1)
	}
	for i := range laneCount {
		l.at[i], l.stop[i] = unsafe.Add(base, cuts[i]), uintptr(base)+uintptr(cuts[i+1])
	}
	l.delta = 1
	stopped := r.allLanes() - 1
	now, rounds := l.now, int(l.rounds)
	for i := range laneCount {
		at := int(now[i] - uintptr(base))
		rows += rounds
		if i < stopped {
			rows++
		}
		if stopped != i && at < cuts[i+1] {
			n, more := r.along(base, at, cuts[i+1], +1)
			at, rows = at+n, rows+more
		}
		used = at
		if at != cuts[i+1] {
			for j := i + 1; j < laneCount; j++ {
				r.takeBack(base, cuts[j], int(now[j]-uintptr(base)))
			}
			break
		}
	}
	return used, rows
}

// cutLanes cuts data[:stop] behind line feeds into pieces of about the same size, and reports whether it is worth it.
func cutLanes(data []byte, stop int) (cuts [laneCount + 1]int, ok bool) {
	const least = 256 // bytes
	if stop < laneCount*least {
		return cuts, false
	}
	for i := 1; i < laneCount; i++ {
		at := stop / laneCount * i
		cuts[i] = at + bytes.IndexByte(data[at:], '\n') + 1
	}
	cuts[laneCount] = stop
	return cuts, cuts[laneCount-1] < stop
}

// along counts, one by one, the records that begin between from and stop, each as often as delta says.
func (r *Road) along(base unsafe.Pointer, from, stop int, delta int64) (used, rows int) {
	l := r.lanes
	l.delta = uint64(delta)
	l.at[0], l.stop[0] = unsafe.Add(base, from), uintptr(base)+uintptr(stop)
	r.oneLane()
	return int(l.now[0] - uintptr(l.at[0])), int(l.rounds)
}

// takeBack subtracts the records between from and to, all of which were counted.
func (r *Road) takeBack(base unsafe.Pointer, from, to int) {
	if n, _ := r.along(base, from, to, -1); n != to-from {
		panic("fused: records that were counted cannot be taken back")
	}
}

// hashOf returns the hash of a key of so many blocks of 16 bytes.
//
//go:noescape
func hashOf(key *byte, blocks int, keys *[32]byte) uint32
