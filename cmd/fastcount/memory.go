package main

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// errMemory says that --max-memory was reached.
var errMemory = errors.New("--max-memory is reached")

// memoryInterval is how often the memory is looked at while there is a limit. A look takes about a microsecond.
const memoryInterval = 2 * time.Millisecond

// limitMemory ends the run, by stop, once this process holds more memory than limit, until the returned function is
// called. Before, from nine tenths of the limit, the runtime collects garbage more often to stay below it; what is over
// the limit then is in use. A table that doubles takes its new memory in one step, so that for a moment the process may
// hold up to twice the limit.
func limitMemory(ctx context.Context, limit size, stop context.CancelCauseFunc) (release func()) {
	if limit == 0 {
		return func() {}
	}
	old := debug.SetMemoryLimit(-1)
	debug.SetMemoryLimit(min(old, int64(limit)/10*9))
	released, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		watchMemory(ctx, limit, stop, released)
	}()
	return func() {
		close(released)
		<-ended
		debug.SetMemoryLimit(old)
	}
}

func watchMemory(ctx context.Context, limit size, stop context.CancelCauseFunc, released <-chan struct{}) {
	ticker := time.NewTicker(memoryInterval)
	defer ticker.Stop()
	for {
		if used := memoryInUse(); used > uint64(limit) {
			stop(fmt.Errorf("%w: %s are in use, and %s are allowed", errMemory, humanBytes(used), humanBytes(uint64(limit))))
			return
		}
		select {
		case <-ticker.C:
		case <-released:
			return
		case <-ctx.Done():
			return
		}
	}
}

// memoryInUse returns the bytes that the runtime has from the system and has not given back: what debug.SetMemoryLimit
// limits. The text of the program itself is not among them.
func memoryInUse() uint64 {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	return samples[0].Value.Uint64() - samples[1].Value.Uint64()
}
