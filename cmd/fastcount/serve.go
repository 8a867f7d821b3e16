package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"fastcount/internal/cli"
	"fastcount/mockserver"
)

// serveOptions are the flags of serve.
type serveOptions struct {
	listen string
	data   string
	faults []string
}

func newServe(p *program) *cobra.Command {
	o, s := new(serveOptions), new(cli.FlagSet)
	f := s.Group("Serve")
	o.listen = "127.0.0.1:8000"
	cli.AddText(f, &o.listen, "listen", "ADDRESS", "address to listen on; port 0 is a free port")
	cli.AddText(f, &o.data, "data", "DIR", "directory of files to serve, as written by generate")
	cli.AddTexts(f, &o.faults, "fault", "SPEC", "fault to inject; repeatable (see help api)")
	return p.command("serve [flags]", "run the mock export server", s, o.run, nil)
}

// run serves until ctx ends. It always returns an error.
func (o *serveOptions) run(ctx context.Context, p *program, args []string) error {
	if err := noArguments(args); err != nil {
		return err
	}
	faults, err := o.parseFaults()
	if err != nil {
		return err
	}
	if _, _, err := net.SplitHostPort(o.listen); err != nil {
		return cli.Usage(cli.Hint(fmt.Errorf("--listen %s: not a host and a port", o.listen), "give a host and a port, such as 127.0.0.1:8000, or :8000 for all networks"))
	}
	handler, err := mockserver.New(mockserver.Options{Data: o.data, Faults: faults})
	if err != nil {
		return cli.Hint(err, "'fastcount generate ID --out-dir DIR' writes the files of an export")
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
	p.ui.Info("serving %s at %s until Ctrl-C", offer, host.url)
	return host.wait(ctx)
}

func (o *serveOptions) parseFaults() ([]mockserver.Fault, error) {
	var faults []mockserver.Fault
	for _, spec := range o.faults {
		f, err := mockserver.ParseFault(spec)
		if err != nil {
			return nil, cli.Usage(cli.Hint(fmt.Errorf("--fault: %w", err), "'fastcount help api' lists the faults"))
		}
		faults = append(faults, f)
	}
	return faults, nil
}

// mockHost is a mock export server inside this process.
type mockHost struct {
	url    string
	server *http.Server
	done   chan error // receives the error that ended it
}

// startMock serves an address with handler, in another goroutine.
func startMock(address string, handler http.Handler) (*mockHost, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	h := &mockHost{
		url:    "http://" + listener.Addr().String(),
		server: &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second},
		done:   make(chan error, 1),
	}
	go func() { h.done <- h.server.Serve(listener) }()
	return h, nil
}

// close ends the server. Responses in progress have that time to finish, and
// are then cut off.
func (h *mockHost) close(timeout time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if h.server.Shutdown(ctx) != nil {
		_ = h.server.Close() // the listener was closed before
	}
	<-h.done
}

// wait returns when the server fails or ctx ends, with the reason.
func (h *mockHost) wait(ctx context.Context) error {
	select {
	case err := <-h.done:
		h.done <- err
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
