package checkpoint

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
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
	By      []string           // names of the key columns, as Report.By
	Sources []sources.Identity // of the parts, in their order

	// Grow allows more sources than in the run before, and others in the place
	// of those that were not finished.
	Grow bool

	// Addable are the names of rules that only some sources depend on: if such
	// a rule was absent, a run that grows may have it.
	Addable []string
}

const runName = "run.jsonl"

var errCorrupt = errors.New("corrupt checkpoint")

var format = &jsonline.Format{Name: "checkpoint", Version: 2, Oldest: 1, ErrCorrupt: errCorrupt, ErrVersion: errors.New("unsupported version of a checkpoint")}

type header struct {
	jsonline.FormatID
	Job   string            `json:"job,omitempty"` // of the partial results; in version 1, the digest of the file
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

// file returns the run as it is written, for a new directory. Equal runs are
// written alike.
func (r Run) file() (*runFile, error) {
	rules, err := jsonline.Marshal(r.Rules)
	if err != nil {
		return nil, err
	}
	file := &runFile{Header: header{format.ID(), digest(rules), r.Rules}, Lines: make([]source, len(r.Sources)), Trailer: trailer{len(r.Sources)}}
	for i, s := range r.Sources {
		if s == (sources.Identity{}) {
			return nil, fmt.Errorf("part %d: no identity", i+1)
		}
		file.Lines[i] = source(s)
	}
	slices.SortFunc(file.Lines, func(a, b source) int { return strings.Compare(a.ID, b.ID) })
	return file, nil
}

// Known returns a function that reports whether the run that a directory
// belongs to has a source of an identity, or nil if that run cannot be read.
// The function may report false for a source, and may be called concurrently.
// Open verifies what was read.
func Known(dir string) func(sources.Identity) bool {
	data, err := readPrivate(filepath.Join(dir, runName))
	if err != nil {
		return nil
	}
	text := string(data)
	lines := make(map[string]struct{}, strings.Count(text, "\n"))
	for line := range strings.Lines(text) {
		lines[line] = struct{}{}
	}
	return func(id sources.Identity) bool { // as it is written without escapes and a digest
		line := append(append(make([]byte, 0, 512), `{"id":"`...), id.ID...)
		line = append(append(line, `","version":"`...), id.Version...)
		_, known := lines[string(append(line, "\"}\n"...))]
		return known && id.Digest == ""
	}
}

// jobOf returns the job of the partial results of a run with this text.
func jobOf(text []byte) (string, error) {
	var h header
	line, _, _ := bytes.Cut(text, []byte("\n"))
	err := jsonline.ParseHeader(format, line, &h)
	switch {
	case err != nil:
		return "", err
	case (h.Version == 1) != (h.Job == ""):
		return "", format.Corrupt("header: invalid job")
	case h.Version == 1:
		return digest(text), nil
	}
	return h.Job, nil
}

// claim makes the directory that of r, which is written as run, unless it is
// used for something else. It sets s.job and s.run.
func (s *Store) claim(r Run, run *runFile) error {
	path := filepath.Join(s.dir, runName)
	old, err := readPrivate(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = s.refuseForeign()
	case err == nil:
		if run.Header.Job, err = jobOf(old); err != nil {
			err = fmt.Errorf("%w: %s: %w", ErrDirectory, path, err)
		}
	}
	if err != nil {
		return err
	}
	s.job = run.Header.Job
	var text bytes.Buffer
	if err := run.Write(&text, format); err != nil {
		return err
	}
	s.run = digest(text.Bytes())
	if bytes.Equal(old, text.Bytes()) {
		return nil
	}
	if old != nil {
		if err := s.compare(old, run, r); err != nil {
			return err
		}
	}
	return atomicfile.Write(s.files, path, func(w io.Writer) error {
		_, err := w.Write(text.Bytes())
		return err
	})
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
