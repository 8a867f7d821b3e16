package resources

import (
	"bytes"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Least distances from the limits of the system. The runtime reserves addresses
// in steps of 64 MiB, and each thread takes 8 MiB.
const (
	addressMargin = 128 << 20
	dataMargin    = 64 << 20
)

// SystemLimits returns the limits that the system sets to the memory of this
// process.
func SystemLimits() (limits []MemoryLimit) {
	if n, ok := resourceLimit(unix.RLIMIT_AS); ok {
		limits = append(limits, MemoryLimit{"address space limit (ulimit -v)", statm(statmSize), belowLimit(n, addressMargin)})
	}
	if n, ok := resourceLimit(unix.RLIMIT_DATA); ok {
		limits = append(limits, MemoryLimit{"data limit (ulimit -d)", statm(statmData), belowLimit(n, dataMargin)})
	}
	if n, ok := cgroupLimit(os.DirFS("/")); ok {
		limits = append(limits, MemoryLimit{"memory limit of the control group", MemoryInUse, belowLimit(n, 0)})
	}
	return limits
}

// resourceLimit returns a limit of this process. It reports whether there is
// one.
func resourceLimit(resource int) (uint64, bool) {
	var r unix.Rlimit
	if unix.Getrlimit(resource, &r) != nil || r.Cur == unix.RLIM_INFINITY {
		return 0, false
	}
	return r.Cur, true
}

// Columns of /proc/self/statm, which are in pages: proc(5).
const (
	statmSize = 0
	statmData = 5
)

// statm returns a function that returns a column of /proc/self/statm in bytes,
// or 0 if it cannot be read.
func statm(column int) func() uint64 {
	return func() uint64 {
		text, err := os.ReadFile("/proc/self/statm")
		fields := bytes.Fields(text)
		if err != nil || len(fields) <= column {
			return 0
		}
		pages, _ := strconv.ParseUint(string(fields[column]), 10, 64)
		return pages * uint64(os.Getpagesize())
	}
}

// noLimit is the smallest number that means no limit. Version 1 of control
// groups represents that by a large number.
const noLimit = 1 << 62

// cgroupLimit returns the least memory limit of the control groups of this
// process. It reports whether there is one. root is the file system.
func cgroupLimit(root fs.FS) (uint64, bool) {
	least := uint64(noLimit)
	groups, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(groups)) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(fields) != 3 {
			continue
		}
		switch controllers := strings.Split(fields[1], ","); {
		case fields[0] == "0":
			least = min(least, leastLimit(root, "sys/fs/cgroup", fields[2], "memory.max"))
		case slices.Contains(controllers, "memory"):
			least = min(least, leastLimit(root, "sys/fs/cgroup/memory", fields[2], "memory.limit_in_bytes"))
		}
	}
	return least, least < noLimit
}

// leastLimit returns the least number in the files called name of a group and
// of those above it, or noLimit. In a container the groups of the
// host may be missing from the path.
func leastLimit(root fs.FS, mount, group, name string) uint64 {
	least := uint64(noLimit)
	for dir := path.Join("/", group); ; dir = path.Dir(dir) {
		text, err := fs.ReadFile(root, path.Join(mount, dir, name))
		if n, parseErr := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64); err == nil && parseErr == nil {
			least = min(least, n)
		}
		if dir == "/" {
			return least
		}
	}
}
