//go:build !unix

package atomicfile

import "io/fs"

// ownedByUser returns true, because files have no modes.
func ownedByUser(fs.FileInfo) bool { return true }
