package engine

import "fastcount/parser"

// Config says how a run works. The zero value is useful: defaults for every limit, one worker.
type Config struct {
	// Jobs is how many workers count local parts; 0 means 1.
	Jobs int

	// Transfers is how many remote parts are read at once; 0 means 1.
	Transfers int

	// CSV says how records are read: delimiter, columns, limits on records.
	CSV parser.Options

	// Limits bound what a run may remember. Going over one is a *LimitError.
	Limits Limits

	// Progress, if set, is kept up to date while the run lasts.
	Progress *Progress
}

// Limits bound the memory of a run; 0 means the default.
type Limits struct {
	ID       int // bytes of a patient id or event type; default 4 KiB
	Patients int // distinct patient ids; default 2^20
	Events   int // distinct event types; default 4,096
	Pairs    int // distinct pairs of patient and event type; default 2^24
}
