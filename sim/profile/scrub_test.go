package profile

import (
	"bytes"
	"fmt"
	"testing"
)

// A host numbers its answers by the time and a count, as UnionPay's do: at no second of a
// day does that have digits of the bundled cards, which would be told as a leak.
func TestReferenceOfNoSecondIsTakenForACard(t *testing.T) {
	p, err := Bundled("cup", 1)
	if err != nil {
		t.Fatal(err)
	}
	for second := range 24 * 60 * 60 {
		rrn := fmt.Appendf(nil, "%02d%02d%02d%06d", second/3600, second/60%60, second%60, 1)
		if shown := p.Dialect.ScrubbedValue(rrn); !bytes.Equal(shown, rrn) {
			t.Errorf("%s is shown as %s", rrn, shown)
		}
	}
}
