package intern_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"fastcount/internal/intern"
)

// column returns names in the layout of a block, each followed by junk instead
// of a delimiter.
func column(names []string, junk byte) (data []byte, starts, ends []uint32) {
	for _, name := range names {
		starts = append(starts, uint32(len(data)))
		data = append(data, name...)
		ends = append(ends, uint32(len(data)))
		data = append(data, junk)
	}
	data = append(data, strings.Repeat(string(junk), intern.Slack)...)
	return data[:len(data)-intern.Slack], starts, ends
}

// want returns the ids of names in the order of their first occurrence.
func want(names []string) (ids []uint32, distinct []string) {
	seen := map[string]uint32{}
	for _, name := range names {
		id, ok := seen[name]
		if !ok {
			id = uint32(len(distinct))
			seen[name] = id
			distinct = append(distinct, name)
		}
		ids = append(ids, id)
	}
	return ids, distinct
}

func check(t *testing.T, table *intern.Table, names []string, junk byte) {
	t.Helper()
	data, starts, ends := column(names, junk)
	got := make([]uint32, len(names))
	n, err := table.IDs(got, data, starts, ends)
	if err != nil || n != len(names) {
		t.Fatalf("got %d, %v", n, err)
	}
	ids, distinct := want(names)
	if !slices.Equal(got, ids) {
		t.Fatalf("%.200q: got ids %v, want %v", names, got[:min(50, len(got))], ids[:min(50, len(ids))])
	}
	if table.Len() != len(distinct) {
		t.Fatalf("got %d names, want %d", table.Len(), len(distinct))
	}
	for i, name := range distinct {
		if string(table.Name(uint32(i))) != name {
			t.Fatalf("name %d: got %q, want %q", i, table.Name(uint32(i)), name)
		}
		if id, err := table.ID([]byte(name)); err != nil || id != uint32(i) {
			t.Fatalf("ID(%q): got %d, %v, want %d", name, id, err, i)
		}
	}
}

func TestNames(t *testing.T) {
	var prefixes, suffixes, lengths, nuls []string
	for i := range 300 {
		prefixes = append(prefixes, fmt.Sprintf("%s%d", strings.Repeat("a", i%40), i))
		suffixes = append(suffixes, fmt.Sprintf("%d%s", i, strings.Repeat("a", i%40)))
		lengths = append(lengths, strings.Repeat("x", i))
		nuls = append(nuls, strings.Repeat("\x00", i%20))
	}
	tests := map[string][]string{
		"few, alternating lengths":                     {"heart_rate", "spo2", "heart_rate", "bp", "spo2"},
		"empty id":                                     {"", "a", "", "\x00", ""},
		"one empty id alone":                           {""},
		"long common prefixes":                         prefixes,
		"long common suffixes":                         suffixes,
		"every length to 300":                          append(lengths, lengths...),
		"NULs of many lengths":                         nuls,
		"around 8 and 16 bytes":                        {"1234567", "12345678", "123456789", "123456789012345", "1234567890123456", "12345678901234567", "1234567890123457", "12345678901234568"},
		"a short name and a long one that contains it": {"1234567890123456", "1234567890123456\x00", "1234567890123456\x00\x00"},
	}
	for name, names := range tests {
		t.Run(name, func(t *testing.T) {
			table := intern.New(nil)
			for _, junk := range []byte{',', 'a', 0, 0xff} {
				table.Reset()
				check(t, table, names, junk)
			}
		})
	}
}

func TestManyNamesAndReset(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	table := intern.New(nil)
	for _, n := range []int{10, 100_000, 5, 70_000, 0, 33} {
		names := make([]string, n)
		for i := range names {
			names[i] = fmt.Sprintf("%0*d", 1+rng.IntN(24), rng.IntN(n))
		}
		table.Reset()
		check(t, table, names, ',')
	}
}

// Small tables are at most an eighth full and large ones half full, and their
// length is at most twice what that requires.
func TestLoad(t *testing.T) {
	table := intern.New(nil)
	for i := range 100_000 {
		if _, err := table.ID(fmt.Appendf(nil, "%d", i)); err != nil {
			t.Fatal(err)
		}
		load := 8
		if table.Slots() >= 32<<10 {
			load = 2
		}
		if n, slots := table.Len(), table.Slots(); slots < load*n || slots > max(64, 16*n) {
			t.Fatalf("%d names in %d slots", n, slots)
		}
	}
}

// Reset keeps the slots of a table that was in use, and releases them if most
// were free.
func TestResetMemory(t *testing.T) {
	for _, c := range []struct {
		names int
		keeps bool
	}{{100_000, true}, {20_000, true}, {10_000, false}, {10, false}, {0, false}} {
		table := intern.New(nil)
		largeTable(t, table)
		slots := table.Slots()
		table.Reset()
		if table.Slots() != slots {
			t.Errorf("full table of %d slots: got %d", slots, table.Slots())
		}
		for i := range c.names {
			if _, err := table.ID(fmt.Appendf(nil, "%d", i)); err != nil {
				t.Fatal(err)
			}
		}
		table.Reset()
		want := map[bool]int{true: slots, false: 64}[c.keeps]
		if got := table.Slots(); got != want {
			t.Errorf("after %d names: got %d slots, want %d", c.names, got, want)
		}
	}
}

// Names that consist of NULs, and the empty name, differ from a free slot.
func TestNamesLikeAFreeSlot(t *testing.T) {
	names := make([]string, 50_000)
	for i := range names {
		names[i] = fmt.Sprint("n", i)
	}
	for n := range 20 {
		names = append(names, strings.Repeat("\x00", n))
	}
	table := intern.New(nil)
	check(t, table, names, ',') // the table grows
	check(t, table, names, ',')
	table = intern.New(nil)
	check(t, table, names[:50_000], ',')
	check(t, table, names, ',') // the table is large already
}

func TestAdmit(t *testing.T) {
	refused := errors.New("refused")
	table := intern.New(func(name []byte, _ uint32) error {
		if strings.HasPrefix(string(name), "no") {
			return refused
		}
		return nil
	})
	for _, bad := range []string{"no", "no, this is longer than sixteen bytes"} {
		table.Reset()
		data, starts, ends := column([]string{"a", "b", "a", bad, "c"}, ',')
		got := make([]uint32, 5)
		n, err := table.IDs(got, data, starts, ends)
		if n != 3 || err != refused || !slices.Equal(got[:n], []uint32{0, 1, 0}) || table.Len() != 2 {
			t.Errorf("%q: got %d, %v, %v, %d names", bad, n, err, got, table.Len())
		}
		if _, err := table.ID([]byte(bad)); err != refused {
			t.Errorf("ID(%q): got %v", bad, err)
		}
	}
}

// Equal names at the beginning of a column are followed by names that differ
// from them in a byte or in the length.
func TestRepeatedNames(t *testing.T) {
	large := intern.New(nil)
	largeTable(t, large)
	first := []string{"", "a", "2026-01-31", "12345678", "1234567890123456", "12345678901234567"}
	for _, name := range first {
		for _, next := range append(first, name+"\x00", name+"a", "\x00"+name, "2026-01-30", "1234567890123450") {
			for _, times := range []int{1, 2, 300} {
				names := append(slices.Repeat([]string{name}, times), next, name, next)
				check(t, intern.New(nil), names, ',')
				check(t, intern.New(nil), names, 0)
				data, starts, ends := column(names, 0)
				ids := make([]uint32, len(names))
				if n, err := large.IDs(ids, data, starts, ends); n != len(names) || err != nil {
					t.Fatal(n, err)
				}
				for i, id := range ids {
					if string(large.Name(id)) != names[i] {
						t.Fatalf("%q %d times, then %q: name %d is %q", name, times, next, i, large.Name(id))
					}
				}
			}
		}
	}
}

// The first of equal names is not admitted.
func TestAdmitRepeatedNames(t *testing.T) {
	refused := errors.New("refused")
	table := intern.New(func([]byte, uint32) error { return refused })
	data, starts, ends := column([]string{"a", "a", "a"}, ',')
	if n, err := table.IDs(make([]uint32, 3), data, starts, ends); n != 0 || err != refused || table.Len() != 0 {
		t.Errorf("got %d, %v, %d names", n, err, table.Len())
	}
}

// In a batch, the names before one that is not admitted are looked up.
func TestAdmitInALargeTable(t *testing.T) {
	refused := errors.New("refused")
	table := intern.New(func(name []byte, _ uint32) error {
		if name[0] == '!' {
			return refused
		}
		return nil
	})
	known := largeTable(t, table)
	for at := range 300 {
		names := slices.Insert(slices.Clone(known[:300]), at, "!", "not looked up")
		data, starts, ends := column(names, ',')
		got := make([]uint32, len(names))
		n, err := table.IDs(got, data, starts, ends)
		if n != at || err != refused || table.Len() != len(known) {
			t.Fatalf("got %d, %v, %d names, want %d", n, err, table.Len(), at)
		}
		for i, id := range got[:n] {
			if id != uint32(i) {
				t.Fatalf("name %d: got %d", i, id)
			}
		}
	}
}

// largeTable adds names to a table, including long ones, until the table is so
// large that they are looked up in batches.
func largeTable(t *testing.T, table *intern.Table) (names []string) {
	for i := range 100_000 {
		name := fmt.Sprintf("%0*d", 6+i%15, i)
		if id, err := table.ID([]byte(name)); err != nil || id != uint32(i) {
			t.Fatal(id, err)
		}
		names = append(names, name)
	}
	return names
}

func TestNamesAreCopied(t *testing.T) {
	table := intern.New(nil)
	name := []byte("patient-1234567890-abc")
	if _, err := table.ID(name); err != nil {
		t.Fatal(err)
	}
	clear(name)
	if got := string(table.Name(0)); got != "patient-1234567890-abc" {
		t.Errorf("got %q", got)
	}
}

func TestNoAllocationForKnownNames(t *testing.T) {
	few, many := intern.New(nil), intern.New(nil)
	names := []string{"P001", "heart_rate", "", strings.Repeat("x", 40)}
	check(t, few, names, ',')
	for table, names := range map[*intern.Table][]string{few: names, many: largeTable(t, many)} {
		data, starts, ends := column(names, ',')
		dst := make([]uint32, len(names))
		if n := testing.AllocsPerRun(10, func() { table.IDs(dst, data, starts, ends) }); n != 0 {
			t.Errorf("%d names: %v allocations", len(names), n)
		}
	}
}

// Names that collide under a weak or unkeyed hash do not collide here.
// Otherwise finding all of them would take quadratic time.
func TestHostileNames(t *testing.T) {
	const n = 1 << 15
	sets := map[string]func(i int) string{
		"low bits of the first word":  func(i int) string { return string([]byte{byte(i), byte(i >> 8), 'x', 'x', 'x', 'x', 'x', 'x'}) },
		"high bits of the first word": func(i int) string { return string([]byte{'x', 'x', 'x', 'x', 'x', 'x', byte(i), byte(i >> 8)}) },
		"high bits of the second":     func(i int) string { return "xxxxxxxxxxxxxx" + string([]byte{byte(i), byte(i >> 8)}) },
		"both words the same":         func(i int) string { w := fmt.Sprintf("%08x", i); return w + w },
		"lengths of NULs and one bit": func(i int) string {
			return strings.Repeat("\x00", i%13) + string([]byte{byte(i), byte(i >> 8), byte(i >> 16)})
		},
		"multiples of 2^32":       func(i int) string { return "\x00\x00\x00\x00" + string([]byte{byte(i), byte(i >> 8), 0, 0}) },
		"UUIDs with the same end": func(i int) string { return fmt.Sprintf("%08x-0000-4000-8000-000000000000", i) },
	}
	for name, f := range sets {
		t.Run(name, func(t *testing.T) {
			table := intern.New(nil)
			distinct := map[string]bool{}
			for i := range n {
				distinct[f(i)] = true
				if _, err := table.ID([]byte(f(i))); err != nil {
					t.Fatal(err)
				}
			}
			if table.Len() != len(distinct) {
				t.Fatalf("got %d names, want %d", table.Len(), len(distinct))
			}
			if longest := table.LongestProbe(); longest > 128 {
				t.Errorf("a look-up visits %d slots, want at most 128 (random names: about 50)", longest)
			}
		})
	}
}

// Names longer than a chunk, names that just fit into the rest of one, and
// empty names are stored correctly, in little more memory than their total
// length.
func TestNamesOfAnySize(t *testing.T) {
	sizes := []int{0, 1, 511, 512, 513, 1<<20 - 1, 1 << 20, 1<<20 + 1, 3 << 20, 7}
	for range 1000 {
		sizes = append(sizes, 3000, 17, 4096)
	}
	table := intern.New(nil)
	for range 2 {
		table.Reset()
		var names []string
		bytes := 0
		for i, size := range sizes {
			name := fmt.Sprint(i)
			name = name[:min(len(name), size)] + strings.Repeat("x", max(0, size-len(name)))
			id, err := table.ID([]byte(name))
			if err != nil {
				t.Fatal(err)
			}
			if int(id) == len(names) {
				names = append(names, name)
				bytes += size
			}
		}
		for id, name := range names {
			if string(table.Name(uint32(id))) != name {
				t.Fatalf("name %d of %d bytes: got a different name", id, len(name))
			}
		}
		if table.Len() != len(names) || table.Bytes() != bytes {
			t.Errorf("%d names of %d bytes, want %d of %d", table.Len(), table.Bytes(), len(names), bytes)
		}
		if n := table.Capacity(); n > bytes+bytes/4+1<<20 {
			t.Errorf("%d bytes of names take %d", bytes, n)
		}
	}
	table.Reset()
	if n := table.Capacity(); n > 1<<20 {
		t.Errorf("an empty table keeps %d bytes", n)
	}
}
