package plan_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"fastcount/internal/plan"
	"fastcount/sources"
)

// A download that is missing, or differs from the plan, is an error that names
// it.
func TestDownloadsOfPlans(t *testing.T) {
	status, rows, patients := http.StatusOK, 1, `"P1","P2"`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"data":{"id":"d","download_ids":["d"],"rows":%d,"patients":[%s],"event_types":["e"]}}`, rows, patients)
	}))
	defer server.Close()
	client, err := sources.NewClient(sources.Options{Server: server.URL, Retries: -1})
	check(t, err)
	defer client.Close()
	download, err := client.Download(t.Context(), "x", "d")
	check(t, err)
	w := &world{dir: t.TempDir(), client: client}
	w.entries = []plan.Entry{plan.NewDownload(client.Server(), "x", download)}
	p := w.planned(t, plan.Rules{})

	noClient := errors.New("no client")
	for name, c := range map[string]struct {
		change func()
		err    error // of the client
		want   error
	}{
		"unchanged":    {func() {}, nil, nil},
		"other order":  {func() { patients = `"P2","P1"` }, nil, nil},
		"no client":    {func() {}, noClient, noClient},
		"missing":      {func() { status = http.StatusNotFound }, nil, sources.ErrNotFound},
		"denied":       {func() { status = http.StatusForbidden }, nil, sources.ErrDenied},
		"out of order": {func() { status = http.StatusServiceUnavailable }, nil, sources.ErrExhausted},
		"other rows":   {func() { rows = 2 }, nil, plan.ErrChanged},
		"other names":  {func() { patients = `"P1","P3"` }, nil, plan.ErrChanged},
	} {
		status, rows, patients = http.StatusOK, 1, `"P1","P2"`
		c.change()
		parts, err := p.Parts(t.Context(), p.Shard(0, 1), sources.LocalOptions{}, func(string) (*sources.Client, error) { return client, c.err })
		if !errors.Is(err, c.want) || (err == nil) != (len(parts) == 1) {
			t.Errorf("%s: got %v, %v, want %v", name, parts, err, c.want)
		}
		if err != nil && c.err == nil && !strings.Contains(err.Error(), "x/d") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	server.Close()
	if parts, err := p.Parts(t.Context(), p.Shard(0, 1), sources.LocalOptions{}, func(string) (*sources.Client, error) { return client, nil }); parts != nil || !errors.Is(err, sources.ErrExhausted) {
		t.Errorf("no server: got %v, %v", parts, err)
	}
}

// The weight of a download is in proportion to its rows, however many its
// server declares.
func TestWeightOfDownloads(t *testing.T) {
	rows := "0"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"data":{"id":"d","rows":%s,"patients":[],"event_types":[]}}`, rows)
	}))
	defer server.Close()
	client, err := sources.NewClient(sources.Options{Server: server.URL, Retries: -1})
	check(t, err)
	defer client.Close()
	for _, c := range []struct {
		rows string
		want int64
	}{{"0", 1}, {"1", 44}, {"1000", 44_000}, {"9223372036854775807", 1<<63 - 1 - (1<<63-1)%44}} {
		rows = c.rows
		d, err := client.Download(t.Context(), "x", "d")
		check(t, err)
		if u := plan.NewDownload("", "x", d); u.Weight != c.want || u.Download.ID != "d" || u.Download.Export != "x" {
			t.Errorf("%s rows: got %+v, want a weight of %d", c.rows, u, c.want)
		}
	}
}
