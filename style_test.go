package fastcount_test

import (
	"bufio"
	"go/ast"
	"go/parser"
	"go/token"
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
	maxFunction     = 60 // lines, except in tests
)

// longFunctions lists longer functions, with the reason for their length.
var longFunctions = map[string]string{
	"internal/testing/corpus/cases.go: Cases": "a table of data",
	"internal/inflate/fast.go: fast":          "one hot loop, whose state is in registers",
}

var (
	comment   = regexp.MustCompile(`^\s*//`)
	directive = regexp.MustCompile(`^//(go:|nolint\b)`)
	generated = regexp.MustCompile(`^// Code generated .* DO NOT EDIT\.$`)
)

// TestLayout checks every Go and assembly file: no line of a comment is wider
// than maxCommentWidth, unless it is a single word, such as a URL; no Go file
// has more than maxLines lines; and no function is longer than maxFunction.
func TestLayout(t *testing.T) {
	files := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != "." && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".")):
			return fs.SkipDir
		case !d.Type().IsRegular() || !slices.Contains([]string{".go", ".s", ".h"}, filepath.Ext(path)):
			return nil
		}
		files++
		checkLayout(t, path)
		if filepath.Ext(path) == ".go" && !strings.HasSuffix(path, "_test.go") {
			checkFunctions(t, filepath.ToSlash(path))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 100 {
		t.Errorf("only %d files were checked", files)
	}
}

// checkFunctions checks the lengths of the functions in a file.
func checkFunctions(t *testing.T, path string) {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		lines := 1 + fset.Position(f.End()).Line - fset.Position(f.Pos()).Line
		if name := path + ": " + f.Name.Name; (lines > maxFunction) != (longFunctions[name] != "") {
			t.Errorf("%s: %d lines, want at most %d unless it is in longFunctions", name, lines, maxFunction)
		}
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
