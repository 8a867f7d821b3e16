//go:build unix

package filter

import (
	"os"
	"os/exec"
	"syscall"
)

// ownGroup makes the command the leader of a process group. It is not that of
// the terminal, so the command cannot read from it.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// killGroup kills the group of which p, which was not yet waited for, is the
// leader.
func killGroup(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }
