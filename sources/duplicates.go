package sources

import (
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"fastcount/internal/filename"
	"fastcount/internal/weburl"
)

// inputSet detects inputs that are named twice, under the same or another name.
// Its errors match [ErrArgument].
type inputSet struct {
	names map[string]string // by key
	files map[fileKey][]namedFile
	paths []string // of all files
}

// add rejects a key that was added before. The error holds only the names.
func (s *inputSet) add(key, name string) error {
	if s.names == nil {
		s.names = make(map[string]string)
	}
	known, ok := s.names[key]
	switch {
	case !ok:
		s.names[key] = name
		return nil
	case known == name:
		return mark(ErrArgument, fmt.Errorf("%s is named twice", name))
	}
	return mark(ErrArgument, fmt.Errorf("%s and %s are the same URL", known, name))
}

// addURL rejects a URL that is equal to one added before after normalization.
func (s *inputSet) addURL(u *url.URL, name string) error { return s.add("url "+weburl.Normal(u), name) }

// fileKey is equal for all names of one file. Only files with equal keys are
// compared.
type fileKey struct {
	size, modified int64
}

type namedFile struct {
	info fs.FileInfo
	name string
}

// addFile rejects a file that was added before, even under another name.
func (s *inputSet) addFile(info fs.FileInfo, name string) error {
	if s.files == nil {
		s.files = make(map[fileKey][]namedFile)
	}
	var key fileKey // a pipe or a device has no size, and its time changes
	if info.Mode().IsRegular() {
		key = fileKey{info.Size(), info.ModTime().UnixNano()}
	}
	for _, known := range s.files[key] {
		if os.SameFile(known.info, info) {
			return mark(ErrArgument, fmt.Errorf("%s and %s are the same file", known.name, name))
		}
	}
	s.files[key] = append(s.files[key], namedFile{info, name})
	return nil
}

// addPath adds a file, and its path for checkForms.
func (s *inputSet) addPath(info fs.FileInfo, path string) error {
	s.paths = append(s.paths, path)
	return s.addFile(info, path)
}

// checkForms rejects two files in one directory whose names differ only in the
// suffix of a compressed file. To save system calls, directories are compared
// only for names that occur with different suffixes.
func (s *inputSet) checkForms() error {
	all := uint(0) // a bit for each form that occurs
	for _, path := range s.paths {
		_, form := filename.CutCompressed(filepath.Base(path))
		all |= 1 << form
	}
	if all&(all-1) == 0 {
		return nil
	}
	forms := make(map[string]uint, len(s.paths)) // likewise, by stem
	for _, path := range s.paths {
		stem, form := filename.CutCompressed(filepath.Base(path))
		forms[stem] |= 1 << form
	}
	known := make(map[string]string) // path by stem, in its real directory
	for _, path := range s.paths {
		stem, _ := filename.CutCompressed(filepath.Base(path))
		if n := forms[stem]; n&(n-1) == 0 {
			continue
		}
		place := filepath.Join(realDir(path), stem)
		if other, ok := known[place]; ok {
			return mark(ErrTwoForms, mark(ErrArgument, fmt.Errorf("%s and %s are two forms of one file", other, path)))
		}
		known[place] = path
	}
	return nil
}

// realDir returns the real path of the directory of a file.
func realDir(path string) string {
	dir, err := filepath.Abs(filepath.Dir(path))
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err != nil {
		return filepath.Dir(path) // a missing directory is reported when the file is read
	}
	return dir
}

// DownloadSet finds downloads that would be counted twice: a download id that
// two exports of one server list, or a URL that is the URL of a download. The
// zero value is an empty set.
type DownloadSet struct {
	// AllowSameIDs permits one id in several exports, for servers whose
	// download ids are unique only within an export.
	AllowSameIDs bool

	exports map[[2]string]string // by server and download id
	urls    inputSet
}

// Add adds a download of an export. If another export lists the same download,
// the error matches [ErrArgument] and names both exports. The server is the
// base URL of the API or any other string that identifies it.
func (s *DownloadSet) Add(server, export, id string) error {
	name := "download " + export + "/" + id
	u, err := parseServer(server)
	if err == nil {
		server = strings.TrimRight(weburl.Normal(u), "/")
	}
	if err := s.addID(server, export, id); err != nil {
		return err
	}
	if u == nil {
		return nil
	}
	return s.urls.addURL(u.JoinPath("api", "export", export, id, "data"), name)
}

func (s *DownloadSet) addID(server, export, id string) error {
	key := [2]string{server, id}
	if s.AllowSameIDs {
		key[1] = export + "/" + id
	}
	if s.exports == nil {
		s.exports = make(map[[2]string]string)
	}
	switch known, ok := s.exports[key]; {
	case !ok:
		s.exports[key] = export
		return nil
	case known == export:
		return mark(ErrArgument, fmt.Errorf("download %s/%s is named twice", export, id))
	default:
		return mark(ErrArgument, fmt.Errorf("download %s: listed by the exports %s and %s", id, known, export))
	}
}

// AddURL adds a URL. The error matches [ErrArgument] if it is the URL of a
// download.
func (s *DownloadSet) AddURL(u *URL) error { return s.urls.addURL(u.url, weburl.Public(u.url)) }

// SimilarURLs returns groups of names of sources whose URLs differ only in
// repeated slashes or an empty query. Most servers return the same content for
// them. Each group has at least two names.
func SimilarURLs(found []Source) (groups [][]string) {
	index := make(map[string]int)
	for _, s := range found {
		if s.Kind != KindURL {
			continue
		}
		u, err := parseURL(s.Value)
		if err != nil {
			continue // Resolve returns no such source
		}
		key := weburl.Similar(u)
		i, ok := index[key]
		if !ok {
			i = len(groups)
			index[key] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], s.Name)
	}
	return slices.DeleteFunc(groups, func(names []string) bool { return len(names) < 2 })
}
