package plot

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"unicode"
)

func TestCostsAreDrawn(t *testing.T) {
	many := Costs{Under: "many"}
	for range 30 {
		many.Plans = append(many.Plans, CostLine{"p", []CostPoint{{0, 1}, {1e10, 1e8}}})
	}
	for name, c := range map[string]Costs{
		"steps": {Under: "a: 1 sale", Own: 1000, BreakEvens: []CostPoint{{2000, 19}, {2001, 19}},
			Plans: []CostLine{{"灯笼", []CostPoint{{0, 12.5}, {2500, 25}}}, {"harbour", []CostPoint{{0, 20}, {1999.99, 29}, {2000, 19}, {2500, 21}}}}},
		"nothing": {},
		"free":    {Plans: []CostLine{{"free", []CostPoint{{0, 0}, {0.02, 0}}}}},
		"many":    many,
	} {
		dir := t.TempDir()
		if *keep != "" {
			dir = filepath.Join(*keep, name)
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := SaveCosts(c, dir); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		b, err := os.ReadFile(filepath.Join(dir, "fees.svg"))
		if err != nil {
			t.Fatal(err)
		}
		if err := wellFormed(b); err != nil || bytes.Contains(b, []byte("NaN")) {
			t.Errorf("%s: %v, or a coordinate that is not a number", name, err)
		}
		if name == "many" && !bytes.Contains(b, []byte("22 dearer plans not drawn")) {
			t.Error("plans are left out in silence")
		}
		if b, err = os.ReadFile(filepath.Join(dir, "fees.png")); err != nil || !bytes.HasPrefix(b, []byte("\x89PNG")) {
			t.Errorf("%s: no PNG: %v", name, err)
		}
	}
	c := Costs{Plans: []CostLine{{"灯笼", nil}, {"harbour", nil}}}
	if got := c.legible(unicode.IsPrint).Plans[0].Name; got != "灯笼" {
		t.Errorf("the SVG says %s", got)
	}
	if got := c.legible(drawable).Plans; got[0].Name != "plan 1" || got[1].Name != "harbour" {
		t.Errorf("the PNG says %v", got)
	}
}
