package sources

import (
	"errors"
	"fmt"
	"strings"

	"fastcount/internal/interrupt"
	"fastcount/internal/ziparchive"
)

// DefaultMaxMembers is the default maximum number of members of a zip archive.
const DefaultMaxMembers = 100_000

// readDirectory returns the members of a zip archive. The error matches
// [ErrCorrupt], [ErrTruncated], [ErrTooManyMembers] or [ErrChanged], or is a
// *FormatError for one file of a split archive.
func (f *File) readDirectory() (members []ziparchive.Member, err error) {
	file, err := interrupt.Open(f.path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrChanged, err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	limit := f.opts.MaxMembers
	if limit == 0 {
		limit = DefaultMaxMembers
	}
	members, err = ziparchive.Read(file, f.found.Size(), limit)
	if changed := f.found.Check(file); changed != nil {
		return nil, changed
	}
	return members, archiveError(err)
}

// archiveError gives an error of package ziparchive a class of this package.
func archiveError(err error) error {
	switch {
	case errors.Is(err, ziparchive.ErrSplit):
		return &FormatError{"one part of a split zip archive", "join the parts with zip -s 0 FILE --out JOINED.zip, and count that"}
	case errors.Is(err, ziparchive.ErrTooManyMembers):
		return mark(ErrTooManyMembers, err)
	case errors.Is(err, ziparchive.ErrTruncated):
		return mark(ErrTruncated, fmt.Errorf("zip archive: %w, which was cut off, or other data was appended", err))
	case errors.Is(err, ziparchive.ErrCorrupt):
		return mark(ErrCorrupt, err)
	}
	return err
}

// chosen are the members of an archive that are sources, and the names of those
// that are not.
type chosen struct {
	members []*Member
	leftOut []string
}

// choose returns the members of an archive that the patterns of the options
// match. used counts the matches of each pattern. Directories and hidden names
// are neither chosen nor left out.
func (f *File) choose(patterns []memberPattern, used []int) (c chosen, err error) {
	all, err := f.directory()
	if err != nil {
		return c, err
	}
	for _, m := range all {
		name := memberName(m.Name)
		if m.Dir || isHiddenMember(name) {
			continue
		}
		if !matchMember(patterns, used, name) {
			c.leftOut = append(c.leftOut, m.Name)
			continue
		}
		c.members = append(c.members, newMember(f, m))
	}
	if len(c.members) == 0 {
		if err := officeFile(all); err != nil {
			return c, err
		}
	}
	return c, checkMembers(c.members)
}

// checkMembers returns an error if two members have the same name. Which one
// was meant cannot be known, and their names in messages would be equal.
func checkMembers(members []*Member) error {
	seen := make(map[string]bool, len(members))
	for _, m := range members {
		name := memberName(m.entry.Name)
		if seen[name] {
			return fmt.Errorf("zip archive %w: two members are named %s", ErrCorrupt, quote(name))
		}
		seen[name] = true
	}
	return nil
}

// officeFile returns the error for an archive that is a file of an office
// program, or nil.
func officeFile(members []ziparchive.Member) error {
	names := make(map[string]bool, len(members))
	for _, m := range members {
		names[m.Name] = true
	}
	switch {
	case names["[Content_Types].xml"] && names["xl/workbook.xml"], names["xl/workbook.bin"]:
		return &FormatError{"an Excel workbook (xlsx)", "convert a sheet, such as with: xlsx2csv FILE | fastcount -; or save it as CSV"}
	case names["[Content_Types].xml"]:
		return &FormatError{"an Office document", "save the data as CSV, and count that"}
	case names["content.xml"] && names["mimetype"]:
		return &FormatError{"an OpenDocument file", "save the data as CSV, and count that"}
	}
	return nil
}

// errNoMember returns the error for an archive of which no member is a source.
func errNoMember(patterns []memberPattern, leftOut []string) error {
	var texts []string
	for _, p := range patterns {
		texts = append(texts, p.text)
	}
	what := "the archive has no members"
	if n := len(leftOut); n == 1 {
		what = "its only member is " + quote(leftOut[0])
	} else if n > 1 {
		what = fmt.Sprintf("the first of its %d members is %s", n, quote(leftOut[0]))
	}
	return mark(ErrNoMember, mark(ErrNotFound, fmt.Errorf("no member matches %s: %s", strings.Join(texts, " or "), what)))
}
