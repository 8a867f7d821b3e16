package mockserver

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"fastcount/internal/atomicfile"
)

// ErrUnknownExport is the error of [Generate] for an id that is not that of a
// built-in export.
var ErrUnknownExport = errors.New("not a built-in export")

// Generate writes the downloads of a built-in export to files in dir, which it
// creates if necessary. The files are named NN_<download id>.csv, where NN is
// the number of the download from 00, with more digits if there are more than
// 100. The given number of workers, at least one, write files concurrently.
//
// Each file is written atomically, synced, and readable by all users. After an
// error, or if ctx is done, completed files remain and others do not. report,
// unless nil, is called with the name, the number of rows and the size of each
// completed file, one call at a time.
func Generate(ctx context.Context, exportID, dir string, workers int,
	report func(file string, rows uint64, bytes int64)) error {
	e := lookup(Builtin(), exportID)
	if e == nil {
		return fmt.Errorf("export %.200q: %w", exportID, ErrUnknownExport)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	g := &generation{dir: dir, downloads: e.Downloads, report: report}
	return g.run(ctx, max(1, workers))
}

// generation is one call of Generate.
type generation struct {
	dir       string
	downloads []Download

	mu     sync.Mutex // held during report
	report func(file string, rows uint64, bytes int64)
}

// run writes all files. The first error stops all workers.
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

const (
	// fileMode is the mode of the files, which hold synthetic data.
	fileMode = 0o644

	// pieceSize is the number of bytes of each write to a file, except for the
	// last. It is the size of a huge page: the system can then keep the file in
	// memory in pages of that size, which are faster to map.
	pieceSize = 2 << 20
)

// write writes the file of download i.
func (g *generation) write(ctx context.Context, i int) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	d := g.downloads[i]
	name := filepath.Join(g.dir, fileName(i, len(g.downloads), d.ID))
	var size int64
	err := atomicfile.Replace(atomicfile.OS{}, name, fileMode, func(w io.Writer) (err error) {
		size, err = writeBody(ctx, w, d)
		return err
	})
	if err != nil || g.report == nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.report(name, d.Rows, size)
	return nil
}

// writeBody writes the stream of a download to a file, in pieces of pieceSize
// bytes, and returns the number of bytes.
func writeBody(ctx context.Context, file io.Writer, d Download) (size int64, err error) {
	b := bufio.NewWriterSize(file, pieceSize)
	c := &cancellable{w: b, ctx: ctx}
	if err := d.Body(c); err != nil {
		return c.size, err
	}
	return c.size, b.Flush()
}

// cancellable is a writer that fails when its context is done, and counts
// bytes.
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

// fileName returns the name of the file of download i of n. The order of the
// names is that of the downloads.
func fileName(i, n int, id string) string {
	width := max(2, len(fmt.Sprint(n-1)))
	return fmt.Sprintf("%0*d_%s.csv", width, i, id)
}

// exportsIn returns the exports whose files are all in dir, with file set in
// their downloads. It returns an error if no export is complete.
func exportsIn(exports []Export, dir string) ([]Export, error) {
	if _, err := os.Stat(dir); err != nil {
		return nil, err
	}
	var found []Export
	for _, e := range exports {
		for _, sub := range []string{dir, filepath.Join(dir, e.ID)} {
			downloads, err := downloadsIn(e.Downloads, sub)
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
		return nil, fmt.Errorf("%s: no complete export", dir)
	}
	return found, nil
}

// downloadsIn returns the downloads with their files in dir, or nil if one is
// missing or not a regular file.
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

// copyFile writes the first size bytes of a file to w. It returns an error if
// the file is shorter. If w is a network connection, it may use sendfile.
func copyFile(w io.Writer, name string, size int64) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.CopyN(w, f, size)
	return err
}
