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

// imports lists the packages of this module that each package may import. Bytes
// flow one way, sources → parser → engine → sinks, and imports follow them: a
// new package is added here with that direction in mind. Nothing imports cmd,
// bench or fuzz, and only tests and benchmarks import internal/testing.
var imports = map[string]string{
	"":                             "",
	"cmd/fastcount":                "sources sinks engine parser mockserver internal/cli internal/credentials internal/diagnose internal/diff internal/result internal/simd internal/display internal/partial internal/checkpoint internal/atomicfile internal/outfile internal/plan internal/merge internal/console internal/human internal/profile internal/progress internal/resources internal/scheduler internal/signals internal/stats internal/stdout",
	"sources":                      "engine parser internal/compression internal/filename internal/filestate internal/httpconn internal/interrupt internal/mapped internal/redact internal/weburl internal/filter internal/glob internal/ziparchive",
	"internal/compression":         "engine parser internal/inflate",
	"internal/filename":            "",
	"internal/filestate":           "",
	"internal/httpconn":            "internal/interrupt internal/weburl",
	"internal/interrupt":           "",
	"internal/mapped":              "",
	"internal/glob":                "",
	"sinks":                        "engine internal/display internal/human internal/nearest",
	"sinks/sinktest":               "engine sinks",
	"engine":                       "parser internal/intern internal/fused internal/isotime",
	"parser":                       "internal/isotime internal/nearest internal/simd",
	"mockserver":                   "internal/atomicfile internal/pyrandom",
	"internal/simd":                "",
	"internal/intern":              "",
	"internal/isotime":             "",
	"internal/fused":               "internal/simd internal/intern",
	"internal/inflate":             "",
	"internal/pyrandom":            "",
	"internal/testing/oracle":      "",
	"internal/display":             "",
	"internal/nearest":             "",
	"internal/cli":                 "engine parser internal/human internal/isotime internal/nearest internal/filter",
	"internal/credentials":         "sources internal/cli",
	"internal/diagnose":            "engine parser internal/cli internal/display internal/human internal/partial internal/stats",
	"internal/console":             "internal/display",
	"internal/human":               "",
	"internal/profile":             "internal/atomicfile",
	"internal/progress":            "engine sources internal/console internal/display internal/human internal/resources",
	"internal/scheduler":           "",
	"internal/signals":             "",
	"internal/stdout":              "",
	"internal/stats":               "engine parser sources internal/display internal/human internal/resources",
	"internal/resources":           "internal/human",
	"internal/testing/corpus":      "parser internal/testing/oracle",
	"internal/testing/simnet":      "",
	"internal/testing/descriptors": "",
	"internal/testing/patience":    "",
	"internal/testing/guarded":     "",
	"internal/testing/program":     "",
	"internal/testing/proof":       "",
	"internal/testing/pollution":   "internal/testing/oracle",
	"internal/testing/proof/table": "internal/testing/proof",
	"internal/testing/shapes":      "",
	"internal/testing/terminal":    "",
	"internal/jsonline":            "",
	"internal/redact":              "",
	"internal/filter":              "",
	"internal/weburl":              "",
	"internal/ziparchive":          "",
	"internal/shard":               "",
	"internal/atomicfile":          "",
	"internal/partial":             "engine parser internal/jsonline internal/shard",
	"internal/result":              "engine parser internal/partial",
	"internal/diff":                "internal/display internal/human internal/jsonline",
	"internal/checkpoint":          "engine sources internal/jsonline internal/merge internal/partial internal/atomicfile",
	"internal/plan":                "engine parser sources internal/jsonline internal/partial internal/shard",
	"internal/merge":               "engine internal/partial internal/shard internal/atomicfile",
	"internal/outfile":             "engine internal/atomicfile sinks",
	"internal/testing/faulty":      "internal/atomicfile",
	"bench":                        "",
	"bench/generate":               "internal/testing/shapes",
	"bench/scale":                  "engine internal/merge internal/plan internal/testing/shapes internal/testing/descriptors sources",
	"internal/testing/docs":        "",
	"fuzz":                         "",
	"internal/testing/faults":      "",
}

// dependencies lists the modules that code other than tests may use, and the
// packages that may import them.
var dependencies = map[string]string{
	"github.com/klauspost/compress":        "internal/compression internal/outfile",
	"github.com/valyala/fastjson":          "sources",
	"github.com/clipperhouse/displaywidth": "internal/display",
	"github.com/spf13/cobra":               "cmd/fastcount internal/cli",
	"github.com/spf13/pflag":               "cmd/fastcount internal/cli",
	"golang.org/x/term":                    "cmd/fastcount internal/console internal/progress",
	"golang.org/x/sys":                     "internal/httpconn internal/interrupt internal/mapped internal/simd internal/fused internal/stdout internal/testing/terminal internal/resources",
	"github.com/gofrs/flock":               "internal/checkpoint",
	"golang.org/x/sync":                    "engine sources cmd/fastcount",
}

// restricted lists packages of the standard library that only some packages may
// import. The empty list means none.
var restricted = map[string]string{
	"os":        "internal/filestate internal/filter internal/glob internal/httpconn internal/interrupt bench/generate bench/scale internal/testing/shapes internal/testing/descriptors internal/testing/program internal/testing/terminal sources internal/outfile internal/checkpoint internal/plan internal/merge internal/atomicfile internal/testing/proof internal/testing/proof/table mockserver cmd/fastcount internal/cli internal/credentials internal/signals internal/stdout internal/console internal/progress internal/resources",
	"net":       "sources internal/httpconn internal/weburl mockserver cmd/fastcount internal/testing/simnet",
	"net/http":  "sources internal/httpconn internal/redact mockserver cmd/fastcount internal/credentials internal/testing/simnet",
	"unsafe":    "internal/fused internal/inflate",
	"log":       "",
	"log/slog":  "cmd/fastcount internal/console",
	"os/signal": "internal/signals",
}

// assembly lists the packages that may hold assembly.
const assembly = "internal/simd internal/fused"

type pkg struct {
	ImportPath string
	Dir        string
	Imports    []string
	GoFiles    []string
	Module     struct{ Path string }
}

func packages(t *testing.T) (list []pkg) {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Dir,Imports,GoFiles,Module", "./...").Output()
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
		name := p.name()
		allowed, known := imports[name]
		if !known {
			t.Errorf("%q: package is not listed in imports", name)
		}
		for _, imported := range p.Imports {
			if inner, ok := strings.CutPrefix(imported, p.Module.Path+"/"); ok {
				if !slices.Contains(strings.Fields(allowed), inner) {
					t.Errorf("%s: may not import %s", name, imported)
				}
				continue
			}
			if users, ok := restricted[imported]; ok && !slices.Contains(strings.Fields(users), name) {
				t.Errorf("%s: may not import %s", name, imported)
			}
			if strings.Contains(strings.Split(imported, "/")[0], ".") {
				checkDependency(t, name, imported)
			}
		}
	}
}

// name returns the path of p inside the module.
func (p pkg) name() string {
	return strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, p.Module.Path), "/")
}

func checkDependency(t *testing.T, name, imported string) {
	for module, users := range dependencies {
		if strings.HasPrefix(imported, module) {
			if !slices.Contains(strings.Fields(users), name) {
				t.Errorf("%s: may not import %s", name, imported)
			}
			return
		}
	}
	t.Errorf("%s: imports %s, which is not listed in dependencies", name, imported)
}

func TestAssembly(t *testing.T) {
	for _, p := range packages(t) {
		files, err := filepath.Glob(filepath.Join(p.Dir, "*.s"))
		if err != nil {
			t.Fatal(err)
		}
		if len(files) > 0 && !slices.Contains(strings.Fields(assembly), p.name()) {
			t.Errorf("%s: may not hold assembly: %q", p.name(), files)
		}
	}
}

// The three main dependencies are each imported by a single file.
func TestOneFilePerDependency(t *testing.T) {
	got := map[string][]string{}
	for _, p := range packages(t) {
		for _, name := range p.GoFiles {
			file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			for module := range importers {
				if slices.ContainsFunc(file.Imports, func(i *ast.ImportSpec) bool { return strings.Contains(i.Path.Value, module) }) {
					got[module] = append(got[module], path.Join(p.name(), name))
				}
			}
		}
	}
	for module, want := range importers {
		if files := got[module]; !slices.Equal(files, strings.Fields(want)) {
			t.Errorf("%s is imported by %q, want %s alone", module, files, want)
		}
	}
}

// importers holds, for some dependencies, the only files that import each: one
// that reads and one that writes.
var importers = map[string]string{
	"github.com/klauspost/compress": "internal/compression/reader.go internal/outfile/compress.go",
	"github.com/valyala/fastjson":   "sources/export.go",
}
