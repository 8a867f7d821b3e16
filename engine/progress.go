package engine

import (
	"sync"
	"sync/atomic"
)

// State is the state of a part in a run.
type State uint8

const (
	Waiting State = iota // not started
	Running              // being read
	Pausing              // waiting to be tried again
	Done                 // read, verified and committed
	Failed               // will not be tried again
)

// PartProgress is a snapshot of one part during a run.
type PartProgress struct {
	Name     string
	Declared uint64 // rows that the server declared; 0 if it declared none
	State    State
	Kept     bool   // taken from Config.Store
	Attempt  int    // from 1; 0 while Waiting
	Rows     uint64 // of the running attempt, or of the committed one
	Bytes    uint64 // decoded, likewise
	RawBytes uint64 // taken from the source, likewise
}

// Progress reports the progress of a run to other goroutines. Its zero value is
// ready for one run. Its methods are safe for concurrent use.
type Progress struct {
	parts atomic.Pointer[[]partState]

	mu     sync.Mutex
	stages Stages
}

type partState struct {
	name             string
	declared         uint64
	state, attempt   atomic.Uint32
	kept             atomic.Bool
	rows, bytes, raw atomic.Uint64
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
		out[i] = PartProgress{
			Name: s.name, Declared: s.declared,
			State: State(s.state.Load()), Kept: s.kept.Load(), Attempt: int(s.attempt.Load()),
			Rows: s.rows.Load(), Bytes: s.bytes.Load(), RawBytes: s.raw.Load(),
		}
	}
	return out
}

// Stages returns how the workers that have finished spent their time.
func (p *Progress) Stages() Stages {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stages
}

// spent adds the time of one worker.
func (p *Progress) spent(s Stages) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stages.add(s)
}

// start initializes p for parts. Run calls it once.
func (p *Progress) start(parts []Part) []partState {
	states := make([]partState, len(parts))
	for i, part := range parts {
		states[i].name = part.Name()
		if d, ok := part.(Declarer); ok {
			states[i].declared = d.Declared().Rows
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
	s.state.Store(uint32(Running))
}

func (s *partState) set(state State) { s.state.Store(uint32(state)) }

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
	s.set(Done)
}
