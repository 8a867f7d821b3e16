package faults

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"fastcount/engine"
	"fastcount/internal/testing/simnet"
	"fastcount/parser"
	"fastcount/sources"
)

func newReader(b []byte) io.Reader { return bytes.NewReader(b) }

// schedule is a world and the run in it.
type schedule struct {
	*world
	config   engine.Config
	local    []local
	store    *keptParts    // nil for none
	cancelAt int           // the request at which the run is cancelled, 0 for none
	cancelIn time.Duration // and how long after it
}

// newSchedule returns the schedule of a seed, which determines it.
func newSchedule(seed uint64, p *press, dir string) *schedule {
	r := rand.New(rand.NewPCG(seed, 0))
	s := &schedule{world: newWorld(r, p)}
	s.config = engine.Config{Jobs: 1 + r.IntN(2), Transfers: 1 + r.IntN(4), AllowMismatch: s.verify == warn, IgnoreDeclared: s.verify == off, AllowPartial: r.IntN(6) == 0,
		RecordLimits: parser.Limits{MaxRecord: maxRecord}}
	if r.IntN(4) == 0 {
		s.config.BufferSize = 1 + r.IntN(300)
	}
	if r.IntN(8) == 0 {
		s.local = append(s.local, newLocal(r, p, dir))
	}
	if s.local == nil && r.IntN(3) == 0 {
		s.store = &keptParts{kept: map[int]*engine.Report{}}
		s.config.Load, s.config.Save = s.store.Load, s.store.Save
	}
	if r.IntN(10) == 0 || s.store != nil && r.IntN(3) == 0 {
		within := []time.Duration{1, 2 * time.Second, 100 * time.Second}[r.IntN(3)]
		s.cancelAt, s.cancelIn = 1+r.IntN(3+3*len(s.downloads)), time.Duration(r.Int64N(int64(within)))
	}
	return s
}

// result is the result of a schedule.
type result struct {
	wrong     []string // what should be otherwise
	failed    class    // "" if there was a report
	cancelled bool
	resumed   bool // with parts of the run that was cancelled
	partial   bool // the report is marked as incomplete
}

func (r *result) wrongf(format string, args ...any) {
	r.wrong = append(r.wrong, fmt.Sprintf(format, args...))
}

// play runs the schedule in its own synctest bubble.
func (s *schedule) play(t *testing.T) (r result) {
	synctest.Test(t, func(t *testing.T) {
		network := &simnet.Network{Answer: s.answer, Connect: s.connect}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		cancelled := s.cancelLater(cancel)
		begin := time.Now()
		report, err := s.run(ctx, network, &r)
		end := time.Now()
		time.Sleep(time.Hour) // for whatever is left over to end
		if n := network.Open(); n > 0 {
			r.wrongf("%d connections are left open", n)
		}
		r.wrong = append(r.wrong, s.odds...)
		if err != nil {
			r.failed = classOf(err)
			checkSecrets(err, &r)
		}
		if r.failed != classCancelled {
			s.check(report, err, end.Sub(begin), &r)
			return
		}
		r.cancelled = true
		if late := end.Sub(*cancelled); late > time.Second {
			r.wrongf("it ended %v after it was cancelled", late)
		}
		if s.store != nil && s.data != nil {
			s.resume(t.Context(), network, &r)
		}
	})
	return r
}

// cancelLater arranges for cancel to be called at the time in the schedule, and
// stores the time before the call.
func (s *schedule) cancelLater(cancel func()) *time.Time {
	var at time.Time
	s.step = func(n int) {
		if n == s.cancelAt {
			time.AfterFunc(s.cancelIn, func() { at = time.Now(); cancel() })
		}
	}
	return &at
}

// asked is a download that marks its connections with their question.
type asked struct {
	*sources.Download
	endpoint *endpoint
}

func (a asked) Open(ctx context.Context) (io.ReadCloser, error) {
	return a.Download.Open(context.WithValue(ctx, questionKey{}, a.endpoint))
}

// askedURL does the same for a URL.
type askedURL struct {
	*sources.URL
	endpoint *endpoint
}

func (a askedURL) Open(ctx context.Context) (io.ReadCloser, error) {
	return a.URL.Open(context.WithValue(ctx, questionKey{}, a.endpoint))
}

// run counts an export as the program does.
func (s *schedule) run(ctx context.Context, network *simnet.Network, r *result) (*engine.Report, error) {
	client, err := sources.NewClient(sources.Options{
		Server: origin, Token: token, AllowHTTPToken: true, Retries: s.retries, Transfers: s.transfers,
		MaxJSON: maxJSON, DialContext: network.DialContext,
	})
	must(err)
	defer client.Close()
	downloads, err := client.Export(ctx, export)
	if err != nil {
		return nil, err
	}
	if len(s.data) == 0 {
		r.wrongf("metadata that should have been refused was not")
		return nil, errors.New("no data was simulated")
	}
	var parts []engine.Part
	for i, d := range downloads {
		parts = append(parts, asked{d, s.data[i]})
	}
	for _, e := range s.urls {
		u, err := client.URL(origin+e.path+"?secret="+token, "")
		must(err)
		parts = append(parts, askedURL{u, e})
	}
	for _, l := range s.local {
		parts = append(parts, l.part)
	}
	return engine.Run(ctx, parts, s.config)
}

// check compares the result of a run that was not cancelled with the required
// result.
func (s *schedule) check(report *engine.Report, err error, took time.Duration, r *result) {
	r.partial = report != nil && len(report.Incomplete) > 0
	bound := time.Duration(0)
	for _, e := range s.endpoints() {
		bound += e.bound
		s.checkAttempts(e, r)
	}
	if took > bound {
		r.wrongf("it took %v, more than %v", took, bound)
	}
	switch i := s.failedMeta(); {
	case s.list.last.verdict != fine:
		checkError(export, err, s.list.last, r)
	case i >= 0:
		checkError(s.downloads[i].id, err, s.metas[i].last, r)
	default:
		s.checkRun(report, err, r)
	}
}

// checkAttempts checks the number and the times of the attempts of a question.
func (s *schedule) checkAttempts(e *endpoint, r *result) {
	first := s.failedMeta()
	optional := e.on == onMeta && first >= 0 && slices.Index(s.metas, e) > first
	if len(e.asked) > e.expected || len(e.asked) < e.expected && !optional {
		r.wrongf("%s was asked for %d times, not %d", e.path, len(e.asked), e.expected)
	}
	for i := range max(len(e.asked)-1, 0) {
		wait := e.attempts[min(i, len(e.attempts)-1)].want.wait
		if got := e.asked[i+1].Sub(e.asked[i]); got < wait {
			r.wrongf("%s was asked for again after %v, before %v", e.path, got, wait)
		}
	}
}

// checkError compares an error with the required error.
func checkError(of string, err error, want effect, r *result) {
	if err == nil {
		r.wrongf("%s: no error, want one of class %s", of, want.class)
		return
	}
	if got := classOf(err); got != want.class || want.is != nil && !errors.Is(err, want.is) {
		r.wrongf("%s: %v, which is %s, want %s and %v", of, err, got, want.class, want.is)
	}
}

// checkSecrets checks that an error contains no secrets.
func checkSecrets(err error, r *result) {
	for _, secret := range []string{token, patientMark, poisonMark} {
		if strings.Contains(err.Error(), secret) {
			r.wrongf("an error holds %q: %v", secret, err)
		}
	}
}
