package main

import (
	"slices"
	"strings"
	"testing"
)

func TestMutations(t *testing.T) {
	for _, c := range []struct {
		statement string
		want      []string
	}{
		{"x = a < b", []string{"x = a <= b", ""}},
		{"x = a && b", []string{"x = a || b", ""}},
		{"x := a - b", []string{"x := a + b"}},
		{"x += y", []string{"x -= y", ""}},
		{"x++", []string{"x--", ""}},
		{"x := 7", []string{"x := (7+1)"}},
		{"x := true", []string{"x := false"}},
		{`x := s == "a"`, []string{`x := s != "a"`, `x := s == "mutant"`}},
		{`x := "a"`, nil},
		{`switch s { case "a": }`, []string{`switch s { case "mutant": }`}},
		{"f.Close()", []string{""}},
		{"defer f.Close()", []string{"f.Close()", ""}},
		{"return", []string{""}},
		{"return nil, false", []string{"return nil, true"}},
		{"return n, err", []string{"return nil, err", "return n, nil"}},
		{"for { break }", []string{"for { }"}},
		{"if err != nil { return err }", []string{
			"if err == nil { return err }", "if err != nil { }", "if err != nil { return nil }",
		}},
		{"if ok { f() }", []string{"if !(ok) { f() }", "if ok { }"}},
		{"if a {\n f()\n }", []string{"if !(a) { f() }", "if a { }"}},
	} {
		t.Run(c.statement, func(t *testing.T) {
			src := "package p\n\nfunc f() {\n" + c.statement + "\n}\n"
			list, err := mutationsOf("p.go", src)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range list {
				lines := strings.Split(m.apply(), "\n")
				got = append(got, strings.Join(strings.Fields(strings.Join(lines[3:len(lines)-2], " ")), " "))
			}
			slices.Sort(got)
			slices.Sort(c.want)
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestMutationsKeepLines(t *testing.T) {
	src := "package p\n\nfunc f() {\n\tif a {\n\t\tg()\n\t}\n}\n"
	list, err := mutationsOf("p.go", src)
	if err != nil || len(list) == 0 {
		t.Fatalf("got %d mutations and error %v", len(list), err)
	}
	for _, m := range list {
		if got := strings.Count(m.apply(), "\n"); got != strings.Count(src, "\n") {
			t.Errorf("%q: got %d lines", m.text, got)
		}
	}
}

func TestDiff(t *testing.T) {
	src := "package p\n\nfunc f() {\n\tif a < b {\n\t\tg()\n\t}\n}\n"
	list, err := mutationsOf("p.go", src)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range list {
		if m.text == "<=" {
			before, after := m.diff()
			if m.line != 4 || before != "if a < b {" || after != "if a <= b {" {
				t.Errorf("got line %d, %q, %q", m.line, before, after)
			}
			return
		}
	}
	t.Error("no mutation of the comparison")
}
