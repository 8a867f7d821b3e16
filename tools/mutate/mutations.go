package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
)

// A mutation replaces the bytes [start, end) of a file by text.
type mutation struct {
	file, src  string
	line       int
	start, end int
	text       string
}

func (m mutation) String() string { return fmt.Sprintf("%s:%d", m.file, m.line) }

// apply returns the mutated file.
func (m mutation) apply() string { return m.src[:m.start] + m.text + m.src[m.end:] }

// diff returns the lines that the mutation changes, before and after, with
// white space collapsed.
func (m mutation) diff() (before, after string) {
	head := m.src[strings.LastIndexByte(m.src[:m.start], '\n')+1 : m.start]
	tail, _, _ := strings.Cut(m.src[m.end:], "\n")
	collapse := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	return collapse(head + m.src[m.start:m.end] + tail), collapse(head + m.text + tail)
}

// swapped holds the operator that replaces an operator.
var swapped = map[token.Token]token.Token{
	token.EQL: token.NEQ, token.NEQ: token.EQL,
	token.LSS: token.LEQ, token.LEQ: token.LSS,
	token.GTR: token.GEQ, token.GEQ: token.GTR,
	token.LAND: token.LOR, token.LOR: token.LAND,
	token.ADD: token.SUB, token.SUB: token.ADD,
	token.INC: token.DEC, token.DEC: token.INC,
	token.ADD_ASSIGN: token.SUB_ASSIGN, token.SUB_ASSIGN: token.ADD_ASSIGN,
}

// mutationsOf returns the mutations of one Go file. Some of them do not
// compile.
func mutationsOf(name, src string) ([]mutation, error) {
	fset := token.NewFileSet()
	tree, err := parser.ParseFile(fset, name, src, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	c := &collector{name: name, src: src, file: fset.File(tree.Pos())}
	ast.Inspect(tree, func(n ast.Node) bool {
		c.visit(n)
		return true
	})
	return c.list, nil
}

// collector gathers the mutations of one file.
type collector struct {
	name, src string
	file      *token.File
	list      []mutation
}

func (c *collector) visit(n ast.Node) {
	switch n := n.(type) {
	case *ast.BinaryExpr:
		c.swap(n.OpPos, n.Op)
		if n.Op == token.EQL || n.Op == token.NEQ {
			c.strings(n.X, n.Y)
		}
	case *ast.CaseClause:
		c.strings(n.List...)
	case *ast.BasicLit:
		if n.Kind == token.INT {
			c.replace(n, "("+n.Value+"+1)")
		}
	case *ast.Ident:
		c.boolean(n)
	case *ast.IfStmt:
		c.condition(n)
	case ast.Stmt:
		c.statement(n)
	}
}

func (c *collector) statement(n ast.Stmt) {
	switch n := n.(type) {
	case *ast.AssignStmt:
		c.swap(n.TokPos, n.Tok)
		if n.Tok != token.DEFINE {
			c.remove(n.Pos(), n.End())
		}
	case *ast.IncDecStmt:
		c.swap(n.TokPos, n.Tok)
		c.remove(n.Pos(), n.End())
	case *ast.DeferStmt:
		c.remove(n.Defer, n.Call.Pos())
		c.remove(n.Pos(), n.End())
	case *ast.ReturnStmt:
		c.results(n)
	case *ast.ExprStmt, *ast.SendStmt, *ast.GoStmt, *ast.BranchStmt:
		c.remove(n.Pos(), n.End())
	}
}

// condition negates the condition of an if statement, and empties its body.
func (c *collector) condition(n *ast.IfStmt) {
	comparison, ok := n.Cond.(*ast.BinaryExpr)
	if !ok || comparison.Op != token.EQL && comparison.Op != token.NEQ { // visit swaps those
		c.replace(n.Cond, "!("+c.source(n.Cond)+")")
	}
	if body := n.Body.List; len(body) > 0 {
		c.remove(body[0].Pos(), body[len(body)-1].End())
	}
}

// results replaces each result by nil, or removes a return without results.
func (c *collector) results(n *ast.ReturnStmt) {
	if len(n.Results) == 0 {
		c.remove(n.Pos(), n.End())
	}
	for _, result := range n.Results {
		switch result.(type) {
		case *ast.Ident, *ast.SelectorExpr, *ast.CallExpr, *ast.UnaryExpr:
			if !slices.Contains([]string{"nil", "true", "false"}, c.source(result)) {
				c.replace(result, "nil")
			}
		}
	}
}

// strings replaces the operands that are string literals.
func (c *collector) strings(operands ...ast.Expr) {
	for _, operand := range operands {
		if lit, ok := operand.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			c.replace(lit, `"mutant"`)
		}
	}
}

func (c *collector) boolean(n *ast.Ident) {
	switch n.Name {
	case "true":
		c.replace(n, "false")
	case "false":
		c.replace(n, "true")
	}
}

func (c *collector) swap(pos token.Pos, op token.Token) {
	if other, ok := swapped[op]; ok {
		c.add(pos, pos+token.Pos(len(op.String())), other.String())
	}
}

func (c *collector) replace(n ast.Node, text string) { c.add(n.Pos(), n.End(), text) }

// remove keeps the line breaks, so that the positions of what follows remain.
func (c *collector) remove(from, to token.Pos) {
	removed := c.src[c.file.Offset(from):c.file.Offset(to)]
	c.add(from, to, strings.Repeat("\n", strings.Count(removed, "\n")))
}

func (c *collector) add(from, to token.Pos, text string) {
	m := mutation{c.name, c.src, c.file.Line(from), c.file.Offset(from), c.file.Offset(to), text}
	if !slices.Contains(c.list, m) {
		c.list = append(c.list, m)
	}
}

func (c *collector) source(n ast.Node) string {
	return c.src[c.file.Offset(n.Pos()):c.file.Offset(n.End())]
}
