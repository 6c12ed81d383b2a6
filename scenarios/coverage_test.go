package scenarios

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/features"
	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim/dialect"
)

var writeCoverage = flag.Bool("write-coverage", false, "write docs/coverage.md anew (make docs)")

// Each transaction, management code, field and response code of the dialects that come
// with posfleet is in a scenario that the bundled host passes, or stands in
// testdata/uncovered.txt with why it is not. What is exercised does not stand there, so
// that list only gets shorter. docs/coverage.md tells what was found.
func TestEverythingOfADialectIsExercised(t *testing.T) {
	if testing.Short() {
		t.Skip("plays every scenario once more, and has no race to find that others do not")
	}
	excused := uncovered(t)
	var doc strings.Builder
	doc.WriteString(coverageHead)
	for _, network := range dialect.Names() {
		d, _ := dialect.Named(network)
		if len(d.Bases) > 0 {
			continue // the same messages in other octets
		}
		c := exercisedOf(t, network)
		for _, side := range c.Sides()[:3] {
			for _, cell := range side.Cells {
				what := network + " " + strings.TrimSuffix(side.Name, "s") + " " + cell.ID
				switch why := excused[what]; {
				case cell.State == verdicts.NotExercised && why == "":
					t.Errorf("%s is in no scenario: add one, or say why not in testdata/uncovered.txt", what)
				case cell.State != verdicts.NotExercised && why != "":
					t.Errorf("%s is in a scenario (%s): take it out of testdata/uncovered.txt", what, cell.Scenarios[0])
				}
			}
		}
		document(&doc, network, c, excused)
		for what := range excused {
			if strings.HasPrefix(what, network+" ") && !known(c, strings.TrimPrefix(what, network+" ")) {
				t.Errorf("testdata/uncovered.txt: dialect %s has no %s", network, what)
			}
		}
	}
	page := filepath.Join("..", "docs", "coverage.md")
	if *writeCoverage {
		if err := os.WriteFile(page, []byte(doc.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if text, err := os.ReadFile(page); err != nil || string(text) != doc.String() {
		t.Errorf("docs/coverage.md is not what the scenarios exercise: make docs (%v)", err)
	}
}

// exercisedOf plays the features of a network against the bundled host.
func exercisedOf(t *testing.T, network string) *verdicts.Coverage {
	paths := []string{"core", network}
	if network == "cup" {
		paths = append(paths, "shop")
	}
	all, err := ReadFeatures(features.FS, paths...)
	if err != nil {
		t.Fatal(err)
	}
	all = slices.DeleteFunc(all, func(f *Feature) bool { return f.Path == "shop/order.zh.feature" }) // waits, and asks what order.feature asks
	p, dialer := bundledHost(t, network)
	check := &Check{Language: language(p, dialer), Dialer: dialer, Features: all, Terminals: 8}
	found, err := check.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for v := range found.All() {
		if v.Outcome == verdicts.Failed {
			t.Errorf("%s: %s failed: %v", network, v.ID, v.Reason)
		}
	}
	return found.Coverage
}

// uncovered reads what no scenario exercises, as "cup field 43", and why.
func uncovered(t *testing.T) map[string]string {
	text, err := os.ReadFile(filepath.Join("testdata", "uncovered.txt"))
	if err != nil {
		t.Fatal(err)
	}
	excused := map[string]string{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		what, why, ok := strings.Cut(line, ": ")
		switch {
		case line == "" || line[0] == '#':
		case !ok || excused[what] != "":
			t.Errorf("testdata/uncovered.txt: %q: want what is not exercised, a colon and why, once", line)
		default:
			excused[what] = why
		}
	}
	return excused
}

func known(c *verdicts.Coverage, what string) bool {
	return slices.ContainsFunc(c.Sides(), func(s verdicts.Side) bool {
		return slices.ContainsFunc(s.Cells, func(cell *verdicts.Cell) bool { return strings.TrimSuffix(s.Name, "s")+" "+cell.ID == what })
	})
}

const coverageHead = `# What the scenarios exercise

<!-- Made by make docs from what the bundled host is asked and answers; a test keeps it current. -->

Every transaction, network management code, field and response code of the dialects that come with posfleet is in a
scenario that is played with the bundled host, or stands here with why it is not. ` + "`posfleet check --out DIR`" + ` writes the same
of your host: ` + "`coverage.html`, and `coverage.json`" + ` with message × field × code × rule and every scenario of each cell.
Dialects that differ in octets only (iso87-binary, iso87-hex, ebcdic) are left out.
`

// document writes a dialect's part of docs/coverage.md.
func document(b *strings.Builder, network string, c *verdicts.Coverage, excused map[string]string) {
	fmt.Fprintf(b, "\n## %s\n\n| message | type | answered with | for example in |\n|---|---|---|---|\n", network)
	for _, m := range c.Messages {
		if m.State == verdicts.NotExercised {
			continue
		}
		var codes []string
		for _, code := range m.Codes {
			if code.ID != "none" { // that an answer was lost says nothing of the dialect
				codes = append(codes, strings.Replace(code.ID, "-", "no code", 1))
			}
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", m.ID, m.Title, strings.Join(codes, " "), example(m.Scenarios))
	}
	fmt.Fprintf(b, "\n| response code | is | for example in |\n|---|---|---|\n")
	for _, code := range c.Codes {
		if code.State != verdicts.NotExercised {
			fmt.Fprintf(b, "| %s | %s | %s |\n", code.ID, code.Title, example(code.Scenarios))
		}
	}
	var fields []string
	for _, f := range c.Fields {
		if f.State != verdicts.NotExercised {
			fields = append(fields, f.ID)
		}
	}
	fmt.Fprintf(b, "\nFields exercised: %s.\n", strings.Join(fields, ", "))
	first := true
	for _, side := range c.Sides()[:3] {
		for _, cell := range side.Cells {
			if cell.State != verdicts.NotExercised {
				continue
			}
			if first {
				b.WriteString("\n| not exercised | is | why |\n|---|---|---|\n")
				first = false
			}
			what := strings.TrimSuffix(side.Name, "s") + " " + cell.ID
			fmt.Fprintf(b, "| %s | %s | %s |\n", what, cell.Title, cmp.Or(excused[network+" "+what], "?"))
		}
	}
}

// example is one of a cell's scenarios, the same each time.
func example(scenarios []string) string {
	if len(scenarios) == 0 {
		return ""
	}
	return strings.TrimPrefix(scenarios[0], "@")
}
