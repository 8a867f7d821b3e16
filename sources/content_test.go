package sources

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"

	"fastcount/engine"
)

// TestEqualContent compares copies of a file and files that differ in one byte,
// at every offset. Only the copies are reported.
func TestEqualContent(t *testing.T) {
	for _, size := range []int64{1, 100, endSize - 1, endSize, endSize + 1, 2*endSize - 1, 2 * endSize, 2*endSize + 1, 5*endSize + 7, 21*endSize - 3} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Chdir(t.TempDir())
			data := bytes.Repeat([]byte("abcdefgh\n"), int(size)/9+1)[:size]
			files := []engine.Part{newFile(t, write(t, "one", data))}
			places := []int64{0, size / 3, size / 2, endSize - 1, endSize, size - endSize, size - endSize - 1, size - 1}
			slices.Sort(places)
			for _, at := range slices.Compact(places) {
				if at >= 0 && at < size {
					data[at] ^= 1
					files = append(files, newFile(t, write(t, fmt.Sprint("differs", at), data)))
					data[at] ^= 1
				}
			}
			files = append(files, newFile(t, write(t, "two", data)), newFile(t, write(t, "longer", append(data, 'x'))), newFile(t, write(t, "three", data)))
			groups, err := EqualContent(t.Context(), files, nil)
			check(t, err)
			for _, group := range groups {
				for _, f := range group[1:] {
					if !bytes.Equal(read(t, f.Name()), read(t, group[0].Name())) {
						t.Errorf("%s and %s are not equal", group[0].Name(), f.Name())
					}
				}
			}
			if got := fmt.Sprint(names(groups)); size > 1 && got != "[[one two three]]" {
				t.Errorf("got %s", got)
			}
		})
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	check(t, err)
	return data
}

func names(groups [][]engine.Part) (all [][]string) {
	for _, group := range groups {
		all = append(all, nil)
		for _, f := range group {
			all[len(all)-1] = append(all[len(all)-1], f.Name())
		}
	}
	return all
}

// TestEqualContentReadsNoFileOfItsOwnSize removes the files before they are
// compared, which causes no error.
func TestEqualContentReadsNoFileOfItsOwnSize(t *testing.T) {
	tree(t, "a", "bc", "def")
	files := []engine.Part{newFile(t, "a"), newFile(t, "bc"), newFile(t, "def")}
	for _, f := range files {
		check(t, os.Remove(f.Name()))
	}
	if groups, err := EqualContent(t.Context(), files, nil); groups != nil || err != nil {
		t.Errorf("got %v, %v", groups, err)
	}
}

// TestEqualContentComparesFilesOfEqualRows does not read a file with another
// number of rows.
func TestEqualContentComparesFilesOfEqualRows(t *testing.T) {
	tree(t, "x/a", "y/a", "z/a")
	var files []engine.Part
	for _, path := range []string{"x/a", "y/a", "z/a"} {
		files = append(files, newFile(t, write(t, path, []byte("same"))))
	}
	check(t, os.Remove("y/a"))
	groups, err := EqualContent(t.Context(), files, []uint64{7, 8, 7})
	check(t, err)
	if got := fmt.Sprint(names(groups)); got != "[[x/a z/a]]" {
		t.Errorf("got %s", got)
	}
}

// TestEqualContentOfCountedFiles does not read a file whose first bytes were
// counted and differ from those of the others. It finds equal files of which
// only some were counted.
func TestEqualContentOfCountedFiles(t *testing.T) {
	for _, size := range []int{1, 100, firstSize - 1, firstSize, firstSize + 1, endSize + 1} {
		t.Chdir(t.TempDir())
		data := bytes.Repeat([]byte{'x'}, size)
		var files []engine.Part
		for _, name := range []string{"a", "differs", "b", "c", "late"} {
			data[0], data[size-1] = 'x', 'x'
			switch name {
			case "differs":
				data[0] = 'y'
			case "late":
				data[size-1] = 'z'
			}
			f := newFile(t, write(t, name, data))
			files = append(files, f)
			if name == "c" {
				continue // not counted
			}
			s, err := f.Open(t.Context())
			check(t, err)
			got := make([]byte, endSize+2) // as the parser, which reads much at a time
			n, err := s.Read(got)
			check(t, errors.Join(err, s.Close()))
			if string(got[:n]) != string(data) {
				t.Fatalf("%s has other bytes", name)
			}
		}
		check(t, os.Remove("differs"))
		groups, err := EqualContent(t.Context(), files, nil)
		check(t, err)
		if got := fmt.Sprint(names(groups)); got != "[[a b c]]" {
			t.Errorf("size %d: got %s", size, got)
		}
	}
}

func TestEqualContentFails(t *testing.T) {
	tree(t, "ab", "cd")
	files := []engine.Part{newFile(t, "ab"), newFile(t, "cd")}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if groups, err := EqualContent(ctx, files, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v, %v", groups, err)
	}
	check(t, os.Truncate("cd", 1))
	if groups, err := EqualContent(t.Context(), files, nil); !errors.Is(err, ErrChanged) {
		t.Errorf("cut: got %v, %v", groups, err)
	}
	check(t, os.Remove("cd"))
	if groups, err := EqualContent(t.Context(), files, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("removed: got %v, %v", groups, err)
	}
}
