// Package checkpoint keeps the counts of finished parts in a directory, so that
// an interrupted run can be resumed, and a job that grows continued.
//
// The directory holds run.jsonl, which describes the run; partial results, each
// of one finished part or the sum of several; compared.jsonl, once the sources
// were compared with each other; and a lock. Parts that finish within a short
// time of each other are written together, as a sum, and when there are many
// partial results, they are merged into one. Files are replaced atomically, and
// every partial result has a checksum and identifies its parts: a file that is
// corrupt or belongs to other parts costs the time to count its parts again,
// and never leads to a wrong count. A part that is in two files, as after a
// crash during a merge, is taken from the larger one.
package checkpoint

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/gofrs/flock"

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
	sumPrefix  = "sum-" // of the names of results of several parts
)

// Store holds the counts of the finished parts of one run in a directory. It
// holds the lock of the directory until it is closed.
type Store struct {
	dir   string
	run   string   // digest of the file that describes the run
	job   string   // in the headers of the partial results
	by    []string // in the headers, too
	parts []source // the parts of the run
	known *catalog // of the parts
	warn  func(error)
	files atomicfile.Files
	lock  *flock.Flock

	buffer *bufio.Reader // of read

	mu      sync.Mutex // guards what follows
	pending pending
	failed  error // of a write, until Save, Flush or Close returns it

	writing  sync.Mutex // is held while results are written; guards what follows
	kept     []keptFile // results that can be merged
	maxFiles int        // number of them from which on they are merged
}

// keptFile is a partial result of finished parts.
type keptFile struct {
	path string
	ids  []string // of the parts
}

// Open opens and locks the checkpoint of a run in a directory, which it creates
// if it does not exist. Open removes unfinished files of earlier processes. The
// Store calls warn for each file that it cannot use, from one goroutine at a
// time. The error matches ErrLocked, ErrDirectory or ErrNotPrivate, or is that
// of a file.
func Open(dir string, r Run, warn func(error)) (*Store, error) {
	return open(dir, r, warn, atomicfile.OS{})
}

func open(dir string, r Run, warn func(error), files atomicfile.Files) (s *Store, err error) {
	s = &Store{dir: dir, by: r.By, warn: warn, files: files, maxFiles: maxFiles}
	s.pending.pause, s.pending.maxParts = pause, maxPending
	s.parts = make([]source, len(r.Sources))
	for i, id := range r.Sources {
		s.parts[i] = source(id)
	}
	s.known = newCatalog(s.parts)
	for i, p := range s.parts {
		if last := s.known.index[p.ID]; last != i {
			return nil, fmt.Errorf("parts %d and %d: same identity", i+1, last+1)
		}
	}
	run, err := r.file()
	if err != nil {
		return nil, err
	}
	if err := s.makeDir(); err != nil {
		return nil, err
	}
	if s.lock, err = lock(filepath.Join(dir, lockName)); err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	if err = s.claim(r, run); err == nil {
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

// Close calls Flush and unlocks the directory.
func (s *Store) Close() error { return errors.Join(s.Flush(), s.lock.Close()) }

// path returns the path of the file for the result of a number of parts.
func (s *Store) path(label string, parts int) string {
	return filepath.Join(s.dir, fileName(label, parts))
}

func isSum(path string) bool { return strings.HasPrefix(filepath.Base(path), sumPrefix) }

// header returns the header of a partial result. Ids are kept as they are in
// the input, where they may hold any bytes.
func (s *Store) header(label string) partial.Header {
	return partial.Header{Job: s.job, Label: label, By: s.by, EscapeIDs: true}
}
