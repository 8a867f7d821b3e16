// Package ziparchive reads the directory of a zip archive (APPNOTE.TXT 6.3.10
// by PKWARE), zip64 included, and checks it against the archive.
//
// A member that is missing from the directory would be missing from a count, so
// the package is stricter than archive/zip: the directory must fill the space
// up to the record that ends it and hold the declared number of members, each
// of which must have a local header of the same name, method and sizes. Members
// must not overlap, and no further local header may follow a member. The size
// of the directory is limited before any of it is read. Data is not read.
package ziparchive

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Errors that the errors of [Read] match.
var (
	// ErrCorrupt is returned for an archive whose directory is damaged or
	// contradicts the rest of the archive.
	ErrCorrupt = errors.New("corrupt zip archive")

	// ErrTruncated is returned for a file that does not end with a directory.
	ErrTruncated = errors.New("no zip directory at the end of the file")

	// ErrSplit is returned for one file of an archive of several.
	ErrSplit = errors.New("one of several files of a split zip archive")

	// ErrTooManyMembers is returned for a directory that exceeds the limit.
	ErrTooManyMembers = errors.New("too many members in a zip archive")
)

// Compression methods.
const (
	Store   = 0
	Deflate = 8
)

// Member is one entry of the directory. Offsets and sizes are in bytes.
type Member struct {
	Name       string // as stored, which need not be valid UTF-8
	Method     uint16
	CRC32      uint32 // of the decompressed data (IEEE)
	Offset     int64  // of the compressed data in the archive
	Compressed int64
	Size       int64 // of the decompressed data

	Encrypted bool
	Dir       bool
	Symlink   bool
}

// entry is a member with what is needed to check it.
type entry struct {
	Member
	header int64 // offset of the local header
	masked bool  // local headers hold no names
}

// end returns the offset of the first byte after the data.
func (e *entry) end() int64 { return e.Offset + e.Compressed }

// sizePerMember is the average size in bytes of an entry in the largest
// directory that is read.
const sizePerMember = 512

// Read returns the members of the archive in r, which is size bytes long, in
// the order of its directory. There may be at most limit members, whose entries
// may take 512 bytes on average.
func Read(r io.ReaderAt, size int64, limit int) ([]Member, error) {
	d, err := findDirectory(r, size)
	if err != nil {
		return nil, err
	}
	if d.entries > uint64(limit) || d.size > sizePerMember*int64(limit) {
		return nil, fmt.Errorf("%w: %d members in a directory of %d bytes exceed the limit of %d",
			ErrTooManyMembers, d.entries, d.size, limit)
	}
	entries, err := d.read(r)
	if err != nil {
		return nil, err
	}
	if err := checkEntries(r, entries, d.offset); err != nil {
		return nil, err
	}
	members := make([]Member, len(entries))
	for i := range entries {
		members[i] = entries[i].Member
	}
	return members, nil
}

// entrySize is the size of an entry without name, extra fields and comment.
const entrySize = 46

// read reads the entries of the directory.
func (d *directory) read(r io.ReaderAt) ([]entry, error) {
	in := bufio.NewReaderSize(io.NewSectionReader(r, d.offset, d.size), 64<<10)
	entries := make([]entry, 0, d.entries)
	for left := d.size; left > 0; {
		e, n, err := readEntry(in)
		if err != nil {
			return nil, fmt.Errorf("%w: entry %d of the directory: %w", ErrCorrupt, len(entries)+1, err)
		}
		left -= n
		if entries = append(entries, e); uint64(len(entries)) > d.entries {
			break
		}
	}
	if n := uint64(len(entries)); n != d.entries {
		return nil, fmt.Errorf("%w: directory does not have the declared number of members, %d", ErrCorrupt, d.entries)
	}
	return entries, nil
}

// readEntry reads an entry, which is n bytes long.
func readEntry(in io.Reader) (e entry, n int64, err error) {
	var fixed [entrySize]byte
	if _, err := io.ReadFull(in, fixed[:]); err != nil {
		return e, 0, shortDirectory(err)
	}
	f := fields(fixed[:])
	if f.uint32() != entrySignature {
		return e, 0, errors.New("wrong signature")
	}
	madeBy, _ := f.uint16(), f.uint16()
	flags, method := f.uint16(), f.uint16()
	f.uint32() // modification time
	e.CRC32 = f.uint32()
	z := sizes{compressed: uint64(f.uint32()), size: uint64(f.uint32())}
	nameLen, extraLen, commentLen := int(f.uint16()), int(f.uint16()), int(f.uint16())
	z.disk = uint32(f.uint16())
	f.uint16() // internal attributes
	mode := f.uint32() >> 16
	z.header = uint64(f.uint32())

	rest := make([]byte, nameLen+extraLen+commentLen)
	if _, err := io.ReadFull(in, rest); err != nil {
		return e, 0, shortDirectory(err)
	}
	if err := z.extend(rest[nameLen:][:extraLen], true); err != nil {
		return e, 0, err
	}
	if z.disk != 0 {
		return e, 0, ErrSplit
	}
	e.Name, e.Method = string(rest[:nameLen]), method
	e.header, e.Compressed, e.Size = int64(z.header), int64(z.compressed), int64(z.size)
	if e.header < 0 || e.Compressed < 0 || e.Size < 0 {
		return e, 0, errors.New("sizes out of range")
	}
	e.Encrypted = flags&(flagEncrypted|flagStrong|flagMasked) != 0
	e.masked = flags&flagMasked != 0
	e.Dir = nameLen > 0 && e.Name[nameLen-1] == '/'
	e.Symlink = isUnix(madeBy>>8) && mode&modeType == modeSymlink
	return e, int64(entrySize + len(rest)), nil
}

func shortDirectory(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errors.New("extends beyond the directory")
	}
	return err
}

// Bits of the flags of a member.
const (
	flagEncrypted  = 1 << 0
	flagDescriptor = 1 << 3 // CRC and sizes follow the data
	flagStrong     = 1 << 6
	flagMasked     = 1 << 13
)

// Bits of a mode of Unix.
const (
	modeType    = 0o170000
	modeSymlink = 0o120000
)

// isUnix reports whether external attributes made on a system hold a mode.
func isUnix(system uint16) bool { return system == 3 || system == 19 }

// sizes are the values of a header that may be in the extra field of zip64.
type sizes struct {
	size, compressed, header uint64
	disk                     uint32
}

const (
	max16 = 1<<16 - 1
	max32 = 1<<32 - 1
)

var errNoZip64 = errors.New("size missing in the zip64 field")

// extend replaces the values that the zip64 field in extra holds. The offset
// and the disk are only in the directory.
func (z *sizes) extend(extra []byte, inDirectory bool) error {
	f := zip64Field(extra)
	values := []*uint64{&z.size, &z.compressed}
	if inDirectory {
		values = append(values, &z.header)
	}
	for _, v := range values {
		if *v != max32 {
			continue
		}
		if len(f) < 8 {
			return errNoZip64
		}
		*v = f.uint64()
	}
	if inDirectory && z.disk == max16 {
		if len(f) < 4 {
			return errNoZip64
		}
		z.disk = f.uint32()
	}
	return nil
}

// zip64Field returns the content of the first zip64 field in extra.
func zip64Field(extra fields) fields {
	for len(extra) >= 4 {
		id, n := extra.uint16(), int(extra.uint16())
		if n > len(extra) {
			break
		}
		if id == 1 {
			return extra[:n]
		}
		extra = extra[n:]
	}
	return nil
}

// headerSize is the size of a local header without name and extra fields.
const headerSize = 30

// checkEntries compares the entries with their local headers, and sets the
// offsets of the data. The members must lie one after another in the bytes
// before end.
func checkEntries(r io.ReaderAt, entries []entry, end int64) error {
	order := make([]*entry, len(entries))
	for i := range entries {
		e := &entries[i]
		if err := e.checkLocal(r, end); err != nil {
			return fmt.Errorf("%w: member %.100q: %w", ErrCorrupt, e.Name, err)
		}
		order[i] = e
	}
	slices.SortFunc(order, func(a, b *entry) int {
		if a.header != b.header {
			return int(min(max(a.header-b.header, -1), 1))
		}
		return int(min(max(a.end()-b.end(), -1), 1))
	})
	at := int64(0)
	for _, e := range order {
		if e.header < at {
			return fmt.Errorf("%w: member %.100q: overlaps another one", ErrCorrupt, e.Name)
		}
		if err := checkGap(r, at, e.header); err != nil {
			return err
		}
		at = e.end()
	}
	return checkGap(r, at, end)
}

// descriptorSizes are the sizes of a data descriptor: with and without a
// signature, with sizes of 4 and 8 bytes.
var descriptorSizes = [...]int64{0, 12, 16, 20, 24}

// checkGap returns an error if a local header lies between from and to, which
// no member covers, at the beginning or after a data descriptor.
func checkGap(r io.ReaderAt, from, to int64) error {
	var found [4]byte
	for _, n := range descriptorSizes {
		if to-from-n < headerSize {
			break
		}
		if _, err := r.ReadAt(found[:], from+n); err != nil {
			return err
		}
		if binary.LittleEndian.Uint32(found[:]) == headerSignature {
			return fmt.Errorf("%w: member at byte %d: missing in the directory", ErrCorrupt, from+n)
		}
	}
	return nil
}

// checkLocal compares an entry with its local header, and sets the offset of
// its data. The member must end before end.
func (e *entry) checkLocal(r io.ReaderAt, end int64) error {
	if e.header > end-headerSize-int64(len(e.Name)) {
		return errors.New("local header outside of the file")
	}
	buf := make([]byte, headerSize+len(e.Name))
	if _, err := r.ReadAt(buf, e.header); err != nil {
		return err
	}
	f := fields(buf)
	if f.uint32() != headerSignature {
		return errors.New("no local header")
	}
	f.uint16() // version
	flags, method := f.uint16(), f.uint16()
	f.uint32() // modification time
	crc := f.uint32()
	z := sizes{compressed: uint64(f.uint32()), size: uint64(f.uint32())}
	nameLen, extraLen := int(f.uint16()), int64(f.uint16())
	e.Offset = e.header + headerSize + int64(nameLen) + extraLen
	switch encrypted := flags&(flagEncrypted|flagStrong|flagMasked) != 0; {
	case method != e.Method, encrypted != e.Encrypted:
		return errors.New("method differs in its local header")
	case e.masked:
	case nameLen != len(e.Name) || string(f) != e.Name:
		return errors.New("name differs in its local header")
	}
	if e.Offset > end || e.Compressed > end-e.Offset {
		return errors.New("data outside of the file")
	}
	if flags&flagDescriptor != 0 || e.masked {
		return nil
	}
	extra := make([]byte, extraLen)
	if _, err := r.ReadAt(extra, e.Offset-extraLen); err != nil && extraLen > 0 {
		return err
	}
	if err := z.extend(extra, false); err != nil {
		return err
	}
	if crc != e.CRC32 || z.compressed != uint64(e.Compressed) || z.size != uint64(e.Size) {
		return errors.New("size or CRC-32 differs in its local header")
	}
	return nil
}
