package faults

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// statistics counts what occurred.
type statistics struct {
	mu       sync.Mutex
	kinds    map[string]int
	outcomes map[string]int
	attempts int
}

func newStatistics() *statistics {
	return &statistics{kinds: map[string]int{}, outcomes: map[string]int{}}
}

func (s *statistics) note(played *schedule, r result) {
	for _, e := range played.endpoints() {
		s.attempts += len(e.asked)
		for i := range min(len(e.asked), len(e.attempts)) {
			if kind := e.attempts[i].kind; kind != "" {
				s.kinds[kind]++
			}
		}
	}
	for _, kind := range played.idles {
		s.kinds[kind]++
	}
	for _, l := range played.local {
		if l.kind != "" && played.data != nil {
			s.kinds[l.kind]++
		}
	}
	outcome := "succeeded"
	if r.partial {
		outcome = "succeeded, and reported what is missing"
	}
	if r.failed != "" {
		outcome = "failed: " + string(r.failed)
	}
	if r.cancelled {
		s.kinds[kindCancelled]++
	}
	if r.resumed {
		s.kinds[kindResumed]++
	}
	s.outcomes[outcome]++
}

func (s *statistics) add(o *statistics) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attempts += o.attempts
	for kind, n := range o.kinds {
		s.kinds[kind] += n
	}
	for outcome, n := range o.outcomes {
		s.outcomes[outcome] += n
	}
}

// missing returns the names of what never occurred.
func (s *statistics) missing() (names []string) {
	for _, name := range allKinds() {
		if s.kinds[name] == 0 {
			names = append(names, name)
		}
	}
	return names
}

func (s *statistics) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%8d attempts\n", s.attempts)
	for _, table := range []map[string]int{s.outcomes, s.kinds} {
		for _, name := range slices.Sorted(maps.Keys(table)) {
			fmt.Fprintf(&out, "%8d %s\n", table[name], name)
		}
	}
	return out.String()
}
