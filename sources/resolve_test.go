package sources

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestClassify(t *testing.T) {
	tests := []struct {
		arg   string
		kind  Kind
		value string
	}{
		{"-", KindStdin, "-"},
		{"http://h/x.csv", KindURL, "http://h/x.csv"},
		{"ftp://h/x", KindURL, "ftp://h/x"},
		{"demo", KindExport, "demo"},
		{"--", KindExport, "--"},
		{"a:b", KindExport, "a:b"},
		{"export:v1.2", KindExport, "v1.2"},
		{"export:./x", KindExport, "./x"},
		{"./demo", KindFile, "./demo"},
		{"a.csv", KindFile, "a.csv"},
		{`dir\name`, KindFile, `dir\name`},
		{"data*", KindFile, "data*"},
		{"data?", KindFile, "data?"},
		{"data[12]", KindFile, "data[12]"},
		{"", KindExport, ""},
	}
	if got := fmt.Sprint(KindStdin, KindURL, KindFile, KindExport); got != "stdin URL file export" {
		t.Errorf("the kinds are called %s", got)
	}
	for _, test := range tests {
		if kind, value := Classify(test.arg); kind != test.kind || value != test.value {
			t.Errorf("%q: got %v %q, want %v %q", test.arg, kind, value, test.kind, test.value)
		}
	}
}

// tree makes files in a temporary directory, which becomes the working
// directory.
func tree(t *testing.T, names ...string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, name := range names {
		check(t, os.MkdirAll(filepath.Dir(name), 0o700))
		write(t, name, []byte(name+"\n"))
	}
}

func TestResolve(t *testing.T) {
	tree(t, "b.csv", "a.csv", "x/c.csv", "x/y/d.csv", "x/y/note.txt", "odd[1].csv", "odd1.csv")
	tests := []struct {
		name string
		args []string
		want []string
	}{
		{"in order of the arguments", []string{"./b.csv", "a.csv"}, []string{"./b.csv", "a.csv"}},
		{"a glob is sorted", []string{"?.csv"}, []string{"a.csv", "b.csv"}},
		{"in depth", []string{"x/**/*.csv"}, []string{"x/c.csv", "x/y/d.csv"}},
		{"directories do not match", []string{"x/*"}, []string{"x/c.csv"}},
		{"everything", []string{"x/**"}, []string{"x/c.csv", "x/y/d.csv", "x/y/note.txt"}},
		{"alternatives", []string{"{b,a}.csv"}, []string{"a.csv", "b.csv"}},
		{"a name before a glob", []string{"odd[1].csv"}, []string{"odd[1].csv"}},
		{"a glob before nothing", []string{"odd[0-9].csv"}, []string{"odd1.csv"}},
		{"all kinds", []string{"-", "a.csv", "http://h/x.csv?key=1", "http://h/x.csv?key=2", "demo", "export:v.1"},
			[]string{"stdin", "a.csv", "http://h/x.csv", "http://h/x.csv #2", "demo", "v.1"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			sources, err := Resolve(test.args, strings.NewReader(""), LocalOptions{})
			check(t, err)
			var got []string
			for _, s := range sources {
				got = append(got, filepath.ToSlash(s.Name))
				if local := s.Kind == KindFile || s.Kind == KindStdin; local != (s.Part != nil) || local && s.Part.Name() != s.Name {
					t.Errorf("%s: part %v", s.Name, s.Part)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestResolveNumbersBadURLs(t *testing.T) {
	if _, err := Resolve([]string{"demo", "ftp://h/x?canary"}, nil, LocalOptions{}); err == nil || !strings.HasPrefix(err.Error(), "source 2: ") {
		t.Errorf("got %v", err)
	}
}

func TestResolveClosedStdin(t *testing.T) {
	stdin, err := os.Open(tempFile(t, "a.csv", nil))
	check(t, err)
	check(t, stdin.Close())
	if _, err := Resolve([]string{"-"}, stdin, LocalOptions{}); !errors.Is(err, os.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func TestResolveErrors(t *testing.T) {
	tree(t, "a.csv", "x/c.csv")
	if err := os.Symlink("a.csv", "link.csv"); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	check(t, os.Link("a.csv", "hard.csv"))
	check(t, os.Symlink("nowhere", "x/dangling.csv"))
	stdin, err := os.Open("a.csv")
	check(t, err)
	defer stdin.Close()
	tests := []struct {
		name string
		args []string
		want error
	}{
		{"missing", []string{"none.csv"}, ErrNotFound},
		{"below a file", []string{"a.csv/b.csv"}, ErrNotFound},
		{"glob without a match", []string{"none*.csv"}, ErrNotFound},
		{"glob in a missing directory", []string{"none/*.csv"}, ErrNotFound},
		{"glob of directories only", []string{"x*"}, ErrNotFound},
		{"dangling link", []string{"x/*.csv"}, ErrNotFound},
		{"bad glob", []string{"a[.csv"}, ErrArgument},
		{"directory", []string{"./x"}, ErrArgument},
		{"directory with a slash", []string{"x/"}, ErrArgument},
		{"same name", []string{"a.csv", "a.csv"}, ErrArgument},
		{"same file", []string{"a.csv", "x/../a.csv"}, ErrArgument},
		{"symbolic link", []string{"a.csv", "link.csv"}, ErrArgument},
		{"hard link", []string{"hard.csv", "a.csv"}, ErrArgument},
		{"by a glob", []string{"x/c.csv", "x/c*.csv"}, ErrArgument},
		{"within a glob", []string{"*.csv"}, ErrArgument},
		{"by stdin", []string{"-", "a.csv"}, ErrArgument},
		{"by stdin, last", []string{"a.csv", "-"}, ErrArgument},
		{"stdin twice", []string{"-", "-"}, ErrArgument},
		{"export twice", []string{"demo", "export:demo"}, ErrArgument},
		{"no export id", []string{"export:../x"}, ErrArgument},
		{"empty", []string{""}, ErrArgument},
		{"URL twice", []string{"http://h/x?q", "HTTP://H:80/x?q#part"}, ErrArgument},
		{"URL of no host", []string{"http:///x"}, ErrArgument},
		{"URL of another kind", []string{"ftp://h/x"}, ErrArgument},
		{"URL with a password", []string{"http://user:canary@h/x"}, ErrArgument},
		{"no URL", []string{"http://user:canary@h h/x"}, ErrArgument},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			sources, err := Resolve(test.args, stdin, LocalOptions{})
			if !errors.Is(err, test.want) {
				t.Errorf("got %v, %v", sources, err)
			}
			if err != nil && strings.Contains(err.Error(), "canary") {
				t.Errorf("the error holds a password: %v", err)
			}
		})
	}
}

// TestTheSameURLTwice rejects URLs that are equal by RFC 3986, with an error
// that contains no query.
func TestTheSameURLTwice(t *testing.T) {
	for _, test := range []struct{ one, other string }{
		{"http://h/f/a.csv", "http://h/f/./a.csv"},
		{"http://h/f/a.csv", "http://h/f/x/../a.csv"},
		{"http://h/f/a.csv", "http://h/../f/%2e/a.csv"},
		{"http://h/f/a.csv", "http://h/f/%61.csv"},
		{"http://h/f/%c3%a9", "http://h/f/%C3%A9"},
		{"http://h/f/é", "http://h/f/%C3%A9"},
		{"http://h/f/~a", "http://h/f/%7Ea"},
		{"http://h/a", "HTTP://H:80/a"},
		{"http://h/a", "http://h:/a"},
		{"https://h/a", "https://h:443/a#top"},
		{"http://h", "http://h/"},
		{"http://h/a/", "http://h/a/b/.."},
		{"http://h/a/", "http://h/a/."},
		{"http://h?canary=%7e", "http://h/?canary=~"},
		{"http://h/a?canary=%2f", "http://h/a?canary=%2F"},
		{"http://h/a?", "http://h/a?#x"},
	} {
		_, err := Resolve([]string{test.one, "demo", test.other}, nil, LocalOptions{})
		if !errors.Is(err, ErrArgument) {
			t.Errorf("%s, %s: got %v", test.one, test.other, err)
			continue
		}
		for _, u := range []string{test.one, test.other} {
			path, _, _ := strings.Cut(strings.TrimPrefix(strings.ToLower(u), "http://"), "?")
			if path, _, _ = strings.Cut(path, "#"); strings.Contains(err.Error(), "canary") || !strings.Contains(strings.ToLower(err.Error()), path) && !strings.Contains(path, "é") {
				t.Errorf("%s, %s: the error is %v", test.one, test.other, err)
			}
		}
	}
}

// TestUnreservedCharacters: for these alone, being encoded makes no difference.
func TestUnreservedCharacters(t *testing.T) {
	const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
	const alwaysEncoded = "\"<>\\^`{|}" // when a request is sent
	for c := byte('!'); c < 0x7f; c++ {
		if strings.IndexByte("#%?", c) >= 0 {
			continue // not part of a path
		}
		_, err := Resolve([]string{"http://h/x" + string(rune(c)), fmt.Sprintf("http://h/x%%%x", c)}, nil, LocalOptions{})
		if same := strings.IndexByte(unreserved+alwaysEncoded, c) >= 0; (err != nil) != same {
			t.Errorf("%c: got %v", c, err)
		}
	}
}

// TestSimilarURLs: URLs that are different by RFC 3986 are all counted. Those
// that most servers treat alike are reported.
func TestSimilarURLs(t *testing.T) {
	for _, test := range []struct {
		urls    []string
		similar bool
	}{
		{[]string{"http://h/f/a.csv", "http://h//f/a.csv"}, true},
		{[]string{"http://h/f/a.csv", "http://h/f///./a.csv"}, true},
		{[]string{"http://h/a", "http://h/a?"}, true},
		{[]string{"http://h/a?x=1", "http://h//a?x=1"}, true},
		{[]string{"http://h/a?x=1", "http://h/a?x=2"}, false},
		{[]string{"http://h/a?x=1&y=2", "http://h/a?y=2&x=1"}, false},
		{[]string{"http://h/a", "https://h/a"}, false},
		{[]string{"http://h/a", "http://h:81/a"}, false},
		{[]string{"http://h/a", "http://g/a"}, false},
		{[]string{"http://h/a", "http://h/A"}, false},
		{[]string{"http://h/a", "http://h/a/"}, false},
		{[]string{"http://h/a,b", "http://h/a%2Cb"}, false},
		{[]string{"http://h/a/b", "http://h/a%2Fb"}, false},
	} {
		found, err := Resolve(test.urls, nil, LocalOptions{})
		check(t, err)
		got := SimilarURLs(found)
		if similar := len(got) == 1 && len(got[0]) == 2; similar != test.similar || len(got) > 1 {
			t.Errorf("%s: got %q", test.urls, got)
		}
	}
}

// TestTwoFormsOfOneFile: day1.csv and day1.csv.gz in one directory are one
// file, however the directory is spelled.
func TestTwoFormsOfOneFile(t *testing.T) {
	tree(t, "x/day1.csv", "x/day1.csv.gz", "x/day2.csv.gz", "x/day2.csv.ZST", "y/day1.csv.gz", "y/day2.csv", "y/day3.csv", "y/day3.tsv", "y/.gz", "y/e.csv.xz", "y/e.csv")
	tests := []struct {
		args  []string
		names []string // in the error, nil for none
	}{
		{[]string{"x/day1.*"}, []string{"x/day1.csv", "x/day1.csv.gz"}},
		{[]string{"x/day2.*"}, []string{"x/day2.csv.ZST", "x/day2.csv.gz"}},
		{[]string{"x/day1.csv.gz", "y/../x/day1.csv"}, []string{"x/day1.csv.gz", "y/../x/day1.csv"}},
		{[]string{"x/day1.csv", "y/*"}, nil},
		{[]string{"[xy]/day1.csv.gz", "y/day2.csv", "y/.gz"}, nil},
		{[]string{"x/day1.csv.gz", "y/day2.csv"}, nil},
	}
	if os.Symlink("x", "z") == nil {
		tests = append(tests, struct{ args, names []string }{[]string{"x/day1.csv", "z/day1.csv.gz"}, []string{"x/day1.csv", "z/day1.csv.gz"}})
	}
	for _, test := range tests {
		_, err := Resolve(test.args, nil, LocalOptions{})
		if want := test.names != nil; errors.Is(err, ErrTwoForms) != want || errors.Is(err, ErrArgument) != want || !want && err != nil {
			t.Errorf("%s: got %v", test.args, err)
			continue
		}
		for _, name := range test.names {
			if !strings.Contains(filepath.ToSlash(err.Error()), name+" ") {
				t.Errorf("%s: the error does not name %s: %v", test.args, name, err)
			}
		}
	}
}
