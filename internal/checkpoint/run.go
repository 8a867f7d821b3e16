package checkpoint

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"fastcount/internal/atomicfile"
	"fastcount/internal/jsonline"
	"fastcount/sources"
)

// Run describes what a run counts, and by which rules. A run can use only the
// checkpoint of an equal one. A Run holds no secret and no patient id, and all
// of it is UTF-8.
type Run struct {
	Rules   map[string]string  // what the counts depend on in addition to the sources: names and values, as messages show them
	Sources []sources.Identity // of the parts, in their order
}

const runName = "run.jsonl"

var errCorrupt = errors.New("corrupt checkpoint")

var format = &jsonline.Format{Name: "checkpoint", Version: 1, ErrCorrupt: errCorrupt, ErrVersion: errors.New("unsupported version of a checkpoint")}

type header struct {
	jsonline.FormatID
	Rules map[string]string `json:"rules"`
}

// source is an sources.Identity as it is written.
type source struct {
	ID      string `json:"id"`
	Version string `json:"version"`
	Digest  string `json:"digest,omitempty"`
}

type trailer struct {
	Sources int `json:"sources"`
}

// runFile is a Run as it is written. Its lines are sorted, since the order of
// the sources changes no count.
type runFile = jsonline.List[header, source, trailer]

// text returns the run as it is written. Equal runs have the same text.
func (r Run) text() ([]byte, error) {
	file := runFile{Header: header{format.ID(), r.Rules}, Lines: make([]source, len(r.Sources)), Trailer: trailer{len(r.Sources)}}
	for i, s := range r.Sources {
		if s == (sources.Identity{}) {
			return nil, fmt.Errorf("part %d: no identity", i+1)
		}
		file.Lines[i] = source(s)
	}
	slices.SortFunc(file.Lines, func(a, b source) int {
		return cmp.Or(strings.Compare(a.ID, b.ID), strings.Compare(a.Version, b.Version), strings.Compare(a.Digest, b.Digest))
	})
	var b bytes.Buffer
	err := file.Write(&b, format)
	return b.Bytes(), err
}

func parse(text []byte) (*runFile, error) {
	return jsonline.ParseList[header, source, trailer](text, format, "source")
}

// claim makes the directory that of the run with this text, unless it is used
// for something else.
func (s *Store) claim(text []byte) error {
	path := filepath.Join(s.dir, runName)
	old, err := readPrivate(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := s.refuseForeign(); err != nil {
			return err
		}
		return atomicfile.Write(s.files, path, func(w io.Writer) error {
			_, err := w.Write(text)
			return err
		})
	case err != nil:
		return err
	case bytes.Equal(old, text):
		return nil
	}
	return differ(s.dir, old, text)
}

// refuseForeign returns an error if the directory holds files, but no run.
func (s *Store) refuseForeign() error {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.IsDir() && !isTemp(e.Name()) && e.Name() != lockName { // a new file system has a directory of its own
			return fmt.Errorf("%w: %s: contains other files, such as %s", ErrDirectory, s.dir, e.Name())
		}
	}
	return nil
}

// differ returns an error that lists how the run with the text old differs from
// the new one.
func differ(dir string, old, text []byte) error {
	now, err := parse(text)
	if err != nil {
		return err
	}
	before, err := parse(old)
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrDirectory, filepath.Join(dir, runName), err)
	}
	return &DifferentError{dir, differences(facts(before), facts(now))}
}

// A DifferentError reports that a directory holds the checkpoint of another
// run. It matches ErrDirectory.
type DifferentError struct {
	Dir         string
	Differences []string // one or more, each with the old and the new value
}

// maxDifferences is the number of differences that an error lists.
const maxDifferences = 5

func (e *DifferentError) Error() string { return strings.Join(e.Lines(), "\n") }

// Lines returns the lines of the message.
func (e *DifferentError) Lines() []string {
	lines := []string{e.Dir + ": checkpoint of another run:"}
	lines = append(lines, e.Differences[:min(len(e.Differences), maxDifferences)]...)
	switch more := len(e.Differences) - maxDifferences; {
	case more == 1:
		lines = append(lines, "and 1 more difference")
	case more > 1:
		lines = append(lines, fmt.Sprintf("and %d more differences", more))
	}
	return lines
}

// Is reports whether target is ErrDirectory.
func (e *DifferentError) Is(target error) bool { return target == ErrDirectory }

// facts returns everything in which runs may differ, by name.
func facts(f *runFile) map[string]source {
	facts := make(map[string]source, len(f.Header.Rules)+len(f.Lines))
	for name, value := range f.Header.Rules {
		facts[name] = source{Version: value}
	}
	for _, s := range f.Lines {
		facts[s.ID] = s
	}
	return facts
}

func differences(before, now map[string]source) (found []string) {
	names := maps.Clone(before)
	maps.Copy(names, now)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		was, known := before[name]
		is, stays := now[name]
		switch {
		case !known:
			found = append(found, name+": was absent, is "+is.Version)
		case !stays:
			found = append(found, name+": was "+was.Version+", is absent")
		case was.Version != is.Version:
			found = append(found, name+": was "+was.Version+", is "+is.Version)
		case was != is:
			found = append(found, name+": unchanged ("+is.Version+"), but its content differs")
		}
	}
	if found == nil {
		found = []string{"order or number of equal sources"}
	}
	return found
}
