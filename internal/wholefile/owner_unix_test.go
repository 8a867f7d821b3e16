//go:build unix

package wholefile_test

import (
	"os"
	"syscall"
	"testing"

	"fastcount/internal/wholefile"
)

// TestFileOfAnotherUserDoesNotDecideTheMode: a file that another user has put
// in the place of an output, readable for all, becomes one of mode 0600.
func TestFileOfAnotherUserDoesNotDecideTheMode(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, os.WriteFile("planted", []byte("old"), 0o600))
	must(t, os.Chmod("planted", 0o666))
	if err := os.Chown("planted", 65534, 65534); err != nil {
		t.Skipf("this user cannot give files away: %v", err)
	}
	must(t, wholefile.Replace(wholefile.OS{}, "planted", 0, write("new")))
	info, err := os.Stat("planted")
	must(t, err)
	if stat := info.Sys().(*syscall.Stat_t); info.Mode() != 0o600 || int(stat.Uid) != os.Geteuid() {
		t.Errorf("mode %v, owner %d", info.Mode(), stat.Uid)
	}
}

func TestFIFOIsWrittenDirectly(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := syscall.Mkfifo("fifo", 0o600); err != nil {
		t.Skipf("no FIFO: %v", err)
	}
	got := make(chan string)
	go func() {
		text, _ := os.ReadFile("fifo")
		got <- string(text)
	}()
	must(t, wholefile.Replace(wholefile.OS{}, "fifo", 0o644, write("x")))
	if text := <-got; text != "x" {
		t.Errorf("the reader got %q", text)
	}
	if info, err := os.Stat("fifo"); err != nil || info.Mode().Type() != os.ModeNamedPipe || info.Mode().Perm() != 0o600 {
		t.Errorf("the FIFO is %v, %v", info, err)
	}
}
