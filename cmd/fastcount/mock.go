package main

import (
	"context"
	"net"
	"net/http"
	"time"
)

// mockHost is a mock export server that runs inside the program.
type mockHost struct {
	url    string
	server *http.Server
	done   chan error // holds what ended it
}

// startMock begins to answer with handler on an address.
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

// close ends the server: it accepts nothing more, gives the answers that are under way the time that is left for
// them, and cuts the rest.
func (h *mockHost) close(patience time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if h.server.Shutdown(ctx) != nil {
		_ = h.server.Close() // of its error, that of a listener closed before, nobody has any use
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
