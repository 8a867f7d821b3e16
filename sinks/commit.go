package sinks

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"fastcount/engine"
	"fastcount/internal/wholefile"
)

// Output is a sink and where its bytes go.
type Output struct {
	Sink Sink
	File string // "" is standard output
}

// Outputs are the outputs of one run, checked before the work begins and written after it.
//
// A file is never seen half written: its bytes go to a temporary file in the same folder (named .fastcount-*.tmp,
// mode 0600 until it takes over the mode of the file that it replaces), are synced, and get their name by a rename.
// A symbolic link stays, and the file that it leads to is replaced; a hard link is parted from its other names; the
// new file belongs to the user who runs the program. Something that is not a regular file, such as /dev/null or a
// FIFO, is written to as it stands, and opening a FIFO waits for its reader.
type Outputs struct {
	targets []target
	files   files
}

// NewOutputs checks where the outputs of a run would go, and finds before the work begins what would only fail after
// it: a folder that is missing or cannot be written to, a folder or a read-only file in place of a file, and two
// outputs that are one file (ErrSameFile), be it through a link or another spelling. Standard output may be given
// once. Each folder is tried by making a temporary file in it, which is removed at once.
func NewOutputs(outputs []Output) (*Outputs, error) {
	return newOutputs(outputs, osFiles{})
}

func newOutputs(outputs []Output, files files) (*Outputs, error) {
	o := &Outputs{files: files}
	for _, out := range outputs {
		if err := o.add(out); err != nil {
			return nil, err
		}
	}
	if err := o.tryFolders(); err != nil {
		return nil, err
	}
	return o, nil
}

func (o *Outputs) add(out Output) error {
	t := target{direct: true}
	if out.File != "" {
		var err error
		if t, err = locate(out.File); err != nil {
			return fmt.Errorf("output: %w", err)
		}
	}
	if t.sink = out.Sink; t.sink == nil {
		return fmt.Errorf("output %s: it has no sink", t)
	}
	for _, other := range o.targets {
		if same(t, other) {
			return fmt.Errorf("%w: %s and %s", ErrSameFile, other, t)
		}
	}
	o.targets = append(o.targets, t)
	return nil
}

// String names the target for people.
func (t target) String() string {
	if t.file == "" {
		return "standard output"
	}
	return t.file
}

// tryFolders finds out whether files can be made in the folders of the targets, and be synced there.
func (o *Outputs) tryFolders() error {
	tried := make(map[string]bool)
	for _, t := range o.targets {
		folder := filepath.Dir(t.path)
		if t.direct || tried[folder] {
			continue
		}
		tried[folder] = true
		if err := o.tryFolder(folder); err != nil {
			return fmt.Errorf("output: %s: its folder cannot be written to: %w", t, err)
		}
	}
	return nil
}

func (o *Outputs) tryFolder(folder string) error {
	f, err := o.files.CreateTemp(folder)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Close(), o.files.Remove(f.Name())); err != nil {
		return err
	}
	return o.files.SyncFolder(folder)
}

// Write renders r into every output: into stdout if one of them is standard output, once and in one piece.
//
// Every file is first written and synced under a temporary name; then standard output and other direct outputs are
// written; only then do the files get their names, in the order in which they were given. If Write returns nil, all
// outputs are there and will outlive a power failure. If it returns an error, the old files are untouched and no
// temporary file is left, with these exceptions, which the error states: a rename may fail after other files
// were renamed, a temporary file may resist removal, and all files may be in place but their folder not synced.
// A process that is killed may leave temporary files behind; what went to a direct output cannot be taken back.
func (o *Outputs) Write(stdout io.Writer, r *engine.Report) (err error) {
	c := commit{files: o.files}
	defer func() { err = errors.Join(err, c.discard()) }()
	for _, t := range o.targets {
		if t.direct {
			continue
		}
		if err := c.stage(t, r); err != nil {
			return fmt.Errorf("output %s: %w", t, err)
		}
	}
	for _, t := range o.targets {
		if !t.direct {
			continue
		}
		if err := o.writeDirect(t, stdout, r); err != nil {
			return fmt.Errorf("output %s: %w", t, err)
		}
	}
	return c.publish()
}

func (o *Outputs) writeDirect(t target, stdout io.Writer, r *engine.Report) error {
	if t.file == "" {
		return render(stdout, t.sink, r)
	}
	f, err := o.files.openDirect(t.path)
	if err != nil {
		return err
	}
	return errors.Join(render(f, t.sink, r), f.Close())
}

// render writes the whole of r to w, buffered on behalf of sinks that write in small pieces.
func render(w io.Writer, s Sink, r *engine.Report) error {
	b := buffered(w)
	if err := s.Write(b, r); err != nil {
		return err
	}
	return b.Flush()
}

// commit takes the files of one Write from their temporary names to their own.
type commit struct {
	files   files
	staged  []staged // written, or being written, but not yet renamed
	renamed []target
}

// staged is a temporary file and the target that it will replace.
type staged struct {
	target
	temp string
}

// stage writes and syncs one output under a temporary name.
func (c *commit) stage(t target, r *engine.Report) error {
	f, err := c.files.CreateTemp(filepath.Dir(t.path))
	if err != nil {
		return err
	}
	c.staged = append(c.staged, staged{target: t, temp: f.Name()})
	return errors.Join(c.fill(f, t, r), f.Close())
}

func (c *commit) fill(f wholefile.File, t target, r *engine.Report) error {
	if err := render(f, t.sink, r); err != nil {
		return err
	}
	if err := c.keepMode(f, t.path); err != nil {
		return err
	}
	return f.Sync()
}

// keepMode gives f the permissions of the file at path as they are now, after what may have been hours of work.
func (c *commit) keepMode(f wholefile.File, path string) error {
	old, err := c.files.stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !old.Mode().IsRegular():
		return errors.New("it is no longer a regular file")
	}
	return f.Chmod(old.Mode().Perm())
}

// publish renames the staged files, then syncs their folders.
func (c *commit) publish() error {
	for len(c.staged) > 0 {
		s := c.staged[0]
		if err := c.files.Rename(s.temp, s.path); err != nil {
			return fmt.Errorf("output %s: %w%s", s.target, err, c.alreadyRenamed())
		}
		c.staged = c.staged[1:]
		c.renamed = append(c.renamed, s.target)
	}
	return c.syncFolders()
}

// alreadyRenamed tells, for the error of a rename, what the renames before it did.
func (c *commit) alreadyRenamed() string {
	if len(c.renamed) == 0 {
		return ""
	}
	names := make([]string, len(c.renamed))
	for i, t := range c.renamed {
		names[i] = t.file
	}
	return fmt.Sprintf(" (already in place: %s)", strings.Join(names, ", "))
}

func (c *commit) syncFolders() error {
	var errs []error
	synced := make(map[string]bool)
	for _, t := range c.renamed {
		folder := filepath.Dir(t.path)
		if synced[folder] {
			continue
		}
		synced[folder] = true
		if err := c.files.SyncFolder(folder); err != nil {
			errs = append(errs, fmt.Errorf("output %s: it is complete, but its folder could not be synced: %w", t, err))
		}
	}
	return errors.Join(errs...)
}

// discard removes the temporary files of a Write that failed.
func (c *commit) discard() error {
	var errs []error
	for _, s := range c.staged {
		if err := c.files.Remove(s.temp); err != nil {
			errs = append(errs, fmt.Errorf("output %s: a temporary file is left behind: %w", s.target, err))
		}
	}
	return errors.Join(errs...)
}
