package sinks

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"fastcount/internal/wholefile"
)

// Spec says in words what an output is: the format, and the file that it goes to.
type Spec struct {
	Format string // the name of a sink
	File   string // "" is standard output
}

// ParseSpec reads FORMAT or FORMAT=FILE, such as csv=counts.csv. A file called - is standard output. Whether the
// format exists is for Registry.Lookup to say.
func ParseSpec(s string) (Spec, error) {
	format, file, named := strings.Cut(s, "=")
	switch {
	case format == "":
		return Spec{}, fmt.Errorf("output %q names no format; write it as in csv=counts.csv", cut(s, 200))
	case named && file == "":
		return Spec{}, fmt.Errorf("output %q names no file behind the =", cut(s, 200))
	case file == "-":
		file = ""
	}
	return Spec{Format: format, File: file}, nil
}

// ErrSameFile says that two outputs of a run are one file.
var ErrSameFile = errors.New("two outputs are the same file")

// target is a place that was found fit to take an output.
type target struct {
	sink   Sink
	file   string      // as it was given, for messages; "" is standard output
	path   string      // file with symbolic links followed
	info   fs.FileInfo // of what is there; nil if nothing is
	folder fs.FileInfo // of the folder of path; nil if the output is direct
	beside fs.FileInfo // of what is in the place of its sidecar; nil if nothing is
	direct bool        // written to as it stands: standard output, or no regular file
}

// String names the target for people.
func (t target) String() string {
	if t.file == "" {
		return "standard output"
	}
	return t.file
}

// sidecarPath is where it is said what the output lacks: beside the file itself, where a link to it leads, so that
// nobody who comes to the file by another way misses it.
func (t target) sidecarPath() string { return t.path + sidecarSuffix }

// places are the files that writing t may change: its own and, unless it is direct, its sidecar.
func (t target) places() []target {
	if t.direct {
		return []target{t}
	}
	path := t.sidecarPath()
	return []target{t, {file: path + " (kept for what " + t.file + " may lack)", path: path, info: t.beside, folder: t.folder}}
}

// locate finds out what an output's file is, following links, and refuses what cannot be replaced.
func locate(file string) (target, error) {
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		info = nil
	case err != nil:
		return target{}, err
	case info.IsDir():
		return target{}, isFolder(file)
	case info.Mode()&fs.ModeSocket != 0:
		return target{}, fmt.Errorf("%s: is a socket", file)
	case !info.Mode().IsRegular():
		return target{file: file, path: file, info: info, direct: true}, nil
	case info.Mode().Perm()&0o222 == 0:
		return target{}, fmt.Errorf("%s: the file is read-only", file)
	}
	path, err := follow(file)
	if err != nil {
		return target{}, err
	}
	folder, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return target{}, err
	}
	beside, err := os.Lstat(path + sidecarSuffix)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return target{}, err
	}
	return target{file: file, path: path, info: info, folder: folder, beside: beside}, nil
}

func isFolder(file string) error {
	return fmt.Errorf("%s: is a folder; name a file in it, such as %s", file, filepath.Join(file, "counts"))
}

// maxLinks is how many symbolic links may follow each other before they are taken for a circle.
const maxLinks = 40

// follow returns the path that file stands for once every symbolic link is followed. The file itself need not
// exist, not even behind a link; its folder must.
func follow(file string) (string, error) {
	path := file
	for range maxLinks {
		folder, base := filepath.Split(path)
		if base == "" {
			return "", isFolder(file)
		}
		folder, err := filepath.EvalSymlinks(folder + ".")
		if err != nil {
			return "", fmt.Errorf("%s: its folder cannot be used: %w", file, err)
		}
		path = filepath.Join(folder, base)
		info, err := os.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) {
			return path, nil
		}
		if err != nil {
			return "", err
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			return path, nil
		}
		link, err := os.Readlink(path)
		if err != nil {
			return "", err
		}
		if path = link; !filepath.IsAbs(link) {
			// Not filepath.Join: it would take "x/.." away without asking whether x is a link.
			path = folder + string(filepath.Separator) + link
		}
	}
	return "", fmt.Errorf("%s: more than %d links lead on from it", file, maxLinks)
}

// overlap reports whether writing two outputs may change one file, and by which names.
func overlap(a, b target) (x, y target, yes bool) {
	for _, x := range a.places() {
		for _, y := range b.places() {
			if same(x, y) {
				return x, y, true
			}
		}
	}
	return target{}, target{}, false
}

// same reports whether two targets are one file, however they are spelled. Of two files that do not exist yet, names
// that differ in capitals alone are taken for one, since on many file systems they are.
func same(a, b target) bool {
	switch {
	case a.file == "" || b.file == "":
		return a.file == b.file
	case a.info != nil && b.info != nil:
		return os.SameFile(a.info, b.info)
	case a.info != nil || b.info != nil:
		return false
	}
	return os.SameFile(a.folder, b.folder) && strings.EqualFold(filepath.Base(a.path), filepath.Base(b.path))
}

// files are the operations by which outputs are written, so that a test can let any of them fail.
type files interface {
	wholefile.Files
	stat(name string) (fs.FileInfo, error)
	head(name string, n int) ([]byte, error)        // the first n bytes, or fewer; of what is no regular file none
	openDirect(name string) (wholefile.File, error) // for writing; neither creates nor truncates
}

// osFiles is the file system of the machine.
type osFiles struct{ wholefile.OS }

func (osFiles) stat(name string) (fs.FileInfo, error) { return os.Stat(name) }

func (osFiles) head(name string, n int) ([]byte, error) {
	info, err := os.Lstat(name)
	if err != nil || !info.Mode().IsRegular() {
		return nil, err
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	head, err := io.ReadAll(io.LimitReader(f, int64(n)))
	return head, errors.Join(err, f.Close())
}

func (osFiles) openDirect(name string) (wholefile.File, error) {
	return os.OpenFile(name, os.O_WRONLY, 0)
}
