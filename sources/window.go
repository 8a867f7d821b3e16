package sources

import (
	"errors"
	"fmt"

	"fastcount/internal/mapped"
	"fastcount/parser"
)

// mapUntil makes a stream of a regular file, which is not decoded, return
// windows of the bytes before the offset end. A file for which reads may have
// to wait is not mapped, because mapping it might never end.
func (s *stream) mapUntil(end int64) error {
	r := s.raw.r.(*regularReader)
	if r.r.MayWait() || end-r.off < mapped.MinSize {
		return nil
	}
	conn, err := r.file.SyscallConn()
	if err != nil {
		return err
	}
	r.windows = mapped.New(conn, r.found.Size(), end, parser.Slack)
	s.closers = append(s.closers, r.windows.Unmap)
	return nil
}

// Window implements [parser.Windower].
func (r *regularReader) Window(unread int) []byte {
	data := r.windows.Map(r.off-int64(unread), r.off)
	if data == nil {
		return nil
	}
	n := int64(len(data) - unread)
	r.off += n
	r.mapped += n
	r.moved = true
	return data
}

// Guard calls f, which reads windows of r. Window returns nil at other times.
func (r *regularReader) Guard(f func() error) error { return r.windows.Guard(f, r.explain) }

// explain returns why reading a window failed: at the offset at, or for an
// unknown reason if at is negative. Then it returns nil unless the file has
// changed.
func (r *regularReader) explain(at int64) error {
	if err := r.found.Check(r.file); err != nil || at < 0 {
		return err
	}
	if _, err := r.file.ReadAt(make([]byte, 1), at); err != nil {
		return err
	}
	return fmt.Errorf("byte %d: %w", at, errMapped)
}

// errMapped is returned for a byte that can be read, but could not be read in a
// window.
var errMapped = errors.New("not readable through a mapping of the file")
