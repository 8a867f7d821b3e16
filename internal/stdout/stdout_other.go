//go:build !unix

package stdout

import "os"

// accessOf returns unknownAccess: there is no way to find out here.
func accessOf(*os.File) access { return unknownAccess }
