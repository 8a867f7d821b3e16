package cli

import (
	"cmp"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// FilesWith returns the names of the files and directories that begin with
// typed; a directory ends in a separator. Hidden ones are left out unless typed
// has their dot.
func FilesWith(typed string) (names []string) {
	dir, base := filepath.Split(typed)
	entries, err := os.ReadDir(cmp.Or(dir, "."))
	if err != nil {
		return nil // the directory may not exist yet
	}
	for _, e := range entries {
		name := e.Name()
		if !strings.HasPrefix(name, base) || base == "" && name[0] == '.' {
			continue
		}
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.IsDir() {
			name += string(os.PathSeparator)
		}
		names = append(names, dir+name)
	}
	return names
}

// ReadFile returns at most the first limit bytes of a file.
func ReadFile(name string, limit int64) (text []byte, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return io.ReadAll(io.LimitReader(f, limit))
}
