package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// describers are the folders whose Go may know in which field a network has
// what; the rest says wire.Amount, never 4. The others know no messages at all,
// and Set or Get of theirs is something else.
var describers = []string{"sim/timer", "sim/strict", "report", "interop"}

// byElement are the functions that take a wire.Element first (bend second), for
// which Go takes a bare number as well; byNumber are those that name a field.
var (
	byElement = regexp.MustCompile(`^(Get|Set|SetString|SetUint|Text|Uint|Has|Unset|Carries|Place|bend)$`)
	byNumber  = regexp.MustCompile(`^(Set|Unset|Has|Carries)?Field(String|Uint|Text|Name)?$|^Shown$`)
	mtis      = regexp.MustCompile(`^"0[1-8][0-9][0-9]"$`)
)

func TestNumbersOfNetworksStandInDialectsAlone(t *testing.T) {
	root := filepath.Join("..", "..")
	files := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		for _, known := range describers {
			if strings.HasPrefix(filepath.ToSlash(rel), known+"/") {
				return nil
			}
		}
		files++
		numbersIn(t, path, strings.HasSuffix(path, "_test.go"))
		return nil
	})
	if err != nil || files < 50 {
		t.Fatalf("%d files looked at, %v", files, err)
	}
}

// numbersIn reports the numbers of fields in one file. Tests may name fields by
// number, as captures and features do, but not where an element is meant.
func numbersIn(t *testing.T, path string, test bool) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, nil, 0)
	if err != nil {
		t.Error(err)
		return
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && !test && lit.Kind == token.STRING && mtis.MatchString(lit.Value) {
			t.Errorf("%s: %s is a message type of some networks: ask the dialect's form", set.Position(lit.Pos()), lit.Value)
		}
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		name := ""
		switch f := call.Fun.(type) {
		case *ast.SelectorExpr:
			name = f.Sel.Name
		case *ast.Ident:
			name = f.Name
		}
		if !byElement.MatchString(name) && (test || !byNumber.MatchString(name)) {
			return true
		}
		args := call.Args[:min(1, len(call.Args))]
		if name == "bend" {
			args = call.Args[1:]
		}
		for _, arg := range args {
			if lit, ok := arg.(*ast.BasicLit); ok && lit.Kind == token.INT && name != "Uint" {
				t.Errorf("%s: %s(%s): a number of some network's field, want an element of package wire", set.Position(lit.Pos()), name, lit.Value)
			}
		}
		return true
	})
}
