package atomicfile

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrSameFile is matched by the error for a file that two claims share.
var ErrSameFile = errors.New("is the same file as")

// Use is what a run does with a file.
type Use uint8

const (
	Reads  Use = iota // the file is read
	Writes            // the file is replaced or written to
	Owns              // everything in the directory may be replaced or removed
)

// Claims are the files that one run uses. Reading a file twice is fine; a file
// that is written must be in no other claim. The zero value is empty.
type Claims struct {
	readers, writers []claim
	within           map[[2]string]bool // whether a directory is within an owned one, by their names
}

type claim struct {
	use    Use
	by     string // what uses the file: a flag and its value, or a source
	place  Place
	stream bool
	entry  bool // the file exists, and its name is not a symbolic link
}

// Add records that by, such as "--output counts.csv", uses the file name. It
// returns a *ConflictError if an earlier claim shares that file.
func (c *Claims) Add(use Use, by, name string) error {
	if info, err := os.Stat(name); use == Reads && err == nil {
		return c.AddFile(by, name, info, true)
	}
	p, err := Locate(name)
	if err != nil {
		return fmt.Errorf("%s: %w", by, err)
	}
	return c.AddPlace(use, by, p)
}

// AddPlace is like [Claims.Add] for a place that is known.
func (c *Claims) AddPlace(use Use, by string, p Place) error {
	return c.add(claim{use: use, by: by, place: p})
}

// AddFile is like [Claims.Add] for a file that by reads and that exists: info
// is that of os.Stat. If name is not a symbolic link, AddFile makes system
// calls only for the first file of each directory.
func (c *Claims) AddFile(by, name string, info fs.FileInfo, link bool) error {
	return c.add(claim{use: Reads, by: by, place: Place{Name: name, Path: name, Info: info}, entry: !link})
}

// AddStream records the use of a standard stream. Output streams may share a
// file: "2>&1" does that.
func (c *Claims) AddStream(use Use, by string, p Place) error {
	return c.add(claim{use: use, by: by, place: p, stream: true})
}

func (c *Claims) add(added claim) error {
	for _, old := range c.writers {
		if c.conflicts(old, added) {
			return conflict(old, added)
		}
	}
	if added.use == Reads {
		c.readers = append(c.readers, added)
		return nil
	}
	for _, old := range c.readers {
		if c.conflicts(added, old) {
			return conflict(added, old)
		}
	}
	c.writers = append(c.writers, added)
	return nil
}

// conflicts reports whether a, which does not only read, shares a file with b.
func (c *Claims) conflicts(a, b claim) bool {
	switch {
	case a.sharesStream(b), a.place.shareable():
		return false
	case a.use == Owns && c.isWithin(b, a.place), b.use == Owns && c.isWithin(a, b.place):
		return true
	}
	return a.place.Same(b.place)
}

// isWithin reports whether the file of a claim is dir or a file below it. That
// of an entry of a directory is if the directory is, which is determined once.
func (c *Claims) isWithin(a claim, dir Place) bool {
	if !a.entry {
		return a.place.Within(dir)
	}
	above, _ := filepath.Split(a.place.Path)
	key := [2]string{above, dir.Name}
	within, known := c.within[key]
	if !known {
		p, err := Locate(cmp.Or(above, "."))
		if err != nil {
			return a.place.Within(dir)
		}
		if c.within == nil {
			c.within = make(map[[2]string]bool)
		}
		within = p.Within(dir)
		c.within[key] = within
	}
	return within || a.place.Same(dir)
}

// sharesStream reports whether a and b are standard streams that may be one
// file: the two that are written, or any two that are not a regular file.
func (a claim) sharesStream(b claim) bool {
	return a.stream && b.stream && (a.use == b.use || !a.place.Info.Mode().IsRegular())
}

// ConflictError is the error for a file that would be overwritten. It matches
// [ErrSameFile].
type ConflictError struct {
	Writer string // who would write the file
	Other  string // who reads or writes it too
	Output bool   // whether Other writes it
	Inside bool   // whether the file is in a directory that Writer owns
}

func conflict(a, b claim) *ConflictError {
	if b.use == Owns && a.use == Writes {
		a, b = b, a
	}
	e := &ConflictError{Writer: a.by, Other: b.by, Output: b.use != Reads}
	e.Inside = a.use == Owns && !a.place.Same(b.place)
	return e
}

// Error names both users of the file.
func (e *ConflictError) Error() string {
	if e.Inside {
		return fmt.Sprintf("%s: not a directory of its own: %s is inside it", e.Writer, e.Other)
	}
	return fmt.Sprintf("%s: %v %s", e.Writer, ErrSameFile, e.Other)
}

// Is reports whether target is [ErrSameFile].
func (e *ConflictError) Is(target error) bool { return target == ErrSameFile }
