package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// interrupted says that a signal told the program to stop.
type interrupted struct{ signal os.Signal }

func (i interrupted) Error() string {
	if i.signal == os.Interrupt {
		return "interrupted"
	}
	return "terminated"
}

// code is what a shell reports for a program that the signal ended.
func (i interrupted) code() int {
	if i.signal == os.Interrupt {
		return exitInterrupted
	}
	return exitTerminated
}

// catchSignals calls stop at the first SIGINT or SIGTERM and ends the program at the second. A signal that the program
// was started to ignore, as a shell does with jobs in the background, stays ignored. A write to a closed pipe becomes
// an error, so that temporary files are removed before the program ends. Signals that ask for the status go to asked.
// The returned function undoes all of this.
func catchSignals(stop context.CancelCauseFunc, asked chan<- os.Signal) (release func()) {
	signals := make(chan os.Signal, 2)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		if !signal.Ignored(s) {
			signal.Notify(signals, s)
		}
	}
	brokenPipes := make(chan os.Signal, 1)
	signal.Notify(brokenPipes, syscall.SIGPIPE)
	if len(statusSignals) > 0 { // of none, Notify would make all
		signal.Notify(asked, statusSignals...)
	}

	released := make(chan struct{})
	go func() {
		first := true
		for {
			select {
			case s := <-signals:
				if !first {
					os.Exit(interrupted{s}.code())
				}
				first = false
				stop(interrupted{s})
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
