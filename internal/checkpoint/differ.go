package checkpoint

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"fastcount/internal/jsonline"
	"fastcount/internal/partial"
)

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
	var corrupt *CorruptError
	if len(changed) > 0 {
		held, files, err := s.held(before)
		if err != nil && r.Grow {
			return err
		}
		if len(files) > 0 {
			corrupt = &CorruptError{s.dir, slices.MinFunc(changed, byName).String(), files}
		}
		if err == nil && (corrupt == nil || r.Grow) {
			changed = slices.DeleteFunc(changed, func(d difference) bool { return !held[d.name] })
		}
	}
	rules = slices.DeleteFunc(rules, func(d difference) bool {
		_, known := before.Header.Rules[d.name]
		return !known && slices.Contains(r.Addable, d.name)
	})
	refused := slices.Concat(rules, changed) // if the run grows
	e := &DifferentError{Dir: s.dir, Grown: len(refused) == 0}
	switch {
	case r.Grow && len(refused) == 0 && corrupt != nil:
		return corrupt
	case r.Grow:
		all = refused
	}
	if len(all) == 0 {
		return nil
	}
	slices.SortFunc(all, byName)
	for _, d := range all {
		e.Differences = append(e.Differences, d.String())
	}
	return e
}

// held returns the IDs of the finished parts of the run before, and the files
// that cannot be used, each with what is wrong with it. Which parts are in
// these files is not known.
func (s *Store) held(before *runFile) (held map[string]bool, corrupt []string, err error) {
	known := newCatalog(before.Lines)
	paths, err := s.list()
	if err != nil {
		return nil, nil, err
	}
	held = make(map[string]bool)
	for _, path := range paths {
		ids, _, err := s.read(path, known)
		switch {
		case errors.Is(err, partial.ErrCorrupt), errors.Is(err, errOtherParts):
			corrupt = append(corrupt, fmt.Sprintf("%s: %v", path, err))
		case err != nil:
			return nil, nil, fmt.Errorf("%w: %s: %w", ErrDirectory, path, err)
		}
		for _, id := range ids {
			held[id] = true
		}
	}
	return held, corrupt, nil
}

// A CorruptError reports that a run cannot grow, because a source changed or
// vanished that may be finished: files of the directory are corrupt, and it is
// not known whether the source is in one of them. Without these files it is not
// finished. A CorruptError matches ErrDirectory.
type CorruptError struct {
	Dir     string
	Changed string   // one source, with the old and the new value
	Files   []string // one or more, each with what is wrong with it
}

func (e *CorruptError) Error() string { return strings.Join(e.Lines(), "\n") }

// Lines returns the lines of the message.
func (e *CorruptError) Lines() []string {
	first := e.Dir + ": a source changed that may be in a corrupt partial result: " + e.Changed
	return append([]string{first}, limited(e.Files, "file")...)
}

// Is reports whether target is ErrDirectory.
func (e *CorruptError) Is(target error) bool { return target == ErrDirectory }

// A DifferentError reports that a directory holds the checkpoint of another
// run. It matches ErrDirectory.
type DifferentError struct {
	Dir         string
	Differences []string // one or more, each with the old and the new value
	Grown       bool     // there would be none if the run might grow
}

func (e *DifferentError) Error() string { return strings.Join(e.Lines(), "\n") }

// Lines returns the lines of the message.
func (e *DifferentError) Lines() []string {
	return append([]string{e.Dir + ": checkpoint of another run:"}, limited(e.Differences, "difference")...)
}

// Is reports whether target is ErrDirectory.
func (e *DifferentError) Is(target error) bool { return target == ErrDirectory }

// maxListed is the number of things that an error lists.
const maxListed = 5

// limited returns the first lines of a list, and the number of other things.
func limited(list []string, thing string) []string {
	lines := slices.Clone(list[:min(len(list), maxListed)])
	switch more := len(list) - maxListed; {
	case more == 1:
		lines = append(lines, "and 1 more "+thing)
	case more > 1:
		lines = append(lines, fmt.Sprintf("and %d more %ss", more, thing))
	}
	return lines
}

// difference is a rule or source in which runs differ.
type difference struct{ name, text string }

func (d difference) String() string { return d.name + ": " + d.text }

func byName(a, b difference) int { return strings.Compare(a.name, b.name) }

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
