package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
)

// profileOptions name the files for profiles of a run; "" is none.
type profileOptions struct {
	cpu, mem, trace string
}

// start begins what is wanted. The returned function ends it and completes the files.
func (o profileOptions) start() (stop func() error, err error) {
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
		begin func(*os.File) error
		end   func(*os.File) error
	}{
		{o.cpu, func(f *os.File) error { return pprof.StartCPUProfile(f) },
			func(*os.File) error { pprof.StopCPUProfile(); return nil }},
		{o.trace, func(f *os.File) error { return trace.Start(f) },
			func(*os.File) error { trace.Stop(); return nil }},
		{o.mem, func(*os.File) error { return nil }, writeMemory},
	} {
		if profile.file == "" {
			continue
		}
		f, err := os.Create(profile.file)
		if err == nil {
			err = profile.begin(f)
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("profile: %w", err), stop())
		}
		stops = append(stops, func() error { return errors.Join(profile.end(f), f.Close()) })
	}
	return stop, nil
}

// writeMemory writes what was allocated until now and what of it is still in use.
func writeMemory(f *os.File) error {
	runtime.GC()
	return pprof.Lookup("allocs").WriteTo(f, 0)
}
