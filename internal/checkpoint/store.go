// Package checkpoint keeps the counts of finished parts in a directory, so that
// an interrupted run can be resumed.
//
// The directory holds run.jsonl, which describes the run; a partial result for
// each finished part, whose name is derived from the identity of the part; and
// a lock. Files are replaced atomically, and every partial result has a
// checksum and identifies its part: a file that is corrupt or belongs to
// another part costs the time to count its part again, and never leads to a
// wrong count.
package checkpoint

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

	"github.com/gofrs/flock"

	"fastcount/engine"
	"fastcount/internal/atomicfile"
	"fastcount/internal/partial"
)

var (
	// ErrDirectory is matched by the error for a directory that cannot be that
	// of the run: it holds other files, the checkpoint of another run, or one
	// that cannot be read.
	ErrDirectory = errors.New("not a checkpoint directory of this run")

	// ErrLocked is matched by the error for a directory that another process
	// uses.
	ErrLocked = errors.New("in use by another fastcount process")
)

const (
	lockName   = "lock"
	partSuffix = ".partial"
)

// Store holds the counts of the finished parts of one run in a directory. It
// holds the lock of the directory until it is closed.
type Store struct {
	dir   string
	run   string   // digest of the run
	parts []string // digests of the identities of the parts
	warn  func(error)
	files atomicfile.Files
	lock  *flock.Flock
}

// Open opens and locks the checkpoint of a run in a directory, which it creates
// if it does not exist. It removes unfinished files of earlier processes. The
// Store calls warn for each file that it cannot use, from one goroutine at a
// time. The error matches ErrLocked, ErrDirectory or ErrNotPrivate, or is that
// of a file.
func Open(dir string, r Run, warn func(error)) (*Store, error) {
	return open(dir, r, warn, atomicfile.OS{})
}

func open(dir string, r Run, warn func(error), files atomicfile.Files) (s *Store, err error) {
	text, err := r.text()
	if err != nil {
		return nil, err
	}
	s = &Store{dir: dir, run: digest(text), parts: make([]string, len(r.Sources)), warn: warn, files: files}
	for i, id := range r.Sources {
		s.parts[i] = digest(fmt.Appendf(nil, "%q %q %q", id.ID, id.Version, id.Digest))
	}
	if err := s.makeDir(); err != nil {
		return nil, err
	}
	if s.lock, err = lock(filepath.Join(dir, lockName)); err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
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

// makeDir creates the directory durably if it does not exist. It returns an
// error if other users could change what is in it.
func (s *Store) makeDir() error {
	info, err := os.Stat(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(s.dir, 0o700); err != nil {
			return err
		}
		if err := s.files.SyncDir(filepath.Dir(s.dir)); err != nil {
			return err
		}
		info, err = os.Stat(s.dir)
	}
	switch {
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%w: %s: not a directory", ErrDirectory, s.dir)
	}
	return checkPrivate(s.dir, info)
}

func isTemp(name string) bool {
	temp, err := filepath.Match(atomicfile.TempPattern, name)
	return temp && err == nil
}

// removeTemps removes the temporary files of processes that were killed.
func (s *Store) removeTemps() error {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if isTemp(e.Name()) {
			if err := s.files.Remove(filepath.Join(s.dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// Close unlocks the directory.
func (s *Store) Close() error { return s.lock.Close() }

// path returns the name of the file of a part, which reveals nothing of it.
func (s *Store) path(part int) string {
	return filepath.Join(s.dir, s.parts[part][:sha256.Size]+partSuffix)
}

// Load is for engine.Config.Load. It warns of a file that cannot be used, and
// ignores it.
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
	f, err := openPrivate(s.path(part))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	h, r, err := partial.Read(f)
	h.NoDialect = false // in the parts of an earlier version; the run has the dialect
	switch {
	case err != nil:
		return nil, err
	case !reflect.DeepEqual(h, s.header(part)):
		return nil, errors.New("not the result of this part of the run")
	case len(r.Parts) != 1:
		return nil, fmt.Errorf("result of %d parts, want 1", len(r.Parts))
	}
	return r, nil
}

// header returns the header of the partial result of a part. Ids are kept as
// they are in the input, where they may hold any bytes.
func (s *Store) header(part int) partial.Header {
	return partial.Header{Job: s.run, Label: s.parts[part], EscapeIDs: true}
}

// Save is for engine.Config.Save. After it has returned nil, the counts of the
// part survive a power failure.
func (s *Store) Save(part int, r *engine.Report) error {
	err := atomicfile.Write(s.files, s.path(part), func(w io.Writer) error {
		return partial.Write(w, s.header(part), r)
	})
	if err != nil {
		return fmt.Errorf("cannot save the counts: %w", err)
	}
	return nil
}
