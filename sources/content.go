package sources

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"iter"
	"runtime"
	"slices"

	"fastcount/engine"
)

// Files of equal size are compared in steps, in bytes: first their first bytes,
// of which a count has left a hash, then their beginnings and ends, then the
// rest in growing steps.
const (
	firstSize = 4 << 10
	endSize   = 64 << 10
	maxStep   = 64 << 20
)

// firstSeed is the seed of the hashes of first bytes.
var firstSeed = maphash.MakeSeed()

// EqualContent returns the groups of parts that are regular files with equal
// stored bytes, or members of archives with equal content, each of at least two
// parts in the order in which they were given. A plain file may be equal to a
// member. rows holds the number of rows of each part, or is nil; parts without
// rows are not compared. Only files that agree in size and rows are read, and
// each only until it differs from all others: not at all if it was counted and
// its first bytes differ. Only members that agree in size, rows and checksum
// with another part are read.
func EqualContent(ctx context.Context, parts []engine.Part, rows []uint64) ([][]engine.Part, error) {
	var files []*File
	var keys [][2]uint64 // size and rows
	for i, part := range parts {
		f, ok := part.(*File)
		switch {
		case !ok || !f.regular() || rows != nil && rows[i] == 0:
			continue
		case rows == nil:
			keys = append(keys, [2]uint64{uint64(f.found.Size())})
		default:
			keys = append(keys, [2]uint64{uint64(f.found.Size()), rows[i]})
		}
		files = append(files, f)
	}
	var equal [][]engine.Part
	for _, group := range groupBy(files, func(i int) [2]uint64 { return keys[i] }) {
		same, err := compareFiles(ctx, group)
		if err != nil {
			return nil, err
		}
		for _, group := range same {
			equal = append(equal, asParts(group))
		}
	}
	members, err := equalMembers(ctx, parts, rows)
	if err != nil {
		return nil, err
	}
	equal = slices.DeleteFunc(equal, func(group []engine.Part) bool {
		return slices.ContainsFunc(members, func(m []engine.Part) bool { return slices.Contains(m, group[0]) })
	})
	return append(equal, members...), nil
}

func asParts[P engine.Part](group []P) []engine.Part {
	parts := make([]engine.Part, len(group))
	for i, p := range group {
		parts[i] = p
	}
	return parts
}

// groupBy returns the parts that share a key, in groups of at least two in the
// order of their first parts.
func groupBy[P any, K comparable](parts []P, keyOf func(i int) K) [][]P {
	index := make(map[K]int)
	var groups [][]P
	for i, p := range parts {
		key := keyOf(i)
		g, known := index[key]
		if !known {
			g = len(groups)
			index[key] = g
			groups = append(groups, nil)
		}
		groups[g] = append(groups[g], p)
	}
	return slices.DeleteFunc(groups, func(group []P) bool { return len(group) < 2 })
}

// compareFiles divides files of one size into groups of equal content.
func compareFiles(ctx context.Context, group []*File) (groups [][]*File, err error) {
	groups, err = divide([][]*File{group}, func(f *File) (uint64, error) { return f.firstHash(ctx) })
	for from, to := range comparedRanges(group[0].found.Size()) {
		if err != nil || len(groups) == 0 {
			return nil, err
		}
		groups, err = divide(groups, func(f *File) ([sha256.Size]byte, error) { return f.digest(ctx, from, to) })
	}
	return groups, err
}

// comparedRanges yields the byte ranges of a file in the order in which they
// are compared.
func comparedRanges(size int64) iter.Seq2[int64, int64] {
	return func(yield func(from, to int64) bool) {
		begin, end := min(size, endSize), max(min(size, endSize), size-endSize)
		if !yield(0, begin) || end < size && !yield(end, size) {
			return
		}
		for step := int64(endSize); begin < end; {
			step = min(2*step, maxStep)
			if !yield(begin, min(begin+step, end)) {
				return
			}
			begin += step
		}
	}
}

// divide splits each group by the keys of its files.
func divide[K comparable](groups [][]*File, keyOf func(f *File) (K, error)) (divided [][]*File, err error) {
	for _, group := range groups {
		keys := make([]K, len(group))
		err := forEach(len(group), runtime.GOMAXPROCS(0), func(i int) (err error) {
			keys[i], err = keyOf(group[i])
			return err
		})
		if err != nil {
			return nil, err
		}
		divided = append(divided, groupBy(group, func(i int) K { return keys[i] })...)
	}
	return divided, nil
}

// firstHash returns a hash of the first bytes of the file, as they are stored.
// It is not 0. firstHash reads them unless they have been read to be counted.
func (f *File) firstHash(ctx context.Context) (uint64, error) {
	if known := f.first.Load(); known != 0 {
		return known, nil
	}
	var h maphash.Hash
	h.SetSeed(firstSeed)
	if err := f.hash(ctx, &h, [2]int64{0, min(firstSize, f.found.Size())}); err != nil {
		return 0, fmt.Errorf("%s: %w", f.path, err)
	}
	return h.Sum64() | 1, nil
}

// keepFirst keeps the hash of the first bytes of the file, if the bytes p, with
// which it begins, are enough.
func (f *File) keepFirst(p []byte) {
	if n := min(firstSize, f.found.Size()); int64(len(p)) >= n {
		f.first.Store(maphash.Bytes(firstSeed, p[:n]) | 1)
	}
}

// digest returns the SHA-256 of the stored bytes in [from, to).
func (f *File) digest(ctx context.Context, from, to int64) (sum [sha256.Size]byte, err error) {
	hash := sha256.New()
	if err := f.hash(ctx, hash, [2]int64{from, to}); err != nil {
		return sum, fmt.Errorf("%s: %w", f.path, err)
	}
	return [sha256.Size]byte(hash.Sum(nil)), nil
}

// Digest returns the SHA-256, in hexadecimal, of the size of the file in
// decimal, a line feed, its first 64 KiB, and its last 64 KiB without bytes
// already included, all as stored. Copies of a file have the same digest.
func (f *File) Digest(ctx context.Context) (string, error) {
	size := f.found.Size()
	hash := sha256.New()
	fmt.Fprintf(hash, "%d\n", size)
	begin := min(size, endSize)
	if err := f.hash(ctx, hash, [2]int64{0, begin}, [2]int64{max(begin, size-endSize), size}); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// hash writes the stored bytes in [from, to) of each range to w. The file must
// be unchanged before and after.
func (f *File) hash(ctx context.Context, w io.Writer, ranges ...[2]int64) (err error) {
	file, err := f.openSettled(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	for _, r := range ranges {
		from, to := r[0], r[1]
		section := contextReader{ctx, io.NewSectionReader(file, from, to-from)}
		n, err := io.CopyBuffer(w, section, make([]byte, min(max(1, to-from), readSize)))
		if err == nil && n < to-from {
			err = fmt.Errorf("%w: ends at byte %d", ErrChanged, from+n)
		}
		if err != nil {
			return err
		}
	}
	return f.found.Check(file)
}

// contextReader reads from r until ctx is done.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}
