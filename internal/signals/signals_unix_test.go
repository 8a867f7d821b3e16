//go:build unix

package signals

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"
)

// TestFirstSignalEndsTheContext checks that the cause has the exit code that a
// shell reports.
func TestFirstSignalEndsTheContext(t *testing.T) {
	for sig, code := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143, syscall.SIGHUP: 129} {
		heed(sig)
		ctx, stop := context.WithCancelCause(t.Context())
		release := Catch(stop, make(chan os.Signal, 1))
		send(t, sig)
		select {
		case <-ctx.Done():
		case <-time.After(time.Minute):
			t.Fatalf("%v: the context has not ended", sig)
		}
		release()
		if got, ok := errors.AsType[Interrupted](context.Cause(ctx)); !ok || got.Code() != code {
			t.Errorf("%v: cause %v, want exit code %d", sig, context.Cause(ctx), code)
		}
	}
}

// TestStatusSignal checks that a request for the status ends nothing.
func TestStatusSignal(t *testing.T) {
	ctx, stop := context.WithCancelCause(t.Context())
	asked := make(chan os.Signal, 1)
	defer Catch(stop, asked)()
	send(t, syscall.SIGUSR1)
	select {
	case <-asked:
	case <-time.After(time.Minute):
		t.Error("the request was not relayed")
	}
	if ctx.Err() != nil {
		t.Error(context.Cause(ctx))
	}
}

// heed ends that a signal is ignored, as nohup lets a test ignore SIGHUP.
func heed(sig os.Signal) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, sig)
	signal.Stop(c)
}

func send(t *testing.T, sig syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(os.Getpid(), sig); err != nil {
		t.Fatal(err)
	}
}
