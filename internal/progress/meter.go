package progress

import (
	"time"

	"fastcount/engine"
)

// meter makes views of a run out of snapshots of its progress.
type meter struct {
	begin    time.Time
	expected []uint64 // bytes of each part at its source, 0 where that is not known
	attempts []attempt
}

// attempt is since when a part has been at the attempt that it is at.
type attempt struct {
	number int
	begin  time.Time
}

func newMeter(begin time.Time, expected []uint64) *meter {
	return &meter{begin: begin, expected: expected, attempts: make([]attempt, len(expected))}
}

// view is what people are shown of a run at one moment.
type view struct {
	elapsed time.Duration
	total   gauge
	parts   []gauge // those being read or waiting to be tried again
	count   int     // parts of the run
	done    int     // of them
	failed  int     // of them
	retries int     // of all parts so far
}

// gauge is how far something has come.
type gauge struct {
	name     string
	rows     uint64
	declared uint64        // rows; 0 where nothing was declared
	fraction float64       // done, from 0 to 1; negative where the whole is not known
	kept     uint64        // of rows: those that an earlier run had counted
	begun    float64       // of fraction: what an earlier run had done
	elapsed  time.Duration // since it began
	attempt  int
	pausing  bool // between two attempts
}

// rate returns rows per second.
func (g gauge) rate() float64 {
	if g.elapsed <= 0 {
		return 0
	}
	return float64(g.rows-g.kept) / g.elapsed.Seconds()
}

// eta returns how long the rest takes at the same pace, and whether that can be said.
func (g gauge) eta() (time.Duration, bool) {
	done := g.fraction - g.begun
	if done <= 0 || g.pausing || g.elapsed < time.Second {
		return 0, false
	}
	return time.Duration(float64(g.elapsed) * (1 - g.fraction) / done), true
}

// look returns the view of a snapshot that was taken now.
func (m *meter) look(snapshot []engine.PartProgress, now time.Time) view {
	v := view{elapsed: now.Sub(m.begin), count: len(snapshot)}
	v.total = gauge{name: "total", elapsed: v.elapsed}
	var sum, kept whole
	for i, p := range snapshot {
		m.note(i, p.Attempt, now)
		v.add(p, sum.add(p, m.expected[i]), now.Sub(m.attempts[i].begin))
		if !p.Kept {
			p.Rows, p.RawBytes = 0, 0
		}
		kept.add(p, m.expected[i])
	}
	v.total.declared = sum.declared
	v.total.fraction = sum.fraction()
	v.total.begun = max(kept.fraction(), 0)
	return v
}

// note remembers when an attempt was first seen.
func (m *meter) note(part, number int, now time.Time) {
	if a := &m.attempts[part]; a.number != number {
		*a = attempt{number, now}
	}
}

func (v *view) add(p engine.PartProgress, fraction float64, elapsed time.Duration) {
	v.total.rows += p.Rows
	if p.Kept {
		v.total.kept += p.Rows
	}
	v.retries += max(p.Attempt-1, 0)
	switch p.State {
	case engine.Done:
		v.done++
	case engine.Failed:
		v.failed++
	case engine.Running, engine.Pausing:
		v.parts = append(v.parts, gauge{
			name: p.Name, rows: p.Rows, declared: p.Declared, fraction: fraction, elapsed: elapsed,
			attempt: p.Attempt, pausing: p.State == engine.Pausing,
		})
	}
}

// whole adds up parts of which either rows are declared or bytes are known. Where some parts have only the one and
// some only the other, or neither, there is no whole.
type whole struct {
	parts, declaring, sized int
	rows, declared          uint64
	bytes, expected         uint64
}

// add takes a part into account and returns the fraction of it that is done, negative where that is not known.
func (w *whole) add(p engine.PartProgress, expected uint64) float64 {
	w.parts++
	switch {
	case p.Declared > 0:
		w.declaring++
		w.rows += p.Rows
		w.declared += p.Declared
		return fraction(p.Rows, p.Declared)
	case expected > 0:
		w.sized++
		w.bytes += p.RawBytes
		w.expected += expected
		return fraction(p.RawBytes, expected)
	}
	return -1
}

func (w *whole) fraction() float64 {
	switch w.parts {
	case 0:
		return -1
	case w.declaring:
		return fraction(w.rows, w.declared)
	case w.sized:
		return fraction(w.bytes, w.expected)
	}
	return -1
}

func fraction(part, whole uint64) float64 {
	return min(float64(part)/float64(whole), 1)
}
