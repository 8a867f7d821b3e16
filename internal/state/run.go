package state

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"fastcount/engine"
	"fastcount/internal/atomicfile"
)

// Run says what a run counts, and by which rules. What is kept of one run is of no use to one that differs. It holds
// no secret and no patient id, and all of it is UTF-8.
type Run struct {
	Rules   map[string]string // what the counts depend on beside the sources: names and values, for people
	Sources []engine.Identity // of the parts, in their order
}

// runFile is a Run as it is written. Its sources are sorted: their order changes no count.
type runFile struct {
	Format  string            `json:"fastcount"`
	Version int               `json:"version"`
	Rules   map[string]string `json:"rules"`
	Sources []source          `json:"sources"`
}

type source struct {
	ID      string `json:"id"`
	Version string `json:"version"`
	Digest  string `json:"digest,omitempty"`
}

const (
	runName    = "run.json"
	runFormat  = "state of a run"
	runVersion = 1
)

// text returns the run as it is written: the same bytes for equal runs.
func (r Run) text() ([]byte, error) {
	file := runFile{runFormat, runVersion, r.Rules, make([]source, len(r.Sources))}
	for i, s := range r.Sources {
		if s == (engine.Identity{}) {
			return nil, fmt.Errorf("part %d cannot be known again", i+1)
		}
		file.Sources[i] = source(s)
	}
	slices.SortFunc(file.Sources, func(a, b source) int {
		return cmp.Or(strings.Compare(a.ID, b.ID), strings.Compare(a.Version, b.Version), strings.Compare(a.Digest, b.Digest))
	})
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(file)
	return b.Bytes(), err
}

// claim makes the folder that of the run with this text, unless it is in use for something else.
func (s *Store) claim(text []byte) error {
	path := filepath.Join(s.folder, runName)
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
	return differ(s.folder, old, text)
}

// refuseForeign refuses a folder that holds files, but no run.
func (s *Store) refuseForeign() error {
	entries, err := os.ReadDir(s.folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.IsDir() && !isTemp(e.Name()) && e.Name() != lockName { // a new file system has a folder of its own
			return fmt.Errorf("%w: %s holds other files, such as %s", ErrFolder, s.folder, e.Name())
		}
	}
	return nil
}

// differ returns an error that tells how the old run differs from the new one.
func differ(folder string, old, text []byte) error {
	var before, now runFile
	if err := json.Unmarshal(text, &now); err != nil {
		return err
	}
	if json.Unmarshal(old, &before) != nil || before.Format != runFormat {
		return fmt.Errorf("%w: %s is damaged", ErrFolder, filepath.Join(folder, runName))
	}
	if before.Version != runVersion {
		return fmt.Errorf("%w: %s was written by another version of this program", ErrFolder, filepath.Join(folder, runName))
	}
	return &DifferentError{folder, differences(before.facts(), now.facts())}
}

// A DifferentError says that a folder keeps the state of another run. It matches ErrFolder.
type DifferentError struct {
	Folder      string
	Differences []string // one or more; each says what it was and what it is now
}

// maxDifferences is how many differences are told.
const maxDifferences = 5

func (e *DifferentError) Error() string { return strings.Join(e.Lines(), "\n") }

// Lines returns the lines of the text.
func (e *DifferentError) Lines() []string {
	lines := []string{e.Folder + " keeps the state of another run:"}
	lines = append(lines, e.Differences[:min(len(e.Differences), maxDifferences)]...)
	if more := len(e.Differences) - maxDifferences; more > 0 {
		lines = append(lines, fmt.Sprintf("and %d differences more", more))
	}
	return lines
}

// Is says that the error is one of the folder.
func (e *DifferentError) Is(target error) bool { return target == ErrFolder }

// facts returns everything by which runs may differ, by names that differ.
func (f runFile) facts() map[string]source {
	facts := make(map[string]source, len(f.Rules)+len(f.Sources))
	for name, value := range f.Rules {
		facts[name] = source{Version: value}
	}
	for _, s := range f.Sources {
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
			found = append(found, name+": not there then, now "+is.Version)
		case !stays:
			found = append(found, name+": then "+was.Version+", not there now")
		case was.Version != is.Version:
			found = append(found, name+": then "+was.Version+", now "+is.Version)
		case was != is:
			found = append(found, name+": as then "+is.Version+", but not the same ones")
		}
	}
	if found == nil {
		found = []string{runName + ": written in another way"}
	}
	return found
}
