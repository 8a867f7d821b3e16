package sources

import (
	"context"
	"crypto/sha256"
	"errors"
	"hash/crc32"
	"io"

	"fastcount/engine"
)

// stamp is equal for parts whose content is probably equal.
type stamp struct {
	size  int64
	crc32 uint32
	rows  uint64
}

// equalMembers is EqualContent for members of archives, and for plain files
// that are equal to a member, as after extracting an archive.
func equalMembers(ctx context.Context, parts []engine.Part, rows []uint64) (equal [][]engine.Part, err error) {
	compared, stamps, err := stamped(ctx, parts, rows)
	if err != nil {
		return nil, err
	}
	for _, group := range groupBy(compared, func(i int) stamp { return stamps[i] }) {
		digests := make([][sha256.Size]byte, len(group))
		for i, part := range group {
			if digests[i], err = contentDigest(ctx, part); err != nil {
				return nil, err
			}
		}
		for _, same := range groupBy(group, func(i int) [sha256.Size]byte { return digests[i] }) {
			if countMembers(same) > 0 {
				equal = append(equal, same)
			}
		}
	}
	return equal, nil
}

// stamped returns the members that have rows, the plain files of the same
// sizes, and the stamp of each.
func stamped(ctx context.Context, parts []engine.Part, rows []uint64) (compared []engine.Part, stamps []stamp, err error) {
	sizes := make(map[int64]bool) // of the members
	for _, part := range parts {
		if m, ok := part.(*Member); ok {
			sizes[m.entry.Size] = true
		}
	}
	for i, part := range parts {
		var s stamp
		if rows != nil {
			s.rows = rows[i]
			if s.rows == 0 {
				continue
			}
		}
		switch p := part.(type) {
		case *Member:
			s.size, s.crc32 = p.entry.Size, p.entry.CRC32
			if p.check() != nil {
				continue
			}
		case *File:
			s.size = p.found.Size()
			if !p.regular() || !sizes[s.size] || !p.Plain() {
				continue
			}
			sum := crc32.NewIEEE()
			if err := p.hash(ctx, sum, [2]int64{0, s.size}); err != nil {
				return nil, nil, err
			}
			s.crc32 = sum.Sum32()
		default:
			continue
		}
		compared, stamps = append(compared, part), append(stamps, s)
	}
	return compared, stamps, nil
}

func countMembers(group []engine.Part) (n int) {
	for _, part := range group {
		if _, ok := part.(*Member); ok {
			n++
		}
	}
	return n
}

// contentDigest returns the SHA-256 of the decoded content of a part.
func contentDigest(ctx context.Context, part engine.Part) (sum [sha256.Size]byte, err error) {
	s, err := part.Open(ctx)
	if err != nil {
		return sum, err
	}
	hash := sha256.New()
	_, err = io.Copy(hash, s)
	return [sha256.Size]byte(hash.Sum(nil)), errors.Join(err, s.Close())
}
