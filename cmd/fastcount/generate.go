package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"fastcount/mockserver"
)

// generateOptions are the flags of generate.
type generateOptions struct {
	dir  string
	jobs count
}

// run writes the files of one mock export and tells of each on standard error as it is finished.
func (o *generateOptions) run(ctx context.Context, p *program, args []string) error {
	switch {
	case len(args) != 1:
		return misuse("generate", errors.New("want the id of one export"))
	case o.dir == "":
		return misuse("generate", errors.New("--out-dir must name the folder to write into"))
	case !slices.Contains(builtinIDs(), args[0]):
		return usage(hinted(fmt.Errorf("%s: no mock export has that id", args[0]),
			append(meantID(args[0], builtinIDs()), "the mock exports are "+list(builtinIDs()))...))
	}
	begin, files := time.Now(), 0
	var allRows, allBytes uint64
	err := mockserver.Generate(ctx, args[0], o.dir, jobsOrDefault(o.jobs), func(file string, rows uint64, bytes int64) {
		files++
		allRows += rows
		allBytes += uint64(bytes)
		p.ui.say("%s: %s rows, %s", file, humanCount(rows), humanBytes(uint64(bytes)))
	})
	if err != nil {
		return err
	}
	p.ui.say("%s, %s rows, %s in %s", numbered(files, "file", "files"), humanCount(allRows), humanBytes(allBytes),
		humanTime(time.Since(begin)))
	return nil
}
