package mockserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
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
	return syncFolder(dir)
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
	size, err := writeWhole(ctx, name, d.Body)
	if err != nil || g.report == nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.report(name, d.Rows, size)
	return nil
}

// writeWhole writes a file by way of a temporary one beside it, which never stays, and returns its size.
func writeWhole(ctx context.Context, name string, body func(io.Writer) error) (size int64, err error) {
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

// syncFolder makes the names in a folder durable. Windows cannot do that.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
