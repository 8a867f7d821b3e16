package sources

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"fastcount/engine"
	"fastcount/internal/compression"
	"fastcount/internal/glob"
	"fastcount/internal/weburl"
)

// Kind is the kind of a source.
type Kind uint8

const (
	KindStdin  Kind = iota // standard input: -
	KindURL                // the URL of a CSV
	KindFile               // a file or a glob
	KindExport             // the id of an export
)

// String returns stdin, URL, file or export.
func (k Kind) String() string { return [...]string{"stdin", "URL", "file", "export"}[k] }

// exportPrefix marks the id of an export that looks like a file name.
const exportPrefix = "export:"

// Classify returns the kind of the source that arg names, and its value: the
// argument, without the prefix of an export. The kind depends only on the form
// of the argument, not on which files exist.
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

// Source is one source that an argument names. A glob names several, and so
// does a zip archive, whose members are files.
type Source struct {
	Kind  Kind
	Value string      // the path, the URL, the id of the export, or "-"
	Name  string      // for messages: unique, and without the query of a URL
	Part  engine.Part // of a file or standard input, else nil

	// LeftOut lists the members of a zip archive that are not sources, without
	// directories and hidden names. Only the first source of an archive has it.
	LeftOut []string
}

// Resolve returns the sources that the arguments name, in their order. The
// files of a glob are sorted by name. The error matches [ErrArgument] if an
// input is named twice, even under different names: a file through a link, a
// glob or stdin, a file with and without the suffix of a compressed file, or a
// URL in two forms that RFC 3986 defines as equal. It matches [ErrNotFound] if
// a file does not exist or a glob matches no file. Resolve does not use the
// network.
//
// The sources of a zip archive are its members that match the patterns of the
// options. Their Value is the path of the archive. The error matches
// [ErrNoMember] if no member matches any pattern, or if a pattern matches no
// member of any archive. A damaged archive is a source that cannot be read.
func Resolve(args []string, stdin io.Reader, o LocalOptions) ([]Source, error) {
	patterns, err := parsePatterns(o.Members)
	if err != nil {
		return nil, err
	}
	o.workDir = sync.OnceValues(os.Getwd)
	r := resolver{stdin: stdin, opts: o, names: make(map[string]int), patterns: patterns, used: make([]int, len(patterns))}
	for i, arg := range args {
		if err := r.add(i, arg); err != nil {
			return nil, err
		}
	}
	if err := r.inputs.checkForms(); err != nil {
		return nil, err
	}
	return r.sources, r.checkUsed()
}

// checkUsed returns an error if a pattern was given that matches no member of
// the archives.
func (r *resolver) checkUsed() error {
	for i, n := range r.used {
		if n == 0 && r.archives > 0 && r.refused == 0 && r.opts.Members != nil {
			return mark(ErrNoMember, mark(ErrNotFound, fmt.Errorf("%s matches no member of a zip archive", quote(r.patterns[i].text))))
		}
	}
	return nil
}

// resolver collects sources.
type resolver struct {
	stdin   io.Reader
	opts    LocalOptions
	sources []Source
	names   map[string]int // number of uses of each public name of a URL
	inputs  inputSet

	patterns []memberPattern
	used     []int // number of members that each pattern matches
	archives int
	refused  int // archives of which no member is known
}

func (r *resolver) add(i int, arg string) error {
	if arg == "" {
		return mark(ErrArgument, errors.New(`"": source without a name`))
	}
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

func (r *resolver) addStdin() error {
	if err := r.inputs.add("-", "standard input"); err != nil {
		return err
	}
	part := NewStdin(r.stdin, r.opts)
	if f, ok := r.stdin.(*os.File); ok {
		info, err := f.Stat()
		if err != nil {
			return err
		}
		if err := r.inputs.addFile(info, part.Name()); err != nil {
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
	if err := r.inputs.addURL(u, weburl.Public(u)); err != nil {
		return err
	}
	r.sources = append(r.sources, Source{Kind: KindURL, Value: raw, Name: r.number(weburl.Public(u))})
	return nil
}

// number returns a unique name for URLs that differ only in their queries.
func (r *resolver) number(name string) string {
	r.names[name]++
	if n := r.names[name]; n > 1 {
		return fmt.Sprintf("%s #%d", name, n)
	}
	return name
}

func (r *resolver) addExport(id string) error {
	if !validID(id) {
		return mark(ErrArgument, fmt.Errorf("%s is not a valid id of an export", quote(id)))
	}
	if err := r.inputs.add("export "+id, "export "+id); err != nil {
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
	r.sources = slices.Grow(r.sources, len(files))
	for _, f := range files {
		if err := r.inputs.addPath(f.found.Info, f.path); err != nil {
			return err
		}
		if f.content.format == compression.Zip { // which no known file is
			if err := r.addArchive(f); err != nil {
				return fmt.Errorf("%s: %w", f.path, err)
			}
			continue
		}
		r.sources = append(r.sources, Source{Kind: KindFile, Value: f.path, Name: f.path, Part: f})
	}
	return nil
}

// addArchive adds the members of a zip archive, or the archive itself if its
// directory cannot be used, so that it fails as other damaged files do.
func (r *resolver) addArchive(f *File) error {
	r.archives++
	c, err := f.choose(r.patterns, r.used)
	switch {
	case errors.Is(err, ErrTooManyMembers):
		return err
	case err != nil:
		f.content.refused = err
		r.refused++
		r.sources = append(r.sources, Source{Kind: KindFile, Value: f.path, Name: f.path, Part: f})
		return nil
	case len(c.members) == 0:
		return errNoMember(r.patterns, c.leftOut)
	}
	for i, m := range c.members {
		s := Source{Kind: KindFile, Value: f.path, Name: m.name, Part: m}
		if i == 0 {
			s.LeftOut = c.leftOut
		}
		r.inputs.paths = append(r.inputs.paths, m.name)
		r.sources = append(r.sources, s)
	}
	return nil
}

// expand returns the file named arg, if it exists, and otherwise the files that
// match arg as a glob.
func expand(arg string, o LocalOptions) ([]*File, error) {
	info, err := os.Stat(arg)
	if err == nil {
		f, err := fileAt(arg, info, o)
		return []*File{f}, err
	}
	if !strings.ContainsAny(arg, "*?[{") {
		return nil, notFound(err)
	}
	matches, err := glob.Expand(arg)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", arg, globError(err))
	}
	return matchedFiles(arg, matches, o)
}

// globError gives an error of package glob a class of this package.
func globError(err error) error {
	switch {
	case errors.Is(err, glob.ErrPattern), errors.Is(err, glob.ErrLoop):
		return mark(ErrArgument, err)
	case errors.Is(err, glob.ErrNotFound):
		return mark(ErrNotFound, err)
	}
	return err
}

// Matches are examined concurrently, since each may wait for a file server.
const (
	examiners   = 8
	perExaminer = 256 // matches that follow one another
)

// matchedFiles returns the files that a glob matched, in their order. It
// rejects files that are not regular, since reading a FIFO may block forever;
// they must be named explicitly. The error is that of the first match that has
// one.
func matchedFiles(arg string, matches []glob.Match, o LocalOptions) ([]*File, error) {
	files, errs := make([]*File, len(matches)), make([]error, len(matches))
	var group errgroup.Group
	group.SetLimit(examiners)
	for from := 0; from < len(matches); from += perExaminer {
		group.Go(func() error {
			for i := from; i < min(from+perExaminer, len(matches)); i++ {
				if files[i], errs[i] = matchedFile(arg, matches[i], o); errs[i] != nil {
					return errs[i]
				}
			}
			return nil
		})
	}
	if group.Wait() != nil {
		return nil, errs[slices.IndexFunc(errs, func(err error) bool { return err != nil })]
	}
	files = slices.DeleteFunc(files, func(f *File) bool { return f == nil })
	if len(files) == 0 {
		return nil, mark(ErrNotFound, fmt.Errorf("%s matches no file", arg))
	}
	return files, nil
}

// matchedFile returns the file that a glob matched, or nil if that is a
// symbolic link to a directory.
func matchedFile(arg string, m glob.Match, o LocalOptions) (*File, error) {
	var info fs.FileInfo
	if !m.Mode.IsRegular() {
		var err error
		if info, err = os.Stat(m.Path); err != nil {
			return nil, notFound(err)
		}
		if info.IsDir() {
			return nil, nil
		}
	}
	f, err := fileAt(m.Path, info, o)
	if err == nil && !f.regular() {
		err = mark(ErrNotRegular, mark(ErrArgument, fmt.Errorf("%s: matched by %s, but it is %s", f.path, arg, kindOf(f.found.Info))))
	}
	return f, err
}

// kindOf describes a file that is not regular.
func kindOf(info fs.FileInfo) string {
	switch mode := info.Mode(); {
	case mode&fs.ModeNamedPipe != 0:
		return "a FIFO"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode&fs.ModeDevice != 0:
		return "a device"
	}
	return "not a regular file"
}
