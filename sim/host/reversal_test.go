package host

import (
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// A reversal that overtakes its payment bars it.
func TestPaymentAfterItsReversalIsRefused(t *testing.T) {
	for _, network := range []string{"cup", "iso87"} {
		t.Run(network, func(t *testing.T) {
			h, address := listen(t, network)
			p := ready(t, h, address, 0)
			late := p.request(dialect.Purchase, amount(800), shows("good"))
			for range 2 {
				if code := p.send(p.reversalOf(late)); code != "00" {
					t.Fatalf("reversal of what never came answered %s", code)
				}
			}
			if code := p.send(late); code != "94" {
				t.Errorf("the payment answered %s, want 94", code)
			}
			if b := bookOf(h, "10000001"); b.Totals != (dialect.Totals{}) {
				t.Errorf("booked %+v", b.Totals)
			}
			p.want("00", dialect.Purchase, amount(800), shows("good"))
		})
	}
}

// Terminal, batch, trace, kind, amount and card: all must be the payment's.
func TestReversalThatDoesNotMatchChangesNothing(t *testing.T) {
	h, address := listen(t, "cup")
	p, q := ready(t, h, address, 0), ready(t, h, address, 1)
	buy := p.request(dialect.Purchase, amount(800), shows("good"))
	p.send(buy)
	for _, c := range []struct {
		name, code string
		by         *pos
		change     field
	}{
		{"amount", "64", p, amount(799)},
		{"card", "64", p, set(2, "6225000030000000")},
		{"unknown card", "64", p, set(2, "6225999999999999")},
		{"trace", "00", p, set(11, "000777")},
		{"batch", "25", p, sub(wire.Batch, "000002")},
		{"kind", "00", p, func(_ *pos, m *wire.Message) {
			m.SetMTI("0400")
			m.SetFieldString(3, "030000")
			m.SetFieldString(25, "06")
			m.SetString(wire.TransactionType, "10")
		}},
		{"no kind", "12", p, set(3, "990000")},
		{"no amount", "30", p, without(4)},
		{"terminal", "00", q, func(p *pos, m *wire.Message) { m.SetFieldString(41, p.entry.TID) }},
	} {
		rev := p.reversalOf(buy)
		c.change(c.by, rev)
		if code := c.by.send(rev); code != c.code {
			t.Errorf("%s: answered %s, want %s", c.name, code, c.code)
		}
		if b := bookOf(h, "10000001"); b.Totals != (tally(800, 0, 1, 0)) {
			t.Fatalf("%s: book %+v, want the purchase untouched", c.name, b.Totals)
		}
	}
	if code := p.send(p.reversalOf(buy)); code != "00" {
		t.Errorf("the true reversal answered %s", code)
	}
	if b := bookOf(h, "10000001"); b.Totals != (dialect.Totals{}) {
		t.Errorf("book %+v, want nothing", b.Totals)
	}
}

func TestReversalOfWhatWasVoidedRefundedOrSettled(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	pay := func() *wire.Message {
		m := p.request(dialect.Purchase, amount(800), shows("good"))
		if code := p.send(m); code != "00" {
			t.Fatal(code)
		}
		return m
	}
	reverse := func(m *wire.Message, want string) {
		t.Helper()
		before := bookOf(h, "10000001")
		if code := p.send(p.reversalOf(m)); code != want {
			t.Errorf("answered %s, want %s", code, want)
		}
		if after := bookOf(h, "10000001"); after != before {
			t.Errorf("book %+v, want %+v", after, before)
		}
	}
	m := pay()
	p.want("00", dialect.PurchaseVoid, amount(800), shows("good"), p.original())
	reverse(m, "25")
	m = pay()
	p.want("00", dialect.Refund, amount(1), shows("good"), p.reference())
	reverse(m, "25")
	m = pay()
	p.settle(0, 0)
	reverse(m, "25")
	m = p.request(dialect.Purchase, amount(800), shows("poor"))
	if code := p.send(m); code != "51" {
		t.Fatal(code)
	}
	reverse(m, "00") // declined: nothing to undo
}

// A reversal is sealed with the keys of now, not of its payment.
func TestReversalUsesTheKeysOfNow(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	buy := p.request(dialect.Purchase, amount(800), shows("good"))
	p.send(buy)
	rev := p.frame(p.reversalOf(buy))
	p.signIn()
	if code := p.exchange(rev); code != "A0" {
		t.Errorf("under the old keys it answered %s, want A0", code)
	}
	if code := p.send(p.reversalOf(buy)); code != "00" {
		t.Errorf("under the new keys it answered %s, want 00", code)
	}
}
