// Package signals ends a run when a signal requests it, and relays requests for
// its status.
package signals

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// Interrupted is the error of a run that a signal ended.
type Interrupted struct{ Signal os.Signal }

func (i Interrupted) Error() string {
	switch i.Signal {
	case os.Interrupt:
		return "interrupted"
	case syscall.SIGHUP:
		return "hung up"
	}
	return "terminated"
}

// Code returns the exit code that a shell reports for a program that the signal
// ended.
func (i Interrupted) Code() int {
	switch i.Signal {
	case os.Interrupt:
		return 128 + int(syscall.SIGINT)
	case syscall.SIGHUP:
		return 128 + int(syscall.SIGHUP)
	}
	return 128 + int(syscall.SIGTERM)
}

// Catch calls stop at the first SIGINT, SIGTERM or SIGHUP, with an
// [Interrupted], and ends the program at the second. A signal that was ignored
// when the program started, as by nohup or in a job that a shell runs in the
// background, stays ignored. A
// write to a closed pipe becomes an error, so that temporary files are removed
// before the program ends. Signals that request the status are sent to asked.
// The returned function undoes all of this.
func Catch(stop context.CancelCauseFunc, asked chan<- os.Signal) (release func()) {
	signals := make(chan os.Signal, 2)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			signal.Notify(signals, s)
		}
	}
	brokenPipes := make(chan os.Signal, 1)
	signal.Notify(brokenPipes, syscall.SIGPIPE)
	if len(statusSignals) > 0 { // without any, Notify would relay all signals
		signal.Notify(asked, statusSignals...)
	}

	released := make(chan struct{})
	go func() {
		first := true
		for {
			select {
			case s := <-signals:
				if !first {
					os.Exit(Interrupted{s}.Code())
				}
				first = false
				stop(Interrupted{s})
			case <-released:
				return
			}
		}
	}()
	return func() {
		signal.Stop(signals)
		signal.Stop(brokenPipes)
		signal.Stop(asked)
		close(released)
	}
}
