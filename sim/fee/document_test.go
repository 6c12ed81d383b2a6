package fee

import (
	"os"
	"strings"
	"testing"
)

func page(t *testing.T) string {
	t.Helper()
	doc, err := os.ReadFile("../../docs/fees.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(doc)
}

// The examples of docs/fees.md must be ones that are read.
func TestDocumentedFilesAreRead(t *testing.T) {
	blocks := strings.Split(page(t), "```yaml\n")
	if len(blocks) != 3 {
		t.Fatalf("%d examples, want one of plans and one of a mix", len(blocks)-1)
	}
	for i := range blocks {
		blocks[i], _, _ = strings.Cut(blocks[i], "```")
	}
	if _, err := Parse("docs/fees.md", []byte(blocks[1])); err != nil {
		t.Error(err)
	}
	if _, err := ParseMix("docs/fees.md", []byte(blocks[2])); err != nil {
		t.Error(err)
	}
}

// Every key that the readers know stands in docs/fees.md, or in the file that has it.
func TestEachKeyIsDocumented(t *testing.T) {
	doc := page(t) + string(bundledSplits) + string(bundledCalendar)
	plan := "plans: [{name: a, rounding: half-up, refund: none, rates: [{rate: 1%}], "
	for _, spoilt := range []func() error{
		func() error { _, err := Parse("a", []byte("zz: 1")); return err },
		func() error { _, err := Parse("a", []byte(plan+"zz: 1}]")); return err },
		func() error { _, err := Parse("a", []byte(plan+"device: {zz: 1}}]")); return err },
		func() error { _, err := Parse("a", []byte(plan+"deposit: {zz: 1}}]")); return err },
		func() error { _, err := Parse("a", []byte(plan+"payout: {zz: 1}}]")); return err },
		func() error { _, err := Parse("a", []byte(plan+"promotions: [{zz: 1}]}]")); return err },
		func() error {
			_, err := Parse("a", []byte(strings.Replace(plan, "{rate", "{zz: 1, rate", 1)+"data: 1}]"))
			return err
		},
		func() error { _, err := ParseMix("a", []byte("zz: 1")); return err },
		func() error { _, err := ParseMix("a", []byte("sales: [{zz: 1}]")); return err },
		func() error { _, err := ParseSplits("a", []byte("zz: 1")); return err },
		func() error {
			_, err := ParseSplits("a", []byte("issuer: [{rate: 1%}]\nnetwork: [{rate: 1%}]\nmultipliers: [{zz: 1}]"))
			return err
		},
		func() error { _, err := ParseCalendar("a", []byte("2026: {zz: 1}")); return err },
	} {
		_, known, found := strings.Cut(spoilt().Error(), "known here: ")
		if !found {
			t.Fatal(spoilt())
		}
		known, _, _ = strings.Cut(known, "\n")
		for key := range strings.SplitSeq(known, ", ") {
			if !strings.Contains(doc, "`"+key+"`") && !strings.Contains(doc, key+": ") && !strings.Contains(doc, "\n"+key+":\n") {
				t.Errorf("docs/fees.md does not explain %s", key)
			}
		}
	}
}
