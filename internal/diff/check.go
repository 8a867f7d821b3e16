package diff

import (
	"fmt"
	"iter"
	"math/big"
	"slices"

	"fastcount/internal/human"
)

// Check returns what none of the rules allows, in words, or nil if all of it is
// allowed. Without rules, every difference is returned.
//
// The differences are, each to be allowed by at least one rule:
//
//   - a patient, which means a value of the first key column, that occurs in
//     one result alone: by patients:new or patients:vanished;
//   - an event type, which means a value of the last key column, that occurs in
//     one result alone: by events:new or events:vanished;
//   - a changed count of a group whose patient and event type occur in both
//     results: by rows, event, patients:changed or events:changed;
//   - the mark of an incomplete result: by incomplete.
//
// With a single key column, patients and events mean the same.
//
// A rule with a number applies if that holds: of all rows, for the absolute
// change of their number in percent of the old one; of patients and events, for
// the number of those that are new, vanished or changed. An event rule applies
// to the event types that match its glob, if the change of the total is within
// its range.
//
// Rules for rows and event are limits too. If there are rules for rows, the
// change of the number of all rows must fulfil one of them. If event rules
// match an event type that occurs in both results, the change of its total must
// be in the range of one of these.
func (d *Diff) Check(rules []Rule) (exceeded []string) {
	c := check{d: d, rules: rules, events: make([]verdict, len(d.last))}
	c.incomplete()
	if d.Empty() {
		return c.exceeded
	}
	c.rows()
	c.values()
	c.counts()
	return c.exceeded
}

// check gathers what rules do not allow.
type check struct {
	d        *Diff
	rules    []Rule
	events   []verdict // by the index into d.last
	exceeded []string
}

func (c *check) add(format string, args ...any) {
	c.exceeded = append(c.exceeded, fmt.Sprintf(format, args...))
}

// any reports whether one of the rules about a subject fulfils a condition.
func (c *check) any(s subject, holds func(*Rule) bool) bool {
	return slices.ContainsFunc(c.rules, func(r Rule) bool { return r.subject == s && holds(&r) })
}

func (c *check) incomplete() {
	if c.any(incompleteMark, func(*Rule) bool { return true }) {
		return
	}
	for _, s := range []Side{c.d.Old, c.d.New} {
		if len(s.Incomplete) > 0 {
			c.add("%s is incomplete", s.Name)
		}
	}
}

// rows checks the number of all rows, if there are rules for it.
func (c *check) rows() {
	all := func(*Rule) bool { return true }
	total := c.d.Rows()
	if c.any(allRows, all) && !c.any(allRows, func(r *Rule) bool { return r.rowsHold(total) }) {
		c.add("rows: %s", total)
	}
}

// values checks the values that occur in one result alone.
func (c *check) values() {
	d, last := c.d, len(c.d.Keys)-1
	columns := []struct {
		name  string
		n     Kinds
		rules []subject
	}{{d.Keys[0], d.First, []subject{patients}}, {d.Keys[last], d.Last, []subject{events}}}
	if last == 0 {
		columns = columns[:1]
		columns[0].rules = []subject{patients, events}
	}
	for _, column := range columns {
		for _, w := range []struct {
			kind string
			n    int
		}{{"new", column.n.New}, {"vanished", column.n.Vanished}} {
			if w.n > 0 && !slices.ContainsFunc(column.rules, func(s subject) bool { return c.allows(s, w.kind, w.n) }) {
				c.add("%s: %s %s", column.name, human.Count(uint64(w.n)), w.kind)
			}
		}
	}
}

// allows reports whether a rule about a subject allows n values of a kind.
func (c *check) allows(s subject, kind string, n int) bool {
	return c.any(s, func(r *Rule) bool { return r.kind == kind && r.holds(new(big.Rat).SetInt64(int64(n))) })
}

// verdict is the result of comparing an event type with the rules about it.
type verdict uint8

const (
	noRange verdict = iota // no rule is about it
	within                 // the change of its total is in a range
	outside                // the change is in none of the ranges
)

// ranges compares the change of an event type with the rules about it.
func (c *check) ranges(change Change) (result verdict) {
	for i := range c.rules {
		r := &c.rules[i]
		switch {
		case r.subject != eventTotals || !r.matches(change.Values[0]):
		case r.within(change):
			return within
		default:
			result = outside
		}
	}
	return result
}

// counts checks the changed counts of groups, and the changes of event types
// that are limited.
func (c *check) counts() {
	d := c.d
	total := d.Rows()
	covered := c.any(allRows, func(r *Rule) bool { return r.rowsHold(total) }) ||
		c.allows(patients, "changed", d.First.Changed) || c.allows(events, "changed", d.Last.Changed)
	beyond, groups := 0, 0
	for i, change := range indexed(d) {
		if change.Old == 0 || change.New == 0 {
			continue
		}
		result := c.ranges(change)
		if result == outside {
			beyond++
		}
		if len(d.Keys) > 1 {
			c.events[i] = result
		} else if !covered && result == noRange {
			groups++
		}
	}
	if len(d.Keys) > 1 && !covered {
		groups = c.uncovered()
	}
	if beyond > 0 {
		c.add("%s: %s changed by more than allowed", d.Keys[len(d.Keys)-1], human.Count(uint64(beyond)))
	}
	if groups > 0 {
		c.add("counts: %s changed", human.Count(uint64(groups)))
	}
}

// indexed yields the values of the last key column that differ.
func indexed(d *Diff) iter.Seq2[int, Change] {
	return func(yield func(int, Change) bool) {
		i := 0
		for c := range d.LastChanges() {
			if !yield(i, c) {
				return
			}
			i++
		}
	}
}

// uncovered returns the number of changed counts of groups whose first and last
// values occur in both results, and whose event type no rule is about.
func (c *check) uncovered() (n int) {
	last := len(c.d.Keys) - 2 // index into the ids of a group
	for first, g := range c.d.eachGroup() {
		event := c.d.lastOf[g.ids[last]]
		change := c.d.last[event]
		if first.Old > 0 && first.New > 0 && change.Old > 0 && change.New > 0 && c.events[event] == noRange {
			n++
		}
	}
	return n
}

// Rows returns the change of the number of all rows.
func (d *Diff) Rows() Change { return Change{nil, d.Old.Rows, d.New.Rows} }

// String returns both counts and the percentage.
func (c Change) String() string {
	return fmt.Sprintf("%s → %s (%s)", human.Count(c.Old), human.Count(c.New), c.Percent())
}
