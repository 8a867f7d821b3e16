// Package mapped reads regular files through windows, which are parts of the
// file that are mapped into memory one after another. That saves the copy that
// read(2) makes.
//
// # Safety
//
// Memory of a mapped file can disappear: if the file shrinks or the device
// fails, an access raises SIGBUS. Windows are therefore populated before they
// are used, by a system call that returns an error instead. If it fails there
// is no window, and the caller reads the same bytes with read(2), which returns
// the reason. What happens to the file between populating a window and the end
// of its use becomes an error of [Windows.Guard].
//
// The bytes of a window can also change while they are read. Code that reads
// them twice can therefore panic; Guard covers that too, if the file changed.
//
// # Speed
//
// Whether windows are faster than read(2) depends on the size of the pieces
// (folios) in which the page cache holds the file. If they have 2 MiB, a window
// is mapped in a few microseconds. If they are small, mapping each page costs
// more than copying it. The system cannot be asked for that size, so a
// [Windows] compares what windows and reads cost: see choice.
package mapped

import (
	"reflect"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"
)

// windowSize is the number of bytes of a window, which ends at a multiple of
// it. It is the size of a huge page. Larger windows are slightly faster, but
// count as resident memory.
const windowSize = 2 << 20

// minWindow is the minimum number of new bytes of a window.
const minWindow = 256 << 10

// MinSize is a number of bytes that are too few for a window after the first
// reads.
const MinSize = minReads * minCopied

// Windows maps windows of a file, one at a time. It must not be used by several
// goroutines at the same time, except that Guard may call a function that uses
// the other methods.
type Windows struct {
	conn   syscall.RawConn
	size   int64 // of the file
	end    int64 // windows do not contain bytes from here on
	slack  int
	choice choice
	guard  bool // Guard is being called

	memory []byte // mapped, or nil
	from   int64  // offset of memory in the file

	// The following are the arguments and results of mapNext.
	mapNext  func(fd uintptr)
	to       int64 // end of the new memory
	unused   int   // size of the pages of the new memory that are not needed
	mapError error
}

// New returns a Windows of the bytes before the offset end of a file, which has
// the given size. Windows are followed by slack bytes that can be read. It
// returns nil, of which all methods can be called, if files cannot be mapped.
func New(conn syscall.RawConn, size, end int64, slack int) *Windows {
	if !Available {
		return nil
	}
	w := &Windows{conn: conn, size: size, end: end, slack: slack}
	w.mapNext = func(fd uintptr) {
		w.memory, w.mapError = mapPages(int(fd), w.from, int(w.to-w.from), w.unused)
	}
	return w
}

// Map returns the bytes of the file from an offset on. Some of them were
// returned before; at least one follows the offset next and was not. It returns
// nil if these bytes are to be read with read(2): if that is faster, if the
// former are more than windowSize, which bounds the memory that is mapped, and
// whenever Guard is not being called. Each call invalidates the preceding
// result.
func (w *Windows) Map(from, next int64) []byte {
	if w == nil {
		return nil
	}
	begin := time.Now()
	if w.Unmap() != nil {
		w.choice.never()
	}
	if !w.guard || next-from > windowSize || !w.choice.window(next) {
		return nil
	}
	w.from, w.to = w.place(from, next)
	w.unused = int(from - from%pageSize - w.from)
	data := min(w.to-int64(w.slack), w.end)
	if data-next < minWindow {
		return nil
	}
	if err := w.conn.Control(w.mapNext); err != nil || w.mapError != nil {
		w.failed(next)
		return nil
	}
	w.choice.mapped(data-next, data, time.Since(begin))
	return w.memory[from-w.from : data-w.from]
}

// place returns the pages to map. They end at a multiple of windowSize, except
// at the end of the file, and contain the windowSize bytes before that, so that
// a huge page can be mapped even if some of its bytes are not needed.
func (w *Windows) place(from, next int64) (begin, end int64) {
	end = roundUp(next+minWindow+int64(w.slack), windowSize)
	begin = min(from-from%pageSize, end-windowSize)
	last := roundUp(w.end+int64(w.slack), pageSize)
	return begin, min(end, last, w.size-w.size%pageSize)
}

// roundUp returns the first multiple of unit that is at least n.
func roundUp(n, unit int64) int64 { return (n + unit - 1) / unit * unit }

// failed handles an error of mapNext.
func (w *Windows) failed(next int64) {
	if w.memory == nil || !canPopulate(w.mapError) {
		w.choice.never() // it would fail again
	}
	w.choice.later(next)
	_ = w.Unmap() // the error of the window is the cause
}

// Copied records that reading n bytes with read(2) took d.
func (w *Windows) Copied(n int, d time.Duration) {
	if w != nil {
		w.choice.copied(n, d)
	}
}

// Unmap ends the validity of the current window.
func (w *Windows) Unmap() error {
	if w == nil || w.memory == nil {
		return nil
	}
	memory := w.memory
	w.memory = nil
	return unmap(memory)
}

// Guard calls f, which maps and reads windows of w, and returns its error.
//
// If f panics, Guard calls explain and returns its error. at is the offset in
// the file of the byte that could not be read, or -1 for another panic, which
// may be the consequence of bytes that changed. If explain returns nil, the
// panic continues. A memory fault outside of the current window is not
// recovered.
func (w *Windows) Guard(f func() error, explain func(at int64) error) (err error) {
	if w == nil {
		return f()
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	outer := w.guard
	w.guard = true
	defer func() {
		w.guard = outer
		p := recover()
		if p == nil {
			return
		}
		at, ok := w.faultAt(p)
		if ok {
			err = explain(at)
		}
		if err == nil {
			panic(p)
		}
	}()
	return f()
}

// faultAt returns the offset in the file of the memory fault that is the cause
// of the panic p, or -1 if the cause is another one. It reports whether the
// panic can be explained by the file.
func (w *Windows) faultAt(p any) (at int64, ok bool) {
	fault, isFault := p.(interface {
		runtime.Error
		Addr() uintptr
	})
	if !isFault {
		return -1, true
	}
	if len(w.memory) == 0 {
		return 0, false
	}
	offset := fault.Addr() - reflect.ValueOf(w.memory).Pointer()
	return w.from + int64(offset), offset < uintptr(len(w.memory))
}
