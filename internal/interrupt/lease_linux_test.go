package interrupt

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestLease: a file on which there is a lease, as a file server takes them, is
// opened once the lease is given up.
func TestLease(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.csv")
	check(t, os.WriteFile(path, nil, 0o600))
	holder, err := os.OpenFile(path, os.O_WRONLY, 0)
	check(t, err)
	if _, err := unix.FcntlInt(holder.Fd(), unix.F_SETLEASE, unix.F_WRLCK); err != nil {
		t.Skipf("no leases: %v", err)
	}
	time.AfterFunc(50*time.Millisecond, func() { check(t, holder.Close()) })
	file, err := Open(path)
	check(t, err)
	check(t, file.Close())
}
