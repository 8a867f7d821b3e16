package glob

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// globTree is the directory tree of these tests: names with and without a
// leading dot at every depth, and names with special characters of patterns.
var globTree = []string{
	"a.csv", "b.csv", "ab", "-", ".a", ".b.csv", ".a.csv.Xy12Z9", "..c", "_SUCCESS", "._SUCCESS.crc", "part-0.crc",
	"d/a.csv", "d/.a.csv", "d/b", "d/.h/a.csv", "d/.h/.a", "d/e/a.csv", "d/e/.b", "d/e/f/a.csv", "d/e/f/.h/b.csv",
	".h/a.csv", ".h/.a", ".h/d/a.csv", ".h/.g/a.csv", "dd/a.csv", "dd/x{y}z", "dd/x,y", "dd/*", "dd/[a]", "{a,b}", "dd/{a,b}", "dd/]", "dd/!", "dd/^",
}

// globPatterns returns every combination of up to three components, and further
// patterns.
func globPatterns(globstar bool) []string {
	last := []string{"*", "*.csv", "?", "??", ".*", ".?", "..?", "a*", "[a]*", "[!a]*", "[.]a", "[!x]a", "*.crc", "_*", `\**`, `\.a`, `\a.csv`, ".a", "a.csv"}
	dirs := []string{"*", "d", "./d", "d*", ".h", ".*", "[d.]*", "?", "[!x]h", "*/..", ".", "d/..", "d//e"}
	if globstar {
		last = append(last, "[^a]*", "**", "**.csv", "{a,.a}*", "{*,.*}.csv", "{a.csv,b}", "x{y}*", "x{y,{,q}*", "{a,[b.]}*", `\{a,b}`)
		dirs = append(dirs, "**", "**/e", "d/**", ".h/**", "**/.h", "**/**", "d**", "{d,.h}", "{d,d/e}", "**/..")
	}
	patterns := slices.Clone(last)
	for _, d := range dirs {
		for _, l := range last {
			patterns = append(patterns, d+"/"+l)
			for _, middle := range []string{"*", ".*", "e", ".h"} {
				patterns = append(patterns, d+"/"+middle+"/"+l)
			}
		}
	}
	return append(patterns, "*/", "d/*/", "[]]*", "*/[]]", "*/[!]]", "*/[!-]*", "*/[a-]*", "*/[-]", "[-]*", "*/[]-a]", `*/[\]]`, `*/\[a]`, "*/[!^]", "*/[]!]", "*/[!x]*[!v]", "[!-]*[!v]")
}

// shellMatches returns the expansion of each pattern by a shell.
func shellMatches(t *testing.T, shell, setup string, patterns []string) [][]string {
	t.Helper()
	var script strings.Builder
	fmt.Fprintf(&script, "%s\nemit() { for w; do printf '%%s\\0' \"$w\"; done; printf '\\1\\0'; }\n", setup)
	for _, p := range patterns {
		fmt.Fprintf(&script, "emit %s\n", p)
	}
	cmd := exec.Command(shell)
	cmd.Stdin = strings.NewReader(script.String())
	cmd.Env = append(os.Environ(), "LC_ALL=C", "BASH_ENV=", "ENV=")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || stderr.Len() > 0 {
		t.Fatalf("%s: %v: %s", shell, err, &stderr)
	}
	blocks := strings.Split(strings.TrimSuffix(string(out), "\x01\x00"), "\x01\x00")
	if len(blocks) != len(patterns) {
		t.Fatalf("%s: %d results of %d patterns", shell, len(blocks), len(patterns))
	}
	matches := make([][]string, len(blocks))
	for i, b := range blocks {
		matches[i] = strings.FieldsFunc(b, func(r rune) bool { return r == 0 })
	}
	return matches
}

// onlyFiles returns the words that are names of files, sorted and without
// repetition, as the program documents.
func onlyFiles(words []string) (files []string) {
	for _, w := range words {
		if info, err := os.Lstat(w); err == nil && !info.IsDir() {
			files = append(files, w)
		}
	}
	slices.Sort(files)
	return slices.Compact(files)
}

// needShell skips a test without a shell, but not where CI runs it.
func needShell(t *testing.T, shell string, arguments ...string) {
	t.Helper()
	err := exec.Command(shell, arguments...).Run()
	if err == nil {
		return
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("%s %q: %v", shell, arguments, err)
	}
	t.Skipf("%s %q: %v", shell, arguments, err)
}

// TestGlobMatchesWhatAShellMatches compares Expand with real shells.
func TestGlobMatchesWhatAShellMatches(t *testing.T) {
	for _, shell := range []struct {
		name, setup string
		globstar    bool
	}{
		{"bash", "shopt -s globstar nullglob", true},
		{"sh", "", false},
	} {
		t.Run(shell.name, func(t *testing.T) {
			check := []string{"-c", ":"}
			if shell.globstar {
				check = []string{"-O", "globstar", "-c", ":"}
			}
			needShell(t, shell.name, check...)
			tree(t, globTree...)
			for link, target := range map[string]string{"dd/gone": "nowhere", "gone": "nowhere", "d/e/self": "self", "ab.csv": "ab"} {
				if err := os.Symlink(target, link); err != nil {
					t.Skip("no symbolic links here:", err)
				}
			}
			patterns := globPatterns(shell.globstar)
			for i, words := range shellMatches(t, shell.name, shell.setup, patterns) {
				p := patterns[i]
				want := onlyFiles(withoutDots(words, p))
				var got []string
				matches, err := Expand(p)
				if err != nil && !(errors.Is(err, ErrNotFound) && len(onlyFiles(words)) < len(words)) {
					t.Errorf("%s: %v", p, err)
				}
				for _, m := range matches {
					got = append(got, filepath.ToSlash(m.Path))
				}
				if err == nil && !slices.Equal(got, want) {
					t.Errorf("%s: got %q, want %q", p, got, want)
				}
			}
		})
	}
}

// withoutDots removes the words in which a wildcard has matched . or .., as it
// does in some shells.
func withoutDots(words []string, pattern string) []string {
	dots := func(s string) (n int) {
		for c := range strings.SplitSeq(s, "/") {
			if c == "." || c == ".." {
				n++
			}
		}
		return n
	}
	return slices.DeleteFunc(slices.Clone(words), func(w string) bool { return dots(w) > dots(pattern) })
}

func TestGlobNeverMatchesHiddenNamesByWildcard(t *testing.T) {
	tree(t, "a.csv", ".b.csv", "d/.c.csv.Xy12Z9", "d/c.csv", ".h/d.csv", "d/.h/e.csv", "_SUCCESS", "p.crc")
	tests := []struct {
		pattern string
		want    []string
	}{
		{"./*", []string{"./_SUCCESS", "./a.csv", "./p.crc"}},
		{"[!x]*.csv", []string{"a.csv"}},
		{"[.]b.csv", nil},
		{"?b.csv", nil},
		{".b*", []string{".b.csv"}},
		{"**/*.csv", []string{"a.csv", "d/c.csv"}},
		{"**", []string{"_SUCCESS", "a.csv", "d/c.csv", "p.crc"}},
		{"*/*.csv", []string{"d/c.csv"}},
		{".h/*", []string{".h/d.csv"}},
		{"**/.h/*", []string{".h/d.csv", "d/.h/e.csv"}},
		{"**/.*", []string{".b.csv", "d/.c.csv.Xy12Z9"}},
		{"{d,.h}/*.csv", []string{".h/d.csv", "d/c.csv"}},
	}
	for _, test := range tests {
		matches, err := Expand(test.pattern)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range matches {
			got = append(got, filepath.ToSlash(m.Path))
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", test.pattern, diff)
		}
	}
}

// TestGlobFollowsTheSystemAfterALink: after a symbolic link, .. is the parent
// of the target of the link.
func TestGlobFollowsTheSystemAfterALink(t *testing.T) {
	tree(t, "here/x.csv", "there/x.csv", "there/d/x.csv")
	if err := os.Symlink(filepath.Join("..", "there", "d"), "here/link"); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	for pattern, want := range map[string]string{
		"here/link/../*.csv": "here/link/../x.csv",
		"here/l*/../*.csv":   "here/link/../x.csv",
		"here/**/d*/*.csv":   "",
		"there/*/*.csv":      "there/d/x.csv",
		"here/**/link/*.csv": "here/link/x.csv",
	} {
		matches, err := Expand(pattern)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range matches {
			got = append(got, filepath.ToSlash(m.Path))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %q, want %q", pattern, got, want)
		}
	}
}

// TestGlobRefusesLinksWithoutEnd: without the check, the second tree has 2⁴⁰
// paths.
func TestGlobRefusesLinksWithoutEnd(t *testing.T) {
	for _, links := range []map[string]string{
		{"d/up": ".."},
		{"d/self": ".", "d/again": "."},
		{"d/other": "../e", "e/other": "../d", "e/more": "../d"},
	} {
		tree(t, "d/a.csv", "e/b.csv")
		for link, target := range links {
			if err := os.Symlink(target, link); err != nil {
				t.Skip("no symbolic links here:", err)
			}
		}
		if matches, err := Expand("**/*.csv"); !errors.Is(err, ErrLoop) || !strings.Contains(err.Error(), "is a symbolic link to one of its parent directories") {
			t.Errorf("%v: got %v, %v", links, matches, err)
		}
	}
}

func TestGlobRefusesWhatItDoesNotUnderstand(t *testing.T) {
	tree(t, "a.csv", "1.csv")
	for _, pattern := range []string{"[a.csv", "a[!", "x/[/y]*", "[[:digit:]]*", "[a[=b=]]*", "*[[.a.]]"} {
		if matches, err := Expand(pattern); !errors.Is(err, ErrPattern) {
			t.Errorf("%s: got %v, %v", pattern, matches, err)
		}
	}
}

// TestGlobAlternativesWithoutWildcardsMustExist: a{1,2}.csv names two files.
func TestGlobAlternativesWithoutWildcardsMustExist(t *testing.T) {
	tree(t, "a1.csv", "a3.csv")
	if _, err := Expand("a{1,2,3}.csv"); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "a2.csv") {
		t.Errorf("got %v", err)
	}
	if matches, err := Expand("{a,b}*.csv"); len(matches) != 2 || err != nil {
		t.Errorf("got %v, %v", matches, err)
	}
	if matches, err := Expand("{a1,a*}.csv"); len(matches) != 2 || err != nil {
		t.Errorf("a file that two alternatives match: got %v, %v", matches, err)
	}
}

// TestGlobFailsWhereItCannotRead: a directory that cannot be read may hold
// files that would be missing from the result.
func TestGlobFailsWhereItCannotRead(t *testing.T) {
	tree(t, "d/a.csv")
	long := strings.Repeat("n", 10_000) // no system opens it
	for _, pattern := range []string{long + "/*.csv", long + "/**", "*/" + long, "**/" + long, "*/" + long + "/*", "**/" + long + "/**/x"} {
		if matches, err := Expand(pattern); err == nil {
			t.Errorf("%.10s: got %v", pattern, matches)
		}
	}
}

// tree makes a temporary directory with these files the working directory.
func tree(t *testing.T, names ...string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, name := range names {
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
}
