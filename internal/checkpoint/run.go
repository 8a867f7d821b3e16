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
// belongs to has a source of an identity, or nil if there is no such run. The
// function may report false for a source. Open verifies what Known has read.
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
	var line []byte
	return func(id sources.Identity) bool { // as it is written without escapes and a digest
		line = append(append(line[:0], `{"id":"`...), id.ID...)
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

// compare returns an error that lists how r, which is written as now, differs
// from the run with the text old, unless they are equal or, if r grows, all
// finished parts are among those of r.
func (s *Store) compare(old []byte, now *runFile, r Run) error {
	before, err := jsonline.ParseList[header, source, trailer](old, format, "source")
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrDirectory, filepath.Join(s.dir, runName), err)
	}
	rules, added, changed := differences(before, now)
	all := slices.Concat(rules, added, changed)
	if len(changed) > 0 {
		held, err := s.held(before)
		switch {
		case err == nil:
			changed = slices.DeleteFunc(changed, func(d difference) bool { return !held[d.name] })
		case r.Grow:
			return err
		}
	}
	rules = slices.DeleteFunc(rules, func(d difference) bool {
		_, known := before.Header.Rules[d.name]
		return !known && slices.Contains(r.Addable, d.name)
	})
	refused := slices.Concat(rules, changed) // if the run grows
	e := &DifferentError{Dir: s.dir, Grown: len(refused) == 0}
	if r.Grow {
		all = refused
	}
	if len(all) == 0 {
		return nil
	}
	slices.SortFunc(all, func(a, b difference) int { return strings.Compare(a.name, b.name) })
	for _, d := range all {
		e.Differences = append(e.Differences, d.name+": "+d.text)
	}
	return e
}

// held returns the IDs of the finished parts of the run before. It returns an
// error if it cannot read all of them.
func (s *Store) held(before *runFile) (map[string]bool, error) {
	known := newCatalog(before.Lines)
	paths, err := s.list()
	if err != nil {
		return nil, err
	}
	held := make(map[string]bool)
	for _, path := range paths {
		ids, _, err := s.read(path, known)
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrDirectory, path, err)
		}
		for _, id := range ids {
			held[id] = true
		}
	}
	return held, nil
}

// A DifferentError reports that a directory holds the checkpoint of another
// run. It matches ErrDirectory.
type DifferentError struct {
	Dir         string
	Differences []string // one or more, each with the old and the new value
	Grown       bool     // there would be none if the run might grow
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

// difference is a rule or source in which runs differ.
type difference struct{ name, text string }

// differences returns how a run differs from the one before it: in its rules,
// in sources that are new, and in sources that changed or vanished.
func differences(before, now *runFile) (rules, added, changed []difference) {
	for name, is := range now.Header.Rules {
		if was, known := before.Header.Rules[name]; !known {
			rules = append(rules, difference{name, "was absent, is " + is})
		} else if was != is {
			rules = append(rules, difference{name, "was " + was + ", is " + is})
		}
	}
	for name, was := range before.Header.Rules {
		if _, stays := now.Header.Rules[name]; !stays {
			rules = append(rules, difference{name, "was " + was + ", is absent"})
		}
	}
	old := byID(before.Lines)
	for _, is := range now.Lines {
		was, known := old[is.ID]
		delete(old, is.ID)
		switch {
		case !known:
			added = append(added, difference{is.ID, "was absent, is " + is.Version})
		case was.Version != is.Version:
			changed = append(changed, difference{is.ID, "was " + was.Version + ", is " + is.Version})
		case was != is:
			changed = append(changed, difference{is.ID, "unchanged (" + is.Version + "), but its content differs"})
		}
	}
	for _, was := range old {
		changed = append(changed, difference{was.ID, "was " + was.Version + ", is absent"})
	}
	return rules, added, changed
}

func byID(list []source) map[string]source {
	all := make(map[string]source, len(list))
	for _, s := range list {
		all[s.ID] = s
	}
	return all
}
