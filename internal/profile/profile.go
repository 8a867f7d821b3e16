// Package profile writes profiles of a run to files.
package profile

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/pprof"
	"runtime/trace"

	"fastcount/internal/atomicfile"
)

// Files holds the names of the files of profiles; an empty name means no
// profile.
type Files struct {
	CPU, Memory, Trace string
}

// Start begins the profiles. The returned function ends them and gives the
// files their names: until then each is a temporary file.
func (o Files) Start() (stop func() error, err error) {
	var stops []func() error
	stop = func() error {
		var errs []error
		for _, f := range stops {
			errs = append(errs, f())
		}
		return errors.Join(errs...)
	}
	for _, profile := range []struct {
		file  string
		begin func(io.Writer) error
		end   func(io.Writer) error
	}{
		{o.CPU, pprof.StartCPUProfile, func(io.Writer) error { pprof.StopCPUProfile(); return nil }},
		{o.Trace, trace.Start, func(io.Writer) error { trace.Stop(); return nil }},
		{o.Memory, func(io.Writer) error { return nil }, writeMemory},
	} {
		if profile.file == "" {
			continue
		}
		f, err := atomicfile.Create(atomicfile.OS{}, profile.file, 0)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("profile: %w", err), stop())
		}
		if err := profile.begin(f); err != nil {
			return nil, errors.Join(fmt.Errorf("profile: %w", err), f.Discard(), stop())
		}
		stops = append(stops, func() error {
			if err := profile.end(f); err != nil {
				return errors.Join(err, f.Discard())
			}
			return f.Commit()
		})
	}
	return stop, nil
}

// writeMemory writes what was allocated until now and what of it is still in
// use.
func writeMemory(w io.Writer) error {
	runtime.GC()
	return pprof.Lookup("allocs").WriteTo(w, 0)
}
