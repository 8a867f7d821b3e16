package faults

import (
	"context"
	"maps"
	"slices"
	"sync"

	"fastcount/engine"
	"fastcount/internal/testing/simnet"
)

// keptParts is a store of finished parts in memory.
type keptParts struct {
	mu   sync.Mutex
	kept map[int]*engine.Report
}

func (k *keptParts) Load(yield func([]int, *engine.Report) bool) {
	for part, r := range k.kept {
		if !yield([]int{part}, r) {
			return
		}
	}
}

func (k *keptParts) Save(part int, r *engine.Report) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.kept[part] = r
	return nil
}

// checkKept checks that exactly the complete parts were kept.
func checkKept(k *keptParts, outcomes []outcome, r *result) {
	var want []int
	for i, o := range outcomes {
		if o.want.verdict == fine {
			want = append(want, i)
		}
	}
	if got := slices.Sorted(maps.Keys(k.kept)); !slices.Equal(got, want) {
		r.wrongf("the parts %v were kept, want %v", got, want)
	}
}

// resume runs a cancelled schedule again, without faults and with the parts
// that were kept. The report must be exact, and parts that were kept must not
// be requested again.
func (s *schedule) resume(ctx context.Context, network *simnet.Network, r *result) {
	before := s.outcomes()
	kept := maps.Clone(s.store.kept)
	s.heal()
	s.step, s.odds = nil, nil
	report, err := s.run(ctx, network, r)
	if err != nil {
		r.wrongf("resumed, it failed: %v", err)
		return
	}
	outcomes := s.outcomes()
	for i := range outcomes {
		if kept[i] != nil {
			outcomes[i] = before[i]
			outcomes[i].kept = true
		}
		asked := len(slices.Concat(s.data, s.urls)[i].asked)
		if (asked == 0) != outcomes[i].kept {
			r.wrongf("resumed, %s was asked for %d times; it was kept: %v", outcomes[i].name, asked, outcomes[i].kept)
		}
	}
	checkReport(report, outcomes, r)
	r.wrong = append(r.wrong, s.odds...)
	r.resumed = len(kept) > 0
}

// heal removes all faults: it keeps only the last, correct attempt of each
// question, and correct metadata.
func (s *schedule) heal() {
	for _, e := range s.endpoints() {
		e.attempts = e.attempts[len(e.attempts)-1:]
		e.asked = nil
	}
	for i, e := range s.data {
		e.question = s.dataQuestion(i, s.downloads[i].declared)
		raw := e.attempts[0].want.raw
		e.attempts[0].want = e.judge(e.truth)
		e.attempts[0].want.raw = raw
	}
	for _, e := range s.endpoints() {
		e.expected, e.last, e.bound = play(e.attempts, s.retries, e.on == onList)
	}
}
