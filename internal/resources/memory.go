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

// ErrMemory is matched by the error for a limit of memory that is reached.
var ErrMemory = errors.New("memory limit exceeded")

// memoryInterval is how often the memory is looked at while there is a limit. A
// look takes about a microsecond.
const memoryInterval = 2 * time.Millisecond

// MemoryLimit bounds the memory of this process.
type MemoryLimit struct {
	name string        // of the flag or of the system's limit
	used func() uint64 // bytes that count towards it
	max  uint64        // bytes at which the run ends
}

// MemoryError is the error for a limit that is reached. It matches ErrMemory.
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

// belowLimit returns the number of bytes at which a run ends that the system
// would end at limit: an eighth below, and at least margin. The runtime takes
// memory in large steps, and where it gets none it ends the program with code
// 2, which is that of a usage error.
func belowLimit(limit, margin uint64) uint64 {
	margin = max(limit/8, margin)
	return max(limit, margin) - margin
}

// LimitMemory ends the run, by stop, once this process holds more memory than
// one of the limits allows, until the returned function is called. From nine
// tenths of a limit on, the runtime collects garbage more often to stay below
// it; what exceeds the limit then is in use. A table that doubles takes its new
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

// heapBudget returns how many bytes the runtime may hold under all limits. What
// counts towards a limit and is not the runtime's is taken as constant.
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

// MemoryInUse returns the bytes that the runtime has from the system and has
// not given back: what debug.SetMemoryLimit limits. The text of the program
// itself is not among them.
func MemoryInUse() uint64 {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	return samples[0].Value.Uint64() - samples[1].Value.Uint64()
}
