package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Pending is a file that a user named and that is being written. It gets its
// name when it is complete, by [Pending.Commit].
type Pending struct {
	File
	files  Files
	place  Place
	direct bool
	mode   fs.FileMode // 0: see KeepMode
}

// Create begins to write the file that name denotes. A symbolic link is
// followed. A device or FIFO is written to directly, and opening a FIFO waits
// for its reader. Mode is the mode of the file; 0 stands for the rule of
// [KeepMode].
func Create(files Files, name string, mode fs.FileMode) (*Pending, error) {
	place, err := Locate(name)
	if err != nil {
		return nil, err
	}
	p := &Pending{files: files, place: place, direct: place.Direct(), mode: mode}
	switch {
	case p.direct:
		p.File, err = OpenDirect(place.Path)
	case place.Info != nil && place.Info.IsDir():
		return nil, fmt.Errorf("%s: is a directory", name)
	default:
		p.File, err = files.CreateTemp(filepath.Dir(place.Path))
		if e, ok := errors.AsType[*fs.PathError](err); ok { // which names the temporary file
			err = fmt.Errorf("%s: its directory cannot be written to: %w", name, e.Err)
		}
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

// Commit completes the file: what was written is synced and gets its name. If
// it returns an error, the old file is as it was, except that the new one may
// be in place in a directory that could not be synced.
func (p *Pending) Commit() error {
	if p.direct {
		return p.Close()
	}
	return finish(p.files, p.File, p.place.Path, p.setMode())
}

func (p *Pending) setMode() error {
	if p.mode != 0 {
		return p.Chmod(p.mode)
	}
	old, err := os.Stat(p.place.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return KeepMode(p.File, old)
}

// Replace writes the file that name denotes, as [Create] and [Pending.Commit]
// do.
func Replace(files Files, name string, mode fs.FileMode, fill func(io.Writer) error) error {
	p, err := Create(files, name, mode)
	if err != nil {
		return err
	}
	if err := fill(p); err != nil {
		return errors.Join(err, p.Discard())
	}
	return p.Commit()
}

// Discard gives up the file: nothing of it is left, unless it was written to
// directly.
func (p *Pending) Discard() error {
	err := p.Close()
	if p.direct {
		return err
	}
	return errors.Join(err, removeTemp(p.files, p.Name()))
}

// OpenDirect opens a device or FIFO for writing. It neither creates nor
// truncates.
func OpenDirect(name string) (File, error) {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return nil, err // rather than a File that holds no file
	}
	return f, nil
}

// KeepMode gives f the permissions of old, the file that it replaces, if both
// belong to the same user. Otherwise f keeps mode 0600: another user, who may
// have put a file there that everybody can read, does not decide who reads the
// new one.
func KeepMode(f File, old fs.FileInfo) error {
	if !old.Mode().IsRegular() {
		return errors.New("it is no longer a regular file")
	}
	if !ownedByUser(old) {
		return nil
	}
	return f.Chmod(old.Mode().Perm())
}
