package plan_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"fastcount/engine"
	"fastcount/internal/merge"
	"fastcount/internal/plan"
	"fastcount/internal/testing/proof"
	"fastcount/mockserver"
	"fastcount/sources"
)

// world is a directory of files of all kinds, and the server of an export.
type world struct {
	dir        string
	client     *sources.Client
	files      []file
	entries    []plan.Entry
	parts      []engine.Part // the same, for one run
	boundaries int           // of scanned files
}

func newWorld(t *testing.T, random *rand.Rand, client *sources.Client) *world {
	w := &world{dir: t.TempDir(), client: client}
	for i := range 1 + random.IntN(5) {
		var text bytes.Buffer
		text.WriteString("value,patient_id,event_type\n")
		for range random.IntN(400) {
			value := fmt.Sprint(random.IntN(1000))
			if random.IntN(50) == 0 {
				value = "\"two\nlines, quoted\""
			}
			fmt.Fprintf(&text, "%s,P%d,e%d\n", value, random.IntN(30), random.IntN(4))
		}
		w.addFile(t, fmt.Sprintf("%d.csv", i), text.Bytes(), random.IntN(4))
	}
	return w
}

// findFiles makes the entries and parts.
func (w *world) findFiles(t *testing.T) {
	for _, file := range w.files {
		if file.url != "" {
			w.addURL(t, file.url)
			continue
		}
		f, err := sources.NewFile(file.path, sources.LocalOptions{})
		check(t, err)
		u, err := plan.NewFile(t.Context(), f)
		check(t, err)
		if file.scan {
			small := engine.Config{BufferSize: 64}
			check(t, plan.ScanEvery(t.Context(), &u, f, small, 200))
			w.boundaries += len(u.File.Boundaries)
		}
		w.entries, w.parts = append(w.entries, u), append(w.parts, f)
	}
	if w.client == nil {
		return
	}
	downloads, err := w.client.Export(t.Context(), "demo")
	check(t, err)
	for _, d := range downloads {
		w.entries = append(w.entries, plan.NewDownload(w.client.Server(), "demo", d))
		w.parts = append(w.parts, d)
	}
}

// addURL makes the entry and the part of a URL.
func (w *world) addURL(t *testing.T, raw string) {
	u, err := w.client.URL(raw, "")
	check(t, err)
	e, err := plan.NewURL(t.Context(), raw, u)
	check(t, err)
	once, err := w.client.URL(raw, "")
	check(t, err)
	w.entries, w.parts = append(w.entries, e), append(w.parts, once)
}

// file is a file of a world, which is counted from its URL if that is set; scan
// requests a scan for boundaries.
type file struct {
	path string
	url  string
	scan bool
}

func (w *world) addFile(t *testing.T, name string, text []byte, kind int) {
	switch kind {
	case 0:
		var out bytes.Buffer
		z := gzip.NewWriter(&out)
		_, err := z.Write(text)
		check(t, errors.Join(err, z.Close()))
		text = out.Bytes()
	case 1:
		z, err := zstd.NewWriter(nil)
		check(t, err)
		text = z.EncodeAll(text, nil)
		check(t, z.Close())
	}
	path := filepath.Join(w.dir, name)
	check(t, os.WriteFile(path, text, 0o600))
	f := file{path: path, scan: kind == 2}
	if w.client != nil && len(w.files)%2 == 1 {
		f.url = w.client.Server() + "/files" + filepath.ToSlash(path) + "?canary"
	}
	w.files = append(w.files, f)
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// count counts one shard and writes its partial result.
func (w *world) count(t *testing.T, p *plan.Plan, i, n int) string {
	t.Helper()
	parts, err := p.Parts(t.Context(), p.Shard(i, n), sources.LocalOptions{}, func(server string) (*sources.Client, error) {
		if server != w.client.Server() {
			return nil, fmt.Errorf("there is no server %s", server)
		}
		return w.client, nil
	})
	check(t, err)
	cfg := engine.Config{Jobs: 2, RangeSize: 500}
	p.Rules.Config(&cfg)
	r, err := engine.Run(t.Context(), parts, cfg)
	check(t, err)
	var text bytes.Buffer
	check(t, p.WriteShard(&text, i, n, r))
	file := filepath.Join(w.dir, fmt.Sprintf("%d-of-%d%s", i, n, merge.Suffix))
	check(t, os.WriteFile(file, text.Bytes(), 0o600))
	return file
}

// serveFile serves the file whose path follows /files, also in byte ranges.
func serveFile(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/files")
	data, err := os.ReadFile(path)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("ETag", fmt.Sprintf(`"%x"`, sha256.Sum256(data)))
	w.Header().Set("Content-Type", "text/csv")
	http.ServeContent(w, r, path, time.Time{}, bytes.NewReader(data))
}

// Files of all kinds, URLs and an export, counted in any number of shards, give
// the report of one run, field by field.
func TestSharedOutIsTheWhole(t *testing.T) {
	handler, err := mockserver.New(mockserver.Options{})
	check(t, err)
	mux := http.NewServeMux()
	mux.Handle("/", handler)
	mux.HandleFunc("/files/", serveFile)
	server := httptest.NewServer(mux)
	defer server.Close()
	client, err := sources.NewClient(sources.Options{Server: server.URL})
	check(t, err)
	defer client.Close()

	random := rand.New(rand.NewPCG(1, 2))
	tried, unfit, boundaries := 0, 0, 0
	var worlds []*world // made before the first is counted, which waits for its young files
	for range 40 {
		worlds = append(worlds, newWorld(t, random, client))
	}
	for _, w := range worlds {
		w.findFiles(t)
		path := filepath.Join(w.dir, "work.plan")
		var text bytes.Buffer
		check(t, plan.Write(&text, plan.Rules{}, w.entries))
		check(t, os.WriteFile(path, text.Bytes(), 0o600))
		p, err := plan.Read(path)
		check(t, err)
		n := 1 + random.IntN(30)
		var files []string
		for i := range n {
			files = append(files, w.count(t, p, i, n))
		}
		random.Shuffle(n, func(i, j int) { files[i], files[j] = files[j], files[i] })
		set, err := merge.Open(files)
		check(t, err)
		got, err := set.Report(engine.Limits{})
		if errors.Is(err, merge.ErrMisaligned) {
			unfit++ // a cut inside quotes, found out
			continue
		}
		check(t, err)
		want, err := engine.Run(context.Background(), w.parts, engine.Config{})
		check(t, err)
		for _, r := range []*engine.Report{want, got} {
			for i := range r.Parts {
				r.Parts[i].Attempts, r.Parts[i].RawBytes = 1, 0
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%d shards: %s", n, diff)
		}
		tried += n
		boundaries += w.boundaries
	}
	if boundaries < 100 {
		t.Errorf("scanned files were cut %d times", boundaries)
	}
	if unfit > 10 {
		t.Errorf("%d of 40 plans were cut inside quotes", unfit)
	}
	proof.Cases(t, "shards", tried)
}
