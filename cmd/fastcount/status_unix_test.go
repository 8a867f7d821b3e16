//go:build unix

package main

import (
	"bufio"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// TestStatusSignal: SIGUSR1 is answered by a line, also where the user wants quiet, and ends nothing.
func TestStatusSignal(t *testing.T) {
	cmd := exec.Command("fastcount", "-q", "--compact", "-")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stdout strings.Builder
	cmd.Stdout = &stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// More than a pipe holds: once it is taken, the program is reading.
	if _, err := stdin.Write([]byte("patient_id,event_type\n" + strings.Repeat("P1,up\n", 30_000))); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stderr).ReadString('\n')
	want := regexp.MustCompile(`^fastcount: ([\d,]+ rows, .* 0 of 1 part done|nothing is read yet), [\d.]+ MB in memory\n$`)
	if err != nil || !want.MatchString(line) {
		t.Errorf("it said %q, %v", line, err)
	}
	if err := stdin.Close(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil || stdout.String() != `{"patients":{"P1":{"up":30000}},"totals":{"up":30000}}`+"\n" {
		t.Errorf("%v, %s", err, &stdout)
	}
}
