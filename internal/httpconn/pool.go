package httpconn

import (
	"slices"
	"sync"
	"syscall"
	"time"

	"fastcount/internal/interrupt"
)

const (
	maxIdle  = 100              // idle connections of a client
	idleTime = 30 * time.Second // after which an idle connection is closed
)

// A pool holds idle connections. A goroutine watches each: whatever a server
// sends on an idle connection, be it data or its end, closes it.
type pool struct {
	mu     sync.Mutex
	idle   []*conn // the last used last
	closed bool
}

// put adds a connection on which the server owes nothing, or closes it if the
// pool is full or closed.
func (p *pool) put(n *conn) {
	n.meter.observe.Store(nil)
	n.head = 1 // more is never wanted
	n.watched = make(chan error, 1)
	if n.SetReadDeadline(time.Now().Add(idleTime)) != nil || !p.add(n) {
		_ = n.Close() // it is not needed
		return
	}
	go func() {
		_, err := n.in.Peek(1)
		if p.remove(n) {
			_ = n.Close() // the server may have closed it already
		}
		n.watched <- err
	}()
}

func (p *pool) add(n *conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.idle) == maxIdle {
		return false
	}
	p.idle = append(p.idle, n)
	return true
}

// remove reports whether n was in the pool.
func (p *pool) remove(n *conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.Index(p.idle, n)
	if i < 0 {
		return false
	}
	p.idle = slices.Delete(p.idle, i, i+1)
	return true
}

// take removes and returns a connection of the route, or returns nil.
func (p *pool) take(r route) *conn {
	for {
		n := p.last(r.key())
		if n == nil || n.wake() {
			return n
		}
		_ = n.Close() // the server may have closed it already
	}
}

func (p *pool) last(key string) *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, n := range slices.Backward(p.idle) {
		if n.route.key() == key {
			p.idle = slices.Delete(p.idle, i, i+1)
			return n
		}
	}
	return nil
}

// wake ends the watch of an idle connection that was removed from the pool. It
// reports whether the server has sent nothing.
func (n *conn) wake() bool {
	if n.SetReadDeadline(time.Unix(1, 0)) != nil {
		return false
	}
	return isAwake(<-n.watched) && n.in.Buffered() == 0 && !n.hasArrived()
}

// hasArrived reports whether anything that the watch did not read has arrived:
// after the deadline, which may pass before the watch runs, it reads nothing.
func (n *conn) hasArrived() bool {
	socket, ok := n.meter.Conn.(syscall.Conn)
	return ok && interrupt.Arrived(socket)
}

// close closes all connections and waits for the goroutines that watch them.
func (p *pool) close() {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	for _, n := range idle {
		n.wake()
		_ = n.Close() // the server may have closed it already
	}
}
