package filter_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// TestMain makes the test binary serve as the command of the tests if its first
// argument is "helper".
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "helper" {
		os.Exit(helper(os.Args[2], os.Args[3:]))
	}
	os.Setenv("GORACE", "atexit_sleep_ms=0") // or helpers take a second to exit
	goleak.VerifyTestMain(m)
}

// systemHelpers are the helpers that not every system has.
var systemHelpers = map[string]func(args []string) int{}

// helper behaves according to kind and returns the exit status.
func helper(kind string, args []string) int {
	if run := systemHelpers[kind]; run != nil {
		return run(args)
	}
	switch kind {
	case "cat":
		io.Copy(os.Stdout, os.Stdin)
	case "print": // ignores its input
		fmt.Print(args[0])
	case "fail": // writes output first
		io.Copy(os.Stdout, os.Stdin)
		fmt.Fprint(os.Stderr, args[0])
		return 3
	case "env":
		fmt.Print(os.Getenv("FASTCOUNT_TOKEN"), os.Getenv("OTHER"))
	case "hang": // reads nothing
		time.Sleep(time.Hour)
	case "slurp": // reads everything, then hangs
		io.Copy(io.Discard, os.Stdin)
		time.Sleep(time.Hour)
	case "close": // ends its output, then hangs
		os.Stdout.Close()
		time.Sleep(time.Hour)
	case "child": // leaves a process that holds its output and its group
		child := exec.Command(os.Args[0], "helper", "hang")
		child.Stdout, child.Stderr = os.Stdout, os.Stderr
		child.Start()
		fmt.Println(child.Process.Pid)
	case "child-hang":
		child := exec.Command(os.Args[0], "helper", "hang")
		child.Start()
		fmt.Println(child.Process.Pid)
		time.Sleep(time.Hour)
	case "drip": // slow, but makes progress
		for range 5 {
			time.Sleep(duration(args[0]))
			fmt.Println("row")
		}
	case "sip": // takes input slowly and is silent
		buf := make([]byte, 64<<10)
		for {
			time.Sleep(duration(args[0]))
			if _, err := io.ReadFull(os.Stdin, buf); err != nil {
				fmt.Print("end")
				return 0
			}
		}
	}
	return 0
}

// duration returns the duration that an argument holds.
func duration(arg string) time.Duration {
	d, err := time.ParseDuration(arg)
	if err != nil {
		panic(err)
	}
	return d
}
