package inflate

import (
	"bytes"
	"math/rand/v2"
	"runtime/debug"
	"syscall"
	"testing"
	"unsafe"

	"fastcount/internal/testing/proof"
)

// arena returns memory of the given size between two inaccessible pages:
//
//	no access | size bytes, whole pages | no access
func arena(t *testing.T, size int) []byte {
	t.Helper()
	page := syscall.Getpagesize()
	size = (size + page - 1) / page * page
	all, err := syscall.Mmap(-1, 0, size+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Munmap(all); err != nil {
			t.Error(err)
		}
	})
	for _, guard := range [][]byte{all[:page], all[page+size:]} {
		if err := syscall.Mprotect(guard, syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	return all[page : page+size : page+size]
}

// faults returns the value with which f panics, including for a memory fault,
// or nil if f returns.
func faults(f func()) (fault any) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() { fault = recover() }()
	f()
	return nil
}

func TestGuardPagesFault(t *testing.T) {
	a := arena(t, 1)
	after := unsafe.Add(unsafe.Pointer(unsafe.SliceData(a)), len(a))
	before := unsafe.Add(unsafe.Pointer(unsafe.SliceData(a)), -1)
	if faults(func() { *(*byte)(after) = 1 }) == nil || faults(func() { *(*byte)(before) = 1 }) == nil {
		t.Fatal("a write outside the arena succeeded")
	}
	if fault := faults(func() { a[0], a[len(a)-1] = 1, 1 }); fault != nil {
		t.Fatal(fault)
	}
}

// With buffers between inaccessible pages, decoding faults if it accesses
// anything outside them. The buffers are small, so that every stream reaches
// their ends, and their sizes vary, so that it does so at every position.
func TestAccessesStayInBounds(t *testing.T) {
	input, window := arena(t, 16<<10), arena(t, maxDistance+64<<10)
	rng := rand.New(rand.NewPCG(11, 12))
	n, tried := proof.Bound(200, 10_000), 0
	d := newDecoders()
	for range n {
		w := randomStream(rng, 3000)
		streams := [][]byte{w.stream, mutate(rng, w.stream, w.stream), w.stream[:rng.IntN(len(w.stream))]}
		for i, stream := range streams {
			want := d.own(&d.slow, bytes.NewReader(stream))
			size := keptInput + inputMargin + rng.IntN(200)
			space := maxDistance + outputSlack + 1 + rng.IntN(1000)
			for _, ends := range []bool{false, true} {
				r := Reader{window: window[:space:space]}
				in := Input{buf: input[:size:size]}
				if ends {
					r.window, in.buf = window[len(window)-space:], input[len(input)-size:]
				}
				in.Reset(bytes.NewReader(stream))
				var got result
				fault := faults(func() { got = readFrom(&in, &r) })
				if fault != nil || !bytes.Equal(got.data, want.data) || got.class() != want.class() {
					t.Fatalf("%d bytes of input, %d of output: got %v, %v, want %v", size, space, fault, got, want)
				}
				if i == 0 && !bytes.Equal(got.data, w.data) {
					t.Fatalf("got %v, want %d bytes", got, len(w.data))
				}
				tried++
			}
		}
	}
	proof.Cases(t, "inflate-guarded", tried)
}
