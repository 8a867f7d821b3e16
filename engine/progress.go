package engine

import (
	"iter"
	"sync"
	"sync/atomic"
	"time"
)

// Values of PartProgress.Phase.
const (
	Waiting = "waiting" // not started
	Running = "running" // being read
	Pausing = "pausing" // an attempt failed, and the next one begins after a pause
	Done    = "done"    // read, verified and committed
	Failed  = "failed"  // will not be tried again
)

// phase is an index into phases.
type phase uint32

const (
	waiting phase = iota
	running
	pausing
	done
	failed
)

var phases = [...]string{waiting: Waiting, running: Running, pausing: Pausing, done: Done, failed: Failed}

// PartProgress is the progress of one part during a run.
type PartProgress struct {
	Name     string
	Declared uint64 // rows that the server declared; 0 if it declared none
	Phase    string // Waiting, Running, Pausing, Done or Failed
	Attempt  int    // from 1; 0 before the first
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
	phase, attempt   atomic.Uint32
	kept             atomic.Bool
	rows, bytes, raw atomic.Uint64
	report           atomic.Pointer[PartReport]
}

// All yields the progress of every part, with its index in Run's argument. It
// yields nothing before Run has started.
func (p *Progress) All() iter.Seq2[int, PartProgress] {
	return func(yield func(int, PartProgress) bool) {
		parts := p.parts.Load()
		if parts == nil {
			return
		}
		for i := range *parts {
			s := &(*parts)[i]
			if !yield(i, PartProgress{
				Name: s.name, Declared: s.declared, Phase: phases[s.phase.Load()], Attempt: int(s.attempt.Load()), Kept: s.kept.Load(),
				Rows: s.rows.Load(), Bytes: s.bytes.Load(), RawBytes: s.raw.Load(), Report: s.report.Load(),
			}) {
				return
			}
		}
	}
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
	s.set(running)
}

func (s *partState) set(now phase) { s.phase.Store(uint32(now)) }

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
