//go:build !purego

package fused

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"fastcount/internal/intern"
	"fastcount/internal/simd"
)

// useAVX512 selects the kernel avx512 until the end of a test.
func useAVX512(t *testing.T) {
	t.Helper()
	before := simd.Current().Name
	if err := simd.Use("avx512"); err != nil {
		t.Skip("the fused path for avx512 is not available here")
	}
	t.Cleanup(func() {
		if err := simd.Use(before); err != nil {
			t.Error(err)
		}
	})
}

// counter counts texts with a Path of known names.
type counter struct {
	path          *Path
	first, second *intern.Table
	counts        []uint64
}

func newCounter(t *testing.T, l Layout, first, second []string) *counter {
	t.Helper()
	c := &counter{path: New(l, nil), first: intern.New(nil), second: intern.New(nil)}
	for table, names := range map[*intern.Table][]string{c.first: first, c.second: second} {
		for _, name := range names {
			if _, err := table.ID([]byte(name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	c.counts = make([]uint64, len(first)*c.stride())
	return c
}

func (c *counter) stride() int {
	stride := 1
	for stride < c.second.Len() {
		stride *= 2
	}
	return stride
}

// count counts text and returns the number of bytes counted.
func (c *counter) count(text string) (used int) {
	data := []byte(text + strings.Repeat("x", Slack))[:len(text)]
	used, _ = c.path.Count(data, len(data), c.first, c.second, c.counts, c.stride())
	return used
}

func numbered(prefix string, n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprint(prefix, i))
	}
	return names
}

var usual = Layout{Delimiter: ',', Width: 4, First: 0, Second: 2}

// Pairs are counted by their keys up to the maximum, and with more by the keys
// of names. No record is left out, and none is counted twice.
func TestManyPairs(t *testing.T) {
	useAVX512(t)
	for _, pairs := range []int{maxPairs, maxPairs + 1, 2 * maxPairs} {
		c := newCounter(t, usual, numbered("P", pairs/4+1), numbered("e", 4))
		var text strings.Builder
		for i := range 3 * pairs {
			fmt.Fprintf(&text, "P%d,t,e%d,1\n", i%pairs/4, i%pairs%4)
		}
		if used := c.count(text.String()); used != text.Len() {
			t.Errorf("%d pairs: stopped at %d of %d", pairs, used, text.Len())
		}
		if counted := c.counts[:pairs]; slices.Min(counted) != 3 || slices.Max(counted) != 3 {
			t.Errorf("%d pairs: counted %d to %d of each, want 3", pairs, slices.Min(counted), slices.Max(counted))
		}
		if got, want := variantOf(c.path) == "pairs", pairs <= maxPairs; got != want {
			t.Errorf("%d pairs: counted by variant %s", pairs, variantOf(c.path))
		}
	}
}

// A few records that are too long do not change how others are counted. If
// there are many, long keys are used.
func TestRecordsThatAreTooLong(t *testing.T) {
	useAVX512(t)
	c := newCounter(t, usual, []string{"P1"}, []string{"e"})
	short, long := strings.Repeat("P1,t,e,1\n", 300), "P1,"+strings.Repeat("t", 58)+",e,1\n"
	for i := range maxMisfits + 1 {
		if used := c.count(short + long); used != len(short) && i < maxMisfits {
			t.Fatalf("record %d: stopped at %d of %d", i, used, len(short))
		}
		if want := i >= maxMisfits; (variantOf(c.path) == "long pairs") != want {
			t.Errorf("after %d records: variant %s", i+1, variantOf(c.path))
		}
	}
	if used := c.count(short + long); used != len(short)+len(long) {
		t.Errorf("with long keys: stopped at %d", used)
	}
}

// A record of more than 64 bytes with numbered structural characters is counted
// by the keys of names.
func TestLongWideRecords(t *testing.T) {
	useAVX512(t)
	l := Layout{Delimiter: ',', Width: 8, First: 0, Second: 6}
	c := newCounter(t, l, []string{"P1"}, []string{"e"})
	for _, padding := range []int{1, 100} {
		text := strings.Repeat("P1,"+strings.Repeat("t", padding)+",b,c,d,f,e,1\n", 300)
		if used := c.count(text); used != len(text) {
			t.Errorf("%d bytes per record: stopped at %d of %d", len(text)/300, used, len(text))
		}
	}
	if variantOf(c.path) != "wide" {
		t.Errorf("counted by variant %s", variantOf(c.path))
	}
}

// Every key of a full table is in the slot of its hash, with its value.
func TestPairTable(t *testing.T) {
	for _, f := range []form{pairForm, longPairForm} {
		for _, slots := range []int{minPairSlots, maxPairSlots} {
			table, keys := newPairTable(f, slots), newKeys()
			want := map[string]uint64{}
			for i := range slots / 4 {
				key := make([]byte, f.key)
				copy(key, fmt.Sprintf("P%d,,e,\n", i))
				if hash := pseudoHash(key, &keys); table.put(hash, key, uint64(i)) {
					want[string(key)] = uint64(i)
				}
			}
			if len(want) < slots/4-8 {
				t.Errorf("%d of %d keys have no slot", slots/4-len(want), slots/4)
			}
			for key, value := range want {
				hash := pseudoHash([]byte(key), &keys)
				at := (hash ^ binary.LittleEndian.Uint32(table.displacement(hash))) & table.mask
				slot := table.slotAt(at)
				if string(slot[:f.key]) != key || binary.LittleEndian.Uint64(slot[f.key:]) != value {
					t.Fatalf("%d slots: %q is not in its slot", slots, key)
				}
			}
			n := 0
			for key, value := range table.all() {
				if n++; want[string(key)] != value {
					t.Fatalf("%q has the value %d", key, value)
				}
			}
			if n != len(want) {
				t.Errorf("%d keys, want %d", n, len(want))
			}
		}
	}
}

// pseudoHash is a hash that needs no assembly.
func pseudoHash(key []byte, keys *[32]byte) (h uint32) {
	h = binary.LittleEndian.Uint32(keys[:])
	for _, c := range key {
		h = (h ^ uint32(c)) * 0x01000193
		h ^= h >> 15
	}
	return h * 0x9e3779b1
}

// Two keys of the same hash are not put into one slot.
func TestPairTableSameHash(t *testing.T) {
	table := newPairTable(pairForm, minPairSlots)
	a, b := make([]byte, 32), make([]byte, 32)
	a[0], b[0] = 'a', 'b'
	if !table.put(7, a, 1) || table.put(7, b, 2) {
		t.Error("put reports something else than the first key alone has a slot")
	}
	if slot := table.slotAt(7 & table.mask); slot[0] != 'a' || slot[32] != 1 {
		t.Errorf("the slot is %q", slot)
	}
}
