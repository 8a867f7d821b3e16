package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
)

// Place identifies a file, whether or not it exists. Two places are the same
// file however they are spelled: through symbolic links, hard links, or other
// paths.
type Place struct {
	Name string      // as given; for messages
	Path string      // Name with symbolic links followed
	Info fs.FileInfo // the file at Path, nil if it does not exist

	dir  fs.FileInfo // the nearest directory above Path, nil if Info is not
	rest string      // Path below dir
}

// Locate returns the place that name denotes. Neither the file nor its
// directory needs to exist.
func Locate(name string) (Place, error) {
	p := Place{Name: name, Path: name}
	info, err := os.Stat(name)
	switch {
	case err == nil:
		p.Info = info
	case !errors.Is(err, fs.ErrNotExist):
		return Place{}, err
	}
	if p.Direct() { // such as /dev/stdout, a link that leads to no path
		return p, nil
	}
	if p.Path, err = follow(name); err != nil || p.Info != nil {
		return p, err
	}
	return p, p.findDir()
}

// Opened returns the place of an open file, which may have lost its name.
func Opened(f *os.File) (Place, error) {
	info, err := f.Stat()
	return Place{Name: f.Name(), Path: f.Name(), Info: info}, err
}

// findDir finds the directory in which a file that does not exist would be
// created, or the nearest directory above that exists.
func (p *Place) findDir() error {
	path, err := filepath.Abs(p.Path)
	if err != nil {
		return err
	}
	for dir := range ancestors(path) {
		info, err := os.Stat(dir)
		if err == nil {
			p.dir, p.rest = info, strings.TrimPrefix(path[len(dir):], string(filepath.Separator))
			return nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return fs.ErrNotExist
}

// ancestors yields the directories above an absolute path, the nearest first.
func ancestors(path string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for dir := filepath.Dir(path); yield(dir) && dir != filepath.Dir(dir); {
			dir = filepath.Dir(dir)
		}
	}
}

// Same reports whether p and q are the same file. Two files that do not exist
// are the same if their directories are and their names differ in case alone:
// on many file systems such names denote one file.
func (p Place) Same(q Place) bool {
	if p.Info != nil || q.Info != nil {
		return os.SameFile(p.Info, q.Info) // false if one of them does not exist
	}
	return os.SameFile(p.dir, q.dir) && strings.EqualFold(p.rest, q.rest)
}

// Within reports whether p is the directory dir or a file below it. It is false
// if that cannot be found out, as for a stream that has no name.
func (p Place) Within(dir Place) bool {
	switch {
	case p.Same(dir):
		return true
	case dir.Info == nil:
		return p.dir != nil && os.SameFile(p.dir, dir.dir) &&
			strings.HasPrefix(strings.ToLower(p.rest), strings.ToLower(dir.rest)+string(filepath.Separator))
	}
	path, err := follow(p.Path)
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		return false
	}
	for above := range ancestors(path) {
		if info, err := os.Stat(above); err == nil && os.SameFile(info, dir.Info) {
			return true
		}
	}
	return false
}

// Direct reports whether p is written to directly, because it is something
// that a rename must not replace: a device or a FIFO.
func (p Place) Direct() bool {
	return p.Info != nil && !p.Info.Mode().IsRegular() && !p.Info.IsDir()
}

// shareable reports whether p may be read and written any number of times,
// such as /dev/null, a terminal, or a socket.
func (p Place) shareable() bool {
	return p.Info != nil && p.Info.Mode()&(fs.ModeDevice|fs.ModeSocket) != 0
}

// maxLinks is the number of symbolic links that may follow each other before
// they are taken for a cycle.
const maxLinks = 40

// follow returns the path that name denotes once every symbolic link is
// followed. Neither the file nor its directory needs to exist.
func follow(name string) (string, error) {
	path := name
	for range maxLinks {
		dir, base := filepath.Split(path)
		dir, err := followDir(dir)
		if err != nil {
			return "", err
		}
		path = filepath.Join(dir, base)
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
			// filepath.Join would remove "x/.." without following
			// x.
			path = dir + string(filepath.Separator) + link
		}
	}
	return "", fmt.Errorf("%s: more than %d symbolic links", name, maxLinks)
}

// followDir follows the links in the part of a directory's path that exists.
// Dir is empty or ends in a separator.
func followDir(dir string) (string, error) {
	resolved, err := filepath.EvalSymlinks(dir + ".")
	if !errors.Is(err, fs.ErrNotExist) {
		return resolved, err
	}
	parent, base := filepath.Split(strings.TrimRightFunc(dir, isSeparator))
	if base == "" || base == ".." {
		return "", err
	}
	if resolved, err = followDir(parent); err != nil {
		return "", err
	}
	return filepath.Join(resolved, base), nil
}

func isSeparator(r rune) bool { return r < 0x80 && os.IsPathSeparator(uint8(r)) }
