//go:build !unix

package stdout

import "os"

// accessOf returns unknownAccess: such systems do not report it.
func accessOf(*os.File) access { return unknownAccess }
