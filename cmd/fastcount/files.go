package main

import (
	"errors"
	"maps"
	"os"
	"slices"

	"github.com/spf13/pflag"

	"fastcount/internal/atomicfile"
	"fastcount/internal/cli"
	"fastcount/sources"
)

// fileUse is how a subcommand uses the file that a flag names.
type fileUse uint8

const (
	readsFile  fileUse = iota
	writesFile         // replaces it, or writes to it
	ownsDir            // creates, replaces and removes files in the directory
	usesLater          // the subcommand itself claims the files, once it knows them
)

// fileFlags lists every flag that names a file or directory.
var fileFlags = map[string]fileUse{
	"against":      readsFile,
	"ca-file":      readsFile,
	"client-cert":  readsFile,
	"client-key":   readsFile,
	"files-from":   readsFile,
	"header-file":  readsFile,
	"plan":         readsFile,
	"token-file":   readsFile,
	"cpuprofile":   writesFile,
	"memprofile":   writesFile,
	"metrics-file": writesFile,
	"partial":      writesFile,
	"trace":        writesFile,
	"state":        ownsDir,
	"data":         usesLater, // serve only reads it
	"out-dir":      usesLater,
	"output":       usesLater,
	"rejects":      usesLater,
	"sink":         usesLater,
}

// standardError names standard error in messages.
const standardError = "standard error"

// claimFiles records the files of the flags and of the standard streams. It
// returns an error if one of them would be overwritten while it is in use.
func (p *program) claimFiles(flags *pflag.FlagSet) error {
	p.files = new(atomicfile.Claims)
	for _, s := range []struct {
		use  atomicfile.Use
		name string
		file any
	}{
		{atomicfile.Reads, "standard input", p.stdin},
		{atomicfile.Writes, "standard output", p.stdout},
		{atomicfile.Writes, standardError, p.stderr},
	} {
		if place, ok := openedPlace(s.file); ok {
			if err := p.files.AddStream(s.use, s.name, place); err != nil {
				return p.inUse(err)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(fileFlags)) {
		if err := p.claimFlag(name, cli.Lookup(flags, name)); err != nil {
			return err
		}
	}
	return nil
}

// openedPlace returns the place of a stream that is a file.
func openedPlace(stream any) (atomicfile.Place, bool) {
	f, ok := stream.(*os.File)
	if !ok || f == nil {
		return atomicfile.Place{}, false
	}
	place, err := atomicfile.Opened(f)
	return place, err == nil
}

// claimFlag records the file that a flag names, unless file is empty.
func (p *program) claimFlag(flag, file string) error {
	if file == "" || flag == "files-from" && file == "-" {
		return nil
	}
	by := "--" + flag + " " + file
	switch fileFlags[flag] {
	case readsFile:
		return p.claim(atomicfile.Reads, by, file)
	case writesFile:
		return p.claim(atomicfile.Writes, by, file)
	case ownsDir:
		return p.claim(atomicfile.Owns, by, file)
	}
	return nil
}

// claim records that by uses a file. It returns a usage error if the file would
// be overwritten while it is in use.
func (p *program) claim(use atomicfile.Use, by, name string) error {
	return p.inUse(p.files.Add(use, by, name))
}

// claimSources records the files among the sources.
func (p *program) claimSources(found []sources.Source) error {
	for i, s := range found {
		var f *sources.File
		switch part := s.Part.(type) {
		case *sources.File:
			f = part
		case *sources.Member:
			f = part.File()
		}
		if f == nil || i > 0 && s.Kind == found[i-1].Kind && s.Value == found[i-1].Value {
			continue // not a file, or another member of the same archive
		}
		info, link := f.Found()
		if err := p.inUse(p.files.AddFile("the source "+s.Name, s.Value, info, link)); err != nil {
			return err
		}
	}
	return nil
}

// inUse returns err as a usage error if it is about a file that two claims
// share.
func (p *program) inUse(err error) error {
	conflict, ok := errors.AsType[*atomicfile.ConflictError](err)
	if !ok {
		return err
	}
	if conflict.Writer == standardError && !conflict.Output {
		p.ui.Mute() // a message must not be appended to an input
	}
	hint := "name another file for the output"
	switch {
	case conflict.Inside:
		hint = "name another directory, which holds nothing else"
	case conflict.Output:
		hint = "give each output a file of its own"
	}
	return cli.Usage(cli.Hint(err, hint))
}
