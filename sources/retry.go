package sources

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"fastcount/engine"
)

// The waits between attempts: a random time up to firstBackoff, doubled with each attempt up to maxBackoff, or as long
// as the server asks, up to maxRetryAfter.
const (
	firstBackoff  = 500 * time.Millisecond
	maxBackoff    = 30 * time.Second
	maxRetryAfter = 5 * time.Minute
)

// retrier decides for one download, or one question to the API, whether a failed attempt is repeated.
type retrier struct {
	retries int          // further attempts after the first
	reached *atomic.Bool // a connection to some server was made; nil counts as that

	mu        sync.Mutex
	refetched bool // data that came whole but wrong was fetched once more
}

// Retry implements engine.Retrier. It is asked after every failed attempt in turn; attempt 1 begins a new history.
func (r *retrier) Retry(attempt int, err error) (wait time.Duration, again bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if attempt <= 1 {
		r.refetched = false
	}
	if attempt > r.retries || attempt >= maxRefused && r.nothingThere(err) {
		return 0, false
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

// maxRefused is how many attempts are made where nothing listens, and never did:
// most likely the address is wrong.
const maxRefused = 3

// nothingThere reports whether err is a refused connection, and no connection
// was ever made.
func (r *retrier) nothingThere(err error) bool {
	return r.reached != nil && !r.reached.Load() && errors.Is(err, syscall.ECONNREFUSED)
}

// verdict says how often a kind of failure is worth another attempt.
type verdict uint8

const (
	never  verdict = iota
	once           // the data came whole and is wrong: if it comes again the same, it is so at its source
	always         // the transfer failed
)

// judge reads what an attempt failed of. A failure of the transfer outranks all else that err may hold, for data that
// did not come whole proves nothing. What is not one of this package's own errors, nor a limit or a cancellation, is
// what the engine found in the data: a syntax error or a mismatch with the metadata.
func judge(err error) verdict {
	if status, ok := errors.AsType[*StatusError](err); ok {
		if temporary(status.Code) && status.RetryAfter <= maxRetryAfter {
			return always
		}
		return never
	}
	if errors.Is(err, ErrExhausted) {
		return always
	}
	if _, ok := errors.AsType[*engine.LimitError](err); ok {
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

// temporary says whether a status is one that may pass by itself.
func temporary(code int) bool {
	switch code {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return false
	}
	return code >= 500 && code <= 599
}

// backoff returns a random wait after attempt number attempt, "full jitter": clients that failed together do not come
// back together.
func backoff(attempt int) time.Duration {
	ceiling := maxBackoff
	if attempt <= 6 { // 0.5 s << 5 is 16 s, and the next would be over
		ceiling = firstBackoff << max(attempt-1, 0)
	}
	return rand.N(ceiling + 1)
}

// asked returns how long the server wants to be left alone.
func retryAfter(err error) time.Duration {
	if status, ok := errors.AsType[*StatusError](err); ok {
		return status.RetryAfter
	}
	return 0
}

// parseRetryAfter reads a Retry-After header: seconds, or a date. What is neither, and a date in the past, asks for
// nothing; what is too long to be told asks for as long as there is.
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

// pause waits, but no longer than ctx lasts.
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
