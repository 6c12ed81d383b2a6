package rules

import (
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// A part may be approved of a request that says that the terminal takes that, and of
// no other; and never without the amount.
func TestPartsAreApprovedWhereTheyAreAskedFor(t *testing.T) {
	cup := dialect.CUP()
	part := func(fen uint64) func(*wire.Message) {
		return func(m *wire.Message) { m.SetString(wire.ResponseCode, "10"); m.SetUint(wire.Amount, fen) }
	}
	for announced, want := range map[string]string{"": "ANS-39-PARTIAL", "0": "ANS-39-PARTIAL", "1": ""} {
		x := answered(t, cup, dialect.Purchase, part(8000))
		n := cup.Place(wire.PartialApproval).Field
		for _, m := range []*wire.Message{x.Request, x.Answer} {
			m.SetFieldString(n, m.FieldText(n)+announced)
		}
		x.MACUnknown = true // field 60 has changed
		if id, err := first(NewJudge(cup), x); id != want {
			t.Errorf("60.6 %q: breaks %q (%v), want %q", announced, id, err, want)
		}
	}
	x := answered(t, cup, dialect.Purchase, func(m *wire.Message) { part(8000)(m); m.Unset(wire.Amount) })
	if id, err := first(NewJudge(cup), x); !strings.HasPrefix(id, "ANS-04-") {
		t.Errorf("a part without an amount breaks %q (%v)", id, err)
	}
}
