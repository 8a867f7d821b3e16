package fastcount_test

import (
	"bufio"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// Limits of source files. A comment line is measured in runes, and a tab counts
// as four columns.
const (
	maxCommentWidth = 80
	maxLines        = 500
)

var (
	comment   = regexp.MustCompile(`^\s*//`)
	directive = regexp.MustCompile(`^//(go:|nolint\b)`)
	generated = regexp.MustCompile(`^// Code generated .* DO NOT EDIT\.$`)
)

// TestLayout checks every Go and assembly file that was not generated: no line
// of a comment is wider than maxCommentWidth, unless it is a single word, such
// as a URL, and no Go file has more than maxLines lines.
func TestLayout(t *testing.T) {
	files := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != "." && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".")):
			return fs.SkipDir
		case !d.Type().IsRegular() || !slices.Contains([]string{".go", ".s"}, filepath.Ext(path)):
			return nil
		}
		files++
		checkLayout(t, path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 100 {
		t.Errorf("only %d files were checked", files)
	}
}

func checkLayout(t *testing.T, path string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		n++
		line := lines.Text()
		if generated.MatchString(line) {
			return
		}
		if comment.MatchString(line) && tooWide(line) {
			t.Errorf("%s:%d: comment is wider than %d columns", path, n, maxCommentWidth)
		}
	}
	if err := lines.Err(); err != nil {
		t.Errorf("%s: %v", path, err)
	}
	if n > maxLines && filepath.Ext(path) == ".go" {
		t.Errorf("%s: %d lines, want at most %d", path, n, maxLines)
	}
}

func tooWide(line string) bool {
	words := strings.Fields(strings.TrimLeft(line, "/ \t"))
	width := utf8.RuneCountInString(line) + 3*strings.Count(line, "\t")
	return width > maxCommentWidth && len(words) > 1 && !directive.MatchString(line)
}

func TestTooWide(t *testing.T) {
	for line, want := range map[string]bool{
		"// " + strings.Repeat("é ", 38) + "é":      false, // 80 columns
		"// " + strings.Repeat("é ", 38) + "éé":     true,
		"\t// " + strings.Repeat("é ", 36) + "é":    false, // 80 columns
		"\t// " + strings.Repeat("é ", 36) + "éé":   true,
		"// " + strings.Repeat("x", 100):            false,
		"//go:generate " + strings.Repeat("x ", 50): false,
	} {
		if got := tooWide(line); got != want {
			t.Errorf("tooWide(%q) = %v", line, got)
		}
	}
}
