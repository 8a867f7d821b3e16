// Package resources bounds and measures what the process takes from the system:
// memory, file descriptors and processor time.
package resources

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"fastcount/internal/human"
)

// ErrMemory is matched by the error for a memory limit that is exceeded.
var ErrMemory = errors.New("memory limit exceeded")

// memoryInterval is the time between two measurements while there is a limit. A
// measurement takes about a microsecond.
const memoryInterval = 2 * time.Millisecond

// MemoryLimit bounds the memory of this process.
type MemoryLimit struct {
	name string        // of the flag or of the system's limit
	used func() uint64 // returns the bytes that count towards the limit
	max  uint64        // bytes above which the run ends
}

// MemoryError is the error for a limit that is exceeded. It matches ErrMemory.
type MemoryError struct {
	limit MemoryLimit
	used  uint64
}

func (e *MemoryError) Error() string {
	return fmt.Sprintf("%s exceeded: %s in use, %s allowed", e.limit.name, human.Bytes(e.used), human.Bytes(e.limit.max))
}

func (e *MemoryError) Is(target error) bool { return target == ErrMemory }

// FlagLimit returns the limit of --max-memory, if it is set.
func FlagLimit(limit uint64) []MemoryLimit {
	if limit == 0 {
		return nil
	}
	return []MemoryLimit{{"--max-memory", MemoryInUse, limit}}
}

// belowLimit returns the number of bytes above which a run ends if the limit of
// the system is limit: an eighth less, and at least margin. The Go runtime
// takes memory in large steps, and ends the program with code 2, which is that
// of a usage error, if the system refuses one.
func belowLimit(limit, margin uint64) uint64 {
	margin = max(limit/8, margin)
	return max(limit, margin) - margin
}

// LimitMemory calls stop with a *MemoryError when this process holds more
// memory than one of the limits allows, until the returned function is called.
// Above nine tenths of a limit the runtime collects garbage more often, so that
// memory beyond the limit is really in use. A table that doubles takes its new
// memory in one step, so that for a moment the process may hold up to twice the
// limit.
func LimitMemory(ctx context.Context, limits []MemoryLimit, stop context.CancelCauseFunc) (release func()) {
	if len(limits) == 0 {
		return func() {}
	}
	old := debug.SetMemoryLimit(-1)
	debug.SetMemoryLimit(min(old, heapBudget(limits)/10*9))
	released, ended := make(chan struct{}), make(chan struct{})
	checkMemory(limits, stop) // before anything begins
	go func() {
		defer close(ended)
		watchMemory(ctx, limits, stop, released)
	}()
	return func() {
		close(released)
		<-ended
		debug.SetMemoryLimit(old)
	}
}

// heapBudget returns the number of bytes that the runtime may hold under all
// limits. It takes other memory that counts towards a limit as constant.
func heapBudget(limits []MemoryLimit) int64 {
	budget := uint64(math.MaxInt64)
	for _, l := range limits {
		inUse, used := MemoryInUse(), l.used()
		others := max(used, inUse) - inUse
		budget = min(budget, max(l.max, others)-others)
	}
	return int64(budget)
}

func watchMemory(ctx context.Context, limits []MemoryLimit, stop context.CancelCauseFunc, released <-chan struct{}) {
	ticker := time.NewTicker(memoryInterval)
	defer ticker.Stop()
	for {
		if checkMemory(limits, stop) {
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

// checkMemory calls stop if a limit is exceeded, and reports whether it did.
func checkMemory(limits []MemoryLimit, stop context.CancelCauseFunc) bool {
	for _, l := range limits {
		if used := l.used(); used > l.max {
			stop(&MemoryError{l, used})
			return true
		}
	}
	return false
}

// MemoryInUse returns the number of bytes that the runtime has taken from the
// system and not returned, which is what debug.SetMemoryLimit limits. It does
// not include the text of the program.
func MemoryInUse() uint64 {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	return samples[0].Value.Uint64() - samples[1].Value.Uint64()
}
