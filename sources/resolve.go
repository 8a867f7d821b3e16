package sources

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"fastcount/engine"
)

// Kind is what an argument names.
type Kind uint8

const (
	KindStdin  Kind = iota // standard input: -
	KindURL                // the URL of a CSV
	KindFile               // a file or a glob
	KindExport             // the id of an export
)

// String returns stdin, URL, file or export.
func (k Kind) String() string { return [...]string{"stdin", "URL", "file", "export"}[k] }

// exportPrefix marks the id of an export that would look like a file.
const exportPrefix = "export:"

// Classify tells what an argument names by its looks alone, never by what happens to exist, and returns its value: the
// argument, of an export the id without the prefix.
func Classify(arg string) (kind Kind, value string) {
	switch {
	case arg == "-":
		return KindStdin, arg
	case strings.Contains(arg, "://"):
		return KindURL, arg
	case strings.HasPrefix(arg, exportPrefix):
		return KindExport, arg[len(exportPrefix):]
	case strings.ContainsAny(arg, `/\.*?[`):
		return KindFile, arg
	}
	return KindExport, arg
}

// Source is one source that was named; a glob names several.
type Source struct {
	Kind  Kind
	Value string      // the path, the URL, the id of the export, or "-"
	Name  string      // what people may be told: unique, and without the query of a URL
	Part  engine.Part // of a file or standard input, else nil
}

// Resolve turns arguments into sources, in their order; the files of a glob are sorted by name. Naming anything twice is an
// error that matches ErrArgument, also a file by way of a link, a glob or stdin. A file that is not there, or a glob
// that matches no file, is an error that matches ErrNotFound. Nothing is asked of the network.
func Resolve(args []string, stdin io.Reader, o LocalOptions) ([]Source, error) {
	r := resolver{stdin: stdin, opts: o, seen: make(map[string]bool), names: make(map[string]int)}
	for i, arg := range args {
		if err := r.add(i, arg); err != nil {
			return nil, err
		}
	}
	return r.sources, nil
}

// resolver remembers what was named already.
type resolver struct {
	stdin   io.Reader
	opts    LocalOptions
	sources []Source
	seen    map[string]bool // by kind and value
	names   map[string]int  // public names of URLs, and how often each was given out
	files   fileSet
}

func (r *resolver) add(i int, arg string) error {
	kind, value := Classify(arg)
	switch kind {
	case KindStdin:
		return r.addStdin()
	case KindURL:
		return r.addURL(i, value)
	case KindExport:
		return r.addExport(value)
	default:
		return r.addFiles(value)
	}
}

// once refuses a key that was seen before; name is what people are told.
func (r *resolver) once(key, name string) error {
	if r.seen[key] {
		return mark(ErrArgument, fmt.Errorf("%s is named twice", name))
	}
	r.seen[key] = true
	return nil
}

func (r *resolver) addStdin() error {
	if err := r.once("-", "standard input"); err != nil {
		return err
	}
	part := NewStdin(r.stdin, r.opts)
	if f, ok := r.stdin.(*os.File); ok {
		info, err := f.Stat()
		if err != nil {
			return err
		}
		if err := r.files.add(info, part.Name()); err != nil {
			return err
		}
	}
	r.sources = append(r.sources, Source{Kind: KindStdin, Value: "-", Name: part.Name(), Part: part})
	return nil
}

func (r *resolver) addURL(i int, raw string) error {
	u, err := parseURL(raw)
	if err != nil {
		return fmt.Errorf("source %d: %w", i+1, err)
	}
	name := publicURL(u)
	if err := r.once("url "+origin(u)+u.RequestURI(), name); err != nil {
		return err
	}
	r.sources = append(r.sources, Source{Kind: KindURL, Value: raw, Name: r.number(u, name)})
	return nil
}

// number tells apart the names of URLs that differ only in their query.
func (r *resolver) number(u *url.URL, name string) string {
	r.names[name]++
	if n := r.names[name]; n > 1 {
		return fmt.Sprintf("%s #%d", name, n)
	}
	return name
}

func (r *resolver) addExport(id string) error {
	if !validID(id) {
		return mark(ErrArgument, fmt.Errorf("%s cannot be the id of an export", quote(id)))
	}
	if err := r.once("export "+id, "export "+id); err != nil {
		return err
	}
	r.sources = append(r.sources, Source{Kind: KindExport, Value: id, Name: id})
	return nil
}

func (r *resolver) addFiles(arg string) error {
	files, err := expand(arg, r.opts)
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := r.files.add(f.found, f.path); err != nil {
			return err
		}
		r.sources = append(r.sources, Source{Kind: KindFile, Value: f.path, Name: f.path, Part: f})
	}
	return nil
}

// expand returns the file of that very name, or else the files that match arg as a glob.
func expand(arg string, o LocalOptions) ([]*File, error) {
	if _, err := os.Stat(arg); err == nil || !strings.ContainsAny(arg, "*?[{") {
		f, err := NewFile(arg, o)
		if err != nil {
			return nil, err
		}
		return []*File{f}, nil
	}
	paths, err := doublestar.FilepathGlob(arg, doublestar.WithFailOnIOErrors())
	if err != nil {
		return nil, globError(arg, err)
	}
	slices.Sort(paths)
	return matches(arg, paths, o)
}

func globError(arg string, err error) error {
	if errors.Is(err, doublestar.ErrBadPattern) {
		return mark(ErrArgument, fmt.Errorf("%s is not a valid glob", arg))
	}
	return fmt.Errorf("%s: %w", arg, err)
}

// matches finds the files that a glob matched. Directories are no matches: ** means what is in them.
func matches(arg string, paths []string, o LocalOptions) ([]*File, error) {
	var files []*File
	for _, path := range slices.Compact(paths) {
		info, err := os.Stat(path)
		if err == nil && info.IsDir() {
			continue
		}
		f, err := NewFile(path, o)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	if len(files) == 0 {
		return nil, mark(ErrNotFound, fmt.Errorf("%s matches no file", arg))
	}
	return files, nil
}

// fileSet finds a file that is there twice under whatever names. One and the same file has one size and one time, so
// only files that share them need be compared.
type fileSet map[fileKey][]namedFile

type fileKey struct {
	size, modified int64
}

type namedFile struct {
	info fs.FileInfo
	name string
}

func (s *fileSet) add(info fs.FileInfo, name string) error {
	if *s == nil {
		*s = make(fileSet)
	}
	var key fileKey // of a pipe or device, the size and time mean nothing
	if info.Mode().IsRegular() {
		key = fileKey{info.Size(), info.ModTime().UnixNano()}
	}
	for _, known := range (*s)[key] {
		if os.SameFile(known.info, info) {
			return mark(ErrArgument, fmt.Errorf("%s and %s are the same file", known.name, name))
		}
	}
	(*s)[key] = append((*s)[key], namedFile{info, name})
	return nil
}
