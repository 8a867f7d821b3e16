package outfile

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"testing/fstest"

	"fastcount/engine"
	"fastcount/internal/atomicfile"
	"fastcount/sinks"
)

// disk is a file system in memory whose operations fail on demand, and which
// models what a power failure may leave. An operation that fails has no effect,
// with three exceptions: a file is closed even if Close fails, half of a
// failing Write is written, and a rename is done if lostReply is set.
type disk struct {
	fails     func(n int) bool // whether operation number n, from 1, fails
	err       error            // the error of operations that fail
	lostReply bool             // renames that fail are done nevertheless

	names   map[string]*inode // the files as processes see them
	durable map[string]*inode // the files after a power failure that undoes all of changes
	changes []change          // of names, since their directory was synced; without temporary names
	temps   int

	n   int
	log []string // operations that failed
}

// inode is a file without a name.
type inode struct {
	data   string
	synced string // the data after a power failure
	mode   fs.FileMode
}

// change gives a name to a file, or removes the name if file is nil.
type change struct {
	name string
	file *inode
}

func newDisk(contents map[string]string) *disk {
	d := &disk{fails: func(int) bool { return false }, names: map[string]*inode{}}
	for name, content := range contents {
		d.names[name] = &inode{content, content, 0o640}
	}
	d.durable = maps.Clone(d.names)
	return d
}

func (d *disk) step(op string) error {
	d.n++
	if !d.fails(d.n) {
		return nil
	}
	d.log = append(d.log, op)
	return fmt.Errorf("%s: %w", op, d.err)
}

// change makes a change that a power failure may undo.
func (d *disk) change(name string, file *inode) {
	apply(d.names, change{name, file})
	if !isTemp(name) {
		d.changes = append(d.changes, change{name, file})
	}
}

func isTemp(name string) bool {
	ok, err := path.Match(atomicfile.TempPattern, path.Base(name))
	return ok && err == nil
}

func (d *disk) CreateTemp(dir string) (atomicfile.File, error) {
	if err := d.step("create"); err != nil {
		return nil, err
	}
	d.temps++
	name := fmt.Sprintf("%s/.fastcount-%d.tmp", dir, d.temps)
	f := &inode{mode: 0o600}
	d.change(name, f)
	return &diskFile{f, name, d}, nil
}

func (d *disk) Rename(from, to string) error {
	err := d.step("rename")
	if err != nil && !d.lostReply {
		return err
	}
	f := d.names[from]
	if f == nil {
		return fs.ErrNotExist
	}
	d.change(from, nil)
	d.change(to, f)
	return err
}

func (d *disk) Remove(name string) error {
	if err := d.step("remove"); err != nil {
		return err
	}
	if d.names[name] == nil {
		return fs.ErrNotExist
	}
	d.change(name, nil)
	return nil
}

func (d *disk) SyncDir(dir string) error {
	if err := d.step("sync directory"); err != nil {
		return err
	}
	d.changes = slices.DeleteFunc(d.changes, func(c change) bool {
		inside := path.Dir(c.name) == dir
		if inside {
			apply(d.durable, c)
		}
		return inside
	})
	return nil
}

func apply(names map[string]*inode, c change) {
	if names[c.name] = c.file; c.file == nil {
		delete(names, c.name)
	}
}

// afterPowerFailure calls check with each set of files that a power failure now
// may leave: any subset of the changes that were not synced may be undone.
func (d *disk) afterPowerFailure(check func(contents map[string]string)) {
	for subset := range 1 << len(d.changes) {
		names := maps.Clone(d.durable)
		for i, c := range d.changes {
			if subset>>i&1 == 1 {
				apply(names, c)
			}
		}
		contents := make(map[string]string)
		for name, f := range names {
			contents[name] = f.synced
		}
		check(contents)
	}
}

// contents returns the files as a process sees them.
func (d *disk) contents() map[string]string {
	all := make(map[string]string)
	for name, f := range d.names {
		all[name] = f.data
	}
	return all
}

func (d *disk) Lstat(name string) (fs.FileInfo, error) {
	if err := d.step("lstat"); err != nil {
		return nil, err
	}
	f := d.names[name]
	if f == nil {
		return nil, fs.ErrNotExist
	}
	return fstest.MapFS{"f": {Mode: f.mode}}.Stat("f")
}

func (d *disk) OpenDirect(string) (atomicfile.File, error) { return nil, errors.ErrUnsupported }

// diskFile is an open file of a disk.
type diskFile struct {
	*inode
	name string
	disk *disk
}

func (f *diskFile) Name() string { return f.name }

func (f *diskFile) Write(p []byte) (int, error) {
	if err := f.disk.step("write"); err != nil {
		f.data += string(p[:len(p)/2])
		return len(p) / 2, err
	}
	f.data += string(p)
	return len(p), nil
}

func (f *diskFile) Chmod(mode fs.FileMode) error {
	if err := f.disk.step("chmod"); err != nil {
		return err
	}
	f.mode = mode
	return nil
}

func (f *diskFile) Sync() error {
	if err := f.disk.step("sync"); err != nil {
		return err
	}
	f.synced = f.data
	return nil
}

func (f *diskFile) Close() error { return f.disk.step("close") }

// rendered returns the output of s for r.
func rendered(s sinks.Sink, r *engine.Report) string {
	var b bytes.Buffer
	if err := s.Write(&b, r); err != nil {
		panic(err)
	}
	return b.String()
}

// temporary returns the temporary names in contents.
func temporary(contents map[string]string) (names []string) {
	for name := range contents {
		if isTemp(name) {
			names = append(names, name)
		}
	}
	return names
}
