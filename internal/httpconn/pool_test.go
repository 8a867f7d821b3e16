package httpconn

import (
	"context"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"fastcount/internal/testing/simnet"
)

// TestIdleTimeIsLimited leaves a connection idle, without CloseIdle.
func TestIdleTimeIsLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &simnet.Network{Answer: keptAnswer}
		c := newTransport(t, network.DialContext)
		getText(t, c, "http://server.test/", 3)
		time.Sleep(idleTime - 1)
		synctest.Wait()
		if network.Open() != 1 {
			t.Errorf("%d connections are open before the limit", network.Open())
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if network.Open() != 0 {
			t.Errorf("%d connections are open after the limit", network.Open())
		}
		getText(t, c, "http://server.test/", 1)
	})
}

// TestIdleConnectionsAreLimited uses more servers than connections are kept.
func TestIdleConnectionsAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &simnet.Network{Answer: keptAnswer}
		c := newTransport(t, network.DialContext)
		for i := range maxIdle + 10 {
			getText(t, c, "http://"+string(rune('a'+i%26))+string(rune('a'+i/26))+".test/", 1)
		}
		synctest.Wait()
		if n := network.Open(); n != maxIdle {
			t.Errorf("%d connections are open", n)
		}
		c.CloseIdle()
		synctest.Wait()
		if n := network.Open(); n != 0 {
			t.Errorf("%d connections are open after CloseIdle", n)
		}
	})
}

// closeCounter counts open connections on the side of the client.
type closeCounter struct {
	net.Conn
	open *atomic.Int32
	once sync.Once
}

func (c *closeCounter) Close() error {
	c.once.Do(func() { c.open.Add(-1) })
	return c.Conn.Close()
}

// TestConnectionsAreClosedWhenTheServerDoes keeps many connections whose server
// closes them: the transport does not wait until it needs them.
func TestConnectionsAreClosedWhenTheServerDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &simnet.Network{Answer: func(r *simnet.Request) simnet.Answer {
			a := keptAnswer(r)
			a.Idle = simnet.Idle{After: time.Second, End: simnet.Close}
			return a
		}}
		var open atomic.Int32
		dial := func(ctx context.Context, n, address string) (net.Conn, error) {
			conn, err := network.DialContext(ctx, n, address)
			open.Add(1)
			return &closeCounter{Conn: conn, open: &open}, err
		}
		c := newTransport(t, dial)
		var readers sync.WaitGroup
		for range 20 {
			readers.Go(func() { getText(t, c, "http://server.test/", 1) })
		}
		readers.Wait()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if open.Load() != 0 || idle(c) != 0 {
			t.Errorf("%d connections are open, %d idle", open.Load(), idle(c))
		}
	})
}

// TestRoutes: connections are shared only on one route, and net/http gets what
// a conn cannot carry.
func TestRoutes(t *testing.T) {
	parse := func(raw string) *url.URL {
		u, err := url.Parse(raw)
		check(t, err)
		return u
	}
	keys := map[string]string{}
	for _, raw := range []string{"http://h", "https://h", "http://h:8080", "https://h:80", "http://i", "http://[::1]"} {
		for _, proxy := range []*url.URL{nil, parse("http://p:3128"), parse("https://p:3128"), parse("http://me:x@p:3128")} {
			r, ok := routeTo(parse(raw), proxy)
			if other, twice := keys[r.key()]; twice || !ok {
				t.Errorf("%s via %v: key %s, as %s", raw, proxy, r.key(), other)
			}
			keys[r.key()] = raw
		}
	}
	for raw, same := range map[string]string{"http://H/x": "http://h/y?z", "https://h": "https://h:443"} {
		a, _ := routeTo(parse(raw), nil)
		b, _ := routeTo(parse(same), nil)
		if a.key() != b.key() {
			t.Errorf("%s and %s: keys %s and %s", raw, same, a.key(), b.key())
		}
	}
	for raw, proxy := range map[string]*url.URL{"http://größe.test": nil, "http://h": parse("socks5://p")} {
		if _, ok := routeTo(parse(raw), proxy); ok {
			t.Errorf("%s via %v: a conn takes it", raw, proxy)
		}
	}
}

// TestWake takes a connection from the pool and then has the server send
// something, or nothing.
func TestWake(t *testing.T) {
	for name, idle := range map[string]simnet.Idle{
		"nothing": {}, "data": {After: time.Second, Wire: []byte("x"), End: simnet.Again}, "the end": {After: time.Second},
		"the end by a reset": {After: time.Second, End: simnet.Reset},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := &simnet.Network{Answer: func(r *simnet.Request) simnet.Answer {
					a := keptAnswer(r)
					a.Idle = idle
					return a
				}}
				c := newTransport(t, network.DialContext)
				getText(t, c, "http://server.test/", 1)
				n := c.kept.last(c.kept.idle[0].route.key())
				time.Sleep(2 * time.Second)
				if awake := n.wake(); awake != (name == "nothing") {
					t.Errorf("it can be used: %v", awake)
				}
				n.abort()
			})
		})
	}
}

// TestWhatIsNotKept: a connection on which something follows the response, or
// that the server is about to close, is never in the pool.
func TestWhatIsNotKept(t *testing.T) {
	for name, answer := range map[string]string{
		"data follows":          "Content-Length: 4\r\n\r\nh\n1\n2\n",
		"data follows chunks":   "Transfer-Encoding: chunked\r\n\r\n4\r\nh\n1\n\r\n0\r\n\r\nx",
		"the server will close": "Content-Length: 4\r\nConnection: close\r\n\r\nh\n1\n",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := &simnet.Network{Answer: func(*simnet.Request) simnet.Answer {
					return simnet.Answer{Wire: []byte("HTTP/1.1 200 OK\r\n" + answer), End: simnet.Again}
				}}
				c := newTransport(t, network.DialContext)
				if _, got, err := get(t, c, new(Exchange), "http://server.test/"); got != "h\n1\n" || err != nil || idle(c) != 0 {
					t.Errorf("got %q, %v; %d connections are kept", got, err, idle(c))
				}
			})
		})
	}
}

// TestReturnedOnce reads and closes a body after its end.
func TestReturnedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &simnet.Network{Answer: keptAnswer}
		c := newTransport(t, network.DialContext)
		x := new(Exchange)
		resp, err := open(t, c, x, "http://server.test/")
		check(t, err)
		_, err = io.ReadAll(resp.Body)
		check(t, err)
		for range 2 {
			if n, err := resp.Body.Read(make([]byte, 9)); n != 0 || err != io.EOF {
				t.Errorf("after the end: %d bytes, %v", n, err)
			}
		}
		x.Cancel()
		check(t, resp.Body.Close())
		synctest.Wait()
		if n := idle(c); n != 1 {
			t.Errorf("%d connections are kept", n)
		}
		c.CloseIdle()
	})
}
