package ziparchive

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Signatures of the records of an archive.
const (
	headerSignature  = 0x04034b50
	entrySignature   = 0x02014b50
	endSignature     = 0x06054b50
	locatorSignature = 0x07064b50
	end64Signature   = 0x06064b50
)

// directory is the place of the directory in an archive, in bytes.
type directory struct {
	entries uint64
	offset  int64
	size    int64
}

// Sizes of the records that follow the directory, in bytes.
const (
	endSize     = 22
	locatorSize = 20
	end64Size   = 56
	maxComment  = max16
)

// findDirectory finds the directory of an archive of size bytes. The directory
// must end where the records that describe it begin.
func findDirectory(r io.ReaderAt, size int64) (*directory, error) {
	at, record, err := findEnd(r, size)
	if err != nil {
		return nil, err
	}
	f := fields(record[4:])
	disk, firstDisk, here := f.uint16(), f.uint16(), f.uint16()
	entries, dirSize, offset := uint64(f.uint16()), uint64(f.uint32()), uint64(f.uint32())

	end64, record, err := findEnd64(r, at)
	if err != nil {
		return nil, err
	}
	if record == nil {
		if disk != 0 || firstDisk != 0 || uint64(here) != entries {
			return nil, ErrSplit
		}
		return newDirectory(entries, dirSize, offset, at)
	}
	f = fields(record[24:])
	here64, entries64, size64, offset64 := f.uint64(), f.uint64(), f.uint64(), f.uint64()
	if here64 != entries64 {
		return nil, ErrSplit
	}
	if entries != max16 && entries != entries64 || dirSize != max32 && dirSize != size64 || offset != max32 && offset != offset64 {
		return nil, fmt.Errorf("%w: end record and zip64 record differ", ErrCorrupt)
	}
	return newDirectory(entries64, size64, offset64, end64)
}

// newDirectory checks that a directory ends at the offset end.
func newDirectory(entries, size, offset uint64, end int64) (*directory, error) {
	if size > uint64(end) || offset != uint64(end)-size {
		return nil, fmt.Errorf("%w: directory at another offset than its end record declares", ErrCorrupt)
	}
	if entries > size/entrySize {
		return nil, fmt.Errorf("%w: directory too small for %d members", ErrCorrupt, entries)
	}
	return &directory{entries, int64(offset), int64(size)}, nil
}

// findEnd returns the last record of the archive, which a comment may follow,
// and its offset.
func findEnd(r io.ReaderAt, size int64) (at int64, record []byte, err error) {
	tail := make([]byte, min(size, endSize+maxComment))
	if err := readFullAt(r, tail, size-int64(len(tail))); err != nil {
		return 0, nil, err
	}
	for i := len(tail) - endSize; i >= 0; i-- {
		record := tail[i:]
		if binary.LittleEndian.Uint32(record) == endSignature &&
			int(binary.LittleEndian.Uint16(record[endSize-2:])) == len(record)-endSize {
			return size - int64(len(record)), record[:endSize], nil
		}
	}
	return 0, nil, ErrTruncated
}

// findEnd64 returns the record of zip64 that ends before the offset end, and
// its offset. The record is nil in an archive without zip64.
func findEnd64(r io.ReaderAt, end int64) (at int64, record []byte, err error) {
	if end < locatorSize+end64Size {
		return 0, nil, nil
	}
	locator := make([]byte, locatorSize)
	if err := readFullAt(r, locator, end-locatorSize); err != nil {
		return 0, nil, err
	}
	f := fields(locator)
	if f.uint32() != locatorSignature {
		return 0, nil, nil
	}
	disk, offset, disks := f.uint32(), f.uint64(), f.uint32()
	if disk != 0 || disks > 1 {
		return 0, nil, ErrSplit
	}
	if offset > uint64(end-locatorSize-end64Size) {
		return 0, nil, fmt.Errorf("%w: zip64 record outside of the file", ErrCorrupt)
	}
	at = int64(offset)
	record = make([]byte, end64Size)
	if err := readFullAt(r, record, at); err != nil {
		return 0, nil, err
	}
	f = fields(record)
	if f.uint32() != end64Signature || f.uint64() != uint64(end-locatorSize-at-12) {
		return 0, nil, fmt.Errorf("%w: no zip64 record at its declared offset", ErrCorrupt)
	}
	f.uint32() // versions
	if disk, first := f.uint32(), f.uint32(); disk != 0 || first != 0 {
		return 0, nil, ErrSplit
	}
	return at, record, nil
}

// readFullAt fills buf from r, which ends no earlier unless it changed.
func readFullAt(r io.ReaderAt, buf []byte, at int64) error {
	n, err := r.ReadAt(buf, at)
	if n == len(buf) {
		return nil
	}
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// fields are bytes that are read from the beginning, in little-endian order.
type fields []byte

func (f *fields) uint16() uint16 {
	v := binary.LittleEndian.Uint16(*f)
	*f = (*f)[2:]
	return v
}

func (f *fields) uint32() uint32 {
	v := binary.LittleEndian.Uint32(*f)
	*f = (*f)[4:]
	return v
}

func (f *fields) uint64() uint64 {
	v := binary.LittleEndian.Uint64(*f)
	*f = (*f)[8:]
	return v
}
