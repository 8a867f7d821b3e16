package mockserver

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"fastcount/internal/testing/descriptors"
)

// names returns the names in a directory.
func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func TestGenerate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "dir")
	reported := map[string]int64{}
	for range 2 { // the second time replaces the files of the first
		err := Generate(context.Background(), "demo", dir, 3, func(file string, rows uint64, bytes int64) {
			reported[file] = int64(rows)*1_000_000 + bytes
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if all := names(t, dir); len(all) != 2 || len(reported) != 2 {
		t.Errorf("the directory has %v, reported %v", all, reported)
	}
	for _, want := range references(t)[:2] {
		name := filepath.Join(dir, fileName(want.index, 2, want.id))
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(name); err != nil || runtime.GOOS != "windows" && info.Mode() != 0o644 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
		sum := newDigest()
		sum.Hash.Write(text)
		if sum.String() != want.sum || reported[name] != int64(want.rows)*1_000_000+want.size {
			t.Errorf("%s: hash %v, reported %d", name, sum, reported[name])
		}
	}
}

// sizes records the sizes of writes.
type sizes []int

func (s *sizes) Write(p []byte) (int, error) {
	*s = append(*s, len(p))
	return len(p), nil
}

// TestPieces checks that all writes to a file but the last have one size.
func TestPieces(t *testing.T) {
	const rest = 12345
	d := Download{Body: func(w io.Writer) error {
		for left := 2*pieceSize + rest; left > 0; left -= blockSize {
			if _, err := w.Write(make([]byte, min(left, blockSize))); err != nil {
				return err
			}
		}
		return nil
	}}
	var got sizes
	size, err := writeBody(t.Context(), &got, d)
	if err != nil || size != 2*pieceSize+rest || !slices.Equal(got, []int{pieceSize, pieceSize, rest}) {
		t.Errorf("%v, %d bytes, %v", got, size, err)
	}
}

func TestGenerateUnknown(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	if err := Generate(context.Background(), "none", dir, 1, nil); !errors.Is(err, ErrUnknownExport) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the directory was created: %v", err)
	}
}

// TestGenerateCancelled cancels after the first file. Completed files remain,
// and no temporary ones.
func TestGenerateCancelled(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	finished := 0
	err := Generate(ctx, "small", dir, 2, func(string, uint64, int64) { finished++; cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	all := names(t, dir)
	if len(all) != finished || finished == 0 || finished > 2 {
		t.Errorf("%d files were completed, the directory has %v", finished, all)
	}
}

func TestGenerateFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Generate(context.Background(), "demo", file, 1, nil); err == nil {
		t.Error("a file was accepted as a directory")
	}
	dir := t.TempDir()
	d := references(t)[1]
	blocked := filepath.Join(dir, fileName(1, 2, d.id), "full") // a directory that no file can replace
	if err := os.MkdirAll(blocked, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Generate(context.Background(), "demo", dir, 1, nil); err == nil {
		t.Error("a directory was replaced")
	}
	if all := names(t, dir); len(all) != 2 {
		t.Errorf("the directory has %v", all)
	}
}

// A file whose download cannot be written is as it was.
func TestGenerateAtomically(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "00_x.csv")
	if err := os.WriteFile(name, []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	body := func(w io.Writer) error {
		if _, err := io.WriteString(w, "half"); err != nil {
			return err
		}
		return broken
	}
	g := &generation{dir: dir, downloads: []Download{{ID: "x", Body: body}}}
	err := g.run(context.Background(), 1)
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	text, err := os.ReadFile(name)
	if all := names(t, dir); err != nil || string(text) != "before" || len(all) != 1 {
		t.Errorf("the file holds %q (%v), the directory %v", text, err, all)
	}
}

func TestFileName(t *testing.T) {
	for _, c := range []struct {
		i, n int
		want string
	}{{0, 1, "00_x.csv"}, {7, 20, "07_x.csv"}, {99, 100, "99_x.csv"}, {7, 101, "007_x.csv"}, {1000, 1001, "1000_x.csv"}} {
		if got := fileName(c.i, c.n, "x"); got != c.want {
			t.Errorf("file %d of %d is %s, want %s", c.i, c.n, got, c.want)
		}
	}
}

// generated returns a directory with the files of the demo export in its
// subdirectory sub.
func generated(t testing.TB, sub string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := Generate(context.Background(), "demo", filepath.Join(dir, sub), 2, nil); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestDataDir(t *testing.T) {
	for _, sub := range []string{"", "demo"} {
		s := serve(t, Options{Data: generated(t, sub)})
		if r := get(t, s.URL+"/api/export"); r.body != `{"data":{"export_ids":["demo"]}}` {
			t.Errorf("offered: %s", r.body)
		}
		for _, want := range references(t)[:2] {
			r := get(t, s.URL+"/api/export/demo/"+want.id+"/data")
			sum := newDigest()
			if _, err := io.WriteString(sum, r.body); err != nil || r.err != nil {
				t.Fatal(err, r.err)
			}
			if sum.String() != want.sum || r.ContentLength != want.size ||
				r.Header.Get("Content-Type") != "text/csv; charset=utf-8" {
				t.Errorf("got %v with hash %v, want %+v", r.Header, sum, want)
			}
		}
	}
}

func TestDataDirIncomplete(t *testing.T) {
	incomplete := generated(t, "")
	files, err := filepath.Glob(filepath.Join(incomplete, "01_*.csv"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	if err := os.Remove(files[0]); err != nil {
		t.Fatal(err)
	}
	blocking := generated(t, "") // a directory in place of a file
	blocked := filepath.Join(blocking, filepath.Base(files[0]))
	if err := os.Remove(blocked); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(blocked, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, dir := range map[string]string{
		"empty": t.TempDir(), "incomplete": incomplete, "directory": blocking,
		"missing": filepath.Join(incomplete, "none"), "file": filepath.Join(blocking, fileName(0, 2, references(t)[0].id)),
	} {
		if _, err := New(Options{Data: dir}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// recorder is a ResponseWriter that counts calls of ReadFrom with a file.
type recorder struct {
	*httptest.ResponseRecorder
	files int
}

func (r *recorder) ReadFrom(src io.Reader) (int64, error) {
	if l, ok := src.(*io.LimitedReader); ok {
		if _, ok := l.R.(*os.File); ok {
			r.files++
		}
	}
	return io.Copy(struct{ io.Writer }{r.ResponseRecorder}, src)
}

// The file itself is passed to the ResponseWriter, which can then use sendfile.
func TestSendfile(t *testing.T) {
	h, err := New(Options{Data: generated(t, ""), Faults: []Fault{{Do: Drip(1, 0), Download: 2}}})
	if err != nil {
		t.Fatal(err)
	}
	want := references(t)[0]
	descriptors.Check(t)
	w := &recorder{ResponseRecorder: httptest.NewRecorder()}
	h.ServeHTTP(w, httptest.NewRequest("GET", "/api/export/demo/"+want.id+"/data", nil))
	if w.files != 1 || int64(w.Body.Len()) != want.size {
		t.Errorf("%d files were passed, %d bytes written", w.files, w.Body.Len())
	}
}

func TestFileChanges(t *testing.T) {
	name := filepath.Join(t.TempDir(), "00_x.csv")
	if err := os.WriteFile(name, []byte(tinyCSV), 0o600); err != nil {
		t.Fatal(err)
	}
	d := Download{ID: "x", file: name}
	resp := d.response()
	if err := os.Truncate(name, 50); err != nil {
		t.Fatal(err)
	}
	if err := resp.body(io.Discard); err == nil {
		t.Error("a file that shrank was sent without an error")
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if err := resp.body(io.Discard); err == nil {
		t.Error("a missing file was sent without an error")
	}
	if resp := d.response(); resp.status != http.StatusInternalServerError {
		t.Errorf("a missing file: got status %d", resp.status)
	}
}

// go test -run '^$' -bench Data ./mockserver
func BenchmarkData(b *testing.B) {
	const size = 256 << 20 // from the page cache; long enough for the cost of the request not to count
	name := filepath.Join(b.TempDir(), "00_x.csv")
	if err := os.WriteFile(name, make([]byte, size), 0o600); err != nil {
		b.Fatal(err)
	}
	s := serve(b, Options{Exports: []Export{{ID: "x", Downloads: []Download{{ID: "x", file: name}}}}})
	buffer := make([]byte, 1<<20)
	b.SetBytes(size)
	for b.Loop() {
		res, err := client.Get(s.URL + "/api/export/x/x/data")
		if err != nil {
			b.Fatal(err)
		}
		n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, res.Body, buffer)
		if err != nil || n != size || res.Body.Close() != nil {
			b.Fatalf("got %d bytes and %v", n, err)
		}
	}
}
