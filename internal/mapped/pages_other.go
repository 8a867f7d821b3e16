//go:build !linux || purego

package mapped

import "errors"

// Available reports whether this system and this build can map files.
const Available = false

const pageSize = 4096

func mapPages(int, int64, int, int) ([]byte, error) { return nil, errors.ErrUnsupported }

func canPopulate(error) bool { return false }

func unmap([]byte) error { return nil }
