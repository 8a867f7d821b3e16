package ziparchive_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"fastcount/internal/testing/proof"
	"fastcount/internal/ziparchive"
)

func read(data []byte) ([]ziparchive.Member, error) {
	return ziparchive.Read(bytes.NewReader(data), int64(len(data)), 1000)
}

// names returns the names of members with their data.
func names(t *testing.T, data []byte, members []ziparchive.Member) (list []string) {
	t.Helper()
	for _, m := range members {
		list = append(list, m.Name+"="+string(data[m.Offset:][:m.Compressed]))
	}
	return list
}

func TestRead(t *testing.T) {
	a, b := file{name: "a.csv", data: "one"}, file{name: "dir/b", data: "three"}
	wide := file{name: "w", data: "wide", zip64: true}
	for _, c := range []struct {
		what string
		data []byte
		want string
	}{
		{"nothing", new(archive).end(""), ""},
		{"two members", new(archive).add(a, b).end(""), "a.csv=one dir/b=three"},
		{"a comment", new(archive).add(a).end("PK\x05\x06 is not the end"), "a.csv=one"},
		{"zip64 sizes", new(archive).add(a, wide, b).end(""), "a.csv=one w=wide dir/b=three"},
		{"zip64 directory", new(archive).add(a, wide).end64(2, 0), "a.csv=one w=wide"},
		{"an empty member", new(archive).add(file{name: "e"}, file{name: "f/"}, a).end(""), "e= f/= a.csv=one"},
		{"a name that is not UTF-8", new(archive).add(file{name: "\xff\x81", data: "x"}).end(""), "\xff\x81=x"},
	} {
		members, err := read(c.data)
		if got := strings.Join(names(t, c.data, members), " "); err != nil || got != c.want {
			t.Errorf("%s: got %q, %v, want %q", c.what, got, err, c.want)
		}
		compare(t, c.data, members)
	}
	for _, n := range []int{12, 16, 20, 24} {
		data := new(archive).add(file{name: "a", data: "one", descriptor: n}, b).end("")
		members, err := read(data)
		if got := names(t, data, members); err != nil || len(got) != 2 {
			t.Errorf("descriptor of %d bytes: got %q, %v", n, got, err)
		}
	}
}

// compare compares the members with those that archive/zip finds.
func compare(t *testing.T, data []byte, members []ziparchive.Member) {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil || len(r.File) != len(members) {
		t.Fatalf("archive/zip finds not %d members, error %v", len(members), err)
	}
	for i, f := range r.File {
		offset, err := f.DataOffset()
		m := members[i]
		want := ziparchive.Member{Name: f.Name, Method: f.Method, CRC32: f.CRC32, Offset: offset, Compressed: int64(f.CompressedSize64),
			Size: int64(f.UncompressedSize64), Encrypted: m.Encrypted, Dir: strings.HasSuffix(f.Name, "/"), Symlink: m.Symlink}
		if err != nil || m != want {
			t.Fatalf("got %+v, want %+v, error %v", m, want, err)
		}
	}
}

func TestReadKinds(t *testing.T) {
	data := new(archive).add(
		file{name: "link", data: "a", madeBy: 3 << 8, mode: 0o120777},
		file{name: "plain", data: "a", madeBy: 3 << 8, mode: 0o100644},
		file{name: "dos", data: "a", mode: 0o120777},
		file{name: "secret", data: "a", flags: 1, localFlags: 1},
		file{name: "masked", localName: "1", data: "a", flags: 1 << 13, localFlags: 1 << 13},
		file{name: "packed", data: "a", method: 12, localMethod: 12},
	).end("")
	members, err := read(data)
	if err != nil || len(members) != 6 {
		t.Fatal(members, err)
	}
	var kinds []string
	for _, m := range members {
		kinds = append(kinds, fmt.Sprint(m.Name, m.Symlink, m.Encrypted, m.Method))
	}
	want := []string{"linktrue false 0", "plainfalse false 0", "dosfalse false 0", "secretfalse true 0", "maskedfalse true 0",
		"packedfalse false 12"}
	if !slices.Equal(kinds, want) {
		t.Errorf("got %q, want %q", kinds, want)
	}
}

func TestRefused(t *testing.T) {
	a, b := file{name: "a", data: "one"}, file{name: "b", data: "two"}
	hidden := slices.Concat(new(archive).add(a).Bytes(), []byte("PK\x03\x04"), make([]byte, 40))
	for _, c := range []struct {
		what string
		data []byte
		want error
		text string
	}{
		{"no bytes", nil, ziparchive.ErrTruncated, ""},
		{"no directory", new(archive).add(a).Bytes(), ziparchive.ErrTruncated, ""},
		{"other data after it", append(new(archive).add(a).end(""), '\n'), ziparchive.ErrTruncated, ""},
		{"two archives", slices.Concat(new(archive).add(a).end(""), new(archive).add(b).end("")), ziparchive.ErrCorrupt, "another offset"},
		{"data before it", slices.Concat([]byte("#!/bin/sh\n"), new(archive).add(b).end("")), ziparchive.ErrCorrupt, "another offset"},
		{"too few entries", declare(new(archive).add(a, b), 1), ziparchive.ErrCorrupt, "declared number"},
		{"too many entries", declare(new(archive).add(a, b), 3), ziparchive.ErrCorrupt, ""},
		{"65538 declared as 2", declare(new(archive).add(a, b), 1<<16-2), ziparchive.ErrCorrupt, "too small"},
		{"zip64 declares too few", new(archive).add(a, b).end64(1, 0), ziparchive.ErrCorrupt, "declared number"},
		{"zip64 record elsewhere", new(archive).add(a, b).end64(2, -1), ziparchive.ErrCorrupt, "zip64 record"},
		{"zip64 record outside", new(archive).add(a, b).end64(2, 1000), ziparchive.ErrCorrupt, "outside"},

		{"another name", new(archive).add(file{name: "a.csv", localName: "a.csw"}).end(""), ziparchive.ErrCorrupt, "name differs"},
		{"a longer name", new(archive).add(file{name: "a", localName: "a.csv"}, b).end(""), ziparchive.ErrCorrupt, "name differs"},
		{"another method", new(archive).add(file{name: "a", localMethod: 8}).end(""), ziparchive.ErrCorrupt, "method differs"},
		{"encrypted in one place", new(archive).add(file{name: "a", localFlags: 1}).end(""), ziparchive.ErrCorrupt, "method differs"},
		{"another checksum", new(archive).add(file{name: "a", localCRC: 1}).end(""), ziparchive.ErrCorrupt, "CRC-32 differs"},
		{"another size", new(archive).add(file{name: "a", data: "123", grow: 1, descriptor: 0}, b).end(""), ziparchive.ErrCorrupt, "size or"},
		{"size beyond the end", new(archive).add(file{name: "a", data: "123", grow: 1 << 20}).end(""), ziparchive.ErrCorrupt, "outside"},
		{"size into the directory", new(archive).add(file{name: "a", data: "123", grow: 1}).end(""), ziparchive.ErrCorrupt, "outside"},
		{"offset beyond the end", new(archive).add(file{name: "a", offset: 1 << 20}).end(""), ziparchive.ErrCorrupt, "outside"},
		{"offset elsewhere", new(archive).add(a, file{name: "b", offset: -1}).end(""), ziparchive.ErrCorrupt, "no local header"},

		{"members that overlap", new(archive).add(file{name: "a", data: "123", grow: 20, descriptor: 12}, b).end(""), ziparchive.ErrCorrupt, "overlaps"},
		{"one member twice", again(new(archive).add(a)).end(""), ziparchive.ErrCorrupt, "overlaps"},
		{"an unlisted member", unlisted(hidden), ziparchive.ErrCorrupt, "missing in the directory"},
		{"split", spanned(new(archive).add(a).end("")), ziparchive.ErrSplit, ""},
	} {
		_, err := read(c.data)
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: got error %v, want %v with %q", c.what, err, c.want, c.text)
		}
	}
}

// declare ends an archive with another number of entries.
func declare(a *archive, n int) []byte {
	a.entries = n
	return a.end("")
}

// again adds the entry of the only member again.
func again(a *archive) *archive {
	a.directory.Write(slices.Clone(a.directory.Bytes()))
	a.entries = 2
	return a
}

// unlisted ends an archive that holds a member which is not in the directory.
func unlisted(members []byte) []byte {
	a := new(archive).add(file{name: "a", data: "one"})
	a.Reset()
	a.Write(members)
	return a.end("")
}

// spanned declares the archive to be the second file of several.
func spanned(data []byte) []byte {
	data[len(data)-18] = 1
	return data
}

func TestLimit(t *testing.T) {
	var a archive
	for i := range 5 {
		a.add(file{name: fmt.Sprint(i)})
	}
	data := a.end("")
	for limit, want := range map[int]error{4: ziparchive.ErrTooManyMembers, 5: nil} {
		_, err := ziparchive.Read(bytes.NewReader(data), int64(len(data)), limit)
		if !errors.Is(err, want) {
			t.Errorf("limit %d: got error %v, want %v", limit, err, want)
		}
	}
	long := new(archive).add(file{name: strings.Repeat("x", 600)}).end("")
	if _, err := ziparchive.Read(bytes.NewReader(long), int64(len(long)), 1); !errors.Is(err, ziparchive.ErrTooManyMembers) {
		t.Errorf("directory of long names: got error %v, want %v", err, ziparchive.ErrTooManyMembers)
	}
}

// The number of members of an archive without zip64 is stored in 16 bits.
func TestManyMembers(t *testing.T) {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for i := range 1<<16 + 3 {
		if _, err := w.Create(fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	members, err := ziparchive.Read(bytes.NewReader(out.Bytes()), int64(out.Len()), 100_000)
	if err != nil || len(members) != 1<<16+3 || members[1<<16].Name != "65536" {
		t.Errorf("got %d members, error %v", len(members), err)
	}
}

// The archives of archive/zip are read, and after any cut or changed bit they
// are refused or have the same members.
func TestDamage(t *testing.T) {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, name := range []string{"a.csv", "dir/", "dir/b.csv", "c.xml"} {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(name, "/") {
			io.WriteString(f, "patient_id,event_type\n"+name)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	intact := out.Bytes()
	want, err := read(intact)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, intact, want)
	proof.Cases(t, "archives-damaged", 9*len(intact))
	for n := range intact {
		if members, err := read(intact[:n]); err == nil {
			t.Fatalf("cut after %d bytes: got %v", n, members)
		}
	}
	for bit := range 8 * len(intact) {
		data := slices.Clone(intact)
		data[bit/8] ^= 1 << (bit % 8)
		members, err := read(data)
		if err != nil {
			continue
		}
		if !slices.EqualFunc(members, want, same) {
			t.Fatalf("bit %d: got %+v, want %+v", bit, members, want)
		}
	}
}

// same reports whether two members have one name. Other data than that of the
// checksum, a wrong size, and a member that is encrypted or a link are refused
// when the data is read.
func same(got, want ziparchive.Member) bool { return got.Name == want.Name && got.Dir == want.Dir }
