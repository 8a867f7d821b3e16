package sources

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"fastcount/engine"
	"fastcount/parser"
)

func TestJudge(t *testing.T) {
	syntax := &parser.SyntaxError{Line: 2, Err: parser.ErrFieldCount}
	broken := mark(ErrExhausted, errors.New("reset"))
	tests := []struct {
		name string
		err  error
		want verdict
	}{
		{"408", &StatusError{Code: 408}, always},
		{"425", &StatusError{Code: 425}, always},
		{"429", &StatusError{Code: 429}, always},
		{"500", &StatusError{Code: 500}, always},
		{"502", &StatusError{Code: 502}, always},
		{"503", &StatusError{Code: 503}, always},
		{"599", &StatusError{Code: 599}, always},
		{"501", &StatusError{Code: 501}, never},
		{"505", &StatusError{Code: 505}, never},
		{"204", &StatusError{Code: 204}, never},
		{"206", &StatusError{Code: 206}, never},
		{"400", &StatusError{Code: 400}, never},
		{"401", &StatusError{Code: 401}, never},
		{"403", &StatusError{Code: 403}, never},
		{"404", &StatusError{Code: 404}, never},
		{"416", &StatusError{Code: 416}, never},
		{"503 for five minutes", &StatusError{Code: 503, RetryAfter: 5 * time.Minute}, always},
		{"503 for longer", &StatusError{Code: 503, RetryAfter: 5*time.Minute + 1}, never},
		{"status, wrapped", fmt.Errorf("x: %w", &StatusError{Code: 503}), always},
		{"broken transfer", broken, always},
		{"broken transfer and bad data", errors.Join(syntax, broken), always},
		{"stalled", mark(ErrExhausted, ErrStalled), always},
		{"bad data", syntax, once},
		{"too few rows", engine.ErrMismatch, once},
		{"damaged", fmt.Errorf("gzip %w", ErrCorrupt), once},
		{"a page", fmt.Errorf("%w: HTML", ErrContent), once},
		{"bad metadata", ErrMetadata, once},
		{"limit", engine.ErrTooManyPatients, never},
		{"window", fmt.Errorf("%w of 8", ErrWindow), never},
		{"certificate", mark(ErrDenied, errors.New("x509")), never},
		{"redirect", ErrRedirect, never},
		{"cancelled", fmt.Errorf("x: %w", context.Canceled), never},
		{"out of time", context.DeadlineExceeded, never},
	}
	for _, test := range tests {
		if got := judge(test.err); got != test.want {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

func TestRetry(t *testing.T) {
	transfer := mark(ErrExhausted, errors.New("reset"))
	data := &parser.SyntaxError{Err: parser.ErrEmptyInput}
	final := &StatusError{Code: 404}
	type step struct {
		err   error
		again bool
	}
	tests := []struct {
		name    string
		retries int
		steps   []step
	}{
		{"the attempts end", 2, []step{{transfer, true}, {transfer, true}, {transfer, false}}},
		{"none are wanted", -1, []step{{transfer, false}}},
		{"data once more", 7, []step{{data, true}, {data, false}}},
		{"data once more, not in a row", 7, []step{{data, true}, {transfer, true}, {data, false}}},
		{"data at the last attempt", 1, []step{{transfer, true}, {data, false}}},
		{"final", 7, []step{{transfer, true}, {final, false}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := &retrier{retries: test.retries}
			for run := range 2 { // a second run resets the retrier
				for i, s := range test.steps {
					if _, again := r.Retry(i+1, s.err); again != s.again {
						t.Errorf("run %d, attempt %d, %v: again is %v", run, i+1, s.err, again)
					}
				}
			}
		})
	}
}

func TestBackoff(t *testing.T) {
	for attempt, ceiling := range map[int]time.Duration{
		1: 500 * time.Millisecond, 2: time.Second, 3: 2 * time.Second, 6: 16 * time.Second,
		7: 30 * time.Second, 8: 30 * time.Second, 100: 30 * time.Second, math.MaxInt: 30 * time.Second,
	} {
		var most time.Duration
		for range 2000 {
			wait := backoff(attempt)
			if wait < 0 || wait > ceiling {
				t.Fatalf("attempt %d: %v is not within 0 and %v", attempt, wait, ceiling)
			}
			most = max(most, wait)
		}
		if most < ceiling*9/10 { // the chance of that is 0.9^2000
			t.Errorf("attempt %d: of 2000 waits the longest is %v of %v", attempt, most, ceiling)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2025, 8, 26, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		header string
		want   time.Duration
	}{
		{"", 0},
		{"0", 0},
		{"120", 2 * time.Minute},
		{"-5", 0},
		{"1.5", 0},
		{"soon", 0},
		{"9223372036", 9223372036 * time.Second},
		{"9223372037", math.MaxInt64},
		{"18446744073709551615", math.MaxInt64},
		{"99999999999999999999999999", math.MaxInt64},
		{"Tue, 26 Aug 2025 12:01:30 GMT", 90 * time.Second},
		{"Tue, 26 Aug 2025 11:00:00 GMT", 0},
		{"Fri, 31 Dec 9999 23:59:59 GMT", math.MaxInt64},
	}
	for _, test := range tests {
		if got := parseRetryAfter(test.header, now); got != test.want {
			t.Errorf("%q: got %v, want %v", test.header, got, test.want)
		}
	}
	r := &retrier{retries: 7}
	if wait, again := r.Retry(1, &StatusError{Code: http.StatusTooManyRequests, RetryAfter: time.Minute}); wait != time.Minute || !again {
		t.Errorf("a minute was asked for: %v, %v", wait, again)
	}
}

func TestPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		if err := pause(t.Context(), time.Minute); err != nil || time.Since(begin) != time.Minute {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := pause(ctx, time.Minute); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != 61*time.Second {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
	})
}

// TestRetriesAreReported fails each kind of request to the API once.
func TestRetriesAreReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := map[string]int{}
		inner := api(map[string]string{"/api/export": `{"data":{"export_ids":["demo"]}}`, "/api/export/demo": oneDownload,
			"/api/export/demo/d1": metadata("d1", `"rows":2,"patients":[],"event_types":[]`)})
		dial := pipeServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if asked[r.URL.Path]++; asked[r.URL.Path] == 1 {
				w.Header().Set("Retry-After", "7")
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			inner(w, r)
		}))
		var got []string
		c := newClient(t, Options{Server: "http://server.test", DialContext: dial,
			Retrying: func(what string, attempt int, err error, wait time.Duration) {
				got = append(got, fmt.Sprintf("%s, attempt %d: %v; %v", what, attempt, err, wait))
			}})
		_, err := c.Exports(t.Context())
		check(t, err)
		_, err = c.Export(t.Context(), "demo")
		check(t, err)
		const rest = ", attempt 1: the server answered 503 Service Unavailable; 7s"
		if want := []string{"list of exports" + rest, "export demo" + rest, "download demo/d1" + rest}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}
