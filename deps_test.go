package fastcount_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// rooms says what each package may import of this module, and of the standard library where that is restricted.
// A package that is not listed must be added here, with a thought for the direction in which bytes flow.
var rooms = map[string]string{
	"":                             "",
	"cmd/fastcount":                "sources sinks engine parser mockserver internal/nearest internal/state internal/wholefile internal/plan internal/merge",
	"sources":                      "engine parser",
	"sinks":                        "engine internal/nearest internal/wholefile",
	"sinks/sinktest":               "engine sinks",
	"engine":                       "parser internal/intern internal/fused",
	"parser":                       "internal/simd",
	"mockserver":                   "internal/pyrandom",
	"internal/simd":                "",
	"internal/intern":              "",
	"internal/fused":               "internal/simd internal/intern",
	"internal/pyrandom":            "",
	"internal/oracle":              "",
	"internal/nearest":             "",
	"internal/corpus":              "parser",
	"internal/simnet":              "",
	"internal/testing/proof":       "",
	"internal/testing/proof/table": "internal/testing/proof",
	"internal/wholefile":           "",
	"internal/state":               "engine internal/wholefile",
	"internal/plan":                "engine parser sources",
	"internal/merge":               "engine internal/wholefile",
	"internal/wholefile/faulty":    "internal/wholefile",
	"bench":                        "",
	"bench/generate":               "internal/testing/shapes",
	"bench/scale":                  "engine internal/merge internal/plan internal/testing/shapes sources",
	"internal/testing/shapes":      "",
	"docs":                         "",
	"fuzz":                         "",
	"fuzz/faults":                  "",
}

// doors says which single file of which package opens each dependency that code (not tests) may use.
var doors = map[string]string{
	"github.com/klauspost/compress": "sources",
	"github.com/valyala/fastjson":   "sources",
	"github.com/bmatcuk/doublestar": "sources",
	"github.com/spf13/pflag":        "cmd/fastcount",
	"golang.org/x/term":             "cmd/fastcount",
	"golang.org/x/sys":              "sources internal/simd internal/fused cmd/fastcount",
	"golang.org/x/sync":             "engine sources mockserver cmd/fastcount",
}

// guarded are packages of the standard library that only some rooms may import.
var guarded = map[string]string{
	"os":        "bench/generate bench/scale internal/testing/shapes sources sinks internal/state internal/plan internal/merge internal/wholefile internal/testing/proof internal/testing/proof/table mockserver cmd/fastcount",
	"net":       "sources mockserver cmd/fastcount internal/simnet",
	"net/http":  "sources mockserver cmd/fastcount internal/simnet",
	"unsafe":    "internal/simd internal/intern internal/fused",
	"log":       "",
	"log/slog":  "cmd/fastcount",
	"os/signal": "cmd/fastcount",
}

type pkg struct {
	ImportPath string
	Dir        string
	Imports    []string
	GoFiles    []string
}

func packages(t *testing.T) (list []pkg) {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Dir,Imports,GoFiles", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p pkg
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}

func TestImports(t *testing.T) {
	for _, p := range packages(t) {
		room := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, "fastcount"), "/")
		allowed, known := rooms[room]
		if !known {
			t.Errorf("package %q is not in the list of rooms", room)
		}
		for _, imported := range p.Imports {
			if inner, ok := strings.CutPrefix(imported, "fastcount/"); ok {
				if !slices.Contains(strings.Fields(allowed), inner) {
					t.Errorf("%s may not import %s", room, imported)
				}
				continue
			}
			if who, ok := guarded[imported]; ok && !slices.Contains(strings.Fields(who), room) {
				t.Errorf("%s may not import %s", room, imported)
			}
			if strings.Contains(strings.Split(imported, "/")[0], ".") {
				checkDoor(t, room, imported)
			}
		}
	}
}

func checkDoor(t *testing.T, room, imported string) {
	for module, who := range doors {
		if strings.HasPrefix(imported, module) {
			if !slices.Contains(strings.Fields(who), room) {
				t.Errorf("%s may not import %s", room, imported)
			}
			return
		}
	}
	t.Errorf("%s imports %s, which has no door", room, imported)
}

// One file opens each of the three dependencies that the program stands on.
func TestOneDoorForEachDependency(t *testing.T) {
	got := map[string][]string{}
	for _, p := range packages(t) {
		for _, name := range p.GoFiles {
			file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			for module := range singleDoors {
				if slices.ContainsFunc(file.Imports, func(i *ast.ImportSpec) bool { return strings.Contains(i.Path.Value, module) }) {
					got[module] = append(got[module], path.Join(strings.TrimPrefix(p.ImportPath, "fastcount/"), name))
				}
			}
		}
	}
	for module, want := range singleDoors {
		if files := got[module]; len(files) != 1 || files[0] != want {
			t.Errorf("%s is imported by %q, want %s alone", module, files, want)
		}
	}
}

var singleDoors = map[string]string{
	"github.com/klauspost/compress": "sources/decompress.go",
	"github.com/valyala/fastjson":   "sources/export.go",
	"github.com/spf13/pflag":        "cmd/fastcount/flags.go",
}
