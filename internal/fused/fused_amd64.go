//go:build !purego

package fused

import (
	"bytes"
	"encoding/binary"
	"unsafe"

	"golang.org/x/sys/cpu"

	"fastcount/internal/intern"
	"fastcount/internal/simd"
)

// Available reports whether this processor and this build support [Path].
var Available = cpu.X86.HasAVX2 && cpu.X86.HasAES && cpu.X86.HasBMI1 && cpu.X86.HasBMI2 && cpu.X86.HasPOPCNT

// Path is the fused path for records of one layout. It is not safe for
// concurrent use.
type Path struct {
	layout   Layout
	leave    func(name []byte) bool
	pattern  pattern
	ready    bool // pattern and tables are set
	long     bool // the tables hold long keys
	disabled bool // records of this layout cannot be counted
	switches int  // number of changes of the pattern

	streams       *streams
	first, second table
	stride        int
}

// maxSwitches limits how often a change of the pattern rebuilds the tables.
const maxSwitches = 64

// streamCount is the number of streams. Three streams were 4 % faster than two.
const streamCount = 3

// streams is the state that the assembly shares with a Path: the position of
// each stream, and what is the same for all of them. Addresses are of type
// unsafe.Pointer where they keep an object alive. The others may point to the
// byte after an object, for which an unsafe.Pointer would be invalid.
type streams struct {
	structural  [16]byte // the structural character with these low four bits, or 0xff
	hashKeys    [32]byte
	firstEnd    uint64 // 1 << pattern.firstEnd, and likewise the next three; wide patterns: the number
	secondBegin uint64
	secondEnd   uint64
	recordEnd   uint64
	nearBegin   uint64 // wide patterns: number of the structural character before the first column
	nearStart   uint64 // wide patterns: mask of the offset after it, 0 if the column begins the record
	delimiter   byte
	endMask     uint32 // 0xff for each byte of the record's end, as a little-endian word
	endWord     uint32 // the record's end
	skip        uint64 // length of the record's end
	firstBase   unsafe.Pointer
	secondBase  unsafe.Pointer
	firstMask   uint32 // offset of the last hashed slot, which is a mask
	secondMask  uint32
	masks       unsafe.Pointer // shortMasks or longMasks
	counts      unsafe.Pointer
	delta       uint64                      // added to a count: 1, or -1 to subtract
	begin       [streamCount]unsafe.Pointer // beginning of each stream
	pos         [streamCount]uintptr        // position of each stream
	stop        [streamCount]uintptr        // records that begin here or later are not counted
	rounds      uint64                      // number of records counted in every stream
}

// shortMasks[n-1] masks all but the first n bytes of a key. For n above 16 it
// masks all bytes, and the result matches no key of a table.
var shortMasks = func() (m [65][16]byte) {
	for i := range 16 {
		setOnes(m[i][:i+1])
	}
	return m
}()

// longMasks are the masks for long keys. The 64 bytes of first from 65-n mask
// all but the first n bytes of a first key, which has at most 64. second
// corresponds to shortMasks.
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

// The countAll functions count one record of each stream in turn. They return 0
// if a stream reaches its stop, and otherwise the number, from 1, of the stream
// whose next record cannot be counted. The countOne functions do the same for
// the first stream alone.
//
// Leading is for patterns for which pattern.leading is true and is the fastest.
// Any is for other patterns whose structural characters are all compared, Long
// for long keys, and Wide for wide patterns.

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

// New returns a Path for records of layout l. It stops at records whose name in
// the first column is one that leave reports true for; nil is for none. Names
// are passed to leave only when they are added to the tables.
func New(l Layout, leave func(name []byte) bool) *Path {
	return &Path{layout: l, leave: leave, disabled: !Available || simd.Current().Name != Kernel || !l.classifiable(), streams: new(streams)}
}

// Count counts the records of data up to the first one that it cannot count or
// that begins at data[stop] or later. It returns the number of bytes and
// records counted. A record that is not complete in data is not counted.
//
// For each record, Count increments counts[i*stride+j], where i and j are the
// ids of the two names in first and second. Records with other names are not
// counted.
//
// data must begin with a record, and data[:len(data)+Slack] must be within its
// capacity. stride must be a power of two, and counts must have an element for
// each pair of names.
func (f *Path) Count(data []byte, stop int, first, second *intern.Table, counts []uint64, stride int) (used, rows int) {
	if f.disabled || len(data) == 0 || len(counts) == 0 {
		return 0, 0
	}
	stop = min(stop, bytes.LastIndexByte(data, '\n')+1) // the record after it is incomplete
	if stop <= 0 || !f.prepare(data, first, second, counts, stride) {
		return 0, 0
	}
	used, rows = f.run(data, stop)
	if used == 0 && f.switchPattern(data) {
		return f.Count(data, stop, first, second, counts, stride)
	}
	return used, rows
}

// Reset discards the names of the two tables. It must be called when a table is
// reset.
func (f *Path) Reset() { f.ready = false }

// switchPattern sets the pattern to that of the first record of data. It
// reports whether the pattern has changed.
func (f *Path) switchPattern(data []byte) bool {
	p, ok := detect(f.layout, data)
	if !ok || p == f.pattern || f.switches == maxSwitches {
		return false
	}
	f.switches++
	f.ready = false
	return true
}

// prepare sets pattern and tables, if necessary, and adds new names to the
// tables. It reports whether records can be counted.
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

// update adds new names to the tables. It returns false if one of them requires
// long keys.
func (f *Path) update(first, second *intern.Table) bool {
	p := &f.pattern
	return f.addNames(&f.first, first, p.firstBefore, p.firstAfter, 8*uint64(f.stride)) &&
		f.addNames(&f.second, second, p.secondBefore, p.secondAfter, 8)
}

// addNames adds to t the names that it does not hold yet, with their ids times
// unit as values. It returns false if a name requires long keys.
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
		if size > t.key || !f.layout.fits(name) || t == &f.first && f.leave != nil && f.leave(name) {
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

// reset replaces the tables with empty ones and sets the streams' constants for
// the pattern.
func (f *Path) reset(stride int) {
	f.stride = stride
	p, s := f.pattern, f.streams
	for i := range s.structural {
		s.structural[i] = 0xff
	}
	for _, c := range f.layout.structural() {
		s.structural[c&0x0f] = c
	}
	s.hashKeys = newKeys()
	var word [4]byte
	copy(word[:], p.end)
	s.endWord, s.endMask, s.skip = binary.LittleEndian.Uint32(word[:]), 1<<(8*len(p.end))-1, uint64(len(p.end))
	seen := 0 // structural characters that the mask of long records does not contain
	if f.long {
		f.first, f.second = newTable(longFirstForm, 0), newTable(longSecondForm, 0)
		s.masks = unsafe.Pointer(&longMasks)
		seen = p.firstEnd
	} else {
		f.first, f.second = newTable(shortForm, 0), newTable(shortForm, 0)
		s.masks = unsafe.Pointer(&shortMasks)
	}
	if p.wide {
		s.setWide(p, f.layout.Delimiter)
		return
	}
	s.firstEnd, s.recordEnd = 1<<p.firstEnd, 1<<(p.recordEnd-seen)
	s.secondBegin, s.secondEnd = 1<<(p.secondBegin-seen), 1<<(p.secondEnd-seen)
}

// setWide sets the numbers of the structural characters for a wide pattern.
func (s *streams) setWide(p pattern, delimiter byte) {
	s.delimiter = delimiter
	s.firstEnd, s.recordEnd = uint64(p.firstEnd), uint64(p.recordEnd)
	s.secondBegin, s.secondEnd = uint64(p.secondBegin), uint64(p.secondEnd)
	s.nearBegin, s.nearStart = 0, 0
	if p.firstEnd > 0 {
		s.nearBegin, s.nearStart = uint64(p.firstEnd-1), ^uint64(0)
	}
}

// run counts the records of data that begin before stop, all of which are
// complete.
func (f *Path) run(data []byte, stop int) (used, rows int) {
	s, base := f.streams, unsafe.Pointer(unsafe.SliceData(data))
	bounds, ok := splitStreams(data, stop)
	if !ok {
		return f.countRange(base, 0, stop, +1)
	}
	for i := range streamCount {
		s.begin[i], s.stop[i] = unsafe.Add(base, bounds[i]), uintptr(base)+uintptr(bounds[i+1])
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
		if stopped != i && at < bounds[i+1] {
			n, more := f.countRange(base, at, bounds[i+1], +1)
			at, rows = at+n, rows+more
		}
		used = at
		if at != bounds[i+1] {
			for j := i + 1; j < streamCount; j++ {
				f.subtract(base, bounds[j], int(now[j]-uintptr(base)))
			}
			break
		}
	}
	return used, rows
}

// splitStreams splits data[:stop] after line feeds into streams of about the
// same size, and returns their boundaries. It reports whether data is long
// enough.
func splitStreams(data []byte, stop int) (bounds [streamCount + 1]int, ok bool) {
	const minSize = 256 // bytes
	if stop < streamCount*minSize {
		return bounds, false
	}
	for i := 1; i < streamCount; i++ {
		at := stop / streamCount * i
		bounds[i] = at + bytes.IndexByte(data[at:], '\n') + 1
	}
	bounds[streamCount] = stop
	return bounds, bounds[streamCount-1] < stop
}

// countRange counts the records that begin between from and stop with one
// stream, and adds delta for each.
func (f *Path) countRange(base unsafe.Pointer, from, stop int, delta int64) (used, rows int) {
	s := f.streams
	s.delta = uint64(delta)
	s.begin[0], s.stop[0] = unsafe.Add(base, from), uintptr(base)+uintptr(stop)
	f.countOne()
	return int(s.pos[0] - uintptr(s.begin[0])), int(s.rounds)
}

// subtract subtracts the records between from and to, all of which were
// counted.
func (f *Path) subtract(base unsafe.Pointer, from, to int) {
	if n, _ := f.countRange(base, from, to, -1); n != to-from {
		panic("fused: counted records cannot be subtracted")
	}
}

// hashOf returns the hash of a key of the given number of 16-byte blocks.
//
//go:noescape
func hashOf(key *byte, blocks int, keys *[32]byte) uint32
