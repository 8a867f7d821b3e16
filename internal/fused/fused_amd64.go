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
type Path struct {
	layout   Layout
	pattern  pattern
	ready    bool // pattern and tables are made
	long     bool // for names that do not fit into short keys
	disabled bool // no road for this layout
	switches int  // how often the pattern changed

	streams       *streams
	first, second table
	stride        int
}

// maxSwitches bounds how often the tables are made anew because records of another pattern came.
const maxSwitches = 64

// streamCount is how many runs of records are counted in turn. One record's end must be found before the next is begun, so
// a processor with one lane waits for it; three lanes were 4 % faster than two.
const streamCount = 3

// lanes is what lanes_amd64.s knows of a road: the runs of records and what is the same for all of them. Addresses
// of input and tables are kept as unsafe.Pointer as long as Go must know of them; stops may lie behind an object.
type streams struct {
	structural  [16]byte // the special byte with these low four bits, or 0xff
	hashKeys    [32]byte
	firstEnd    uint64 // 1 << the pattern's number, likewise the next three
	secondBegin uint64
	secondEnd   uint64
	recordEnd   uint64
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
	masks       unsafe.Pointer // shortMasks or longMasks
	counts      unsafe.Pointer
	delta       uint64                      // what is added to a count: 1, or -1 to take back
	begin       [streamCount]unsafe.Pointer // where the lanes begin
	pos         [streamCount]uintptr        // where they have come to
	stop        [streamCount]uintptr        // no record is begun here or later
	rounds      uint64                      // how often a record of every lane was counted
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

// countAll counts a record from each lane in turn until one of them stops: at its stop, then it returns 0, or at a
// record that it cannot count, then its number from 1. countOne does the same in the first lane alone. Those called
// Next are the fastest, for patterns in which the special bytes that matter are the first four; Any is for the others
// in which all are compared, Long for names that do not fit into short keys, and Wide for all plain records.

//go:noescape
func countAllLeading(s *streams) (stopped int)

//go:noescape
func countAllAny(s *streams) (stopped int)

//go:noescape
func countAllLong(s *streams) (stopped int)

//go:noescape
func countAllWide(s *streams) (stopped int)

//go:noescape
func countOneLeading(s *streams) (stopped int)

//go:noescape
func countOneAny(s *streams) (stopped int)

//go:noescape
func countOneLong(s *streams) (stopped int)

//go:noescape
func countOneWide(s *streams) (stopped int)

func (f *Path) countAll() int {
	switch {
	case f.pattern.wide:
		return countAllWide(f.streams)
	case f.long:
		return countAllLong(f.streams)
	case f.pattern.leading():
		return countAllLeading(f.streams)
	default:
		return countAllAny(f.streams)
	}
}

func (f *Path) countOne() int {
	switch {
	case f.pattern.wide:
		return countOneWide(f.streams)
	case f.long:
		return countOneLong(f.streams)
	case f.pattern.leading():
		return countOneLeading(f.streams)
	default:
		return countOneAny(f.streams)
	}
}

// New returns a road for records of this layout.
func New(l Layout) *Path {
	return &Path{layout: l, disabled: !Available || !l.classifiable(), streams: new(streams)}
}

// Count counts the records of data, from its beginning, which must be the beginning of a record, up to the first that
// it cannot count or that begins at data[stop] or later. It adds to counts[id of first*stride+id of second], where the
// ids are those of the names in the two tables, and returns how many bytes and records it went along. It never
// reads a record that does not end in data. data[:len(data)+Slack] must lie within its capacity; stride is a power of
// two and counts has a place for every pair of names.
func (f *Path) Count(data []byte, stop int, first, second *intern.Table, counts []uint64, stride int) (used, rows int) {
	if f.disabled || len(data) == 0 || len(counts) == 0 {
		return 0, 0
	}
	stop = min(stop, bytes.LastIndexByte(data, '\n')+1) // behind it a record is not whole
	if stop <= 0 || !f.prepare(data, first, second, counts, stride) {
		return 0, 0
	}
	used, rows = f.run(data, stop)
	if used == 0 && f.switchPattern(data) {
		return f.Count(data, stop, first, second, counts, stride)
	}
	return used, rows
}

// Reset makes r forget the names that it took over; for when the two tables were reset.
func (f *Path) Reset() { f.ready = false }

// turn looks whether the records have another pattern now, and takes it up.
func (f *Path) switchPattern(data []byte) bool {
	p, ok := detect(f.layout, data)
	if !ok || p == f.pattern || f.switches == maxSwitches {
		return false
	}
	f.switches++
	f.ready = false
	return true
}

// pave makes pattern and tables if they are missing, and brings the tables up to date.
func (f *Path) prepare(data []byte, first, second *intern.Table, counts []uint64, stride int) bool {
	if !f.ready {
		p, ok := detect(f.layout, data)
		if !ok {
			return false
		}
		f.pattern, f.ready, f.long = p, true, false
		f.reset(stride)
	}
	if stride != f.stride {
		f.reset(stride)
	}
	for !f.update(first, second) {
		f.long = true
		f.reset(stride)
	}
	near, far := &f.first, &f.second
	if f.pattern.swapped {
		near, far = far, near
	}
	f.streams.firstBase, f.streams.firstMask = unsafe.Pointer(&near.slots[0]), near.mask
	f.streams.secondBase, f.streams.secondMask = unsafe.Pointer(&far.slots[0]), far.mask
	f.streams.counts = unsafe.Pointer(&counts[0])
	return true
}

// update takes over the names that the tables do not have yet. It returns false if one of them needs long keys.
func (f *Path) update(first, second *intern.Table) bool {
	p := &f.pattern
	return f.addNames(&f.first, first, p.firstBefore, p.firstAfter, 8*uint64(f.stride)) &&
		f.addNames(&f.second, second, p.secondBefore, p.secondAfter, 8)
}

// take adds the names that t does not have yet, each with its id times unit.
func (f *Path) addNames(t *table, names *intern.Table, before, after string, unit uint64) bool {
	if t.shouldGrow(names.Len()) {
		*t = newTable(t.form, 2*names.Len())
	}
	for ; t.names < names.Len(); t.names++ {
		name := names.Name(uint32(t.names))
		size := len(before) + len(name) + len(after)
		if size > t.key && !f.long && f.pattern.canBeLong() {
			return false
		}
		if size > t.key || !f.layout.fits(name) || bytes.Equal(name, f.layout.Header) {
			continue
		}
		var key [64]byte
		n := copy(key[:], before)
		n += copy(key[n:], name)
		copy(key[n:], after)
		t.put(hashOf(&key[0], t.key/16, &f.streams.hashKeys), key[:t.key], uint64(t.names)*unit)
	}
	return true
}

// reset empties the tables and sets the lanes to the pattern.
func (f *Path) reset(stride int) {
	f.stride = stride
	p, s := f.pattern, f.streams
	for i := range s.structural {
		s.structural[i] = 0xff
	}
	for _, c := range []byte{f.layout.Comma, '\n', '"', '\r'} {
		s.structural[c&0x0f] = c
	}
	s.hashKeys = newKeys()
	var word [4]byte
	copy(word[:], p.end)
	s.endWord, s.endMask, s.skip = binary.LittleEndian.Uint32(word[:]), 1<<(8*len(p.end))-1, uint64(len(p.end))
	seen := 0 // special bytes that are not counted again
	if f.long {
		f.first, f.second = newTable(longFirstForm, 0), newTable(longSecondForm, 0)
		s.masks = unsafe.Pointer(&longMasks)
		seen = p.firstEnd
	} else {
		f.first, f.second = newTable(shortForm, 0), newTable(shortForm, 0)
		s.masks = unsafe.Pointer(&shortMasks)
	}
	if p.wide {
		s.setWide(p, f.layout.Comma)
		return
	}
	s.firstEnd, s.recordEnd = 1<<p.firstEnd, 1<<(p.recordEnd-seen)
	s.secondBegin, s.secondEnd = 1<<(p.secondBegin-seen), 1<<(p.secondEnd-seen)
}

// setWide sets the numbers of the special bytes as they are.
func (s *streams) setWide(p pattern, comma byte) {
	s.comma = comma
	s.firstEnd, s.recordEnd = uint64(p.firstEnd), uint64(p.recordEnd)
	s.secondBegin, s.secondEnd = uint64(p.secondBegin), uint64(p.secondEnd)
	s.nearBegin, s.nearStart = 0, 0
	if p.firstEnd > 0 {
		s.nearBegin, s.nearStart = uint64(p.firstEnd-1), ^uint64(0)
	}
}

// drive counts the records that begin before stop, all of which end in data.
func (f *Path) run(data []byte, stop int) (used, rows int) {
	s, base := f.streams, unsafe.Pointer(unsafe.SliceData(data))
	cuts, ok := splitStreams(data, stop)
	if !ok {
		return f.countRange(base, 0, stop, +1)
	}
	for i := range streamCount {
		s.begin[i], s.stop[i] = unsafe.Add(base, cuts[i]), uintptr(base)+uintptr(cuts[i+1])
	}
	s.delta = 1
	stopped := f.countAll() - 1
	now, rounds := s.pos, int(s.rounds)
	for i := range streamCount {
		at := int(now[i] - uintptr(base))
		rows += rounds
		if i < stopped {
			rows++
		}
		if stopped != i && at < cuts[i+1] {
			n, more := f.countRange(base, at, cuts[i+1], +1)
			at, rows = at+n, rows+more
		}
		used = at
		if at != cuts[i+1] {
			for j := i + 1; j < streamCount; j++ {
				f.subtract(base, cuts[j], int(now[j]-uintptr(base)))
			}
			break
		}
	}
	return used, rows
}

// splitStreams cuts data[:stop] behind line feeds into pieces of about the same size, and reports whether it is worth it.
func splitStreams(data []byte, stop int) (cuts [streamCount + 1]int, ok bool) {
	const least = 256 // bytes
	if stop < streamCount*least {
		return cuts, false
	}
	for i := 1; i < streamCount; i++ {
		at := stop / streamCount * i
		cuts[i] = at + bytes.IndexByte(data[at:], '\n') + 1
	}
	cuts[streamCount] = stop
	return cuts, cuts[streamCount-1] < stop
}

// along counts, one by one, the records that begin between from and stop, each as often as delta says.
func (f *Path) countRange(base unsafe.Pointer, from, stop int, delta int64) (used, rows int) {
	s := f.streams
	s.delta = uint64(delta)
	s.begin[0], s.stop[0] = unsafe.Add(base, from), uintptr(base)+uintptr(stop)
	f.countOne()
	return int(s.pos[0] - uintptr(s.begin[0])), int(s.rounds)
}

// takeBack subtracts the records between from and to, all of which were counted.
func (f *Path) subtract(base unsafe.Pointer, from, to int) {
	if n, _ := f.countRange(base, from, to, -1); n != to-from {
		panic("fused: records that were counted cannot be taken back")
	}
}

// hashOf returns the hash of a key of so many blocks of 16 bytes.
//
//go:noescape
func hashOf(key *byte, blocks int, keys *[32]byte) uint32
