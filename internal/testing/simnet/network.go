// Package simnet is a network in memory for tests of HTTP clients: connections that are pipes, and a server each byte
// of whose answers is chosen, together with how the connection ends behind it. Nothing of it waits for real time, so
// that it works inside a bubble of testing/synctest; all that it needs is created by DialContext.
package simnet

import (
	"context"
	"net"
	"sync/atomic"
	"syscall"
)

// Network is a network with one server, which every address leads to. Its fields are set before it is used.
type Network struct {
	// Answer says what the server does after it has read a request. It may be called by many goroutines at once.
	Answer func(*Request) Answer

	// Connect, if it is set, says what becomes of a connection to address. ctx holds what the client's request holds.
	Connect func(ctx context.Context, address string) Connect

	open atomic.Int64
}

// Connect is what becomes of a connection that a client wants.
type Connect uint8

const (
	Accept Connect = iota
	Refuse         // as a port without a listener does
	Ignore         // as a host that is not there does: nothing comes back
	Drop           // accepted, and reset before a request is read
)

// Open returns how many connections the server holds.
func (n *Network) Open() int { return int(n.open.Load()) }

// DialContext connects to the server; it is for http.Transport.DialContext.
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
