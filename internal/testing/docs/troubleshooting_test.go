package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Each message that the page lists is in the program, and each error that a
// package exports is on the page.
func TestTroubleshooting(t *testing.T) {
	text, err := os.ReadFile(pages + "troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	literals, kinds := messages(t)
	listed := listedMessages(string(text))
	if len(listed) < 50 {
		t.Errorf("the page lists %d messages", len(listed))
	}
	for _, message := range listed {
		if !strings.Contains(literals, message) {
			t.Errorf("the program has no message %q", message)
		}
	}
	for name, message := range kinds {
		if !strings.Contains(string(text), message) {
			t.Errorf("the page does not explain %s, %q", name, message)
		}
	}
}

var quoted = regexp.MustCompile("`([^`]+)`( \\(from )?")

// listedMessages returns the messages in the first column of the tables,
// without those of other programs.
func listedMessages(page string) (found []string) {
	for line := range strings.Lines(page) {
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		for _, m := range quoted.FindAllStringSubmatch(strings.Split(line, " | ")[0], -1) {
			if m[2] == "" {
				found = append(found, m[1])
			}
		}
	}
	return found
}

// notListed holds errors whose own text is never printed: those that match them
// have their own texts.
var notListed = map[string]bool{
	"sources.ErrArgument": true, "sources.ErrNotFound": true, "sources.ErrDenied": true, "sources.ErrExhausted": true,
	"sources.ErrNoMember": true, "sources.ErrTooManyMembers": true, "ziparchive.ErrSplit": true, "filter.ErrFailed": true, "filter.ErrStalled": true,
	"httpconn.ErrAlert":   true,
	"resources.ErrMemory": true, "resources.ErrDescriptors": true, "mockserver.ErrUnknownExport": true,
	"engine.ErrLimit": true, "engine.ErrMismatch": true, "engine.ErrExpectedRows": true, "engine.ErrWeakProof": true, "engine.ErrBadRows": true,
}

// messages returns all string literals of the packages that the program
// consists of, and the texts of the errors that they export.
func messages(t *testing.T) (literals string, kinds map[string]string) {
	cmd := exec.Command("go", "list", "-deps", "-f", "{{if and .Module .Module.Main}}{{range .GoFiles}}{{$.Dir}}/{{.}}\n{{end}}{{end}}", "./cmd/fastcount")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	kinds = make(map[string]string)
	for name := range strings.FieldsSeq(string(out)) {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BasicLit:
				all.WriteString(literal(n) + "\n")
			case *ast.ValueSpec:
				kindOf(file.Name.Name, n, kinds)
			}
			return true
		})
	}
	return all.String(), kinds
}

// kindOf adds a variable of pkg such as ErrThing = errors.New("…") to kinds. It
// ignores those of package inflate, which are details of corrupt gzip data.
func kindOf(pkg string, v *ast.ValueSpec, kinds map[string]string) {
	if pkg == "inflate" || len(v.Names) != 1 || len(v.Values) != 1 || !strings.HasPrefix(v.Names[0].Name, "Err") || notListed[pkg+"."+v.Names[0].Name] {
		return
	}
	if call, ok := v.Values[0].(*ast.CallExpr); ok && len(call.Args) == 1 {
		if text, ok := call.Args[0].(*ast.BasicLit); ok {
			kinds[pkg+"."+v.Names[0].Name] = literal(text)
		}
	}
}

func literal(l *ast.BasicLit) string {
	if l.Kind != token.STRING {
		return ""
	}
	text, err := strconv.Unquote(l.Value)
	if err != nil {
		return ""
	}
	return text
}
