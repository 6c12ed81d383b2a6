package host

import (
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// What the prepaid card has, in fen.
const prepaid = 300_00

// takes says in 60.6 whether the terminal takes an approval of a part.
func takes(digit string) field {
	return func(_ *pos, m *wire.Message) { m.SetFieldString(60, m.FieldText(60)[:13]+digit) }
}

// part has the prepaid card pay more than it has, at a terminal that takes a part.
func (p *pos) part() *wire.Message {
	p.Helper()
	m := p.request(dialect.Purchase, amount(prepaid+20_00), shows("prepaid"), takes("1"))
	p.write(p.frame(m))
	if !p.hear(2 * time.Second) {
		p.Fatal("no answer in 2 s")
	}
	return m
}

// partBugs are the misbehaviours about parts, and how each is seen.
var partBugs = map[string]func(*pos, *Host) bool{
	"partial-over": func(p *pos, h *Host) bool {
		p.part()
		return p.verified() && p.ans.FieldText(39) == "10" && p.ans.FieldUint(4) == prepaid+20_01
	},
	"partial-of-nothing": func(p *pos, h *Host) bool {
		p.part()
		return p.verified() && p.ans.FieldText(39) == "10" && p.ans.FieldUint(4) == 0
	},
	"partial-without-mac": func(p *pos, h *Host) bool {
		p.part()
		return p.ans.FieldText(39) == "10" && !p.ans.HasField(64)
	},
	"partial-booked-whole": func(p *pos, h *Host) bool {
		p.part()
		return p.ans.FieldText(39) == "10" && p.ans.FieldUint(4) == prepaid && bookOf(h, "10000001").Debit == prepaid+20_00
	},
	"partial-reversal-refused": func(p *pos, h *Host) bool {
		return p.send(p.reversalOf(p.part())) == "64" && bookOf(h, "10000001").DebitN == 1
	},
	"partial-void-of-whole": func(p *pos, h *Host) bool {
		p.part()
		return p.do(dialect.PurchaseVoid, amount(prepaid+20_00), shows("prepaid"), p.original()) == "00"
	},
}

// A card that has less than the amount is approved what it has where the request says that
// its terminal takes that, and declined everywhere else; the balance that is left comes along.
func TestPartIsApprovedOfWhoTakesIt(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	for name, fields := range map[string][]field{
		"60 ends before 60.6": {amount(prepaid + 1), shows("prepaid")},
		"60.6 is 0":           {amount(prepaid + 1), shows("prepaid"), takes("0")},
		"another issuer":      {amount(prepaid + 1), shows("poor"), takes("1")},
	} {
		if code := p.do(dialect.Purchase, fields...); code != "51" {
			t.Errorf("%s: answered %s, want 51", name, code)
		}
	}
	if code := p.do(dialect.MailOrder, amount(prepaid+1), shows("prepaid"), takes("1")); code != "51" {
		t.Errorf("a mail order is answered %s, want 51: a part is of purchases", code)
	}
	p.want("00", dialect.Purchase, amount(100_00), shows("prepaid"), takes("1"))
	p.part()
	if code, is := p.ans.FieldText(39), p.ans.FieldUint(4); code != "10" || is != 200_00 || !p.verified() {
		t.Fatalf("answered %s for %d, MAC right %v; want 10 for what is left, 20000", code, is, p.verified())
	}
	if told, want := p.ans.FieldText(54), "1002156C000000000000"; told != want {
		t.Errorf("field 54 is %q, want %q", told, want)
	}
	if b, left := bookOf(h, "10000001"), balanceOf(t, h, "prepaid"); b.Debit != 300_00 || b.DebitN != 2 || left != 0 {
		t.Errorf("the books have %d in %d, the card %d; want 30000 in 2, and nothing", b.Debit, b.DebitN, left)
	}
	if code := p.do(dialect.Purchase, amount(1), shows("prepaid"), takes("1")); code != "51" {
		t.Errorf("of nothing a part is approved: %s, want 51", code)
	}
	if err := h.Check(); err != nil {
		t.Error(err)
	}
}

// A void of a part is of what was approved; its reversal, as all are, of what was asked;
// refunds go up to what was approved.
func TestPartIsUndoneByItsAmount(t *testing.T) {
	for _, c := range []struct {
		name  string
		undo  func(p *pos, m *wire.Message) string
		code  string
		debit uint64
	}{
		{"void of what was asked", func(p *pos, _ *wire.Message) string {
			return p.do(dialect.PurchaseVoid, amount(prepaid+20_00), shows("prepaid"), p.original())
		}, "64", prepaid},
		{"void of what was approved", func(p *pos, _ *wire.Message) string {
			return p.do(dialect.PurchaseVoid, amount(prepaid), shows("prepaid"), p.original())
		}, "00", 0},
		{"reversal of what was asked", func(p *pos, m *wire.Message) string { return p.send(p.reversalOf(m)) }, "00", 0},
		{"reversal of what was approved", func(p *pos, m *wire.Message) string {
			m.SetFieldUint(4, prepaid)
			return p.send(p.reversalOf(m))
		}, "64", prepaid},
		{"refund of more than was approved", func(p *pos, _ *wire.Message) string {
			return p.do(dialect.Refund, amount(prepaid+1), shows("prepaid"), p.reference())
		}, "64", prepaid},
		{"refund of what was approved", func(p *pos, _ *wire.Message) string {
			return p.do(dialect.Refund, amount(prepaid), shows("prepaid"), p.reference())
		}, "00", 0},
	} {
		h, address := listen(t, "cup")
		p := ready(t, h, address, 0)
		m := p.part()
		if p.ans.FieldText(39) != "10" {
			t.Fatalf("answered %s", p.ans.FieldText(39))
		}
		code := c.undo(p, m)
		if left := balanceOf(t, h, "prepaid"); code != c.code || left != int64(prepaid-c.debit) {
			t.Errorf("%s: answered %s, the card has %d; want %s and %d", c.name, code, left, c.code, prepaid-c.debit)
		}
		if err := h.Check(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// Where repeats are answered a part is approved again as it was, and booked once.
func TestRepeatOfAPartIsAnsweredAlike(t *testing.T) {
	h, address := listen(t, "cup", WithRepeats())
	p := ready(t, h, address, 0)
	p.part()
	first := p.ans.FieldText(37)
	if code := p.exchange(p.last); code != "10" || p.ans.FieldUint(4) != prepaid || p.ans.FieldText(37) != first || bookOf(h, "10000001").DebitN != 1 {
		t.Errorf("answered %s for %d under %s, want 10 for %d under %s; %d booked", code, p.ans.FieldUint(4), p.ans.FieldText(37), prepaid, first, bookOf(h, "10000001").DebitN)
	}
}

// What was asked of a part is known after a kill: its reversal names it.
func TestPartIsReversedAfterAKill(t *testing.T) {
	first := keeps(t, bench("cup"), t.TempDir())
	p := ready(t, first, serveHost(t, first), 0)
	m := p.part()
	again := afterKill(t, first)
	q := ready(t, again, serveHost(t, again), 0)
	if code := q.send(q.reversalOf(m)); code != "00" || balanceOf(t, again, "prepaid") != prepaid {
		t.Errorf("answered %s, the card has %d; want 00 and %d", code, balanceOf(t, again, "prepaid"), prepaid)
	}
}
