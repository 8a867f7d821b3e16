package sources

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"fastcount/engine"
)

// The delay before an attempt is random, up to firstBackoff, which doubles with
// each attempt up to maxBackoff. A longer delay that the server requests is
// honored up to maxRetryAfter.
const (
	firstBackoff  = 500 * time.Millisecond
	maxBackoff    = 30 * time.Second
	maxRetryAfter = 5 * time.Minute
)

// A retrier decides whether to repeat a failed attempt of one download or one
// request to the API.
type retrier struct {
	retries int         // further attempts after the first
	reached func() bool // reports whether a connection was ever made; nil means true
	tokens  *tokens     // nil without a client

	mu        sync.Mutex
	refetched bool // invalid data was already requested again
	renewed   bool // a request was already repeated with another token
}

// Retry implements [engine.Retrier]. It must be called after each failed
// attempt in turn. Attempt 1 resets it.
func (r *retrier) Retry(attempt int, err error) (wait time.Duration, again bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if attempt <= 1 {
		r.refetched, r.renewed = false, false
	}
	if attempt > r.retries || r.nothingThere(attempt, err) {
		return 0, false
	}
	if number := renewable(err); number > 0 && !r.renewed && r.tokens != nil && r.tokens.replaced(number) {
		r.renewed = true
		return 0, true
	}
	switch judge(err) {
	case never:
		return 0, false
	case once:
		again = !r.refetched
		r.refetched = true
	case always:
		again = true
	}
	if !again {
		return 0, false
	}
	return max(backoff(attempt), retryAfter(err)), true
}

// maxUnreached is the number of attempts to connect to an address to which no
// connection was ever made. Most likely the address is wrong.
const maxUnreached = 3

// errUnreached is matched by failures to connect.
var errUnreached = errors.New("no connection")

// nothingThere reports whether to give up since no connection was ever made:
// after the first attempt that took as long as connecting may take, and
// otherwise, as for a port without a listener or an unknown host, after the
// third.
func (r *retrier) nothingThere(attempt int, err error) bool {
	if r.reached == nil || !errors.Is(err, errUnreached) || r.reached() {
		return false
	}
	return attempt >= maxUnreached || errors.Is(err, ErrTimeout)
}

// verdict is the number of retries for a kind of failure.
type verdict uint8

const (
	never  verdict = iota
	once           // the data is complete but invalid: the server may correct it
	always         // the transfer failed
)

// judge returns the verdict on the error of an attempt. A failure of the
// transfer takes precedence over all other errors in err, since errors in
// incomplete data mean nothing. An error that is not of this package, nor a
// limit or a cancellation, is one that the engine found in the data: a syntax
// error or a mismatch with the metadata.
func judge(err error) verdict {
	if _, ok := errors.AsType[*gaveUp](err); ok {
		return never
	}
	if status, ok := errors.AsType[*StatusError](err); ok {
		if temporary(status.Code) && status.RetryAfter <= maxRetryAfter {
			return always
		}
		return never
	}
	if errors.Is(err, ErrExhausted) {
		return always
	}
	if errors.Is(err, engine.ErrLimit) {
		return never
	}
	for _, final := range []error{ErrDenied, ErrNotFound, ErrArgument, ErrRedirect, ErrWindow,
		context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, final) {
			return never
		}
	}
	return once
}

// temporary reports whether a status may be temporary.
func temporary(code int) bool {
	switch code {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return false
	}
	return code >= 500 && code <= 599
}

// backoff returns a random delay after an attempt ("full jitter"), so that
// clients that failed together do not retry together.
func backoff(attempt int) time.Duration {
	ceiling := maxBackoff
	if attempt <= 6 { // 0.5 s << 5 is 16 s
		ceiling = firstBackoff << max(attempt-1, 0)
	}
	return rand.N(ceiling + 1)
}

// retryAfter returns the delay that the server requests.
func retryAfter(err error) time.Duration {
	if status, ok := errors.AsType[*StatusError](err); ok {
		return status.RetryAfter
	}
	return 0
}

// parseRetryAfter parses a Retry-After header, which is a number of seconds or
// a date. It returns 0 for other values and for a past date, and the longest
// duration for a value out of range.
func parseRetryAfter(s string, now time.Time) time.Duration {
	seconds, err := strconv.ParseUint(s, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange), err == nil && seconds > math.MaxInt64/uint64(time.Second):
		return math.MaxInt64
	case err == nil:
		return time.Duration(seconds) * time.Second
	}
	date, err := http.ParseTime(s)
	if err != nil {
		return 0
	}
	return max(date.Sub(now), 0)
}

// persist makes attempts to request u until one succeeds or further ones are of
// no use. what describes the request in messages.
func (c *Client) persist(ctx context.Context, u *url.URL, what string, try func() error) error {
	retry := c.newRetrier(u)
	for attempt := 1; ; attempt++ {
		err := try()
		if err == nil {
			return nil
		}
		wait, again := retry.Retry(attempt, err)
		if !again && attempt > 1 {
			return fmt.Errorf("%w (attempt %d)", err, attempt)
		}
		if !again {
			return err
		}
		if c.opts.Retrying != nil && ctx.Err() == nil {
			c.opts.Retrying(what, attempt, err, wait)
		}
		if err := pause(ctx, wait); err != nil {
			return err
		}
	}
}

// pause waits for d or until ctx is done.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
