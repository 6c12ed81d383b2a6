package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// knownNumbers are, by file, what looks like the number of a field and is none, or may
// stand there.
var knownNumbers = map[string]*regexp.Regexp{
	"sim/dialect/iso8583.go":     regexp.MustCompile(`.`),     // what ISO 8583 itself says of data elements
	"interop/":                   regexp.MustCompile(`.`),     // hosts of other programs, which know their own network
	"sim/rules/table.go":         regexp.MustCompile(`field`), // where rules come from
	"cmd/posfleet/scrub.go":      regexp.MustCompile(`^n == 1[345]$`),
	"report/intervals.go":        regexp.MustCompile(`^fields\[4]$`), // of a line
	"report/readlog.go":          regexp.MustCompile(`^fields\[[24]]$`),
	"sim/capture/dump.go":        regexp.MustCompile(`^a list of 3 `), // octets of a line
	"sim/capture/oddumps.go":     regexp.MustCompile(`^a list of 3 `), // bases of offsets
	"sim/capture/numbers.go":     regexp.MustCompile(`^n != 8$`),
	"sim/chip/derive.go":         regexp.MustCompile(`^\d+: …$`),                           // digits of a PAN
	"sim/keys/keyblock.go":       regexp.MustCompile(`^n == [23]$`),                        // octets of a check value
	"sim/signature/jbig/jbig.go": regexp.MustCompile(`^\d+: …$`),                           // pixels
	"sim/dialect/scrub.go":       regexp.MustCompile(`^n == (16|32|48)$|^a list of [34] `), // lengths of card numbers and PIN blocks
	"sim/dialect/scrubdigits.go": regexp.MustCompile(`^n != 3$`),
	"sim/dialect/scrubtrack.go":  regexp.MustCompile(`^n == 12$`),
	"sim/keys/nearmac.go":        regexp.MustCompile(`^a list of 2 `), // octets around a message
}

var (
	// byField are the functions and methods that take the number of a field, or an
	// element, for which Go takes a bare number as well.
	byField = regexp.MustCompile(`(?i)field|^(get|set|unset|setstring|setuint|text|uint|shown|has|carries|place|whole|part|bend|isset)$`)
	// byNumber are the names of what is indexed by the number of a field, or is one.
	byNumber = regexp.MustCompile(`(?i)^(.*fields|masks|kinds|parts|bits?)$`)
	isNumber = regexp.MustCompile(`(?i)^(n|f|field|number|de|bit)$`)
	mtis     = regexp.MustCompile(`^[0-2][1-8][0-9]{2}$`)
	named    = regexp.MustCompile(`^(?:F|DE|DF|BM|BIT|field)[ _-]?(\d{1,3})(?:\.\d+)?$|^(\d{2,3})\.\d{1,2}$|(?i)\b(?:fields?|DE|bit) (\d{1,3})\b`)
	keyKind  = regexp.MustCompile(`^(int|byte|u?int8)$`)
	quantity = regexp.MustCompile(`^(int|uint|byte|rune|u?int(8|16|32|64))$`)
)

// fixedNumbers are what ISO 8583 itself fixes: message type and bitmaps, MACs.
var fixedNumbers = []int{0, 1, 64, 65, 128}

// isField reports whether a number may be that of a network's field.
func isField(n int) bool { return n >= 2 && n <= 127 && !slices.Contains(fixedNumbers, n) }

func TestNumbersOfNetworksStandInDialectsAlone(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	root := filepath.Join("..", "..")
	folders := map[string][]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, ".go") {
			folders[filepath.Dir(path)] = append(folders[filepath.Dir(path)], path)
		}
		return err
	})
	if err != nil || len(folders) < 30 {
		t.Fatalf("%d folders looked at, %v", len(folders), err)
	}
	used := map[string]bool{}
	for _, folder := range slices.Sorted(maps.Keys(folders)) {
		set := token.NewFileSet()
		var files []*ast.File
		for _, path := range folders[folder] {
			file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, file)
		}
		for _, found := range numbersIn(set, files) {
			rel, _ := filepath.Rel(root, found.at.Filename)
			known := false
			for prefix, what := range knownNumbers {
				if strings.HasPrefix(filepath.ToSlash(rel), prefix) && what.MatchString(found.what) {
					known, used[prefix] = true, true
				}
			}
			if !known {
				t.Errorf("%s: %s: a number of some network's field or message; ask the dialect, by an element of package wire or a form", found.at, found.what)
			}
		}
	}
	for prefix := range knownNumbers {
		if !used[prefix] {
			t.Errorf("%s has no number that wants an exception; take it out", prefix)
		}
	}
}

// number is something that looks like the number of a field.
type number struct {
	at   token.Position
	what string
}

// numbersIn are those of one folder. Tests may name fields by number, as captures and
// features do, but not where an element is meant.
func numbersIn(set *token.FileSet, files []*ast.File) (all []number) {
	s := scan{set: set, values: map[string]int{}}
	for _, file := range files {
		if !strings.HasSuffix(set.Position(file.Pos()).Filename, "_test.go") {
			ast.Inspect(file, s.constants)
		}
	}
	for _, file := range files {
		s.test = strings.HasSuffix(set.Position(file.Pos()).Filename, "_test.go")
		ast.Inspect(file, s.node)
	}
	return s.all
}

// scan goes through the files of a folder.
type scan struct {
	set    *token.FileSet
	values map[string]int // of constants and variables that are made with a number
	test   bool
	all    []number
}

func (s *scan) found(n ast.Node, format string, args ...any) {
	s.all = append(s.all, number{s.set.Position(n.Pos()), fmt.Sprintf(format, args...)})
}

// constants notes names that stand for a number.
func (s *scan) constants(n ast.Node) bool {
	note := func(name ast.Expr, value ast.Expr) {
		id, is := name.(*ast.Ident)
		if v, known := s.value(value); is && known && isField(v) && !strings.HasPrefix(id.Name, "iso") {
			s.values[id.Name] = v
		}
	}
	switch n := n.(type) {
	case *ast.ValueSpec:
		for i := range n.Values {
			note(n.Names[i], n.Values[i])
		}
	}
	return true
}

// value is the number that an expression is, whatever it is written as.
func (s *scan) value(e ast.Expr) (int, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.INT {
			n, err := strconv.ParseInt(e.Value, 0, 32)
			return int(n), err == nil
		}
		if e.Kind == token.CHAR {
			c, _, _, err := strconv.UnquoteChar(strings.Trim(e.Value, "'"), '\'')
			return int(c), err == nil && false
		}
	case *ast.ParenExpr:
		return s.value(e.X)
	case *ast.Ident:
		v, known := s.values[e.Name]
		return v, known
	case *ast.CallExpr: // a conversion
		if id, is := e.Fun.(*ast.Ident); is && len(e.Args) == 1 && quantity.MatchString(id.Name) {
			return s.value(e.Args[0])
		}
	case *ast.BinaryExpr:
		a, known := s.value(e.X)
		b, too := s.value(e.Y)
		if !known || !too {
			return 0, false
		}
		switch e.Op {
		case token.ADD:
			return a + b, true
		case token.SUB:
			return a - b, true
		case token.MUL:
			return a * b, true
		case token.SHL:
			return a << b, true
		case token.OR:
			return a | b, true
		}
	}
	return 0, false
}

// name is the last name of an expression.
func name(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.SelectorExpr:
		return e.Sel.Name
	case *ast.Ident:
		return e.Name
	}
	return ""
}

func (s *scan) node(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.CallExpr:
		s.call(n)
		return true
	}
	if s.test {
		return true
	}
	switch n := n.(type) {
	case *ast.BasicLit:
		s.text(n)
	case *ast.CompositeLit:
		s.literal(n)
	case *ast.IndexExpr:
		if v, is := s.value(n.Index); is && isField(v) && byNumber.MatchString(name(n.X)) {
			s.found(n, "%s[%d]", name(n.X), v)
		}
	case *ast.SwitchStmt:
		for _, c := range n.Body.List {
			for _, e := range c.(*ast.CaseClause).List {
				if v, is := s.value(e); is && isField(v) && isNumber.MatchString(name(n.Tag)) {
					s.found(e, "case %d of %s", v, name(n.Tag))
				}
			}
		}
	case *ast.BinaryExpr:
		if v, is := s.value(n.Y); is && isField(v) && (n.Op == token.EQL || n.Op == token.NEQ) && isNumber.MatchString(name(n.X)) {
			s.found(n, "%s %s %d", name(n.X), n.Op, v)
		}
	}
	return true
}

// call looks at the number that a function is given. Of bend it is the second.
func (s *scan) call(n *ast.CallExpr) {
	called := name(n.Fun)
	if !byField.MatchString(called) || called == "Uint" || s.test && strings.Contains(strings.ToLower(called), "field") || s.test && called != strings.ToUpper(called[:1])+called[1:] && called != "bend" {
		return
	}
	args := n.Args[:min(1, len(n.Args))]
	if called == "bend" {
		args = n.Args[min(1, len(n.Args)):]
	}
	for _, arg := range args {
		if v, is := s.value(arg); is && isField(v) && !(s.test && (called == "Whole" || called == "Part" || called == "Shown" || called == "Place")) {
			s.found(arg, "%s(%d)", called, v)
		}
	}
}

// text looks for message types, and for fields by name.
func (s *scan) text(lit *ast.BasicLit) {
	if lit.Kind != token.STRING {
		return
	}
	text, err := strconv.Unquote(lit.Value)
	if err != nil {
		return
	}
	if mtis.MatchString(text) {
		s.found(lit, "%q", text)
	}
	for _, m := range named.FindAllStringSubmatch(text, -1) {
		n, _ := strconv.Atoi(m[1] + m[2] + m[3])
		if isField(n) {
			s.found(lit, "%.60q", m[0])
		}
	}
}

// literal looks for tables by the number of a field, and lists of such numbers.
func (s *scan) literal(n *ast.CompositeLit) {
	var of ast.Expr
	switch t := n.Type.(type) {
	case *ast.MapType:
		of = t.Key
	case *ast.ArrayType:
		of = t.Elt
	}
	numbers, fields := 0, 0
	for _, e := range n.Elts {
		pair, keyed := e.(*ast.KeyValueExpr)
		switch {
		case keyed && name(pair.Key) == "Field":
			if v, is := s.value(pair.Value); is && isField(v) {
				s.found(e, "Field: %d", v)
			}
		case keyed && (isArray(n.Type) || of != nil && keyKind.MatchString(name(of))):
			if v, is := s.value(pair.Key); is && isField(v) {
				s.found(e, "%d: …", v)
			}
		case of != nil && quantity.MatchString(name(of)) && name(of) != "byte" && name(of) != "rune" && !isSized(n.Type):
			if v, is := s.value(e); is && v >= 2 && v <= 128 {
				numbers++
				if isField(v) {
					fields++
				}
			}
		}
	}
	if fields > 1 && numbers == len(n.Elts) {
		s.found(n, "a list of %d such numbers", numbers)
	}
}

// isSized reports whether an array says how many elements it has.
func isSized(t ast.Expr) bool {
	array, is := t.(*ast.ArrayType)
	if !is || array.Len == nil {
		return false
	}
	_, counted := array.Len.(*ast.Ellipsis)
	return !counted
}

func isArray(t ast.Expr) bool {
	_, is := t.(*ast.ArrayType)
	return is
}

// The numbers that somebody may write are found, however they are written, in a test and
// out of one; and what is no number of a field is not.
func TestPlantedNumbersAreFound(t *testing.T) {
	const open = "package host\n\nfunc planted(m *wire.Message, d *dialect.Dialect, n int) {\n"
	for _, c := range []struct{ code, want string }{
		{"m.Get(39)", "Get(39)"},
		{"m.Field(0x27)", "Field(39)"},
		{"get(m, 1); get(0b100111)", "get(39)"},
		{"m.HasField(int(uint8(39)))", "HasField(39)"},
		{"m.FieldText(40 - 1)", "FieldText(39)"},
		{"const code = 39; m.UnsetField(code)", "UnsetField(39)"},
		{"var code int = (39); m.SetFieldString(code, \"00\")", "SetFieldString(39)"},
		{"_ = map[int]string{39: \"response\"}", "39: …"},
		{"_ = [...]string{39: \"response\"}", "39: …"},
		{"_ = map[uint8]bool{4: true}", "4: …"},
		{"for range []int{2, 3, 4} {\n}", "a list of 3"},
		{"_ = []uint8{11, 41, 42}", "a list of 3"},
		{"_ = \"F39\"", "\"F39\""},
		{"_ = `DE 39`", "DE 39"},
		{"_ = \"60.3\"", "60.3"},
		{"fmt.Errorf(\"field 39 is %s\", n)", "field 39"},
		{"_ = \"0200\"", "\"0200\""},
		{"_ = `1420`", "\"1420\""},
		{"switch n {\ncase 37, 38:\n}", "case 38"},
		{"if n == 39 {\n}", "n == 39"},
		{"if p.Field != 0x2F {\n}", "Field != 47"},
		{"_ = d.Spec.Fields[39]", "Fields[39]"},
		{"_ = wire.Place{Field: 39}", "Field: 39"},
		{"_ = wire.Whole(39)", "Whole(39)"},
		{"_ = wire.Part(48, 0, 12, \"\")", "Part(48)"},
		{"bend(m, 39)", "bend(39)"},
		{"m.Get(wire.Amount); m.Field(0); m.Field(1); m.Field(64); m.Field(128); m.Field(n)", ""},
		{"_ = []int{1024, 2048}; _ = [2]int{39, 40}; _ = []byte{2, 3}; _ = map[string]int{\"a\": 39}; _ = map[uint32]int{0x57: 1}", ""},
		{"if len(b) == 39 || width == 39 {\n}; _ = \"0000\"; _ = \"2.5\"; _ = \"field %d\"; _ = b[39]", ""},
	} {
		t.Run(c.code, func(t *testing.T) {
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, "planted.go", open+c.code+"\n}\n", 0)
			if err != nil {
				t.Fatal(err)
			}
			var all []string
			for _, found := range numbersIn(set, []*ast.File{file}) {
				all = append(all, found.what)
			}
			if said := strings.Join(all, "; "); c.want == "" && said != "" || !strings.Contains(said, c.want) {
				t.Errorf("found %q, want %q", said, c.want)
			}
		})
	}
	for code, want := range map[string]int{"m.Get(39)": 1, "m.Set(4, nil)": 1, "bend(m, 39)": 1, "m.Field(39)": 0, "_ = map[int]string{39: \"00\"}": 0, "_ = \"0200\"": 0} {
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, "planted_test.go", open+code+"\n}\n", 0)
		if err != nil {
			t.Fatal(err)
		}
		if found := numbersIn(set, []*ast.File{file}); len(found) != want {
			t.Errorf("in a test, %s: %v, want %d", code, found, want)
		}
	}
}
