package main

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

// generated returns a directory with the files of the export demo.
func generated(t *testing.T) (dir string, files []string) {
	t.Helper()
	dir = t.TempDir()
	fastcount(t, dir, "generate", "demo", "--out-dir", ".")
	files, err := filepath.Glob(filepath.Join(dir, "*.csv"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%q, %v", files, err)
	}
	for i, file := range files {
		files[i] = filepath.Base(file)
	}
	return dir, files
}

// compressed returns a directory with compressed files of the export demo.
func compressed(t *testing.T, suffix string, compress func(t *testing.T, text []byte) []byte) (dir string, files []string) {
	t.Helper()
	dir, files = generated(t)
	for i, file := range files {
		write(t, filepath.Join(dir, file+suffix), compress(t, read(t, filepath.Join(dir, file))))
		files[i] += suffix
	}
	return dir, files
}

func gzipped(t *testing.T, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zstandard(t *testing.T, text []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(text, nil)
}

// The result is byte for byte that of fastcount, for any input and number of
// shards.
func TestSameAsFastcount(t *testing.T) {
	inputs := map[string]func(t *testing.T) (dir string, sources []string){
		"plain files": generated,
		"gzip":        func(t *testing.T) (string, []string) { return compressed(t, ".gz", gzipped) },
		"zstd":        func(t *testing.T) (string, []string) { return compressed(t, ".zst", zstandard) },
		"an export":   func(t *testing.T) (string, []string) { return t.TempDir(), []string{"--server", serve(t).URL, "demo"} },
	}
	for name, input := range inputs {
		t.Run(name, func(t *testing.T) {
			dir, sources := input(t)
			plan, want := planned(t, dir, sources...), fastcount(t, dir, sources...)
			for _, shards := range []int{1, 5, 64} {
				output := filepath.Join(dir, "counts.json")
				if err := onPrism(t, job{Plan: plan, Shards: shards, Output: output}); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(read(t, output), want) {
					t.Errorf("%d shards: the result differs", shards)
				}
			}
		})
	}
}

var countedBy = regexp.MustCompile(`<div><dt>counted by</dt><dd>[^<]*</dd></div>\n`)

func TestSinks(t *testing.T) {
	dir, files := generated(t)
	plan := planned(t, dir, files...)
	for _, sink := range []string{"json", "csv", "ndjson", "table", "html"} {
		want, got := filepath.Join(dir, "want"), filepath.Join(dir, "got")
		fastcount(t, dir, append(files, "--sink", sink+"="+want)...)
		if err := onPrism(t, job{Plan: plan, Shards: 3, Output: got, Sink: sink}); err != nil {
			t.Fatal(err)
		}
		// Only the page of fastcount has the name of the program.
		if !bytes.Equal(read(t, got), countedBy.ReplaceAll(read(t, want), nil)) {
			t.Errorf("%s: the result differs", sink)
		}
	}
}

// With more shards than bytes, most of them are empty.
func TestTinyFile(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.csv"), []byte("patient_id,event_type\nP1,a\n"))
	output := filepath.Join(dir, "counts.csv")
	err := onPrism(t, job{Plan: planned(t, dir, "a.csv"), Shards: 1000, Output: output, Sink: "csv"})
	if err != nil {
		t.Fatal(err)
	}
	if got := string(read(t, output)); got != "patient_id,event_type,count\nP1,a,1\n" {
		t.Errorf("got %q", got)
	}
}

// A server that cuts streams and is temporarily unavailable does not affect the
// result.
func TestServerFails(t *testing.T) {
	s, dir := serve(t), t.TempDir()
	plan, want := planned(t, dir, "--server", s.URL, "demo"), fastcount(t, dir, "--server", s.URL, "demo")
	s.setFaults(t, "status=503,on=meta,attempts=1", "status=503,on=data,attempts=1", "cut=100000,attempts=2")
	output := filepath.Join(dir, "counts.json")
	if err := onPrism(t, job{Plan: plan, Shards: 5, Output: output}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(read(t, output), want) {
		t.Error("the result differs")
	}
}

// A job that fails returns the reason and does not change the output.
func TestFails(t *testing.T) {
	const table = "patient_id,event_type\nP1,a\n"
	tests := map[string]struct {
		second string                          // contents of the second file
		change func(t *testing.T, file string) // changes it after planning
		want   string
	}{
		"a missing file": {table, func(t *testing.T, file string) {
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		}, "b.csv: no such file or directory"},
		"a file that changed": {table, func(t *testing.T, file string) {
			if err := os.Chtimes(file, time.Time{}, time.Unix(1, 0)); err != nil {
				t.Fatal(err)
			}
		}, "changed since the plan was made"},
		"bad data": {table + "P2\n", func(*testing.T, string) {}, "b.csv"},
	}
	for name, test := range tests {
		for _, before := range []string{"", "an older result"} {
			t.Run(name+" "+before, func(t *testing.T) {
				dir, output := t.TempDir(), filepath.Join(t.TempDir(), "counts.json")
				write(t, filepath.Join(dir, "a.csv"), []byte(table))
				write(t, filepath.Join(dir, "b.csv"), []byte(test.second))
				plan := planned(t, dir, "a.csv", "b.csv")
				test.change(t, filepath.Join(dir, "b.csv"))
				if before != "" {
					write(t, output, []byte(before))
				}
				err := onPrism(t, job{Plan: plan, Shards: 3, Output: output})
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("got %v, want %s", err, test.want)
				}
				if after, _ := os.ReadFile(output); string(after) != before {
					t.Errorf("the output is now %q", after)
				}
				if files, _ := filepath.Glob(filepath.Join(filepath.Dir(output), "*")); len(files) > 1 {
					t.Errorf("files are left: %q", files)
				}
			})
		}
	}
}

// So is the result by other key columns, which the plan names.
func TestKeyColumns(t *testing.T) {
	dir, sources := generated(t)
	for _, by := range []string{"event_type", "event_time:hour,@name,event_type,patient_id", "patient_id,event_time:day"} {
		args := append([]string{"--by", by}, sources...)
		plan, want, output := planned(t, dir, args...), fastcount(t, dir, args...), filepath.Join(dir, "counts.json")
		for _, shards := range []int{1, 7} {
			if err := onPrism(t, job{Plan: plan, Shards: shards, Output: output}); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(read(t, output), want) {
				t.Errorf("--by %s, %d shards: the result differs", by, shards)
			}
		}
	}
}
