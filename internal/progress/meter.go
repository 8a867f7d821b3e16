package progress

import (
	"iter"
	"time"

	"fastcount/engine"
)

// meter makes views of a run from the progress of its parts.
type meter struct {
	begin    time.Time
	expected []uint64 // bytes of each part at its source; 0 if unknown
	attempts []attempt
}

// attempt is the current attempt of a part and the time when it was first seen.
type attempt struct {
	number int
	begin  time.Time
}

func newMeter(begin time.Time, expected []uint64) *meter {
	return &meter{begin: begin, expected: expected, attempts: make([]attempt, len(expected))}
}

// view is what is shown of a run at one moment.
type view struct {
	elapsed time.Duration
	total   gauge
	parts   []gauge // those being read or waiting for another attempt
	count   int     // parts of the run
	done    int     // number of parts that are done
	failed  int     // number of parts that failed
	retries int     // attempts that were repeated so far, also of requests for metadata
}

// gauge is the progress of a part or of the whole run.
type gauge struct {
	name     string
	rows     uint64
	declared uint64        // number of rows; 0 if none was declared
	fraction float64       // done, from 0 to 1; negative if unknown
	kept     uint64        // part of rows that an earlier run counted
	begun    float64       // part of fraction that an earlier run had done
	elapsed  time.Duration // since the start
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

// eta returns how long the rest takes at the same rate. It reports whether that
// can be estimated.
func (g gauge) eta() (time.Duration, bool) {
	done := g.fraction - g.begun
	if done <= 0 || g.pausing || g.elapsed < time.Second {
		return 0, false
	}
	return time.Duration(float64(g.elapsed) * (1 - g.fraction) / done), true
}

// look returns the view of all parts at the time now.
func (m *meter) look(parts iter.Seq2[int, engine.PartProgress], now time.Time) view {
	v := view{elapsed: now.Sub(m.begin)}
	v.total = gauge{name: "total", elapsed: v.elapsed}
	var sum, kept whole
	for i, p := range parts {
		v.count++
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

// note records when an attempt was first seen.
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
	switch p.Phase {
	case engine.Done:
		v.done++
	case engine.Failed:
		v.failed++
	case engine.Running, engine.Pausing:
		v.parts = append(v.parts, gauge{
			name: p.Name, rows: p.Rows, declared: p.Declared, fraction: fraction, elapsed: elapsed,
			attempt: p.Attempt, pausing: p.Phase == engine.Pausing,
		})
	}
}

// whole adds up parts with a declared number of rows, and parts with a known
// number of bytes. The whole is unknown unless all parts are of the same kind.
type whole struct {
	parts, declaring, sized int
	rows, declared          uint64
	bytes, expected         uint64
}

// add adds a part, and returns the fraction of it that is done, or a negative
// number if that is unknown.
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
