package guarded

import (
	"testing"
	"unsafe"
)

func TestMemory(t *testing.T) {
	a := Memory(t, 1)
	after := unsafe.Add(unsafe.Pointer(unsafe.SliceData(a)), len(a))
	before := unsafe.Add(unsafe.Pointer(unsafe.SliceData(a)), -1)
	var sum byte
	if Fault(func() { sum += *(*byte)(after) }) == nil || Fault(func() { sum += *(*byte)(before) }) == nil {
		t.Fatal("a read outside the memory succeeded", sum)
	}
	if Fault(func() { *(*byte)(after) = 1 }) == nil || Fault(func() { *(*byte)(before) = 1 }) == nil {
		t.Fatal("a write outside the memory succeeded")
	}
	if fault := Fault(func() { a[0], a[len(a)-1] = 1, a[0] }); fault != nil {
		t.Fatal(fault)
	}
}
