// Package outfile writes a report to the outputs of a run: files, devices and
// standard output.
//
// A file is complete or absent; see package atomicfile. A symbolic link is
// followed. A hard link to the old file keeps the old content. A device or FIFO
// is written to directly, and opening a FIFO blocks until it has a reader. A
// file whose name ends in .gz or .zst is compressed.
//
// # Incomplete reports
//
// An incomplete report must not look complete. A sink that marks an incomplete
// report (see [sinks.Marker]) writes it to FILE. The output of any other sink
// is written to FILE.incomplete instead; a FILE of an earlier run is not
// touched. A complete report is written to FILE, and then FILE.incomplete is
// removed. Such a sink cannot write an incomplete report to standard output or
// to a device.
//
// The name FILE.incomplete is reserved for this purpose: a regular file of that
// name is replaced or removed. Anything else, such as a directory or a link, is
// left alone.
package outfile

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"fastcount/engine"
	"fastcount/internal/atomicfile"
	"fastcount/sinks"
)

// IncompleteSuffix ends the name of a file that holds an incomplete report, if
// its format has no mark for that.
const IncompleteSuffix = ".incomplete"

// Output is a sink and the file that receives its bytes.
type Output struct {
	Name string // for messages; "" for "output FILE"
	Sink sinks.Sink
	File string // "" for standard output
}

// Outputs are the outputs of one run, checked before the run and written after
// it. Two runs must not write the same file at the same time.
type Outputs struct {
	targets []target
	files   atomicfile.Files
}

// ErrUnmarked reports that an output cannot be written because it would look
// complete and the report is not.
var ErrUnmarked = errors.New("cannot mark a result as incomplete")

// New checks the outputs of a run, in order to find before the run what would
// fail after it: a directory that is missing or not writable, a directory or a
// read-only file in place of a file, an output without a sink. It adds every
// file that [Outputs.Write] may change to claims, and returns an
// [*atomicfile.ConflictError] if another claim shares it. To check that a
// directory is writable, New creates a temporary file in it and removes it.
func New(outputs []Output, claims *atomicfile.Claims) (*Outputs, error) {
	return newOutputs(outputs, claims, atomicfile.OS{})
}

func newOutputs(outputs []Output, claims *atomicfile.Claims, files atomicfile.Files) (*Outputs, error) {
	o := &Outputs{files: files}
	for _, out := range outputs {
		if err := o.add(out, claims); err != nil {
			return nil, err
		}
	}
	if err := o.tryDirs(); err != nil {
		return nil, err
	}
	return o, nil
}

func (o *Outputs) add(out Output, claims *atomicfile.Claims) error {
	t, err := locate(out)
	if err != nil {
		return err
	}
	if t.stdout() {
		if i := slices.IndexFunc(o.targets, target.stdout); i >= 0 {
			return &atomicfile.ConflictError{Writer: o.targets[i].name(), Other: t.name(), Output: true}
		}
	} else if err := t.claim(claims); err != nil {
		return err
	}
	o.targets = append(o.targets, t)
	return nil
}

// tryDirs checks that files can be created in the directories of the targets,
// and that these can be synced.
func (o *Outputs) tryDirs() error {
	tried := make(map[string]bool)
	for _, t := range o.targets {
		dir := filepath.Dir(t.place.Path)
		if t.direct() || tried[dir] {
			continue
		}
		tried[dir] = true
		if err := o.tryDir(dir); err != nil {
			return t.wrap(fmt.Errorf("cannot create a file in its directory: %w", err))
		}
	}
	return nil
}

func (o *Outputs) tryDir(dir string) error {
	f, err := o.files.CreateTemp(dir)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Close(), o.files.Remove(f.Name())); err != nil {
		return err
	}
	return o.files.SyncDir(dir)
}

// CheckIncomplete returns an error if an incomplete report could not be
// written: one that matches [ErrUnmarked] if an output would look complete, and
// another one if FILE.incomplete is not a regular file. [Outputs.Write]
// performs the same check; call CheckIncomplete before a run whose result may
// be incomplete.
func (o *Outputs) CheckIncomplete() error {
	for _, t := range o.targets {
		switch {
		case t.marks():
		case t.direct():
			return t.wrap(ErrUnmarked)
		default:
			if _, err := o.regular(t.incompletePath()); err != nil {
				return t.wrap(fmt.Errorf("cannot write an incomplete result: %w", err))
			}
		}
	}
	return nil
}

// errNotRegular is returned by regular.
var errNotRegular = errors.New("not a regular file")

// regular reports whether there is a regular file at path. It returns an error
// if there is something else.
func (o *Outputs) regular(path string) (bool, error) {
	info, err := o.files.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	case !info.Mode().IsRegular():
		return false, fmt.Errorf("%s: %w", path, errNotRegular)
	}
	return true, nil
}

// Incomplete is an output that was written to FILE.incomplete.
type Incomplete struct {
	File  string // as given
	Path  string // the file that was written
	Older bool   // whether a FILE of an earlier run exists
}

// String describes i in a message.
func (i Incomplete) String() string {
	if i.Older {
		return fmt.Sprintf("%s: from an earlier run, not replaced: the incomplete result is in %s", i.File, i.Path)
	}
	return fmt.Sprintf("%s: not written: the incomplete result is in %s", i.File, i.Path)
}

// Write writes r to every output. Standard output receives its bytes in one
// piece.
//
// All files are first written and synced under temporary names, then standard
// output, devices and FIFOs are written, and only then are the files renamed,
// in the order in which they were given. If Write returns nil, all files
// survive a power failure. Otherwise the old files are as they were and no
// temporary file is left, except where the error reports otherwise. Bytes that
// were written directly cannot be taken back.
//
// Write returns the outputs that it wrote to FILE.incomplete.
func (o *Outputs) Write(stdout io.Writer, r *engine.Report) (incomplete []Incomplete, err error) {
	if len(r.Incomplete) > 0 {
		if incomplete, err = o.incomplete(); err != nil {
			return nil, err
		}
	}
	w := &writer{files: o.files, report: r, stdout: stdout}
	defer func() { err = errors.Join(err, w.discard()) }()
	for _, direct := range []bool{false, true} {
		for _, t := range o.targets {
			if t.direct() != direct {
				continue
			}
			if err := t.wrap(w.write(t)); err != nil {
				return nil, err
			}
		}
	}
	if err := w.commit(); err != nil {
		return nil, err
	}
	if len(r.Incomplete) > 0 {
		return incomplete, nil
	}
	return nil, o.removeIncomplete()
}

// incomplete returns the outputs for which FILE.incomplete is written if the
// report is incomplete.
func (o *Outputs) incomplete() (list []Incomplete, err error) {
	if err := o.CheckIncomplete(); err != nil {
		return nil, err
	}
	for _, t := range o.targets {
		if t.marks() {
			continue
		}
		_, err := o.files.Lstat(t.place.Path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, t.wrap(err)
		}
		list = append(list, Incomplete{t.File, t.incompletePath(), err == nil})
	}
	return list, nil
}

// removeIncomplete removes each FILE.incomplete of an earlier run.
func (o *Outputs) removeIncomplete() error {
	for _, t := range o.targets {
		if t.direct() || t.marks() {
			continue
		}
		if err := o.removeOld(t.incompletePath()); err != nil {
			return t.wrap(fmt.Errorf("written, but cannot remove the incomplete result of an earlier run: %w", err))
		}
	}
	return nil
}

func (o *Outputs) removeOld(path string) error {
	exists, err := o.regular(path)
	if errors.Is(err, errNotRegular) {
		return nil
	}
	if err != nil || !exists {
		return err
	}
	if err := o.files.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return o.files.SyncDir(filepath.Dir(path))
}

// writer writes a report to the outputs of one call of [Outputs.Write].
type writer struct {
	files   atomicfile.Files
	report  *engine.Report
	stdout  io.Writer
	pending []pending
}

// pending is a file that has not been renamed yet.
type pending struct {
	*atomicfile.Pending
	target target
}

// write writes one output. A file keeps its temporary name.
func (w *writer) write(t target) error {
	if t.stdout() {
		return w.render(w.stdout, t)
	}
	place := t.place
	if len(w.report.Incomplete) > 0 && !t.marks() {
		path := t.incompletePath()
		place = atomicfile.Place{Name: path, Path: path}
	}
	p, err := atomicfile.CreateAt(w.files, place, 0)
	if err != nil {
		return err
	}
	w.pending = append(w.pending, pending{p, t})
	if err := w.render(p, t); err != nil {
		return err
	}
	return p.Close()
}

// render formats the report, buffered for sinks that write in small pieces, and
// compresses it if the name of the file requires that.
func (w *writer) render(out io.Writer, t target) error {
	c, err := compressor(out, t.File)
	if err != nil {
		return err
	}
	const size = 64 << 10
	b := bufio.NewWriterSize(c, size)
	if err := t.Sink.Write(b, w.report); err != nil {
		return err
	}
	if err := b.Flush(); err != nil {
		return err
	}
	return c.Close()
}

// commit renames the files.
func (w *writer) commit() error {
	var done []string
	for _, p := range w.pending {
		if err := p.Commit(); err != nil {
			if len(done) > 0 {
				err = fmt.Errorf("%w (already in place: %s)", err, strings.Join(done, ", "))
			}
			return p.target.wrap(err)
		}
		if !p.target.direct() {
			done = append(done, p.target.File)
		}
	}
	return nil
}

// discard removes the files that were not renamed.
func (w *writer) discard() error {
	var errs []error
	for _, p := range w.pending {
		errs = append(errs, p.target.wrap(p.Discard()))
	}
	return errors.Join(errs...)
}

// target is an output whose file has been looked up.
type target struct {
	Output
	place atomicfile.Place
}

// stdout reports whether t is standard output.
func (t target) stdout() bool { return t.File == "" }

// direct reports whether t is written to directly: standard output, a device or
// a FIFO.
func (t target) direct() bool { return t.stdout() || t.place.Direct() }

// marks reports whether the sink marks an incomplete report.
func (t target) marks() bool {
	m, ok := t.Sink.(sinks.Marker)
	return ok && m.MarksIncomplete()
}

// incompletePath returns the path for an incomplete report, next to the file
// itself and not to a link that leads to it.
func (t target) incompletePath() string { return t.place.Path + IncompleteSuffix }

// name returns the name of t for messages.
func (t target) name() string {
	return cmp.Or(t.Name, "output "+cmp.Or(t.File, "standard output"))
}

// wrap returns err with the name of t; nil if err is.
func (t target) wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", t.name(), err)
}

// claim adds the files that writing t may change to c.
func (t target) claim(c *atomicfile.Claims) error {
	if err := c.AddPlace(atomicfile.Writes, t.name(), t.place); err != nil || t.direct() || t.marks() {
		return err
	}
	path := t.incompletePath()
	return c.Add(atomicfile.Writes, path+" (for an incomplete "+t.File+")", path)
}
