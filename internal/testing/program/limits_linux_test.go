package program

import (
	"fmt"
	"syscall"
	"testing"
)

// TestConnectTimeout connects to a socket whose queue is full, for which Linux
// drops connection requests.
func TestConnectTimeout(t *testing.T) {
	address := fullSocket(t)
	checkRun(t, exitRetries, "--connect-timeout", "--retries", "0", "--connect-timeout", "50ms", "http://"+address+"/a.csv")
}

// fullSocket returns the address of a socket that accepts no connection.
func fullSocket(t *testing.T) (address string) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	address = fmt.Sprintf("127.0.0.1:%d", name.(*syscall.SockaddrInet4).Port)
	connected := 0
	for range 10 {
		client, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = syscall.Close(client) })
		if err := syscall.Connect(client, name); err != nil && err != syscall.EINPROGRESS {
			t.Fatal(err)
		}
		if _, err := syscall.Getpeername(client); err == nil {
			connected++
		}
	}
	if connected == 10 {
		t.Skip("the queue of this system is never full")
	}
	return address
}
