package sinks

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"fastcount/internal/atomicfile"
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
	file   string           // as it was given, for messages; "" is standard output
	place  atomicfile.Place // of file
	path   string           // file with symbolic links followed
	direct bool             // written to directly: standard output, a device or a FIFO
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

// claim adds the files that writing t may change to c: its own and, unless it
// is direct, its sidecar.
func (t target) claim(c *atomicfile.Claims) error {
	if t.file == "" {
		return nil
	}
	if err := c.AddPlace(atomicfile.Writes, t.file, t.place); err != nil || t.direct {
		return err
	}
	path := t.sidecarPath()
	return c.Add(atomicfile.Writes, path+" (kept for what "+t.file+" may lack)", path)
}

// locate finds out what an output's file is, following links, and refuses what cannot be replaced.
func locate(file string) (target, error) {
	place, err := atomicfile.Locate(file)
	if errors.Is(err, fs.ErrNotExist) {
		return target{}, fmt.Errorf("%s: its folder cannot be used: %w", file, err)
	}
	if err != nil {
		return target{}, err
	}
	t := target{file: file, place: place, path: place.Path, direct: place.Direct()}
	switch info := place.Info; {
	case info == nil:
		return t, t.checkDirectory()
	case info.IsDir():
		return target{}, isFolder(file)
	case info.Mode()&fs.ModeSocket != 0:
		return target{}, fmt.Errorf("%s: is a socket", file)
	case info.Mode().IsRegular() && info.Mode().Perm()&0o222 == 0:
		return target{}, fmt.Errorf("%s: the file is read-only", file)
	}
	return t, nil
}

// checkDirectory refuses a new file whose directory is missing, or whose name
// could only be that of a directory.
func (t target) checkDirectory() error {
	if os.IsPathSeparator(t.file[len(t.file)-1]) {
		return isFolder(t.file)
	}
	if _, err := os.Stat(filepath.Dir(t.path)); err != nil {
		return fmt.Errorf("%s: its folder cannot be used: %w", t.file, err)
	}
	return nil
}

func isFolder(file string) error {
	return fmt.Errorf("%s: is a folder; name a file in it, such as %s", file, filepath.Join(file, "counts"))
}

// files are the operations by which outputs are written, so that a test can let any of them fail.
type files interface {
	atomicfile.Files
	stat(name string) (fs.FileInfo, error)
	head(name string, n int) ([]byte, error)         // the first n bytes, or fewer; of what is no regular file none
	openDirect(name string) (atomicfile.File, error) // for writing; neither creates nor truncates
}

// osFiles is the file system of the machine.
type osFiles struct{ atomicfile.OS }

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

func (osFiles) openDirect(name string) (atomicfile.File, error) {
	return atomicfile.OpenDirect(name)
}
