// Package state keeps in a folder what was counted of finished parts, so that a run that was cut short goes on where it
// stopped.
//
// The folder holds run.json, which says of which run it is; a partial result for each finished part, whose name is
// derived from the part's identity; and a lock. Every file is whole or not there, for no other name than that of a
// temporary file is ever written to, and every partial result proves itself: a file that is damaged or is of something
// else costs the time to count its part again, and never a wrong count.
package state

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"

	"fastcount/engine"
	"fastcount/internal/atomicfile"
	"fastcount/internal/partial"
)

var (
	// ErrFolder says that a folder cannot be that of the run: it holds other files, or the state of another run, or a
	// state that cannot be read.
	ErrFolder = errors.New("not a folder for the state of this run")

	// ErrLocked says that another process uses the folder.
	ErrLocked = errors.New("another fastcount is using it")
)

const (
	lockName   = "lock"
	partSuffix = ".partial"
)

// Store is the engine.Store of one run in a folder. It holds the folder's lock until it is closed.
type Store struct {
	folder string
	work   string   // the digest of the run
	units  []string // the digests of the parts' identities
	warn   func(error)
	files  atomicfile.Files
	lock   *os.File
}

var _ engine.Store = (*Store)(nil)

// Open opens the state of a run in a folder, which is made if it is missing, and locks it. What an earlier process left
// unfinished is removed. Files that cannot be used later are told to warn, one by one, not at once by several
// goroutines. The error matches ErrLocked, ErrFolder or ErrNotPrivate, or is that of a file.
func Open(folder string, r Run, warn func(error)) (*Store, error) {
	return open(folder, r, warn, atomicfile.OS{})
}

func open(folder string, r Run, warn func(error), files atomicfile.Files) (s *Store, err error) {
	text, err := r.text()
	if err != nil {
		return nil, err
	}
	s = &Store{folder: folder, work: digest(text), units: make([]string, len(r.Sources)), warn: warn, files: files}
	for i, id := range r.Sources {
		s.units[i] = digest(fmt.Appendf(nil, "%q %q %q", id.ID, id.Version, id.Digest))
	}
	if err := s.makeFolder(); err != nil {
		return nil, err
	}
	if s.lock, err = lock(filepath.Join(folder, lockName)); err != nil {
		return nil, fmt.Errorf("%s: %w", folder, err)
	}
	if err = s.claim(text); err == nil {
		err = s.removeTemps()
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// makeFolder makes the folder if it is missing, so that it outlives a power failure. Nobody else may be able to change
// what is in it.
func (s *Store) makeFolder() error {
	info, err := os.Stat(s.folder)
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(s.folder, 0o700); err != nil {
			return err
		}
		if err := s.files.SyncDir(filepath.Dir(s.folder)); err != nil {
			return err
		}
		info, err = os.Stat(s.folder)
	}
	switch {
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%w: %s is a file", ErrFolder, s.folder)
	}
	return checkPrivate(s.folder, info)
}

func isTemp(name string) bool {
	temp, err := filepath.Match(atomicfile.TempPattern, name)
	return temp && err == nil
}

// removeTemps removes what a process that was killed was writing.
func (s *Store) removeTemps() error {
	entries, err := os.ReadDir(s.folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if isTemp(e.Name()) {
			if err := s.files.Remove(filepath.Join(s.folder, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// Close gives the folder free for another process.
func (s *Store) Close() error { return s.lock.Close() }

// path returns the file of a part: the name is of no text but a digest.
func (s *Store) path(part int) string {
	return filepath.Join(s.folder, s.units[part][:sha256.Size]+partSuffix)
}

// Load implements engine.Store. A file that cannot be used is warned of, and is as good as none.
func (s *Store) Load(part int) (*engine.Report, error) {
	r, err := s.load(part)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		s.warn(fmt.Errorf("%s: %w; its part is counted again", s.path(part), err))
		return nil, nil
	}
	return r, nil
}

func (s *Store) load(part int) (r *engine.Report, err error) {
	f, err := openPrivate(s.path(part), os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	head, r, err := partial.Read(f)
	switch {
	case err != nil:
		return nil, err
	case !reflect.DeepEqual(head, s.head(part)):
		return nil, errors.New("it is of another run")
	case len(r.Parts) != 1:
		return nil, fmt.Errorf("it is of %d parts", len(r.Parts))
	}
	return r, nil
}

// head returns the header of what is kept of a part. Ids are kept as they are in
// the input, which may be of any bytes.
func (s *Store) head(part int) partial.Header {
	return partial.Header{Job: s.work, Label: s.units[part], EscapeIDs: true}
}

// Save implements engine.Store. When it has returned nil, what was counted will outlive a power failure.
func (s *Store) Save(part int, r *engine.Report) error {
	err := atomicfile.Write(s.files, s.path(part), func(w io.Writer) error {
		return partial.Write(w, s.head(part), r)
	})
	if err != nil {
		return fmt.Errorf("what was counted could not be kept: %w", err)
	}
	return nil
}
