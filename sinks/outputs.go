package sinks

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"fastcount/engine"
	"fastcount/internal/atomicfile"
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
//
// An incomplete report must not look complete. Where a sink's output cannot say so (see Marker), it stands in a sidecar:
// a text file beside the output, called like it with .incomplete behind the name and readable for the same users, with a
// line for each shortfall. It is there before the output is, and one that an earlier run has left is removed once a
// result that needs none is in place. Another file of that name is never touched.
//
// Two runs must not write one file at the same time: it would be that of the one, its sidecar that of the other.
type Outputs struct {
	targets []target
	files   files
	claims  atomicfile.Claims // files that writing may change
}

// NewOutputs checks where the outputs of a run would go, and finds before the work begins what would only fail after
// it: a folder that is missing or cannot be written to, a folder or a read-only file in place of a file, and two
// outputs that may change one file (ErrSameFile), be it through a link or another spelling; sidecars count, whether or
// not there will be any. Standard output may be given once. Each folder is tried by making a temporary file in it,
// which is removed at once.
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
	if _, err := o.lookBeside(t); err != nil {
		return named(t, err)
	}
	if t.file == "" && slices.ContainsFunc(o.targets, func(other target) bool { return other.file == "" }) {
		return fmt.Errorf("%w: %s and %s", ErrSameFile, t, t)
	}
	if err := t.claim(&o.claims); err != nil {
		return sameFile(err)
	}
	o.targets = append(o.targets, t)
	return nil
}

// sameFile returns err as an ErrSameFile if two claims share a file.
func sameFile(err error) error {
	if c, ok := errors.AsType[*atomicfile.ConflictError](err); ok {
		return fmt.Errorf("%w: %s and %s", ErrSameFile, c.Writer, c.Other)
	}
	return err
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
	return o.files.SyncDir(folder)
}

// CheckIncomplete returns an error if an incomplete report could not be written: ErrUnmarked if an output would look
// complete, and another error if a sidecar's place is taken by a file that is none. Write checks it as well; whoever
// lets a run be incomplete asks before the work begins.
func (o *Outputs) CheckIncomplete() error {
	for _, t := range o.targets {
		if err := named(t, o.checkIncomplete(t)); err != nil {
			return err
		}
	}
	return nil
}

func (o *Outputs) checkIncomplete(t target) error {
	if marks(t.sink) {
		return nil
	}
	if t.direct {
		return ErrUnmarked
	}
	beside, err := o.lookBeside(t)
	if beside == sidecarOther && err == nil {
		err = fmt.Errorf("what an incomplete result lacks would be written to %s, but a file that says no such thing is there",
			t.sidecarPath())
	}
	return err
}

// lookBeside finds out what stands in the place of the sidecar of t.
func (o *Outputs) lookBeside(t target) (sidecarState, error) {
	if t.direct {
		return sidecarAbsent, nil
	}
	return stateOf(o.files.head(t.sidecarPath(), len(sidecarTitle)))
}

// Write renders r into every output: into stdout if one of them is standard output, once and in one piece.
//
// Every file, sidecars included, is first written and synced under a temporary name; then standard output and other
// direct outputs are written; only then do the files get their names, in the order in which they were given, after
// all sidecars. If Write returns nil, all outputs are there and will outlive a power failure. If it returns an error,
// the old files are untouched and no temporary file is left, with these exceptions, which the error states: a rename
// may fail after other files were renamed; a temporary file or a sidecar may resist removal; and all files may be in
// place but their folder not synced. What went to a direct output cannot be taken back.
//
// A process that is killed may leave temporary files behind. No later run removes them, as it cannot know whether
// another still writes them; they can be deleted by hand when no run is under way.
func (o *Outputs) Write(stdout io.Writer, r *engine.Report) (err error) {
	if len(r.Shortfalls) > 0 {
		if err := o.CheckIncomplete(); err != nil {
			return err
		}
	}
	c := commit{files: o.files}
	defer func() { err = errors.Join(err, c.discard()) }()
	for _, t := range o.targets {
		if t.direct {
			continue
		}
		beside, err := o.lookBeside(t)
		if err != nil {
			return named(t, err)
		}
		if err := c.stage(t, r, beside == sidecarOurs); err != nil {
			return err
		}
	}
	for _, t := range o.targets {
		if !t.direct {
			continue
		}
		if err := o.writeDirect(t, stdout, r); err != nil {
			return err
		}
	}
	return c.publish()
}

func (o *Outputs) writeDirect(t target, stdout io.Writer, r *engine.Report) error {
	if t.file == "" {
		return named(t, render(stdout, t.sink, r))
	}
	f, err := o.files.openDirect(t.path)
	if err != nil {
		return named(t, err)
	}
	return errors.Join(named(t, render(f, t.sink, r)), named(t, f.Close()))
}

// named says which output it was that err happened to, if there is an error.
func named(t target, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("output %s: %w", t, err)
}

// render writes the whole of r to w, buffered on behalf of sinks that write in small pieces.
func render(w io.Writer, s Sink, r *engine.Report) error {
	b := buffered(w)
	if err := s.Write(b, r); err != nil {
		return err
	}
	return b.Flush()
}

// Files returns, for each output in order, the files that writing it may
// change: none for standard output, otherwise its file with symbolic links
// followed and, if that is regular, the file that says what is missing.
func (o *Outputs) Files() [][]string {
	files := make([][]string, len(o.targets))
	for i, t := range o.targets {
		switch {
		case t.file == "":
		case t.direct:
			files[i] = []string{t.path}
		default:
			files[i] = []string{t.path, t.sidecarPath()}
		}
	}
	return files
}
