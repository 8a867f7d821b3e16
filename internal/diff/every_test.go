package diff_test

import (
	"maps"
	"slices"
	"testing"

	"fastcount/internal/testing/proof"
)

// everyResult returns every result of two patients and two event types with
// counts up to 2.
func everyResult() (all []counts) {
	groups := []string{key("P", "a"), key("P", "b"), key("Q", "a"), key("Q", "b")}
	for code := range 3 * 3 * 3 * 3 {
		c := make(counts)
		for _, g := range groups {
			if n := code % 3; n > 0 {
				c[g] = uint64(n)
			}
			code /= 3
		}
		all = append(all, c)
	}
	return all
}

// policy is a set of rules, as the documentation describes them.
type policy struct {
	texts  []string
	rows   []func(change, old int) bool
	event  map[string][]func(change, old int) bool // by event type
	values map[string][]func(n int) bool           // such as "patients:new"
}

func any1(int) bool { return true }

// ruleNumber adds rule i of a list to a policy.
func (p *policy) ruleNumber(i int) {
	within := func(low, top int) func(change, old int) bool {
		return func(change, old int) bool { return low*old <= 100*change && 100*change <= top*old }
	}
	value := func(text, what string, f func(int) bool) {
		p.texts, p.values[what] = append(p.texts, text), append(p.values[what], f)
	}
	switch i {
	case 0:
		p.texts, p.rows = append(p.texts, "rows <= 20%"), append(p.rows, within(-20, 20))
	case 1:
		p.texts, p.rows = append(p.texts, "rows = 0%"), append(p.rows, within(0, 0))
	case 2:
		p.texts = append(p.texts, "event:a:-50%..50%")
		p.event["a"] = append(p.event["a"], within(-50, 50))
	case 3:
		p.texts = append(p.texts, "event:*:0%..100%")
		for _, e := range []string{"a", "b"} {
			p.event[e] = append(p.event[e], within(0, 100))
		}
	case 4:
		value("patients:new", "patients:new", any1)
	case 5:
		value("patients:vanished <= 1", "patients:vanished", func(n int) bool { return n <= 1 })
	case 6:
		value("patients:changed", "patients:changed", any1)
	case 7:
		value("patients:changed = 1", "patients:changed", func(n int) bool { return n == 1 })
	case 8:
		value("events:new", "events:new", any1)
	case 9:
		value("events:vanished", "events:vanished", any1)
	case 10:
		value("events:changed >= 2", "events:changed", func(n int) bool { return n >= 2 })
	}
}

const ruleNumbers = 11

// allows reports whether a policy allows all differences.
func (p *policy) allows(old, new counts) bool {
	numbers := make(map[string]int)
	changed := make(map[string]bool) // patients, and event types after a dash
	for _, c := range []counts{old, new} {
		for g := range c {
			if old[g] != new[g] {
				changed[g[:1]], changed["-"+g[2:]] = true, true
			}
		}
	}
	patients, events := [2]counts{old.by(0), new.by(0)}, [2]counts{old.by(1), new.by(1)}
	for v := range changed {
		kind, of, name := "patients:", patients, v
		if v[0] == '-' {
			kind, of, name = "events:", events, v[1:]
		}
		switch {
		case of[0][name] == 0:
			numbers[kind+"new"]++
		case of[1][name] == 0:
			numbers[kind+"vanished"]++
		default:
			numbers[kind+"changed"]++
		}
	}
	holds := func(what string) bool {
		return slices.ContainsFunc(p.values[what], func(f func(int) bool) bool { return f(numbers[what]) })
	}
	for _, what := range []string{"patients:new", "patients:vanished", "events:new", "events:vanished"} {
		if numbers[what] > 0 && !holds(what) {
			return false
		}
	}
	fits := func(rules []func(change, old int) bool, old, new uint64) bool {
		return slices.ContainsFunc(rules, func(f func(change, old int) bool) bool {
			if old == 0 {
				return new == 0
			}
			return f(int(new)-int(old), int(old))
		})
	}
	rowsFit := fits(p.rows, sum(old), sum(new))
	if len(changed) > 0 && len(p.rows) > 0 && !rowsFit {
		return false
	}
	for e, rules := range p.event {
		if changed["-"+e] && events[0][e] > 0 && events[1][e] > 0 && !fits(rules, events[0][e], events[1][e]) {
			return false
		}
	}
	for _, c := range []counts{old, new} {
		for g := range c {
			patient, event := g[:1], g[2:]
			inBoth := patients[0][patient] > 0 && patients[1][patient] > 0 && events[0][event] > 0 && events[1][event] > 0
			if old[g] != new[g] && inBoth && !rowsFit && !holds("patients:changed") && !holds("events:changed") &&
				!fits(p.event[event], events[0][event], events[1][event]) {
				return false
			}
		}
	}
	return true
}

func sum(c counts) (n uint64) {
	for _, m := range c {
		n += m
	}
	return n
}

// TestEveryPair compares every small result with every other one, applies the
// differences, and checks them against some sets of rules, a different choice
// for each pair.
func TestEveryPair(t *testing.T) {
	sets := proof.Bound(2, 40) // for each pair
	tried, next := 0, 0
	for _, old := range everyResult() {
		for _, new := range everyResult() {
			d := compare(t, 2, old, new)
			if got := apply(t, old, collect(d.GroupChanges())); !maps.Equal(got, new) {
				t.Fatalf("%v → %v: got %v", old, new, got)
			}
			for range sets {
				next = (next + 1_234_567) % (1 << ruleNumbers)
				p := policy{event: map[string][]func(change, old int) bool{}, values: map[string][]func(int) bool{}}
				for i := range ruleNumbers {
					if next>>i&1 == 1 {
						p.ruleNumber(i)
					}
				}
				exceeded := d.Check(parse(t, p.texts...))
				if want := p.allows(old, new); (len(exceeded) == 0) != want {
					t.Fatalf("%v → %v, %q: got %q, want allowed: %v", old, new, p.texts, exceeded, want)
				}
				tried++
			}
		}
	}
	proof.Cases(t, "differences", tried)
}
