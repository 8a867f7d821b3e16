package resources

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/sys/unix"
)

// TestSystemLimits checks that each limit that is set is found.
func TestSystemLimits(t *testing.T) {
	const limit = 1 << 45
	without := len(SystemLimits())
	for resource, name := range map[int]string{unix.RLIMIT_AS: "address space", unix.RLIMIT_DATA: "data"} {
		var old unix.Rlimit
		if err := unix.Getrlimit(resource, &old); err != nil {
			t.Fatal(err)
		}
		if old.Cur != unix.RLIM_INFINITY {
			t.Skip("there is a limit already")
		}
		if err := unix.Setrlimit(resource, &unix.Rlimit{Cur: limit, Max: old.Max}); err != nil {
			t.Fatal(err)
		}
		found := SystemLimits()
		if err := unix.Setrlimit(resource, &old); err != nil {
			t.Fatal(err)
		}
		if len(found) != without+1 {
			t.Fatalf("%s: %d limits, then %d", name, without, len(found))
		}
		l := found[0]
		if !strings.Contains(l.name, name) || l.max != limit/8*7 || l.used() < 1<<20 || l.used() > limit {
			t.Errorf("%s: limit %s, %d of %d", name, l.name, l.used(), l.max)
		}
	}
	if size, data := statm(statmSize)(), statm(statmData)(); data >= size {
		t.Errorf("%d bytes of data in %d bytes", data, size)
	}
	if n := statm(7)(); n != 0 {
		t.Errorf("a column that is not there: %d", n)
	}
}

func TestCgroupLimit(t *testing.T) {
	const v1, v2 = "sys/fs/cgroup/memory", "sys/fs/cgroup"
	for name, c := range map[string]struct {
		groups string
		files  map[string]string
		want   uint64 // 0 for none
	}{
		"none":                   {"0::/\n", nil, 0},
		"no file of groups":      {"", map[string]string{v2 + "/memory.max": "5\n"}, 0},
		"version 2":              {"0::/a/b\n", map[string]string{v2 + "/a/b/memory.max": "500\n"}, 500},
		"version 2, unlimited":   {"0::/a\n", map[string]string{v2 + "/a/memory.max": "max\n"}, 0},
		"above":                  {"0::/a/b\n", map[string]string{v2 + "/a/memory.max": "500\n", v2 + "/a/b/memory.max": "max\n"}, 500},
		"least":                  {"0::/a/b\n", map[string]string{v2 + "/a/memory.max": "500\n", v2 + "/a/b/memory.max": "900\n"}, 500},
		"namespace":              {"0::/\n", map[string]string{v2 + "/memory.max": "700\n"}, 700},
		"host's path":            {"4:memory:/docker/x\n", map[string]string{v1 + "/memory.limit_in_bytes": "700\n"}, 700},
		"version 1":              {"9:cpu,cpuacct:/\n4:hugetlb,memory:/a\n", map[string]string{v1 + "/a/memory.limit_in_bytes": "600\n"}, 600},
		"version 1, unlimited":   {"4:memory:/\n", map[string]string{v1 + "/memory.limit_in_bytes": "9223372036854771712\n"}, 0},
		"of another controller":  {"4:cpu:/\n", map[string]string{v1 + "/memory.limit_in_bytes": "600\n"}, 0},
		"both versions":          {"4:memory:/\n0::/\n", map[string]string{v1 + "/memory.limit_in_bytes": "600\n", v2 + "/memory.max": "500\n"}, 500},
		"damaged":                {"x\n0::/\n", map[string]string{v2 + "/memory.max": "5x\n"}, 0},
		"leaves the file system": {"0::/../..\n", map[string]string{v2 + "/memory.max": "500\n"}, 500},
	} {
		root := fstest.MapFS{}
		if c.groups != "" {
			root["proc/self/cgroup"] = &fstest.MapFile{Data: []byte(c.groups)}
		}
		for file, text := range c.files {
			root[file] = &fstest.MapFile{Data: []byte(text)}
		}
		if got, ok := cgroupLimit(root); ok != (c.want > 0) || ok && got != c.want {
			t.Errorf("%s: %d, %v; want %d", name, got, ok, c.want)
		}
	}
}

func TestBelowLimit(t *testing.T) {
	for _, c := range []struct{ limit, margin, want uint64 }{
		{800, 0, 700}, {800, 100, 700}, {800, 101, 699}, {800, 99, 700}, {100, 100, 0}, {100, 200, 0}, {0, 0, 0},
	} {
		if got := belowLimit(c.limit, c.margin); got != c.want {
			t.Errorf("belowLimit(%d, %d) = %d, want %d", c.limit, c.margin, got, c.want)
		}
	}
}

// TestEveryLimitIsWatched checks that exceeding any limit ends the run, and
// that reaching it does not.
func TestEveryLimitIsWatched(t *testing.T) {
	fixed := func(n uint64) func() uint64 { return func() uint64 { return n } }
	for _, c := range []struct {
		used [2]uint64
		name string // of the limit that is exceeded
	}{
		{[2]uint64{11, 0}, "first"}, {[2]uint64{0, 11}, "second"}, {[2]uint64{11, 11}, "first"}, {[2]uint64{10, 10}, ""},
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		released := make(chan struct{})
		if c.name == "" {
			close(released)
		}
		watchMemory(ctx, []MemoryLimit{{"first", fixed(c.used[0]), 10}, {"second", fixed(c.used[1]), 10}}, cancel, released)
		err := context.Cause(ctx)
		switch {
		case c.name == "" && err != nil:
			t.Errorf("%v: %v", c.used, err)
		case c.name != "" && (!errors.Is(err, ErrMemory) || !strings.Contains(err.Error(), c.name+" exceeded")):
			t.Errorf("%v: %v", c.used, err)
		}
		cancel(nil)
	}
}

// TestHeapBudget: what the runtime may hold is the least of what the limits
// leave, and never negative.
func TestHeapBudget(t *testing.T) {
	heap := FlagLimit(1 << 40)
	if got := heapBudget(heap); got != 1<<40 {
		t.Errorf("of a flag: %d", got)
	}
	others := MemoryLimit{"x", func() uint64 { return MemoryInUse() + 1<<50 }, 1<<50 + 1<<39}
	if got := heapBudget(append(heap, others)); got > 1<<39+1<<30 || got < 1<<39-1<<30 {
		t.Errorf("of two: %d", got)
	}
	if got := heapBudget([]MemoryLimit{{"x", others.used, 1}}); got < 0 || got > 1<<30 {
		t.Errorf("of a limit that is exceeded: %d", got)
	}
	if got := FlagLimit(0); got != nil {
		t.Errorf("a flag that is not set: %v", got)
	}
}
