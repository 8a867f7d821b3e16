package mockserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
)

// ErrNoExport says that there is no built-in export of that id.
var ErrNoExport = errors.New("no such built-in export")

// Generate writes the downloads of a built-in export into dir, which it makes if need be, as files named
// NN_<download id>.csv: NN counts from 00 and has more digits where there are more than 100 downloads. So many
// workers write a file each; less than 1 is 1.
//
// A file appears under its name only once it is whole and on the disk, in place of an older one. After an error, or
// when ctx ends, the files that were finished stay, and nothing else is left behind. report, unless nil, hears of
// each finished file, one call at a time; bytes is its size.
func Generate(ctx context.Context, exportID, dir string, workers int,
	report func(file string, rows uint64, bytes int64)) error {
	e := lookup(Builtin(), exportID)
	if e == nil {
		return fmt.Errorf("%w: %.200q", ErrNoExport, exportID)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	g := &generation{dir: dir, downloads: e.Downloads, report: report}
	if err := g.run(ctx, max(1, workers)); err != nil {
		return err
	}
	return syncDir(dir)
}

// generation is one call of Generate.
type generation struct {
	dir       string
	downloads []Download

	mu     sync.Mutex // held while report runs
	report func(file string, rows uint64, bytes int64)
}

// run writes all files. The first failure stops all workers.
func (g *generation) run(ctx context.Context, workers int) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	numbers := make(chan int, len(g.downloads))
	for i := range g.downloads {
		numbers <- i
	}
	close(numbers)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for i := range numbers {
				if err := g.write(ctx, i); err != nil {
					cancel(err)
				}
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}

// write writes the file of download number i.
func (g *generation) write(ctx context.Context, i int) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	d := g.downloads[i]
	name := filepath.Join(g.dir, fileName(i, len(g.downloads), d.ID))
	size, err := writeAtomic(ctx, name, d.Body)
	if err != nil || g.report == nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.report(name, d.Rows, size)
	return nil
}

// writeAtomic writes a file by way of a temporary one beside it, which never stays, and returns its size.
func writeAtomic(ctx context.Context, name string, body func(io.Writer) error) (size int64, err error) {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return 0, err
	}
	w := &cancellable{w: f, ctx: ctx}
	err = body(w)
	if err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return 0, errors.Join(err, os.Remove(f.Name()))
	}
	return w.size, nil
}

// cancellable is a writer that fails once its context has ended, and counts its bytes.
type cancellable struct {
	w    io.Writer
	ctx  context.Context
	size int64
}

func (c *cancellable) Write(p []byte) (int, error) {
	if c.ctx.Err() != nil {
		return 0, c.ctx.Err()
	}
	n, err := c.w.Write(p)
	c.size += int64(n)
	return n, err
}

// syncDir makes the names in a folder durable. Windows cannot do that.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// fileName returns the name under which download number i, from 0, of n is kept. Names sort as downloads do.
func fileName(i, n int, id string) string {
	width := max(2, len(fmt.Sprint(n-1)))
	return fmt.Sprintf("%0*d_%s.csv", width, i, id)
}

// exportsIn returns those exports all of whose files are in dir, with the files in place of their bodies. That there is
// none at all is an error.
func exportsIn(exports []Export, dir string) ([]Export, error) {
	if _, err := os.Stat(dir); err != nil {
		return nil, err
	}
	var found []Export
	for _, e := range exports {
		for _, folder := range []string{dir, filepath.Join(dir, e.ID)} {
			downloads, err := downloadsIn(e.Downloads, folder)
			if err != nil {
				return nil, err
			}
			if downloads != nil {
				found = append(found, Export{ID: e.ID, Downloads: downloads})
				break
			}
		}
	}
	if found == nil {
		return nil, fmt.Errorf("%s holds no export whose files are all there", dir)
	}
	return found, nil
}

// downloadsIn returns the downloads with their files in dir, or nil where one is missing or no regular file.
func downloadsIn(downloads []Download, dir string) ([]Download, error) {
	downloads = slices.Clone(downloads)
	for i := range downloads {
		d := &downloads[i]
		d.file = filepath.Join(dir, fileName(i, len(downloads), d.ID))
		info, err := os.Stat(d.file)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if !info.Mode().IsRegular() {
			return nil, nil
		}
	}
	return downloads, nil
}

// copyFile writes the first size bytes of a file to w; fewer are an error. A network connection behind w takes them
// from the kernel's cache without a copy through this process.
func copyFile(w io.Writer, name string, size int64) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close() // was only read
	_, err = io.CopyN(w, f, size)
	return err
}
