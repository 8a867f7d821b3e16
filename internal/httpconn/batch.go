package httpconn

import (
	"errors"
	"os"
	"syscall"
	"time"
)

// The reader of a fast connection waits for a batch of bytes instead of the
// next segment, because waking it costs as much as copying several segments.
const (
	batchSize = 512 << 10
	// batchMargin is more than the layers above the connection may hold of a
	// body when it begins.
	batchMargin = 256 << 10
	// fastBytes is the number of bytes that a fast connection delivers within
	// fastTime.
	fastBytes = 1 << 20
	// batchTime is the minimum time for which Read waits for a batch. It waits
	// for twice that time at most.
	batchTime = 10 * time.Millisecond
)

var fastTime = 16 * time.Millisecond // a variable for tests

// batches is the state of reading in batches. Its zero value never does so.
type batches struct {
	raw   syscall.RawConn
	due   int64 // bytes that the server still has to send, less batchMargin; 0 without batches
	got   int64 // bytes since begin
	begin time.Time
	on    bool
	until time.Time // the read deadline of the connection if on
}

// expect permits Read to wait for batches as long as more than a batch is
// missing of a body of n bytes that begins. Meanwhile nothing else may set a
// read deadline.
func (c *meteredConn) expect(n int64) {
	conn, ok := c.Conn.(syscall.Conn)
	if !ok || n < batchMargin+batchSize {
		return
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	c.raw, c.due, c.got, c.begin = raw, n-batchMargin, 0, time.Now()
}

// readBatch reads from the connection. If it waits for a batch in vain, it
// continues with the next bytes.
func (c *meteredConn) readBatch(p []byte) (int, error) {
	if c.due <= 0 {
		return c.Conn.Read(p)
	}
	if now := time.Now(); c.on && c.until.Sub(now) < batchTime {
		c.until = now.Add(2 * batchTime)
		_ = c.SetReadDeadline(c.until) // Read returns the error
	}
	n, err := c.Conn.Read(p)
	if c.on && errors.Is(err, os.ErrDeadlineExceeded) {
		c.batch(false)
		n, err = c.Conn.Read(p)
	}
	c.adapt(n)
	return n, err
}

// adapt decides after a read of n bytes how the next one waits.
func (c *meteredConn) adapt(n int) {
	c.due -= int64(n)
	c.got += int64(n)
	switch {
	case c.due < batchSize:
		c.due = 0
		c.batch(false)
	case c.got >= fastBytes:
		now := time.Now()
		c.batch(now.Sub(c.begin) <= fastTime)
		c.got, c.begin = 0, now
	}
}

// batch makes Read wait for batches, or for the next bytes.
func (c *meteredConn) batch(on bool) {
	if c.on == on {
		return
	}
	size := 1
	if on {
		size = batchSize
	}
	if setBatch(c.raw, size) != nil && on {
		c.due = 0 // not possible here
		return
	}
	c.on, c.until = on, time.Time{}
	_ = c.SetReadDeadline(c.until) // Read returns the error
}
