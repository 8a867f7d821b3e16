//go:build !unix

package sources

import "io/fs"

// fileNumber says that files have no number that info tells.
func fileNumber(fs.FileInfo) (uint64, bool) { return 0, false }
