package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"

	"fastcount/engine"
	"fastcount/sources"
)

// ErrTwice is matched by the error for a plan that lists an input twice.
var ErrTwice = errors.New("an input is listed twice")

// check returns an error that matches ErrDamaged or ErrTwice unless a plan in a
// directory can have these rules and entries. It returns their weight.
func check(dir string, rules Rules, units []Unit) (total int64, err error) {
	if err := rules.check(); err != nil {
		return 0, fmt.Errorf("%w: line 1: %w", ErrDamaged, err)
	}
	if len(units) == 0 {
		return 0, fmt.Errorf("%w: it has no entries", ErrDamaged)
	}
	listed := listing{dir: dir, files: make(map[string]string), downloads: sources.DownloadSet{AllowSameIDs: rules.AllowDuplicateIDs}}
	for i := range units {
		u := &units[i]
		if err := u.check(); err != nil {
			return 0, fmt.Errorf("%w: line %d: not a plan entry: %w", ErrDamaged, i+2, err)
		}
		if total > math.MaxInt64-u.Weight {
			return 0, fmt.Errorf("%w: line %d: the sum of all weights is too large", ErrDamaged, i+2)
		}
		total += u.Weight
		if err := listed.add(u); err != nil {
			return 0, err
		}
	}
	return total, nil
}

// check refuses rules by which nothing can be counted.
func (r Rules) check() error {
	switch {
	case len(r.Delimiter) > 1 || r.Delimiter == "\x00":
		return errors.New("invalid delimiter")
	case r.Patient.Number < 0 || r.Event.Number < 0:
		return errors.New("negative number of a column")
	case r.Patient.Name != "" && r.Patient.Number > 0, r.Event.Name != "" && r.Event.Number > 0:
		return errors.New("a column has a name and a number")
	}
	var cfg engine.Config
	r.Config(&cfg)
	return cfg.Validate()
}

// check refuses an entry of which a shard could not be counted rightly.
func (u *Unit) check() error {
	switch {
	case (u.File == nil) == (u.Download == nil):
		return errors.New("want a file or a download")
	case u.Weight < 1:
		return errors.New("weight less than 1")
	case u.File != nil:
		return u.File.check(u.Weight)
	}
	return u.Download.check()
}

func (f *File) check(weight int64) error {
	switch {
	case f.Path == "":
		return errors.New("file without a path")
	case f.Size < 0:
		return errors.New("negative size")
	case !isDigest(f.Digest):
		return errors.New("file without a digest")
	case f.Whole && (f.Scanned || len(f.Cuts) > 0):
		return errors.New("cuts of a file that is not cut")
	case f.Whole:
		return nil
	case weight != max(1, f.Size):
		return errors.New("the weight is not the size")
	case len(f.Cuts) > 0 && !f.Scanned:
		return errors.New("cuts of a file that was not scanned")
	}
	last := int64(0)
	for _, at := range f.Cuts {
		if at <= last || at >= f.Size {
			return errors.New("cuts out of order or outside of the file")
		}
		last = at
	}
	return nil
}

// isDigest reports whether text is what sources.File.Digest returns.
func isDigest(text string) bool {
	sum, err := hex.DecodeString(text)
	return err == nil && len(sum) == sha256.Size && strings.ToLower(text) == text
}

func (d *Download) check() error {
	if d.Export == "" || d.ID == "" {
		return errors.New("download without an id")
	}
	if d.Server == "" {
		return nil // the built-in mock server
	}
	c, err := sources.NewClient(sources.Options{Server: d.Server})
	if err != nil {
		return err
	}
	defer c.Close()
	if c.Server() != d.Server {
		return errors.New("the server is not spelled as fastcount plan does")
	}
	return nil
}

// listing finds an input that is listed twice, also if it is spelled differently.
type listing struct {
	dir       string
	files     map[string]string // paths as they are listed, by their normal form
	downloads sources.DownloadSet
	server    *string // of all downloads
}

func (l *listing) add(u *Unit) error {
	if u.File != nil {
		return l.addFile(u.File.Path)
	}
	d := u.Download
	if l.server == nil {
		l.server = &d.Server
	}
	if d.Server != *l.server {
		return fmt.Errorf("%w: the downloads are of two servers", ErrDamaged)
	}
	if err := l.downloads.Add(d.Server, d.Export, d.ID); err != nil {
		return fmt.Errorf("%w: %w", ErrTwice, err)
	}
	return nil
}

func (l *listing) addFile(path string) error {
	normal := inDirectory(l.dir, path)
	known, listed := l.files[normal]
	switch {
	case listed && known == path:
		return fmt.Errorf("%w: %s", ErrTwice, path)
	case listed:
		return fmt.Errorf("%w: %s and %s are the same file", ErrTwice, known, path)
	}
	l.files[normal] = path
	return nil
}

// inDirectory returns a path that may be relative to a directory.
func inDirectory(dir, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}
