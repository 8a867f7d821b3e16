package mockserver

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
)

// generated returns a folder with the files of the demo export in its subfolder sub.
func generated(t testing.TB, sub string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := Generate(context.Background(), "demo", filepath.Join(dir, sub), 2, nil); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestDataFolder(t *testing.T) {
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

func TestDataFolderWithoutAnExport(t *testing.T) {
	incomplete := generated(t, "")
	files, err := filepath.Glob(filepath.Join(incomplete, "01_*.csv"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	if err := os.Remove(files[0]); err != nil {
		t.Fatal(err)
	}
	folder := generated(t, "") // a folder in place of a file
	blocked := filepath.Join(folder, filepath.Base(files[0]))
	if err := os.Remove(blocked); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(blocked, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, dir := range map[string]string{
		"empty": t.TempDir(), "incomplete": incomplete, "folder": folder,
		"missing": filepath.Join(incomplete, "none"), "file": filepath.Join(folder, fileName(0, 2, references(t)[0].id)),
	} {
		if _, err := New(Options{Data: dir}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// recorder is a ResponseWriter that knows whether it was handed a file to send by itself.
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

// TestSendfile proves that the file itself reaches the ResponseWriter, which can then leave the copying to the kernel.
func TestSendfile(t *testing.T) {
	h, err := New(Options{Data: generated(t, ""), Faults: []Fault{{Do: Drip(1, 0), Download: 2}}})
	if err != nil {
		t.Fatal(err)
	}
	want := references(t)[0]
	w := &recorder{ResponseRecorder: httptest.NewRecorder()}
	h.ServeHTTP(w, httptest.NewRequest("GET", "/api/export/demo/"+want.id+"/data", nil))
	if w.files != 1 || int64(w.Body.Len()) != want.size {
		t.Errorf("%d files were handed over, %d bytes written", w.files, w.Body.Len())
	}
}

func TestFileChanges(t *testing.T) {
	name := filepath.Join(t.TempDir(), "00_x.csv")
	if err := os.WriteFile(name, []byte(tinyCSV), 0o600); err != nil {
		t.Fatal(err)
	}
	d := Download{ID: "x", file: name}
	a := d.answer()
	if err := os.Truncate(name, 50); err != nil {
		t.Fatal(err)
	}
	if err := a.body(io.Discard); err == nil {
		t.Error("a file that shrank went out without an error")
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if err := a.body(io.Discard); err == nil {
		t.Error("a file that is gone went out without an error")
	}
	if a := d.answer(); a.status != http.StatusInternalServerError {
		t.Errorf("a file that is gone answers %d", a.status)
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
