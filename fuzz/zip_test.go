package fuzz

import (
	"archive/zip"
	"bytes"
	"io"
	"testing"

	"fastcount/internal/ziparchive"
)

// FuzzZip compares the members of an archive with those that archive/zip finds,
// whenever the stricter package ziparchive accepts the archive.
func FuzzZip(f *testing.F) {
	for _, raw := range []bool{false, true} {
		f.Add(zipSeed(f, raw))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		members, err := ziparchive.Read(bytes.NewReader(data), int64(len(data)), 1000)
		if err != nil {
			return
		}
		r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil || len(r.File) != len(members) {
			t.Fatalf("got %d members, archive/zip another number or %v", len(members), err)
		}
		for i, want := range r.File {
			got := members[i]
			at, err := want.DataOffset()
			if err != nil || got.Offset != at || got.Name != want.Name || got.Method != want.Method || got.CRC32 != want.CRC32 ||
				got.Compressed != int64(want.CompressedSize64) || got.Size != int64(want.UncompressedSize64) {
				t.Fatalf("got %+v, want %+v at %d, error %v", got, want.FileHeader, at, err)
			}
		}
	})
}

// zipSeed returns an archive of three members. Without raw they have data
// descriptors.
func zipSeed(f *testing.F, raw bool) []byte {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, name := range []string{"a.csv", "dir/", "dir/b.csv"} {
		create := w.Create
		if raw {
			create = func(name string) (io.Writer, error) { return w.CreateRaw(&zip.FileHeader{Name: name}) }
		}
		if _, err := create(name); err != nil {
			f.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		f.Fatal(err)
	}
	return out.Bytes()
}
