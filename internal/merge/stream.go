package merge

import (
	"bufio"
	"container/heap"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"fastcount/internal/atomicfile"
	"fastcount/internal/partial"
)

// fanIn is the number of files that are merged at once. More are merged in
// several rounds, since the number of open files is limited.
const fanIn = 256

// ToPartial writes the sum as a partial result, which covers what the set
// covers, even if that is not the whole job. It merges pairs in their order, in
// memory that does not depend on their number. Intermediate results are
// temporary files in the directory dir.
func (s *Set) ToPartial(files atomicfile.Files, path, dir string) error {
	covers, err := s.Covers()
	if err != nil {
		return err
	}
	if len(covers) == 0 {
		return ErrNotFound
	}
	sources := make([]string, len(s.files))
	for i, f := range s.files {
		sources[i] = f.path
	}
	header := partial.Header{Job: s.Job, Label: "merged", By: s.By, Covers: covers, Total: s.Total, Shards: s.Shards,
		EscapeIDs: s.EscapeIDs, AllowDuplicateIDs: s.duplicateIDs, Dialect: s.rules()}
	return atomicfile.Write(files, path, func(w io.Writer) error { return Write(w, header, sources, dir) })
}

// Write merges partial results of different parts into one with a header, as
// [Set.ToPartial] does. It does not compare the header with theirs. The parts
// are in the order of the plan or, without plan entries, of paths.
func Write(w io.Writer, header partial.Header, paths []string, dir string) error {
	var temporary []string
	defer func() {
		for _, name := range temporary {
			_ = os.Remove(name) // a copy of what is in other files
		}
	}()
	for len(paths) > fanIn {
		var next []string
		for group := range slices.Chunk(paths, fanIn) {
			name, err := round(dir, header, group)
			if name != "" {
				temporary = append(temporary, name)
			}
			if err != nil {
				return err
			}
			next = append(next, name)
		}
		paths = next
	}
	return mergeFiles(w, header, paths)
}

// round merges files into a temporary one.
func round(dir string, header partial.Header, paths []string) (name string, err error) {
	f, err := os.CreateTemp(dir, atomicfile.TempPattern)
	if err != nil {
		return "", err
	}
	return f.Name(), errors.Join(mergeFiles(f, header, paths), f.Close())
}

// mergeFiles merges sorted files into w.
func mergeFiles(w io.Writer, header partial.Header, paths []string) (err error) {
	out, err := partial.NewWriter(w, header)
	if err != nil {
		return err
	}
	q := make(queue, 0, len(paths))
	defer func() {
		for _, in := range q {
			err = errors.Join(err, in.file.Close())
		}
	}()
	partsOf := make([][]partial.Part, len(paths)) // by file
	for i, path := range paths {
		in, err := open(path)
		if err != nil {
			return err
		}
		in.index = i
		q = append(q, in)
	}
	finish := func(in *input) error {
		partsOf[in.index] = in.reader.Parts()
		return in.file.Close()
	}
	if err := q.begin(finish); err != nil {
		return err
	}
	if err := q.drain(out, finish); err != nil {
		return err
	}
	parts := slices.Concat(partsOf...)
	bytes := uint64(0)
	for _, p := range parts {
		if err := addTo(&bytes, p.Bytes); err != nil {
			return err
		}
	}
	if parts, err = joinRanges(parts, false, header.AllowDuplicateIDs); err != nil {
		return err
	}
	return out.Close(parts)
}

// input is a partial result that is being merged, with its current group.
type input struct {
	reader *partial.Reader
	index  int // among the files
	path   string
	file   *os.File
	values []string // valid until next
	n      uint64
}

func open(path string) (*input, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	p, err := partial.NewReader(bufio.NewReaderSize(file, bufferSize))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), file.Close())
	}
	return &input{reader: p, path: path, file: file}, nil
}

// next advances to the next group. It returns io.EOF at the end.
func (in *input) next() (err error) {
	in.values, in.n, err = in.reader.Next()
	if err != nil && err != io.EOF {
		err = fmt.Errorf("%s: %w", in.path, err)
	}
	return err
}

// queue is a heap of inputs by their current groups.
type queue []*input

func (q queue) Len() int      { return len(q) }
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q queue) Less(i, j int) bool {
	return slices.Compare(q[i].values, q[j].values) < 0
}
func (q *queue) Push(x any) { *q = append(*q, x.(*input)) }
func (q *queue) Pop() any {
	old := *q
	last := old[len(old)-1]
	*q = old[:len(old)-1]
	return last
}

// begin advances each input to its first group, and finishes those without one.
func (q *queue) begin(finish func(*input) error) error {
	for i := 0; i < len(*q); {
		in := (*q)[i]
		switch err := in.next(); {
		case err == io.EOF:
			*q = append((*q)[:i], (*q)[i+1:]...)
			if err := finish(in); err != nil {
				return err
			}
		case err != nil:
			return err
		default:
			i++
		}
	}
	heap.Init(q)
	return nil
}

// drain writes the sums of equal groups until all inputs are finished.
func (q *queue) drain(out *partial.Writer, finish func(*input) error) error {
	var values []string
	rows := uint64(0) // of all groups so far
	for q.Len() > 0 {
		values = append(values[:0], (*q)[0].values...)
		before := rows
		for q.Len() > 0 && slices.Equal((*q)[0].values, values) {
			in := (*q)[0]
			if err := addTo(&rows, in.n); err != nil {
				return err
			}
			switch err := in.next(); {
			case err == io.EOF:
				heap.Pop(q)
				if err := finish(in); err != nil {
					return err
				}
			case err != nil:
				return err
			default:
				heap.Fix(q, 0)
			}
		}
		if err := out.Add(values, rows-before); err != nil {
			return err
		}
	}
	return nil
}
