package faults

import (
	"fmt"
	"log"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fastcount/internal/testing/proof"
)

// The environment variables that select schedules: the seed of the first one,
// and their number.
const (
	envSeed      = "FASTCOUNT_SIM_SEED"
	envSchedules = "FASTCOUNT_SIM_SCHEDULES"
)

// enough is a number of schedules among which every kind of fault occurs.
const enough = 2000

// TestSimulate runs schedules on all processors. If only a seed is given, it
// runs that one schedule.
func TestSimulate(t *testing.T) {
	first, one := number(t, envSeed, 1)
	n, many := number(t, envSchedules, uint64(proof.Bound(enough/10, 200_000)))
	if one && !many {
		n = 1
	}
	var next atomic.Uint64
	total := newStatistics()
	var printed strings.Builder
	log.SetOutput(&printed) // net/http prints unexpected data on connections
	defer log.SetOutput(os.Stderr)
	begin := time.Now()
	proof.Cases(t, "schedules", int(n))
	t.Run("schedules", func(t *testing.T) {
		for i := range runtime.GOMAXPROCS(0) {
			t.Run(strconv.Itoa(i), func(t *testing.T) {
				t.Parallel()
				p, dir, own := newPress(), t.TempDir(), newStatistics()
				defer total.add(own)
				for i := next.Add(1); i <= n && !t.Failed(); i = next.Add(1) {
					simulate(t, first+i-1, p, dir, own)
				}
			})
		}
	})
	if text := printed.String(); text != "" {
		t.Errorf("this was printed: %s", text)
	}
	t.Logf("%d schedules in %.1f s\n%s", n, time.Since(begin).Seconds(), total)
	if missing := total.missing(); n >= enough && len(missing) > 0 {
		t.Errorf("these never occurred: %s", strings.Join(missing, "; "))
	}
}

// number reads an environment variable.
func number(t *testing.T, name string, otherwise uint64) (n uint64, set bool) {
	text := os.Getenv(name)
	if text == "" {
		return otherwise, false
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n, true
}

// simulate runs one schedule and reports what is wrong with the result.
func simulate(t *testing.T, seed uint64, p *press, dir string, stats *statistics) {
	s := newSchedule(seed, p, dir)
	repeat := fmt.Sprintf("%s=%d go test -run TestSimulate ./internal/testing/faults", envSeed, seed)
	defer func() {
		if e := recover(); e != nil { // a goroutine that was not joined
			fmt.Fprintln(os.Stderr, repeat)
			panic(e)
		}
	}()
	hangs := time.AfterFunc(5*time.Minute, func() { panic("it hangs: " + repeat) })
	defer hangs.Stop()
	r := s.play(t)
	stats.note(s, r)
	if len(r.wrong) > 0 {
		t.Errorf("%s\n\n%s\n\n%s", strings.Join(r.wrong, "\n"), s, repeat)
	}
}

// String describes the schedule.
func (s *schedule) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "retries %d, transfers %d and %d, verify %d, partial %v, cancelled at %d in %v", s.retries, s.transfers,
		s.config.Transfers, s.verify, s.config.AllowPartial, s.cancelAt, s.cancelIn)
	for _, e := range s.endpoints() {
		fmt.Fprintf(&out, "\n%s, %d attempts expected, then %v %s:", e.path, e.expected, e.last.verdict, e.last.class)
		for _, a := range e.attempts {
			fmt.Fprintf(&out, "\n\t%s: %v %s", a.kind, a.want.verdict, a.want.class)
		}
	}
	for _, l := range s.local {
		fmt.Fprintf(&out, "\n%s: %s: %v %s", l.part.Name(), l.kind, l.want.verdict, l.want.class)
	}
	return out.String()
}
