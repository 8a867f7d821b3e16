package sinks

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"fastcount/engine"
	"fastcount/internal/atomicfile"
)

// commit takes the files of one Write from their temporary names to their own.
//
// An output and its sidecar are two files, and no file system replaces two at once. What must never be seen, whether
// the process is killed between two steps or the power fails, is an incomplete output without its sidecar. A sidecar
// beside an output that lacks nothing is a false alarm, and the next run ends it. So the order is:
//
//  1. All files are written and synced under temporary names. Nothing that can be seen has changed.
//  2. Sidecars get their names, and folders are synced. Until here the outputs are the old ones. Without the sync the
//     next step might outlive a power failure that this one does not.
//  3. Outputs get their names, and folders are synced. A new output that is incomplete finds its sidecar; a new one
//     that is complete may still have an old one.
//  4. Sidecars that are needed no more are removed, and folders are synced: only now is it certain that a power
//     failure brings no old, incomplete output back.
//
// After a failure the way back is as careful: a sidecar that was put in place is removed only after its output's
// temporary file was, since that proves that the output did not get its name. The error of a rename does not: a
// network file system may lose the answer to one that it made.
type commit struct {
	files  files
	staged []*staged
}

// staged is an output on its way.
type staged struct {
	target
	temp        string // temporary name; "" once the output has its own
	sidecarTemp string // likewise; "" also if it needs no sidecar
	marked      bool   // its sidecar has its name
	stale       bool   // before, a sidecar of an earlier run was there
}

// stage writes and syncs one output, and its sidecar if it needs one, under temporary names. Stale says that a sidecar
// is there already.
func (c *commit) stage(t target, r *engine.Report, stale bool) error {
	s := &staged{target: t, stale: stale}
	c.staged = append(c.staged, s)
	if err := c.write(&s.temp, t, t.sink, r); err != nil {
		return err
	}
	if len(r.Shortfalls) == 0 || marks(t.sink) {
		return nil
	}
	return c.write(&s.sidecarTemp, t, sidecar{}, r)
}

// write makes a temporary file in the folder of t and of the mode of t, and sets name to its name, also if what
// follows fails.
func (c *commit) write(name *string, t target, s Sink, r *engine.Report) error {
	f, err := c.files.CreateTemp(filepath.Dir(t.path))
	if err != nil {
		return named(t, err)
	}
	*name = f.Name()
	return errors.Join(named(t, c.fill(f, t, s, r)), named(t, f.Close()))
}

func (c *commit) fill(f atomicfile.File, t target, s Sink, r *engine.Report) error {
	if err := render(f, s, r); err != nil {
		return err
	}
	if err := c.keepMode(f, t.path); err != nil {
		return err
	}
	return f.Sync()
}

// keepMode gives f the permissions of the file at path as they are now, which
// may be hours after the outputs were checked.
func (c *commit) keepMode(f atomicfile.File, path string) error {
	old, err := c.files.stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	return atomicfile.KeepMode(f, old)
}

// publish gives the staged files their names and removes the sidecars that nothing needs any more.
func (c *commit) publish() error {
	if err := c.placeSidecars(); err != nil {
		return err
	}
	if err := c.placeOutputs(); err != nil {
		return err
	}
	return c.removeSidecars()
}

func (c *commit) placeSidecars() error {
	for _, s := range c.staged {
		if s.sidecarTemp == "" {
			continue
		}
		if err := c.files.Rename(s.sidecarTemp, s.sidecarPath()); err != nil {
			return named(s.target, err)
		}
		s.sidecarTemp, s.marked = "", true
	}
	return c.syncFolders("its sidecar is in place", func(s *staged) bool { return s.marked })
}

func (c *commit) placeOutputs() error {
	for _, s := range c.staged {
		if err := c.files.Rename(s.temp, s.path); err != nil {
			return fmt.Errorf("%w%s", named(s.target, err), c.alreadyPlaced())
		}
		s.temp = ""
	}
	return c.syncFolders("it is in place", func(*staged) bool { return true })
}

// alreadyPlaced tells, for the error of a rename, what the renames before it did.
func (c *commit) alreadyPlaced() string {
	var names []string
	for _, s := range c.staged {
		if s.temp == "" {
			names = append(names, s.file)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf(" (already in place: %s)", strings.Join(names, ", "))
}

func (c *commit) removeSidecars() error {
	needless := func(s *staged) bool { return s.stale && !s.marked }
	for _, s := range c.staged {
		if !needless(s) {
			continue
		}
		if err := c.files.Remove(s.sidecarPath()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("output %s: it is in place, but what an earlier run lacked still stands beside it: %w", s, err)
		}
	}
	return c.syncFolders("it is in place", needless)
}

// syncFolders syncs the folders of the files that are chosen, each once, and all of them whatever fails. Done says for
// the error how far the files have come.
func (c *commit) syncFolders(done string, chosen func(*staged) bool) error {
	var errs []error
	synced := make(map[string]bool)
	for _, s := range c.staged {
		folder := filepath.Dir(s.path)
		if !chosen(s) || synced[folder] {
			continue
		}
		synced[folder] = true
		if err := c.files.SyncDir(folder); err != nil {
			errs = append(errs, fmt.Errorf("output %s: %s, but its folder could not be synced: %w", s, done, err))
		}
	}
	return errors.Join(errs...)
}

// discard takes back what a Write that failed has left: temporary files, and sidecars without their outputs.
func (c *commit) discard() error {
	var errs []error
	for _, s := range c.staged {
		errs = append(errs, c.discardOne(s))
	}
	return errors.Join(errs...)
}

func (c *commit) discardOne(s *staged) error {
	err := errors.Join(c.removeTemp(s, s.temp, s.file), c.removeTemp(s, s.sidecarTemp, s.sidecarPath()))
	if !s.marked || s.temp == "" {
		return err
	}
	if err == nil && !s.stale {
		if err = named(s.target, c.files.Remove(s.sidecarPath())); err == nil {
			return nil
		}
	}
	return errors.Join(err, fmt.Errorf("output %s: beside it stands %s of the result that failed", s, s.sidecarPath()))
}

// removeTemp removes the temporary file called name, if there is one, which was to become file.
func (c *commit) removeTemp(s *staged, name, file string) error {
	if name == "" {
		return nil
	}
	err := c.files.Remove(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("output %s: %s may be in place all the same, its temporary file is gone: %w", s, file, err)
	case err != nil:
		return fmt.Errorf("output %s: a temporary file is left behind: %w", s, err)
	}
	return nil
}
