package ziparchive_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

// file is a stored member for build. The zero values of the other fields give a
// well-formed member.
type file struct {
	name, data string
	zip64      bool // sizes and offset are in the zip64 field
	descriptor int  // size of a data descriptor in bytes, 0 without one

	localName   string // instead of name
	localMethod uint16 // instead of Store
	localFlags  uint16
	localCRC    uint32 // added to the checksum
	method      uint16
	flags       uint16
	grow        uint32 // added to the compressed size of the directory
	offset      int64  // added to the offset
	madeBy      uint16
	mode        uint32
}

// archive is what build writes.
type archive struct {
	bytes.Buffer
	directory bytes.Buffer
	entries   int
}

func (a *archive) add(files ...file) *archive {
	for _, f := range files {
		a.addOne(f)
	}
	return a
}

func (a *archive) addOne(f file) {
	at, crc, size := uint64(a.Len()), crc32.ChecksumIEEE([]byte(f.data)), uint32(len(f.data))
	localName := f.name
	if f.localName != "" {
		localName = f.localName
	}
	localSize, localCRC := size, crc+f.localCRC
	var extra []byte
	if f.zip64 {
		extra = zip64(uint64(size), uint64(size))
		localSize = 1<<32 - 1
	}
	if f.descriptor > 0 {
		f.localFlags |= 8
		f.flags |= 8
		localSize, localCRC = 0, 0
	}
	put(a, uint32(0x04034b50), uint16(20), f.localFlags, f.localMethod, uint32(0), localCRC, localSize, localSize,
		uint16(len(localName)), uint16(len(extra)), []byte(localName), extra, []byte(f.data), make([]byte, f.descriptor))

	offset, stored := uint32(int64(at)+f.offset), size+f.grow
	if f.zip64 {
		extra = zip64(uint64(size), uint64(size), at)
		size, stored, offset = 1<<32-1, 1<<32-1, 1<<32-1
	}
	put(&a.directory, uint32(0x02014b50), f.madeBy, uint16(20), f.flags, f.method, uint32(0), crc, stored, size,
		uint16(len(f.name)), uint16(len(extra)), uint16(0), uint16(0), uint16(0), f.mode<<16, offset, []byte(f.name), extra)
	a.entries++
}

// zip64 returns an extra field of zip64, after another field.
func zip64(values ...uint64) []byte {
	var b bytes.Buffer
	put(&b, uint16(0x5455), uint16(1), uint8(0), uint16(1), uint16(8*len(values)), values)
	return b.Bytes()
}

// end writes the directory and the record that ends the archive.
func (a *archive) end(comment string) []byte {
	at, size := a.Len(), a.directory.Len()
	put(a, a.directory.Bytes(), uint32(0x06054b50), uint16(0), uint16(0), uint16(a.entries), uint16(a.entries),
		uint32(size), uint32(at), uint16(len(comment)), []byte(comment))
	return a.Bytes()
}

// end64 is end with the records of zip64. The record is at an offset that is
// wrong by shift.
func (a *archive) end64(entries, shift int) []byte {
	at, size := a.Len(), a.directory.Len()
	put(a, a.directory.Bytes(), uint32(0x06064b50), uint64(44), uint16(45), uint16(45), uint32(0), uint32(0),
		uint64(entries), uint64(entries), uint64(size), uint64(at),
		uint32(0x07064b50), uint32(0), uint64(at+size+shift), uint32(1),
		uint32(0x06054b50), uint16(0), uint16(0), uint16(1<<16-1), uint16(1<<16-1), uint32(1<<32-1), uint32(1<<32-1), uint16(0))
	return a.Bytes()
}

// put writes values in little-endian order.
func put(w interface{ Write(p []byte) (int, error) }, values ...any) {
	for _, v := range values {
		if err := binary.Write(w, binary.LittleEndian, v); err != nil {
			panic(err)
		}
	}
}
