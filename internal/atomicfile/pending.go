package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
)

// Write creates or replaces the file at path with what fill writes, in mode
// 0600. Symbolic links are not followed. If it returns nil, the file survives a
// power failure. If it returns an error, the file is as it was and no temporary
// file is left, except where the error reports otherwise.
func Write(files Files, path string, fill func(io.Writer) error) error {
	p, err := CreateAt(files, Place{Name: path, Path: path}, tempMode)
	if err != nil {
		return err
	}
	return p.fill(fill)
}

// Replace is like [Write] for a file that a user named: see [Create].
func Replace(files Files, name string, mode fs.FileMode, fill func(io.Writer) error) error {
	p, err := Create(files, name, mode)
	if err != nil {
		return err
	}
	return p.fill(fill)
}

// Pending is a file that is being written. Write it, then call
// [Pending.Commit] or [Pending.Discard].
type Pending struct {
	file  File
	files Files
	place Place
	mode  fs.FileMode // 0: see Create
	phase phase
}

// phase is how far a Pending is.
type phase uint8

const (
	open   phase = iota
	closed       // complete under its temporary name
	ended        // committed or discarded
)

// Create begins to write the file that name denotes. A symbolic link is
// followed. A device or FIFO is written to directly, and opening a FIFO blocks
// until it has a reader.
//
// Mode is the mode of the file. If it is 0, the file has the permissions of the
// file that it replaces if that belongs to the user who runs the program, and
// otherwise mode 0600: another user, who may have created a file that everybody
// can read, does not decide who reads the new one.
func Create(files Files, name string, mode fs.FileMode) (*Pending, error) {
	place, err := Locate(name)
	if err != nil {
		return nil, err
	}
	return CreateAt(files, place, mode)
}

// CreateAt is like [Create] for a place that is known.
func CreateAt(files Files, place Place, mode fs.FileMode) (*Pending, error) {
	p := &Pending{files: files, place: place, mode: mode}
	var err error
	switch {
	case place.Direct():
		p.file, err = files.OpenDirect(place.Path)
	case place.Info != nil && place.Info.IsDir():
		return nil, fmt.Errorf("%s: is a directory", place.Name)
	default:
		p.file, err = files.CreateTemp(filepath.Dir(place.Path))
		if e, ok := errors.AsType[*fs.PathError](err); ok { // which names the temporary file
			err = fmt.Errorf("%s: cannot create a file in its directory: %w", place.Name, e.Err)
		}
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

// Write writes to the file.
func (p *Pending) Write(b []byte) (int, error) { return p.file.Write(b) }

// Close completes what was written: the file gets its mode, is synced and
// closed. It keeps its temporary name until [Pending.Commit].
func (p *Pending) Close() error {
	if p.phase != open {
		return nil
	}
	p.phase = closed
	if p.place.Direct() {
		return p.file.Close()
	}
	err := p.setMode()
	if err == nil {
		err = p.file.Sync()
	}
	return errors.Join(err, p.file.Close())
}

// Commit closes the file, if it is open, and gives it its name. If it returns
// an error, the file was discarded and an older one is as it was, unless the
// error reports that the directory could not be synced.
func (p *Pending) Commit() error {
	err := p.Close()
	if p.place.Direct() {
		p.phase = ended
		return err
	}
	if err == nil {
		err = p.files.Rename(p.file.Name(), p.place.Path)
	}
	if err != nil {
		return errors.Join(err, p.Discard())
	}
	p.phase = ended
	if err := p.files.SyncDir(filepath.Dir(p.place.Path)); err != nil {
		return fmt.Errorf("%s: written, but cannot sync its directory: %w", p.place.Path, err)
	}
	return nil
}

// Discard removes what was written, except from a device or FIFO. It does
// nothing after [Pending.Commit].
func (p *Pending) Discard() (err error) {
	if p.phase == ended {
		return nil
	}
	if p.phase == open {
		err = p.file.Close()
	}
	p.phase = ended
	if p.place.Direct() {
		return err
	}
	return errors.Join(err, p.removeTemp())
}

// removeTemp removes the temporary file. A file system on a network may rename
// a file and report a failure; the temporary file is gone then.
func (p *Pending) removeTemp() error {
	err := p.files.Remove(p.file.Name())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: may have been replaced: its temporary file is gone: %w", p.place.Path, err)
	case err != nil:
		return fmt.Errorf("%s: cannot remove the temporary file: %w", p.place.Path, err)
	}
	return nil
}

// fill writes the file with a function and commits it.
func (p *Pending) fill(fill func(io.Writer) error) error {
	if err := fill(p); err != nil {
		return errors.Join(err, p.Discard())
	}
	return p.Commit()
}

func (p *Pending) setMode() error {
	switch p.mode {
	case tempMode:
		return nil
	case 0:
		return p.keepMode()
	}
	return p.file.Chmod(p.mode)
}

// keepMode gives the file the permissions of the one that it replaces, as they
// are now, which may be hours after the place was looked up.
func (p *Pending) keepMode() error {
	old, err := p.files.Lstat(p.place.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !old.Mode().IsRegular():
		return fmt.Errorf("%s: no longer a regular file", p.place.Name)
	case !ownedByUser(old):
		return nil
	}
	return p.file.Chmod(old.Mode().Perm())
}
