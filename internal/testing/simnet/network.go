// Package simnet simulates a network for tests of HTTP clients. Connections are
// pipes in memory, and a test chooses each byte of the server's answers and how
// the connection ends after them.
//
// DialContext creates everything that a connection needs, and nothing waits for
// real time. The package therefore works in a bubble of testing/synctest.
package simnet

import (
	"context"
	"net"
	"sync/atomic"
	"syscall"
)

// Network is a network with one server at every address. Its fields must be set
// before it is used.
type Network struct {
	// Answer returns the answer to a request. It may be called by several
	// goroutines at once.
	Answer func(*Request) Answer

	// Connect, if it is not nil, returns the outcome of a connection to
	// address. The values of ctx are those of the request.
	Connect func(ctx context.Context, address string) Connect

	open atomic.Int64
}

// Connect is the outcome of an attempt to connect.
type Connect uint8

const (
	Accept Connect = iota
	Refuse         // like a port without a listener
	Ignore         // like a host that does not exist: there is no answer
	Drop           // accept, and reset before reading a request
)

// Open returns the number of open connections of the server.
func (n *Network) Open() int { return int(n.open.Load()) }

// DialContext connects to the server. It is meant for the field DialContext of
// [net/http.Transport].
func (n *Network) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	connect := Accept
	if n.Connect != nil {
		connect = n.Connect(ctx, address)
	}
	switch connect {
	case Refuse:
		return nil, dialError(network, syscall.ECONNREFUSED)
	case Ignore:
		<-ctx.Done()
		return nil, dialError(network, ctx.Err())
	}
	client, server := pipe()
	n.open.Add(1)
	go func() {
		defer n.open.Add(-1)
		if connect == Drop {
			server.reset()
			return
		}
		n.serve(server)
	}()
	return client, nil
}

func dialError(network string, err error) error {
	return &net.OpError{Op: "dial", Net: network, Err: err}
}
