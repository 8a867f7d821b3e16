package engine

import (
	"sync"
	"sync/atomic"
	"time"
)

// state is the state of a part in a run.
type state uint8

const (
	waiting state = iota // not started
	running              // being read
	pausing              // waiting to be tried again
	done                 // read, verified and committed
	failed               // will not be tried again
)

// PartProgress is a snapshot of one part during a run.
type PartProgress struct {
	Name     string
	Declared uint64 // rows that the server declared; 0 if it declared none
	Attempt  int    // from 1; 0 before the first
	Running  bool   // being read
	Pausing  bool   // an attempt failed, and the next one begins after a pause
	Done     bool   // read, verified and committed
	Failed   bool   // will not be tried again
	Kept     bool   // taken from Config.Load
	Rows     uint64 // of the running attempt, or of the committed one
	Bytes    uint64 // decoded, likewise
	RawBytes uint64 // taken from the source, likewise

	Report *PartReport // of a part that is done or has failed, else nil; not to be changed
}

// Progress reports the progress of a run to other goroutines. Its zero value is
// ready for one run. Its methods are safe for concurrent use.
type Progress struct {
	parts atomic.Pointer[[]partState]

	mu     sync.Mutex
	stages stages
}

type partState struct {
	name             string
	declared         uint64
	state, attempt   atomic.Uint32
	kept             atomic.Bool
	rows, bytes, raw atomic.Uint64
	report           atomic.Pointer[PartReport]
}

// Snapshot returns the progress of every part, in the order of Run's argument,
// or nil before Run has started.
func (p *Progress) Snapshot() []PartProgress {
	parts := p.parts.Load()
	if parts == nil {
		return nil
	}
	out := make([]PartProgress, len(*parts))
	for i := range *parts {
		s := &(*parts)[i]
		now := state(s.state.Load())
		out[i] = PartProgress{
			Name: s.name, Declared: s.declared, Attempt: int(s.attempt.Load()),
			Running: now == running, Pausing: now == pausing, Done: now == done, Failed: now == failed, Kept: s.kept.Load(),
			Rows: s.rows.Load(), Bytes: s.bytes.Load(), RawBytes: s.raw.Load(), Report: s.report.Load(),
		}
	}
	return out
}

// Stages returns the time that the workers that have finished spent in each
// stage, failed attempts included: waiting for the sources of streams (the
// disk, the network, a pipe), decompressing, making blocks of records, and
// looking ids up and counting them. Time on the fused path, which parses and
// counts in one pass, is in count.
func (p *Progress) Stages() (wait, decode, parse, count time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stages.wait, p.stages.decode, p.stages.parse, p.stages.count
}

// spent adds the time of one worker.
func (p *Progress) spent(s stages) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stages.add(s)
}

// start initializes p for parts. Run calls it once.
func (p *Progress) start(parts []Part) []partState {
	states := make([]partState, len(parts))
	for i, part := range parts {
		states[i].name = part.Name()
		if d := part.Info().Declared; d != nil {
			states[i].declared = d.Rows
		}
	}
	p.parts.Store(&states)
	return states
}

// begin records the start of an attempt and resets the numbers of the last one.
func (s *partState) begin(attempt int) {
	s.rows.Store(0)
	s.bytes.Store(0)
	s.raw.Store(0)
	s.attempt.Store(uint32(attempt))
	s.state.Store(uint32(running))
}

func (s *partState) set(now state) { s.state.Store(uint32(now)) }

// read adds n decoded bytes, a number of rows, and raw bytes of the source.
func (s *partState) read(n, rows, raw uint64) {
	s.bytes.Add(n)
	s.rows.Add(rows)
	s.raw.Add(raw)
}

// finish sets the numbers of the committed attempt.
func (s *partState) finish(report PartReport) {
	s.rows.Store(report.Rows)
	s.bytes.Store(report.Bytes)
	s.raw.Store(report.RawBytes)
	s.kept.Store(report.Kept)
	s.report.Store(&report)
	s.set(done)
}

// fail records that the part will not be tried again.
func (s *partState) fail(report PartReport) {
	s.report.Store(&report)
	s.set(failed)
}
