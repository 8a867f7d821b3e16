package main

import (
	"context"
	"fmt"
	"net"

	"fastcount/mockserver"
)

// serveOptions are the flags of serve.
type serveOptions struct {
	listen string
	data   string
	faults []string
}

// serve answers until it is told to stop. There is no other end, so it always returns an error.
func (o *serveOptions) run(ctx context.Context, p *program, args []string) error {
	if err := noArguments(args); err != nil {
		return err
	}
	faults, err := o.parseFaults()
	if err != nil {
		return err
	}
	if _, _, err := net.SplitHostPort(o.listen); err != nil {
		return usage(hinted(fmt.Errorf("--listen %s: want a host and a port", o.listen), "such as 127.0.0.1:8000, or :8000 for all networks"))
	}
	handler, err := mockserver.New(mockserver.Options{Data: o.data, Faults: faults})
	if err != nil {
		return hinted(err, "'fastcount generate ID --out-dir DIR' writes the files of an export")
	}
	host, err := startMock(o.listen, handler)
	if err != nil {
		return err
	}
	defer host.close(grace / 2)
	offer := "exports " + list(builtinIDs())
	if o.data != "" {
		offer = "the exports in " + o.data
	}
	p.ui.Say("serving %s at %s until Ctrl-C", offer, host.url)
	return host.wait(ctx)
}

func (o *serveOptions) parseFaults() ([]mockserver.Fault, error) {
	var faults []mockserver.Fault
	for _, spec := range o.faults {
		f, err := mockserver.ParseFault(spec)
		if err != nil {
			return nil, usage(hinted(fmt.Errorf("--fault: %w", err), "'fastcount help api' lists the faults"))
		}
		faults = append(faults, f)
	}
	return faults, nil
}
