package inflate

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
)

// Flags of a gzip header (RFC 1952, section 2.3.1). The first one is only a
// hint that the data is text.
const (
	flagHeaderChecksum = 1 << 1
	flagExtra          = 1 << 2
	flagName           = 1 << 3
	flagComment        = 1 << 4
	reservedFlags      = 0xe0
)

const (
	headerSize  = 10
	trailerSize = 8
)

var magic = []byte{0x1f, 0x8b, 8}

// A Member decodes a gzip member (RFC 1952): a header, a DEFLATE stream, and
// the checksum and length of its data, which are verified.
type Member struct {
	reader   Reader
	in       *Input
	err      error
	checksum uint32 // of the decoded bytes, or of the header
	length   uint32 // of the decoded bytes, modulo 1<<32
}

// Reset discards the state of m and reads the header of the member that begins
// at the next byte of in. It returns io.EOF if in has no more bytes. Errors are
// those of [Reader.Next].
func (m *Member) Reset(in *Input) error {
	m.in, m.checksum, m.length = in, 0, 0
	m.err = m.header()
	if m.err == nil {
		m.checksum = 0
		m.reader.Reset(in)
	}
	return m.err
}

// Next returns the next decoded bytes, as [Reader.Next] does. It returns io.EOF
// only after the checksum and the length were verified.
func (m *Member) Next() ([]byte, error) {
	return m.Window(0)
}

// Window returns the last unread bytes that m returned, also those of earlier
// members, and the next ones, as [Reader.Window] does.
func (m *Member) Window(unread int) ([]byte, error) {
	if m.err != nil {
		return nil, m.err
	}
	decoded, err := m.reader.Window(unread)
	if len(decoded) > 0 {
		m.add(decoded[unread:])
	}
	m.err = m.end(err)
	return decoded, m.err
}

// Clear discards all decoded bytes, as [Reader.Clear] does.
func (m *Member) Clear() { m.reader.Clear() }

// add adds decoded bytes to the checksum and the length.
func (m *Member) add(decoded []byte) {
	m.checksum = crc32.Update(m.checksum, crc32.IEEETable, decoded)
	m.length += uint32(len(decoded))
}

// end returns err, or if that is io.EOF the result of reading the trailer.
func (m *Member) end(err error) error {
	if err == io.EOF {
		return m.trailer()
	}
	return err
}

// Read implements io.Reader.
func (m *Member) Read(p []byte) (int, error) {
	if m.err != nil || len(p) == 0 {
		return 0, m.err
	}
	n, err := m.reader.Read(p)
	m.add(p[:n])
	m.err = m.end(err)
	return n, m.err
}

// trailer reads the trailer and returns io.EOF if it matches the data.
func (m *Member) trailer() error {
	t, err := m.in.Peek(trailerSize)
	switch {
	case len(t) < trailerSize:
		return noEOF(err)
	case binary.LittleEndian.Uint32(t) != m.checksum:
		return m.corrupt(ErrChecksum)
	case binary.LittleEndian.Uint32(t[4:]) != m.length:
		return m.corrupt(ErrLengthMismatch)
	}
	m.in.Discard(trailerSize)
	return io.EOF
}

func (m *Member) corrupt(err error) error { return &Error{m.in.Offset(), err} }

// header reads the header.
func (m *Member) header() error {
	h, err := m.in.Peek(headerSize)
	switch {
	case len(h) == 0:
		return err
	case len(h) < headerSize:
		return noEOF(err)
	case !bytes.HasPrefix(h, magic) || h[3]&reservedFlags != 0:
		return m.corrupt(ErrHeader)
	}
	flags := h[3]
	m.skip(h)
	if flags&flagExtra != 0 {
		if err := m.skipExtra(); err != nil {
			return err
		}
	}
	for _, flag := range []byte{flagName, flagComment} {
		if flags&flag != 0 {
			if err := m.skipString(); err != nil {
				return err
			}
		}
	}
	if flags&flagHeaderChecksum != 0 {
		return m.headerChecksum()
	}
	return nil
}

// skip skips bytes that Peek returned, and adds them to the checksum.
func (m *Member) skip(peeked []byte) {
	m.checksum = crc32.Update(m.checksum, crc32.IEEETable, peeked)
	m.in.Discard(len(peeked))
}

// skipExtra skips the extra field: two bytes with its length, and its data.
func (m *Member) skipExtra() error {
	size, err := m.in.Peek(2)
	if len(size) < 2 {
		return noEOF(err)
	}
	n := int(binary.LittleEndian.Uint16(size))
	m.skip(size)
	extra, err := m.in.Peek(n)
	if len(extra) < n {
		return noEOF(err)
	}
	m.skip(extra)
	return nil
}

// skipString skips bytes up to the next zero byte.
func (m *Member) skipString() error {
	for {
		if !m.in.has(1) {
			return noEOF(m.in.err)
		}
		buffered := m.in.buf[m.in.pos:m.in.end]
		if end := bytes.IndexByte(buffered, 0); end >= 0 {
			m.skip(buffered[:end+1])
			return nil
		}
		m.skip(buffered)
	}
}

// headerChecksum verifies the low 16 bits of the checksum of the header.
func (m *Member) headerChecksum() error {
	sum, err := m.in.Peek(2)
	if len(sum) < 2 {
		return noEOF(err)
	}
	if binary.LittleEndian.Uint16(sum) != uint16(m.checksum) {
		return m.corrupt(ErrHeaderChecksum)
	}
	m.in.Discard(2)
	return nil
}
