package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"fastcount/engine"
	"fastcount/sources"
)

// ErrDuplicate is matched by the error for a plan that lists an input twice.
var ErrDuplicate = errors.New("duplicate input")

// check returns the sum of the weights of entries. The error matches ErrCorrupt
// or ErrDuplicate unless a plan in a directory can have these rules and
// entries.
func check(dir string, rules Rules, entries []Entry) (total int64, err error) {
	if err := rules.check(); err != nil {
		return 0, format.Corrupt("header: %w", err)
	}
	if len(entries) == 0 {
		return 0, format.Corrupt("no entries")
	}
	listed := listing{dir: dir, files: make(map[string]string), names: make(map[string]bool), downloads: sources.DownloadSet{AllowSameIDs: rules.AllowDuplicateIDs}}
	for i := range entries {
		e := &entries[i]
		if err := e.check(); err != nil {
			return 0, format.Corrupt("line %d: not a plan entry: %w", i+2, err)
		}
		if c, _ := e.cuts(); rules.SkipFooter > 0 && c != nil && !c.Whole {
			return 0, format.Corrupt("line %d: not a plan entry: to be split, although its last rows are skipped", i+2)
		}
		if total > math.MaxInt64-e.Weight {
			return 0, format.Corrupt("line %d: weights too large to add up", i+2)
		}
		total += e.Weight
		if err := listed.add(e); err != nil {
			return 0, err
		}
	}
	return total, nil
}

// check returns an error unless an input can be counted by the rules.
func (r Rules) check() error {
	for _, text := range append(slices.Clone(r.Names), r.Delimiter, r.Comment) {
		if !utf8.ValidString(text) {
			return fmt.Errorf("%w: dialect is not valid UTF-8", ErrUnplannable)
		}
	}
	for _, k := range r.By {
		if !utf8.ValidString(k.Name) || !k.Column.valid() {
			return fmt.Errorf("%w: key column is not valid UTF-8", ErrUnplannable)
		}
	}
	if (r.Patient != Column{} || r.Event != Column{}) && r.By != nil {
		return errors.New("key columns are chosen in two ways")
	}
	var cfg engine.Config
	r.Config(&cfg)
	return cfg.Validate()
}

// valid reports whether the names in c are valid UTF-8.
func (c Column) valid() bool {
	return utf8.ValidString(c.Name) && utf8.ValidString(c.Fact) && (c.Or == nil || c.Or.valid())
}

// check returns an error unless the entry is well formed.
func (e *Entry) check() error {
	switch {
	case e.inputs() != 1:
		return errors.New("want a file, a URL or a download")
	case e.Weight < 1:
		return errors.New("weight less than 1")
	case e.File != nil:
		return e.File.check(e.Weight)
	case e.URL != nil:
		return e.URL.check(e.Weight)
	}
	return e.Download.check()
}

// inputs returns the number of inputs of the entry.
func (e *Entry) inputs() (n int) {
	for _, is := range []bool{e.File != nil, e.URL != nil, e.Download != nil} {
		if is {
			n++
		}
	}
	return n
}

func (f *File) check(weight int64) error {
	switch {
	case f.Path == "":
		return errors.New("file without a path")
	case f.Size < 0:
		return errors.New("negative size")
	case !isDigest(f.Digest):
		return errors.New("file without a digest")
	case f.Member != "" && !f.Whole:
		return errors.New("member of an archive that can be split")
	}
	return f.Cuts.check(f.Size, weight)
}

func (u *URL) check(weight int64) error {
	switch {
	case u.Name == "":
		return errors.New("URL without a name")
	case u.Size < 0:
		return errors.New("negative size")
	case !u.Whole && (u.Size == 0 || u.Validator == ""):
		return errors.New("URL to be split without a size or a validator")
	}
	return u.Cuts.check(u.Size, weight)
}

func (c *Cuts) check(size, weight int64) error {
	switch {
	case c.Whole && (c.Scanned || len(c.Boundaries) > 0):
		return errors.New("boundaries in an entry that cannot be split")
	case c.Whole:
		return nil
	case weight != max(1, size):
		return errors.New("weight differs from size")
	case len(c.Boundaries) > 0 && !c.Scanned:
		return errors.New("boundaries in an entry that was not scanned")
	}
	last := int64(0)
	for _, at := range c.Boundaries {
		if at <= last || at >= size {
			return errors.New("boundaries out of order or outside the entry")
		}
		last = at
	}
	return nil
}

// isDigest reports whether text is what sources.File.Digest returns.
func isDigest(text string) bool {
	sum, err := hex.DecodeString(text)
	return err == nil && len(sum) == sha256.Size && strings.ToLower(text) == text
}

func (d *Download) check() error {
	if d.Export == "" || d.ID == "" {
		return errors.New("download without an id")
	}
	if d.Server == "" {
		return nil // the built-in mock server
	}
	c, err := sources.NewClient(sources.Options{Server: d.Server})
	if err != nil {
		return err
	}
	defer c.Close()
	if c.Server() != d.Server {
		return errors.New("server URL is not in normal form")
	}
	return nil
}

// listing finds inputs that are listed twice, possibly in different spellings.
type listing struct {
	dir       string
	files     map[string]string // listed paths, by normal form
	names     map[string]bool   // of URLs
	downloads sources.DownloadSet
	server    *string // of all downloads
}

func (l *listing) add(e *Entry) error {
	switch {
	case e.File != nil:
		return l.addFile(e.File)
	case e.URL != nil:
		return l.addURL(e.URL)
	}
	d := e.Download
	if l.server == nil {
		l.server = &d.Server
	}
	if d.Server != *l.server {
		return format.Corrupt("downloads of two servers")
	}
	if err := l.downloads.Add(d.Server, d.Export, d.ID); err != nil {
		return fmt.Errorf("%w: %w", ErrDuplicate, err)
	}
	return nil
}

// addURL adds a URL. Its name must differ from all others, because merging
// recognises its byte ranges by their name.
func (l *listing) addURL(u *URL) error {
	client, err := sources.NewClient(sources.Options{})
	if err != nil {
		return err
	}
	defer client.Close()
	part, err := client.URL(u.URL, u.Name)
	if err != nil {
		return format.Corrupt("%s: %w", u.Name, err)
	}
	err = l.downloads.AddURL(part)
	if _, listed := l.names[u.Name]; err == nil && listed {
		err = errors.New(u.Name)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDuplicate, err)
	}
	l.names[u.Name] = true
	return nil
}

func (l *listing) addFile(f *File) error {
	path, normal := f.Path, inDirectory(l.dir, f.Path)
	if f.Member != "" {
		path, normal = path+"/"+f.Member, normal+"\x00"+f.Member
	}
	known, listed := l.files[normal]
	switch {
	case listed && known == path:
		return fmt.Errorf("%w: %s", ErrDuplicate, path)
	case listed:
		return fmt.Errorf("%w: %s and %s are the same file", ErrDuplicate, known, path)
	}
	l.files[normal] = path
	return nil
}

// inDirectory returns a path that may be relative to a directory.
func inDirectory(dir, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}
