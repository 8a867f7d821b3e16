package sources

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fastcount/engine"
	"fastcount/internal/compression"
	"fastcount/internal/testing/proof"
)

// zipOf returns an archive of files, each a name and its data. Those whose name
// begins with = are stored, without the =.
func zipOf(t testing.TB, files ...string) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for i := 0; i < len(files); i += 2 {
		h := &zip.FileHeader{Name: strings.TrimPrefix(files[i], "="), Method: zip.Deflate}
		if files[i][0] == '=' {
			h.Method = zip.Store
		}
		addMember(t, w, h, files[i+1])
	}
	check(t, w.Close())
	return buf.Bytes()
}

func addMember(t testing.TB, w *zip.Writer, h *zip.FileHeader, data string) {
	t.Helper()
	f, err := w.CreateHeader(h)
	check(t, err)
	if data != "" {
		_, err = io.WriteString(f, data)
		check(t, err)
	}
}

// rawZip returns an archive of one stored member with its header changed.
func rawZip(t testing.TB, data string, change func(*zip.FileHeader)) []byte {
	t.Helper()
	h := &zip.FileHeader{Name: "a.csv", CRC32: crc32.ChecksumIEEE([]byte(data)),
		CompressedSize64: uint64(len(data)), UncompressedSize64: uint64(len(data))}
	change(h)
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	f, err := w.CreateRaw(h)
	check(t, err)
	_, err = io.WriteString(f, data)
	check(t, errors.Join(err, w.Close()))
	return buf.Bytes()
}

// resolveZip resolves an archive in the working directory.
func resolveZip(t *testing.T, data []byte, patterns ...string) ([]Source, error) {
	t.Helper()
	write(t, "x.zip", data)
	return Resolve([]string{"./x.zip"}, nil, LocalOptions{Members: patterns})
}

// sourceNames returns the names of sources, and the names that were left out.
func sourceNames(found []Source) string {
	var names []string
	for _, s := range found {
		names = append(names, strings.TrimPrefix(s.Name, "./x.zip/"))
	}
	text := strings.Join(names, " ")
	if len(found) > 0 && found[0].LeftOut != nil {
		text += " -" + strings.Join(found[0].LeftOut, " -")
	}
	return text
}

func TestMembers(t *testing.T) {
	t.Chdir(t.TempDir())
	data := zipOf(t, "b.csv", "", "dir/", "", "dir/A.TSV", "", "README.md", "", "dir/c.csv.gz", "", ".hidden.csv", "",
		"__MACOSX/dir/._c.csv", "", ".git/x.csv", "", "z.json", "", `win\d.psv`, "", "../e.txt", "", "csv", "")
	for _, test := range []struct {
		want     string
		patterns []string
	}{
		{"b.csv dir/A.TSV dir/c.csv.gz win/d.psv ../e.txt -README.md -z.json -csv", nil},
		{"b.csv -dir/A.TSV -README.md -dir/c.csv.gz -z.json -win\\d.psv -../e.txt -csv", []string{"B.CSV"}},
		{"b.csv -dir/A.TSV -README.md -dir/c.csv.gz -z.json -win\\d.psv -../e.txt -csv", []string{"*.csv"}},
		{"dir/A.TSV dir/c.csv.gz -b.csv -README.md -z.json -win\\d.psv -../e.txt -csv", []string{"DIR/*"}},
		{"b.csv dir/A.TSV README.md dir/c.csv.gz z.json win/d.psv ../e.txt csv", []string{"**"}},
		{"dir/c.csv.gz -b.csv -dir/A.TSV -README.md -z.json -win\\d.psv -../e.txt -csv", []string{"**/c.csv.gz"}},
		{"dir/A.TSV z.json -b.csv -README.md -dir/c.csv.gz -win\\d.psv -../e.txt -csv", []string{"[az].{tsv,json}"}},
	} {
		found, err := resolveZip(t, data, test.patterns...)
		if got := sourceNames(found); err != nil || got != test.want {
			t.Errorf("%q: got %q, %v, want %q", test.patterns, got, err, test.want)
		}
		for i, s := range found {
			if s.Kind != KindFile || s.Value != "./x.zip" || i > 0 && s.LeftOut != nil {
				t.Errorf("%q: got %+v", test.patterns, s)
			}
		}
	}
}

func TestMembersRefused(t *testing.T) {
	t.Chdir(t.TempDir())
	data := zipOf(t, "b.csv", "", "README.md", "")
	for _, test := range []struct {
		data     []byte
		patterns []string
		want     error
		text     string
	}{
		{data, []string{"*.tsv"}, ErrNoMember, `no member matches *.tsv: the first of its 2 members is "b.csv"`},
		{data, []string{"*.csv", "*.tsv"}, ErrNoMember, `"*.tsv" matches no member`},
		{data, []string{"[a"}, ErrArgument, "not closed"},
		{data, []string{""}, ErrArgument, "empty"},
		{zipOf(t, "-", ""), nil, ErrNoMember, `its only member is "-"`},
		{zipOf(t), nil, ErrNoMember, "no members"},
		{zipOf(t, "a.csv", "", "a.csv.gz", ""), nil, ErrTwoForms, ""},
	} {
		found, err := resolveZip(t, test.data, test.patterns...)
		if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.text) {
			t.Errorf("%q: got %v, %v, want %v", test.patterns, found, err, test.text)
		}
	}
	if _, err := Resolve([]string{"./x.zip", "./x.zip"}, nil, LocalOptions{}); !errors.Is(err, ErrArgument) {
		t.Errorf("an archive twice: %v", err)
	}
	write(t, "x.zip", data)
	if _, err := Resolve([]string{"./x.zip"}, nil, LocalOptions{MaxMembers: 1}); !errors.Is(err, ErrTooManyMembers) {
		t.Errorf("too many members: %v", err)
	}
}

// Archives and members that cannot be read are sources that fail.
func TestBadArchives(t *testing.T) {
	t.Chdir(t.TempDir())
	good := zipOf(t, "a.csv", csvText)
	raw := func(change func(*zip.FileHeader)) []byte { return rawZip(t, csvText, change) }
	for _, test := range []struct {
		name string
		data []byte
		want error
		text string
	}{
		{"cut", good[:len(good)-1], ErrTruncated, "cut off"},
		{"damaged", bytes.Replace(good, []byte("PK\x01\x02"), []byte("PK\x01\x03"), 1), ErrCorrupt, "entry 1"},
		{"another name", bytes.Replace(good, []byte("a.csv"), []byte("b.csv"), 1), ErrCorrupt, "name differs"},
		{"two of a name", zipOf(t, "a.csv", csvText, "a.csv", csvText), ErrCorrupt, `two members are named "a.csv"`},
		{"two of a name with other slashes", zipOf(t, "d/a.csv", csvText, `d\a.csv`, csvText), ErrCorrupt, "two members"},
		{"split", []byte("PK\x07\x08PK\x03\x04"), ErrTruncated, ""},
		{"encrypted", raw(func(h *zip.FileHeader) { h.Flags |= 1 }), ErrContent, "encrypted"},
		{"LZMA", raw(func(h *zip.FileHeader) { h.Method = 14 }), ErrContent, "LZMA"},
		{"a method without a name", raw(func(h *zip.FileHeader) { h.Method = 77 }), ErrContent, "method 77"},
		{"a link", raw(func(h *zip.FileHeader) { h.SetMode(fs.ModeSymlink | 0o777) }), ErrContent, "symbolic link"},
		{"stored with two sizes", raw(func(h *zip.FileHeader) { h.UncompressedSize64++ }), ErrCorrupt, "two sizes"},
		{"wrong checksum", raw(func(h *zip.FileHeader) { h.CRC32++ }), ErrCorrupt, "CRC-32"},
		{"too short", deflated(t, csvText, func(h *zip.FileHeader) { h.UncompressedSize64++ }), ErrCorrupt, "size"},
		{"too long", deflated(t, csvText, func(h *zip.FileHeader) { h.UncompressedSize64-- }), ErrCorrupt, "size"},
		{"much too long", deflated(t, strings.Repeat("0", 1<<20), func(h *zip.FileHeader) { h.UncompressedSize64 = 1000 }), ErrCorrupt, "size"},
		{"bytes after the data", deflatedAnd(t, "x"), ErrCorrupt, "size"},
		{"not Deflate", raw(func(h *zip.FileHeader) { h.Method = zip.Deflate }), ErrCorrupt, ""},
		{"xlsx", zipOf(t, "[Content_Types].xml", "", "xl/workbook.xml", ""), ErrContent, "Excel workbook (xlsx)"},
		{"docx", zipOf(t, "[Content_Types].xml", "", "word/document.xml", ""), ErrContent, "Office document"},
		{"an archive in an archive", zipOf(t, "a.csv", string(good)), ErrContent, "a zip archive"},
		{"xz in an archive", zipOf(t, "a.csv", "\xfd7zXZ\x00"), ErrContent, "xz-compressed"},
		{"compressed twice in an archive", zipOf(t, "a.csv.gz", string(gz(t, string(gz(t, csvText))))), ErrContent, "twice"},
		{"truncated gzip in an archive", zipOf(t, "a.csv.gz", string(gz(t, csvText)[:40])), ErrTruncated, ""},
	} {
		found, err := resolveZip(t, test.data)
		if err != nil || len(found) != 1 {
			t.Errorf("%s: got %v, %v", test.name, found, err)
			continue
		}
		_, err = readPart(t, found[0].Part)
		if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.text) {
			t.Errorf("%s: got error %v, want %v", test.name, err, test.want)
		}
	}
}

// deflated returns an archive of one compressed member with its header changed.
func deflated(t *testing.T, text string, change func(*zip.FileHeader)) []byte {
	return deflatedWith(t, text, "", change)
}

// deflatedAnd returns an archive with bytes after the end of the compressed
// data.
func deflatedAnd(t *testing.T, after string) []byte {
	return deflatedWith(t, csvText, after, func(*zip.FileHeader) {})
}

func deflatedWith(t *testing.T, text, after string, change func(*zip.FileHeader)) []byte {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(zipOf(t, "a.csv", text)), int64(len(zipOf(t, "a.csv", text))))
	check(t, err)
	in, err := r.File[0].OpenRaw()
	check(t, err)
	data, err := io.ReadAll(in)
	check(t, err)
	return rawZip(t, string(data)+after, func(h *zip.FileHeader) {
		h.Method, h.CRC32, h.UncompressedSize64 = zip.Deflate, r.File[0].CRC32, uint64(len(text))
		change(h)
	})
}

func TestMember(t *testing.T) {
	t.Chdir(t.TempDir())
	long := strings.Repeat(csvText, 5000)
	data := zipOf(t, "a.csv", csvText, "=d/b.tsv", csvText, "c.csv.gz", string(gz(t, csvText)), "=d.csv.zst", string(zst(t, csvText)),
		"e.csv.bz2", string(bz(t)), "empty.csv", "", "long.csv", long)
	found, err := resolveZip(t, data)
	check(t, err)
	for i, s := range found {
		m := s.Part.(*Member)
		want := [...]string{csvText, csvText, csvText, csvText, csvText, "", long}[i]
		r, err := m.Open(t.Context())
		check(t, err)
		got, err := drain(r)
		info := r.(*stream).Info()
		if got != want || err != nil || info.Proof != engine.ProofLength || !info.Checked || info.RawBytes != m.Info().Size {
			t.Errorf("%s: got %d bytes, %v, %+v", s.Name, len(got), err, info)
		}
		check(t, r.Close())
	}
	b := found[1].Part.(*Member)
	if info := b.Info(); info.Delimiter != "\t" || !info.SizeKnown || info.Size != int64(len(csvText)) || info.Remote ||
		info.Facts()["name"] != "b" || info.Facts()["dir"] != "d" || info.Facts()["path"] != "d/b.tsv" {
		t.Errorf("got %+v", info)
	}
	if b.Length() != int64(len(csvText)) || b.Member() != "d/b.tsv" || b.File().Name() != "./x.zip" {
		t.Errorf("got %+v", b)
	}
	if id, other := Identify(b), Identify(found[0].Part); id == other || !strings.HasPrefix(id.ID, `member "d/b.tsv" of `) || id.Version != Identify(b.File()).Version {
		t.Errorf("got %+v and %+v", id, other)
	}
}

func TestMemberByName(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "x.zip", zipOf(t, "a.csv", csvText, `dir\b.csv`, csvText, "two", "", "two", ""))
	f := newFile(t, "x.zip")
	for name, want := range map[string]error{"a.csv": nil, `dir\b.csv`: nil, "dir/b.csv": nil, "c.csv": ErrNotFound, "two": ErrCorrupt} {
		m, err := f.Member(name)
		if !errors.Is(err, want) {
			t.Errorf("%s: got %v, %v", name, m, err)
		}
	}
	if _, err := newFile(t, write(t, "a.csv", []byte(csvText))).Member("a.csv"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a plain file: got %v", err)
	}
}

// After any cut or change of one bit, an archive is refused or gives the same
// members with the same data.
func TestDamagedArchive(t *testing.T) {
	t.Chdir(t.TempDir())
	intact := zipOf(t, "a.csv", csvText, "=b.csv", "x,"+csvText, "c.xml", "<x/>")
	read := func(data []byte) (texts []string, err error) {
		write(t, "x.zip", data)
		found, err := Resolve([]string{"./x.zip"}, nil, LocalOptions{})
		if err != nil {
			return nil, err
		}
		for _, s := range found {
			if compression.Detect(data) == compression.Plain {
				return nil, errors.New("not an archive, and not CSV")
			}
			if m, ok := s.Part.(*Member); ok {
				m.file.settled.Store(true) // so that it is not waited for
			}
			text, err := readPart(t, s.Part)
			if err != nil {
				return nil, err
			}
			texts = append(texts, s.Name, text)
		}
		return texts, nil
	}
	want, err := read(intact)
	check(t, err)
	proof.Cases(t, "archives-damaged", 9*len(intact))
	for n := range intact {
		if got, err := read(intact[:n]); err == nil && n > 0 {
			t.Fatalf("cut after %d bytes: got %q", n, got)
		}
	}
	for bit := range 8 * len(intact) {
		data := slices.Clone(intact)
		data[bit/8] ^= 1 << (bit % 8)
		if got, err := read(data); err == nil && !slices.Equal(got, want) {
			t.Fatalf("bit %d: got %q", bit, got)
		}
	}
}

func TestArchiveChanged(t *testing.T) {
	t.Chdir(t.TempDir())
	long := strings.Repeat(csvText, 100_000)
	for name, change := range map[string]func(path string){
		"replaced": func(path string) { replace(t, path) },
		"cut":      func(path string) { check(t, os.Truncate(path, 100)) },
		"longer":   func(path string) { appendTo(t, path, "x") },
	} {
		found, err := resolveZip(t, zipOf(t, "=a.csv", long))
		check(t, err)
		s, err := found[0].Part.Open(t.Context())
		check(t, err)
		_, err = io.CopyN(io.Discard, s, 1000)
		check(t, err)
		change("x.zip")
		_, err = drain(s)
		if err = errors.Join(err, s.Close()); !errors.Is(err, ErrChanged) {
			t.Errorf("%s while it is read: got %v", name, err)
		}
		if _, err := found[0].Part.Open(t.Context()); !errors.Is(err, ErrChanged) {
			t.Errorf("%s before: got %v", name, err)
		}
	}
}

// Members of equal content are found, in one archive and in several, and so are
// files that were extracted from one.
func TestEqualMembers(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "x.zip", zipOf(t, "a.csv", csvText, "=b.csv", csvText, "c.csv", csvText+"P3,t,c,3\n"))
	write(t, "y.zip", zipOf(t, "a.csv", csvText, "d.csv", strings.ToUpper(csvText)))
	write(t, "z.csv", []byte(csvText))
	write(t, "zz.csv", []byte(csvText))
	found, err := Resolve([]string{"./x.zip", "./y.zip", "z.csv", "zz.csv"}, nil, LocalOptions{})
	check(t, err)
	var parts []engine.Part
	for _, s := range found {
		parts = append(parts, s.Part)
	}
	groups, err := EqualContent(t.Context(), parts, nil)
	if got := fmt.Sprint(names(groups)); err != nil || got != "[[./x.zip/a.csv ./x.zip/b.csv ./y.zip/a.csv z.csv zz.csv]]" {
		t.Errorf("got %s, %v", got, err)
	}
	groups, err = EqualContent(t.Context(), parts, []uint64{2, 2, 3, 0, 2, 1, 0})
	if got := fmt.Sprint(names(groups)); err != nil || got != "[[./x.zip/a.csv ./x.zip/b.csv]]" {
		t.Errorf("with rows: got %s, %v", got, err)
	}
}

// A pipe that is an archive is refused, with what to do.
func TestArchiveOnStdin(t *testing.T) {
	_, err := readPart(t, NewStdin(bytes.NewReader(zipOf(t, "a.csv", csvText)), LocalOptions{}))
	if f, ok := errors.AsType[*FormatError](err); !ok || !strings.Contains(f.Hint, "save it as a file") {
		t.Errorf("got %v", err)
	}
}

// An archive that is opened as a file is refused, as no member is chosen.
func TestArchiveIsNotAFile(t *testing.T) {
	f := newFile(t, write(t, filepath.Join(t.TempDir(), "x.zip"), zipOf(t, "a.csv", csvText)))
	if _, err := f.Open(t.Context()); !errors.Is(err, ErrContent) {
		t.Errorf("got %v", err)
	}
}
