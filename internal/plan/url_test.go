package plan_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fastcount/internal/plan"
	"fastcount/sources"
)

// state is what a server has at a URL.
type state struct {
	data, etag string
	noRanges   bool
}

// serveState serves what is stored in s.
func serveState(t *testing.T, s *atomic.Pointer[state]) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		now := s.Load()
		w.Header().Set("Content-Type", "text/csv")
		if now.noRanges {
			if now.etag == chunked {
				http.NewResponseController(w).Flush()
			}
			fmt.Fprint(w, now.data)
			return
		}
		w.Header().Set("ETag", now.etag)
		http.ServeContent(w, r, "x.csv", time.Time{}, strings.NewReader(now.data))
	}))
	t.Cleanup(server.Close)
	return server.URL + "/x.csv?canary"
}

// chunked is the entity tag of a state that is sent without its size.
const chunked = "chunked"

// A shard is refused if the server has other data than when the plan was made.
// No message contains the query.
func TestChangedURL(t *testing.T) {
	const text = "patient_id,event_type\nP1,a\nP2,b\n"
	client, err := sources.NewClient(sources.Options{})
	check(t, err)
	defer client.Close()
	for _, test := range []struct {
		name string
		was  state
		is   state
		want string // "" if the shard can be counted
	}{
		{"the same", state{text, `"v"`, false}, state{text, `"v"`, false}, ""},
		{"another validator", state{text, `"v"`, false}, state{text, `"w"`, false}, "ETag or modification time differs"},
		{"another size", state{text, `"v"`, false}, state{text + "P3,c\n", `"v"`, false}, "size was 32 bytes, is 37"},
		{"a weak validator", state{text, `"v"`, false}, state{text, `W/"v"`, false}, "server no longer sends byte ranges"},
		{"no ranges", state{text, `"v"`, false}, state{text, "", true}, "server no longer sends byte ranges"},
		{"no ranges, no size", state{text, `"v"`, false}, state{text, chunked, true}, "server no longer sends byte ranges"},
		{"never ranges, no size", state{text, "", true}, state{text, chunked, true}, "size was 32 bytes, is unknown"},
		{"ranges", state{text, "", true}, state{text, `"v"`, false}, "ETag or modification time differs"},
		{"never ranges", state{text, "", true}, state{text, "", true}, ""},
		{"never ranges, another size", state{text, "", true}, state{text + "P3,c\n", "", true}, "size was 32 bytes, is 37"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var now atomic.Pointer[state]
			now.Store(&test.was)
			raw := serveState(t, &now)
			u, err := client.URL(raw, "")
			check(t, err)
			e, err := plan.NewURL(t.Context(), raw, u)
			check(t, err)
			if e.URL.Whole != test.was.noRanges || e.URL.Size != int64(len(text)) || strings.Contains(e.URL.Name, "canary") {
				t.Errorf("got %+v", e.URL)
			}
			var b bytes.Buffer
			check(t, plan.Write(&b, plan.Rules{}, []plan.Entry{e}))
			file := filepath.Join(t.TempDir(), "plan")
			check(t, os.WriteFile(file, b.Bytes(), 0o600))
			p, err := plan.Read(file)
			check(t, err)

			now.Store(&test.is)
			parts, err := p.Parts(t.Context(), p.Shard(0, 1), sources.LocalOptions{}, func(server string) (*sources.Client, error) {
				if server != "" {
					t.Errorf("got the server %q", server)
				}
				return client, nil
			})
			if test.want == "" {
				check(t, err)
				if len(parts) != 1 || parts[0].Name() != e.URL.Name {
					t.Errorf("got %v", parts)
				}
				return
			}
			want := e.URL.Name + ": changed since the plan was made: " + test.want
			if !errors.Is(err, plan.ErrChanged) || err.Error() != want {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
}

// A plan whose URLs cannot be counted is corrupt.
func TestConditionsOfURLs(t *testing.T) {
	good := plan.URL{URL: "http://host/x?a", Name: "x", Size: 5, Validator: `"v"`}
	entry := func(change func(*plan.URL)) plan.Entry {
		u := good
		change(&u)
		return plan.Entry{URL: &u, Weight: 5}
	}
	other := entry(func(u *plan.URL) { u.URL = "http://host/y" })
	for _, test := range []struct {
		name    string
		entries []plan.Entry
		rules   plan.Rules
		want    error
	}{
		{"good", []plan.Entry{entry(func(*plan.URL) {})}, plan.Rules{}, nil},
		{"whole", []plan.Entry{entry(func(u *plan.URL) { u.Size, u.Validator, u.Whole = 0, "", true })}, plan.Rules{}, nil},
		{"scanned", []plan.Entry{entry(func(u *plan.URL) { u.Scanned, u.Boundaries = true, []int64{3} })}, plan.Rules{}, nil},
		{"no name", []plan.Entry{entry(func(u *plan.URL) { u.Name = "" })}, plan.Rules{}, plan.ErrCorrupt},
		{"not a URL", []plan.Entry{entry(func(u *plan.URL) { u.URL = "ftp://host/x" })}, plan.Rules{}, plan.ErrCorrupt},
		{"negative size", []plan.Entry{entry(func(u *plan.URL) { u.Size = -1 })}, plan.Rules{}, plan.ErrCorrupt},
		{"no size", []plan.Entry{entry(func(u *plan.URL) { u.Size = 0 })}, plan.Rules{}, plan.ErrCorrupt},
		{"no validator", []plan.Entry{entry(func(u *plan.URL) { u.Validator = "" })}, plan.Rules{}, plan.ErrCorrupt},
		{"weight", []plan.Entry{entry(func(u *plan.URL) { u.Size = 6 })}, plan.Rules{}, plan.ErrCorrupt},
		{"boundary outside", []plan.Entry{entry(func(u *plan.URL) { u.Scanned, u.Boundaries = true, []int64{5} })}, plan.Rules{}, plan.ErrCorrupt},
		{"footer", []plan.Entry{entry(func(*plan.URL) {})}, plan.Rules{Dialect: plan.Dialect{SkipFooter: 1}}, plan.ErrCorrupt},
		{"two inputs", []plan.Entry{{URL: &good, Download: &plan.Download{Export: "x", ID: "d"}, Weight: 5}}, plan.Rules{}, plan.ErrCorrupt},
		{"the same URL", []plan.Entry{entry(func(*plan.URL) {}), entry(func(u *plan.URL) { u.URL, u.Name = "HTTP://host:80/x?a", "y" })}, plan.Rules{}, plan.ErrDuplicate},
		{"the same name", []plan.Entry{entry(func(*plan.URL) {}), other}, plan.Rules{}, plan.ErrDuplicate},
		{"the URL of a download", []plan.Entry{entry(func(u *plan.URL) { u.URL = "http://host/api/export/x/d/data" }),
			{Download: &plan.Download{Server: "http://host:80", Export: "x", ID: "d"}, Weight: 1}}, plan.Rules{}, plan.ErrDuplicate},
	} {
		var b bytes.Buffer
		err := plan.Write(&b, test.rules, test.entries)
		if !errors.Is(err, test.want) || test.want == nil && err != nil || err != nil && strings.Contains(err.Error(), "?a") {
			t.Errorf("%s: got %v, want %v", test.name, err, test.want)
		}
	}
}
