package merge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fastcount/engine"
	"fastcount/internal/atomicfile"
	"fastcount/internal/partial"
)

// memory is a plain file in memory, or a range of it.
type memory struct {
	name     string
	data     []byte
	from, to int64
}

func (m memory) Name() string { return m.name }
func (m memory) Info() engine.PartInfo {
	return engine.PartInfo{Size: int64(len(m.data)), SizeKnown: true, Range: &engine.Range{From: m.from, To: m.to}}
}

func (m memory) Boundary(_ context.Context, at int64) (int64, error) { return at, nil }

func (m memory) Open(context.Context) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(m.data)), nil
}

func (m memory) OpenRange(_ context.Context, from, to int64) (io.ReadCloser, error) {
	return stream{bytes.NewReader(m.data[from:]), to - from}, nil
}

type stream struct {
	io.Reader
	limit int64
}

func (s stream) Info() engine.StreamInfo { return engine.StreamInfo{Limit: s.limit} }
func (s stream) Close() error            { return nil }

// export is CSV with many patients.
func export(rows int) []byte {
	var b strings.Builder
	b.WriteString("patient_id,event_type\n")
	for i := range rows {
		fmt.Fprintf(&b, "P%d,%s\n", i*i%97, []string{"a", "bb", "ccc"}[i%3])
	}
	return []byte(b.String())
}

// shards counts each byte range between cuts in a separate run, and writes the
// partial results into a directory.
func shards(t testing.TB, dir string, data []byte, cuts []int64) (files []string) {
	t.Helper()
	for i := range len(cuts) - 1 {
		files = append(files, shardOf(t, dir, data, cuts[i], cuts[i+1]))
	}
	return files
}

func shardOf(t testing.TB, dir string, data []byte, from, to int64) string {
	t.Helper()
	r, err := engine.Run(context.Background(), []engine.Part{memory{"a.csv", data, from, to}}, engine.Config{})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	head := partial.Header{Job: "w", Label: "x", Covers: []partial.Interval{{from, to}}, Total: int64(len(data))}
	if err := partial.Write(&b, head, r); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, fmt.Sprintf("%09d-%09d%s", from, to, Suffix))
	write(t, file, b.Bytes())
	return file
}

func write(t testing.TB, file string, text []byte) {
	t.Helper()
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func randomCuts(r *rand.Rand, size, n int) []int64 {
	cuts := []int64{0, int64(size)}
	for range n {
		cuts = append(cuts, r.Int64N(int64(size)))
	}
	slices.Sort(cuts)
	return slices.Compact(cuts)
}

// want is the report of one run.
func want(t testing.TB, data []byte) *engine.Report {
	t.Helper()
	r, err := engine.Run(context.Background(), []engine.Part{memory{"a.csv", data, 0, int64(len(data))}}, engine.Config{})
	if err != nil {
		t.Fatal(err)
	}
	r.Parts[0].Range = nil
	return r
}

func report(files []string) (*engine.Report, error) {
	s, err := Open(files)
	if err != nil {
		return nil, err
	}
	return s.Report(engine.Limits{})
}

// Shards of random byte ranges, in any order, some of them twice, give the
// result of one run, also if some of them are merged first.
func TestMergeIsTheWhole(t *testing.T) {
	data := export(3000)
	whole := want(t, data)
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		dir := t.TempDir()
		files := shards(t, dir, data, randomCuts(r, len(data), r.IntN(12)))
		copied := filepath.Join(dir, "copy"+Suffix)
		text, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		write(t, copied, text)
		files = append(files, copied)
		r.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
		got, err := report(files)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(whole, got); diff != "" {
			t.Fatal(diff)
		}

		tree := mergeSome(t, dir, files, r)
		if got, err = report(tree); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(whole, got); diff != "" {
			t.Fatalf("merged in two rounds: %s", diff)
		}
	}
}

// mergeSome merges every two or three files into one.
func mergeSome(t *testing.T, dir string, files []string, r *rand.Rand) (merged []string) {
	t.Helper()
	all, err := Open(files)
	if err != nil {
		t.Fatal(err)
	}
	var once []string
	for _, f := range all.files {
		once = append(once, f.path)
	}
	for i := 0; len(once) > 0; i++ {
		n := min(len(once), 2+r.IntN(2))
		s, err := Open(once[:n])
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, fmt.Sprintf("merged-%d%s", i, Suffix))
		if err := s.ToPartial(atomicfile.OS{}, path, dir); err != nil {
			t.Fatal(err)
		}
		merged, once = append(merged, path), once[n:]
	}
	return merged
}

func TestRefused(t *testing.T) {
	data := export(300)
	third := int64(len(data) / 3)
	cuts := []int64{0, third, 2 * third, int64(len(data))}
	tests := map[string]struct {
		change func(t *testing.T, dir string, files []string) []string
		want   error
	}{
		"nothing":     {func(*testing.T, string, []string) []string { return nil }, ErrNotFound},
		"the first":   {func(_ *testing.T, _ string, f []string) []string { return f[1:] }, ErrIncomplete},
		"one between": {func(_ *testing.T, _ string, f []string) []string { return []string{f[0], f[2]} }, ErrIncomplete},
		"the last":    {func(_ *testing.T, _ string, f []string) []string { return f[:2] }, ErrIncomplete},
		"an overlap": {func(t *testing.T, dir string, f []string) []string {
			return append(f, shardOf(t, dir, data, third-1, third+9))
		}, ErrOverlap},
		"another plan":  {changed(`"job":"w"`, `"job":"v"`), ErrOtherJob},
		"another count": {changed("2:bb", "2:bc"), partial.ErrCorrupt},
		"cut off":       {changed("\"}\n", ""), partial.ErrCorrupt},
		"no shard":      {changed(`"total":`, `"totals":`), nil},
		"beyond":        {changed(`"covers":[[`, `"covers":[[9`), partial.ErrCorrupt},
		"not the same twice": {func(t *testing.T, dir string, f []string) []string {
			other := t.TempDir()
			return append(f, shardOf(t, other, bytes.Replace(data, []byte("bb"), []byte("xx"), -1), third, 2*third))
		}, ErrOverlap},
		"unfit": {func(t *testing.T, dir string, f []string) []string {
			moved := append([]byte("\n"), data[:len(data)-1]...)
			return []string{f[0], shardOf(t, dir, moved, third, 2*third), f[2]}
		}, ErrMisaligned},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			files := test.change(t, dir, shards(t, dir, data, cuts))
			r, err := report(files)
			if r != nil || err == nil || test.want != nil && !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

// Results that cover the whole job must hold all bytes of each file.
func TestRangeThatIsNotTheWhole(t *testing.T) {
	data := export(300)
	size := int64(len(data))
	for name, share := range map[string]memory{
		"the first bytes are missing": {"a.csv", data, 100, size},
		"the last bytes are missing":  {"a.csv", data, 0, size - 100},
	} {
		r, err := engine.Run(t.Context(), []engine.Part{share}, engine.Config{})
		if err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		head := partial.Header{Job: "w", Covers: []partial.Interval{{0, size}}, Total: size}
		if err := partial.Write(&text, head, r); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "x"+Suffix)
		write(t, file, text.Bytes())
		if got, err := report([]string{file}); got != nil || !errors.Is(err, ErrMisaligned) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// changed changes the second file, and corrects its checksum if possible.
func changed(from, to string) func(t *testing.T, dir string, files []string) []string {
	return func(t *testing.T, _ string, files []string) []string {
		text, err := os.ReadFile(files[1])
		if err != nil {
			t.Fatal(err)
		}
		write(t, files[1], bytes.Replace(text, []byte(from), []byte(to), 1))
		return files
	}
}

func TestGaps(t *testing.T) {
	data := export(300)
	dir := t.TempDir()
	files := shards(t, dir, data, []int64{0, 100, 200, 300, int64(len(data))})
	s, err := Open([]string{files[1], files[3]})
	if err != nil {
		t.Fatal(err)
	}
	if gaps, err := s.Gaps(); err != nil || fmt.Sprint(gaps) != "[[0 100] [200 300]]" {
		t.Errorf("got %v, %v", gaps, err)
	}
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.partial", "a.partial", "x.csv", ".hidden.partial"} {
		write(t, filepath.Join(dir, name), nil)
	}
	other := filepath.Join(dir, "x.csv")
	got, err := Find([]string{other, dir})
	if want := []string{other, filepath.Join(dir, "a.partial"), filepath.Join(dir, "b.partial")}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := Find([]string{t.TempDir()}); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v", err)
	}
}
