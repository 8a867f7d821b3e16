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
	ready    bool // pattern, variant and tables are set
	disabled bool // records of this layout cannot be counted
	switches int  // number of changes of the pattern
	stride   int
	streams  *streams

	variant       variant // of the keys
	next          variant // what variant should be when counting begins again
	first, second table   // keys of names
	hashes        int     // number of times that the hash keys were changed for them

	pairs                   pairTable
	runs                    runs
	usePairs                bool // the processor supports keys of pairs, and there are not too many
	misfits                 int  // number of records that were too long for short keys of pairs
	firstNames, secondNames *intern.Table
}

// variant is the kind of key by which records are looked up, and the assembly
// that does so.
type variant int

const (
	nameKeys     variant = iota // a key of up to 16 bytes for each name
	longNameKeys                // a key of up to 64 bytes for the first name, and one of up to 32 for the second
	pairKeys                    // a key of up to 32 bytes for both names
	longPairKeys                // a key of up to 64 bytes for the first field, and one of up to 32 for the rest
)

// maxSwitches limits how often a change of the pattern rebuilds the tables.
const maxSwitches = 64

// Numbers of streams. With keys of names, three streams were 4 % faster than
// two. With keys of pairs, five were 4 % faster than four, and as fast as six.
const (
	nameStreams = 3
	pairStreams = 5
	maxStreams  = max(nameStreams, pairStreams)
)

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
	delta       uint64                     // added to a count: 1, or -1 to subtract
	begin       [maxStreams]unsafe.Pointer // beginning of each stream
	pos         [maxStreams]uintptr        // position of each stream
	stop        [maxStreams]uintptr        // records that begin here or later are not counted
	rounds      uint64                     // number of records counted in every stream
	runEnds     uint64                     // see type runs
	runBegins   uint64
	nameEnd     uint64 // long keys of pairs: 1 << the number of the structural character after the first name
	pairBase    unsafe.Pointer
	pairMask    uint32 // offset of the last hashed slot, which is a mask
}

// The countAll functions count one record of each stream in turn. They return 0
// if a stream reaches its stop or is close to it, and otherwise the number,
// from 1, of the stream whose next record cannot be counted. The countOne
// functions do the same for the first stream alone, up to its stop.
//
// Leading is for patterns for which pattern.leading is true and is the fastest.
// Any is for other patterns whose structural characters are all compared, Long
// for long keys, and Wide for wide patterns. Pairs and LongPairs are for keys
// of pairs.

//go:noescape
func countAllLeading(s *streams) (stopped int)

//go:noescape
func countAllAny(s *streams) (stopped int)

//go:noescape
func countAllLong(s *streams) (stopped int)

//go:noescape
func countAllWide(s *streams) (stopped int)

//go:noescape
func countAllPairs(s *streams) (stopped int)

//go:noescape
func countAllLongPairs(s *streams) (stopped int)

//go:noescape
func countOneLeading(s *streams) (stopped int)

//go:noescape
func countOneAny(s *streams) (stopped int)

//go:noescape
func countOneLong(s *streams) (stopped int)

//go:noescape
func countOneWide(s *streams) (stopped int)

//go:noescape
func countOnePairs(s *streams) (stopped int)

//go:noescape
func countOneLongPairs(s *streams) (stopped int)

func (f *Path) countAll() int {
	switch {
	case f.variant == pairKeys:
		return countAllPairs(f.streams)
	case f.variant == longPairKeys:
		return countAllLongPairs(f.streams)
	case f.variant == longNameKeys:
		return countAllLong(f.streams)
	case f.pattern.wide:
		return countAllWide(f.streams)
	case f.pattern.leading():
		return countAllLeading(f.streams)
	default:
		return countAllAny(f.streams)
	}
}

func (f *Path) countOne() int {
	switch {
	case f.variant == pairKeys:
		return countOnePairs(f.streams)
	case f.variant == longPairKeys:
		return countOneLongPairs(f.streams)
	case f.variant == longNameKeys:
		return countOneLong(f.streams)
	case f.pattern.wide:
		return countOneWide(f.streams)
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
	kernel := simd.Current().Name
	return &Path{layout: l, leave: leave, streams: new(streams), usePairs: kernel == "avx512",
		disabled: !Available || kernel != "avx2" && kernel != "avx512" || !l.classifiable()}
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
	if used < stop && (f.changeVariant() || used == 0 && f.switchPattern(data)) {
		n, more := f.Count(data[used:], stop-used, first, second, counts, stride)
		return used + n, rows + more
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

// changeVariant sets the variant to the next one, if that differs. It reports
// whether it does.
func (f *Path) changeVariant() bool {
	if f.variant == f.next {
		return false
	}
	f.variant = f.next
	f.reset(f.stride)
	return true
}

// prepare sets pattern, variant and tables, if necessary, and adds new names to
// the tables. It reports whether records can be counted.
func (f *Path) prepare(data []byte, first, second *intern.Table, counts []uint64, stride int) bool {
	if !f.ready {
		p, ok := detect(f.layout, data)
		if !ok {
			return false
		}
		f.pattern, f.ready, f.variant, f.hashes = p, true, nameKeys, 0
		if f.usePairs && f.setRuns() {
			f.variant = pairKeys
		}
		f.next = f.variant
		f.reset(stride)
	}
	f.firstNames, f.secondNames = first, second
	f.streams.counts = unsafe.Pointer(&counts[0])
	f.changeVariant()
	if stride != f.stride {
		f.reset(stride)
	}
	if f.variant >= pairKeys {
		return true
	}
	for !f.update(first, second) || f.displaced() {
		f.reset(stride)
	}
	near, far := &f.first, &f.second
	if f.pattern.swapped {
		near, far = far, near
	}
	f.streams.firstBase, f.streams.firstMask = unsafe.Pointer(&near.slots[0]), near.mask
	f.streams.secondBase, f.streams.secondMask = unsafe.Pointer(&far.slots[0]), far.mask
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
	switch f.variant {
	case pairKeys, longPairKeys:
		f.resetPairs()
	case longNameKeys:
		f.first, f.second = newTable(longFirstForm, 0), newTable(longSecondForm, 0)
		s.masks = unsafe.Pointer(&longMasks)
		s.setNumbers(p, p.firstEnd)
	default:
		f.first, f.second = newTable(shortForm, 0), newTable(shortForm, 0)
		s.masks = unsafe.Pointer(&shortMasks)
		if p.wide {
			s.setWide(p, f.layout.Delimiter)
		} else {
			s.setNumbers(p, 0)
		}
	}
}

// run counts the records of data that begin before stop, all of which are
// complete.
func (f *Path) run(data []byte, stop int) (used, rows int) {
	n := nameStreams
	if f.variant >= pairKeys {
		n = pairStreams
	}
	bounds, ok := splitStreams(data, stop, n)
	if !ok {
		return f.countRange(data, 0, stop, +1)
	}
	at, records, stopped := f.countStreams(data, bounds[:n+1])
	for i := range n {
		rows += records[i]
		if stopped != i && at[i] < bounds[i+1] {
			length, more := f.countRange(data, at[i], bounds[i+1], +1)
			at[i], rows = at[i]+length, rows+more
		}
		used = at[i]
		if used != bounds[i+1] {
			for j := i + 1; j < n; j++ {
				f.subtract(data, bounds[j], at[j])
			}
			break
		}
	}
	return used, rows
}

// countStreams counts records of the streams between bounds until one of them
// reaches its end or is close to it, or has a record that cannot be counted,
// and returns the number of that stream, or -1. It also returns where each
// stream stopped, and the number of records counted there.
func (f *Path) countStreams(data []byte, bounds []int) (at, records [maxStreams]int, stopped int) {
	s, base, n := f.streams, unsafe.Pointer(unsafe.SliceData(data)), len(bounds)-1
	s.delta = 1
	for i := range n {
		at[i], s.stop[i] = bounds[i], uintptr(base)+uintptr(bounds[i+1])
	}
	for {
		for i := range n {
			s.begin[i] = unsafe.Add(base, at[i])
		}
		stopped = f.countAll() - 1
		for i := range n {
			at[i] = int(s.pos[i] - uintptr(base))
			records[i] += int(s.rounds)
			if i < stopped {
				records[i]++
			}
		}
		if stopped < 0 || !f.learn(data[at[stopped]:]) {
			return at, records, stopped
		}
	}
}

// splitStreams splits data[:stop] after line feeds into n streams of about the
// same size, and returns their boundaries. It reports whether data is long
// enough.
func splitStreams(data []byte, stop, n int) (bounds [maxStreams + 1]int, ok bool) {
	const minSize = 256 // bytes
	if stop < n*minSize {
		return bounds, false
	}
	for i := 1; i < n; i++ {
		at := stop / n * i
		bounds[i] = at + bytes.IndexByte(data[at:], '\n') + 1
	}
	bounds[n] = stop
	return bounds, bounds[n-1] < stop
}

// countRange counts the records that begin between from and stop with one
// stream, and adds delta for each.
func (f *Path) countRange(data []byte, from, stop int, delta int64) (used, rows int) {
	s, base := f.streams, unsafe.Pointer(unsafe.SliceData(data))
	s.delta, s.stop[0] = uint64(delta), uintptr(base)+uintptr(stop)
	for at := from; ; {
		s.begin[0] = unsafe.Add(base, at)
		stopped := f.countOne()
		at, rows = int(s.pos[0]-uintptr(base)), rows+int(s.rounds)
		if stopped == 0 || !f.learn(data[at:]) {
			return at - from, rows
		}
	}
}

// subtract subtracts the records between from and to, all of which were
// counted.
func (f *Path) subtract(data []byte, from, to int) {
	if n, _ := f.countRange(data, from, to, -1); n != to-from {
		panic("fused: counted records cannot be subtracted")
	}
}
