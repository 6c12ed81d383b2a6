package scenarios

import (
	"strings"
	"testing"

	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// What a host tells of an order, asked or unasked, is believed of this order alone, of its
// total, and of refunds within it: also under a right MAC.
func TestWhatIsToldOfAnOrderIsAboutIt(t *testing.T) {
	const order = "    When the customer chooses 1 of \"rice\"\n    And the operator confirms the order\n"
	edit := func(tag string, change func(v []byte)) func(a *wire.Message) {
		return func(a *wire.Message) {
			if v := dialect.Tagged(a.Get(wire.OrderData), tag); len(v) > 0 {
				change(v)
			}
		}
	}
	edits := map[string]func(a *wire.Message){
		"a total that is a fen off": edit(dialect.TagTotal, func(v []byte) { v[len(v)-1] ^= 1 }),
		"another order": edit(dialect.TagOrder, func(v []byte) {
			n := len(v) - 1
			v[n-1] = '0' + (v[n-1]-'0'+5)%10
			v[n] = dialect.OrderCheckDigit(v[:n])
		}),
		"refunds over the total": edit(dialect.TagRefunded, func(v []byte) { v[0] = '1' }),
	}
	var unasked dialect.Transaction // what answers no request
	p, address := mutantHost(t, "cup", 8)
	m := newMiddle(t, p, address)
	for to, source := range map[dialect.Transaction]string{
		unasked: order + "    And the terminal shows a code for the order and listens\n    And the customer scans the code\n" +
			"    Then the host tells the terminal unasked that the order is paid\n",
		dialect.OrderQuery: order + "    And the customer pays the order with a good card\n    And the operator refunds 1.00 yuan of the order\n" +
			"    And the operator queries the order\n    Then the host approves\n    And the order is \"part refunded\"\n",
		dialect.OrderCancel: order + "    And the operator cancels the order\n    Then the host approves\n    And the order is \"cancelled\"\n",
	} {
		f, err := ParseFeature("shop.feature", []byte("Feature: A shop\n  Scenario: an order\n    Given a terminal that has signed in\n"+source))
		if err != nil {
			t.Fatal(err)
		}
		m.mutant = nil
		if v := play(t, quick(p), m.dialer(), f.Scenarios[0]); v.Outcome != verdicts.Passed {
			t.Fatalf("%s: %s: %s", to, v.Outcome, v.Why())
		}
		for name, edit := range edits {
			m.mutant, m.changed = &mutant{of: kindOfAnswer{to: to}, where: "62", edit: edit}, 0
			v := play(t, quick(p), m.dialer(), f.Scenarios[0])
			if m.changed == 0 {
				if name != "refunds over the total" || to == dialect.OrderQuery {
					t.Errorf("%s: %s: nothing was changed", to, name)
				}
				continue
			}
			if v.Outcome != verdicts.Failed || !strings.Contains(v.Why(), "the host tells") || strings.Contains(v.Why(), "MAC") {
				t.Errorf("%s: %s: %s: %s", to, name, v.Outcome, v.Why())
			}
		}
	}
}
