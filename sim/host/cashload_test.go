package host

import (
	"bytes"
	"testing"

	"github.com/posfleet/posfleet/sim/chip"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

// obeys has the chip in the reader take the answer's command, and gives what it has then.
func obeys(p *pos, x *chip.Transaction) int64 {
	p.Helper()
	v := p.ans.Get(wire.ChipData)
	if !x.Authenticate(bytes.Clone(chip.Value(v, chip.TagIssuerAuthentication))) {
		p.Fatal("the chip finds the issuer's answer wrong")
	}
	if !x.Run(v, chip.TagAfter) || !x.Obeyed() {
		p.Fatalf("the chip did not obey: %X", x.Results)
	}
	return x.Card.Cash()
}

// purse is what a role's first card has on its chip, as the host has heard.
func purse(p *pos, h *Host, role string) int64 {
	c, _ := h.books.CardOf([]byte(holderOf(p, p.p, role).PAN))
	return h.books.Cash(c)
}

// Who pays for electronic cash pays what its chip gets: the account, another one, or the
// merchant; and all of it goes back with a reversal or a void.
func TestLoadsMoveMoneyOnce(t *testing.T) {
	prof, err := profile.Bundled("cup", 4)
	if err != nil {
		t.Fatal(err)
	}
	h := keeps(t, prof, t.TempDir())
	p := ready(t, h, serveHost(t, h), 0)
	var x chip.Transaction
	account, good := balanceOf(t, h, "cash"), balanceOf(t, h, "good")
	has := func(when string, onChip, gone, goneOfGood int64, told dialect.Totals) {
		t.Helper()
		if got := purse(p, h, "cash"); got != onChip {
			t.Errorf("%s: the chip's account has %d, want %d", when, got, onChip)
		}
		if got := account - balanceOf(t, h, "cash"); got != gone {
			t.Errorf("%s: the card has paid %d, want %d", when, got, gone)
		}
		if got := good - balanceOf(t, h, "good"); got != goneOfGood {
			t.Errorf("%s: the other card has paid %d, want %d", when, got, goneOfGood)
		}
		if got := bookOf(h, p.entry.TID).Totals; got != told {
			t.Errorf("%s: the batch comes to %+v, want %+v", when, got, told)
		}
		if err := h.Check(); err != nil {
			t.Errorf("%s: %v", when, err)
		}
	}
	has("before", 500_00, 0, 0, dialect.Totals{})

	load := p.request(dialect.AccountLoad, amount(100_00), inserts(&x, "cash"))
	if got := p.send(load); got != "00" {
		t.Fatalf("a load: %s", got)
	}
	if got := obeys(p, &x); got != 600_00 {
		t.Errorf("the chip has %d, want 60000", got)
	}
	has("after a load", 600_00, 100_00, 0, dialect.Totals{})
	if got := p.send(p.reversalOf(load)); got != "00" {
		t.Errorf("its reversal: %s", got)
	}
	has("after its reversal", 500_00, 0, 0, dialect.Totals{})

	other := func(p *pos, m *wire.Message) {
		inserts(&x, "cash")(p, m)
		m.SetString(wire.LoadedCard, m.Text(wire.PAN))
		m.SetString(wire.LoadedEntry, "0520")
		shows("good")(p, m)
	}
	load = p.request(dialect.TransferLoad, amount(50_00), other)
	if got := p.send(load); got != "00" {
		t.Fatalf("another card's load: %s", got)
	}
	if got := obeys(p, &x); got != 650_00 {
		t.Errorf("the chip has %d, want 65000", got)
	}
	has("after another card's load", 550_00, 0, 50_00, dialect.Totals{})

	p.want("00", dialect.CashLoad, amount(70_00), inserts(&x, "cash"))
	original := p.original()
	if got := obeys(p, &x); got != 720_00 {
		t.Errorf("the chip has %d, want 72000", got)
	}
	has("after a load for money", 620_00, 0, 50_00, tally(0, 70_00, 0, 1))
	p.want("25", dialect.CashLoadVoid, amount(70_00), set(25, "91"), inserts(&x, "sda"), original)
	p.want("64", dialect.CashLoadVoid, amount(60_00), inserts(&x, "cash"), original)
	void := p.request(dialect.CashLoadVoid, amount(70_00), inserts(&x, "cash"), original)
	if got := p.send(void); got != "00" {
		t.Fatalf("a void: %s", got)
	}
	if got := obeys(p, &x); got != 650_00 {
		t.Errorf("the chip has %d after the void, want 65000", got)
	}
	has("after a void", 550_00, 0, 50_00, tally(70_00, 70_00, 1, 1))
	p.want("25", dialect.CashLoadVoid, amount(70_00), inserts(&x, "cash"), original)
	if got := p.send(p.reversalOf(void)); got != "00" {
		t.Errorf("the reversal of a void: %s", got)
	}
	has("after its reversal", 620_00, 0, 50_00, tally(0, 70_00, 0, 1))
	if flag := p.settlement(0, 0, 70_00, 1); flag != '1' {
		t.Errorf("right totals are flagged %c", flag)
	}
	afterKill(t, h)
}

// What is no load of this chip, in full and once, is none.
func TestLoadsAreRefused(t *testing.T) {
	h, p := chipPOS(t)
	var x chip.Transaction
	onto := func(number string) field {
		return func(p *pos, m *wire.Message) {
			inserts(&x, "cash")(p, m)
			m.SetString(wire.LoadedCard, number)
			m.SetString(wire.LoadedEntry, "0520")
			shows("good")(p, m)
		}
	}
	spoilt := func(p *pos, m *wire.Message) { // the balance that the chip tells, under the MAC of another
		v := chip.Value(m.Get(wire.ChipData), 0x9F10)
		v[len(v)-5] ^= 1
	}
	for _, c := range []struct {
		name, want string
		of         dialect.Transaction
		fields     []field
	}{
		{"more than the chip may have", "61", dialect.AccountLoad, []field{amount(500_01), inserts(&x, "cash")}},
		{"a chip without electronic cash", "12", dialect.CashLoad, []field{amount(5), inserts(&x, "chip")}},
		{"no chip", "30", dialect.CashLoad, []field{amount(5), shows("cash")}},
		{"onto a card that nobody knows", "14", dialect.TransferLoad, []field{amount(5), onto("6225999999999999")}},
		{"onto another card than the chip's", "59", dialect.TransferLoad, []field{amount(5), onto(holderOf(t, p.p, "chip").PAN)}},
		{"another balance than the chip's", "12", dialect.AccountLoad, []field{amount(5), inserts(&x, "cash"), spoilt}},
		{"nothing", "13", dialect.CashLoad, []field{amount(0), inserts(&x, "cash")}},
		{"the void of none", "25", dialect.CashLoadVoid, []field{amount(5), inserts(&x, "cash"), sub(wire.OriginalBatch, "000001"), sub(wire.OriginalTrace, "000009"), set(37, "000000000000")}},
	} {
		if got := p.do(c.of, c.fields...); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if chip.Value(p.ans.Get(wire.ChipData), chip.TagAfter) != nil {
			t.Errorf("%s: the answer brings the chip a command", c.name)
		}
	}
	p.want("00", dialect.Purchase, amount(5), shows("cash"))
	p.want("25", dialect.CashLoadVoid, amount(5), inserts(&x, "cash"), p.original())
	if got := purse(p, h, "cash"); got != 500_00 {
		t.Errorf("the chip's account has %d, want 50000", got)
	}

	// What the chip has spent since cannot be had back from it.
	p.want("00", dialect.CashLoad, amount(100_00), inserts(&x, "cash"))
	original := p.original()
	obeys(p, &x)
	x.Card.Load(99_99)
	p.want("51", dialect.CashLoadVoid, amount(100_00), inserts(&x, "cash"), original)
}

// What a chip has approved by itself comes out of its electronic cash, and not once more out
// of the card's account.
func TestOfflinePurchaseIsPaidByTheChip(t *testing.T) {
	h, p := chipPOS(t)
	var x chip.Transaction
	before := balanceOf(t, h, "cash")
	p.want("00", dialect.OfflinePurchase, amount(30_00), inserts(&x, "cash"), func(_ *pos, m *wire.Message) {
		c := x.Card
		if err := x.Begin(c); err != nil {
			t.Fatal(err)
		}
		x.Amount = [6]byte{0, 0, 0, 0, 0x30, 0}
		x.Currency = [2]byte{0x01, 0x56}
		if kind, err := x.Generate(chip.TC); err != nil || kind != chip.TC {
			t.Fatalf("the chip makes %s, %v", kind, err)
		}
		m.Set(wire.ChipData, x.AppendTags(nil, chip.RequestTags))
	})
	if got := purse(p, h, "cash"); got != 470_00 || got != x.Card.Cash() {
		t.Errorf("the chip's account has %d, the chip %d, want 47000", got, x.Card.Cash())
	}
	if got := balanceOf(t, h, "cash"); got != before {
		t.Errorf("the card has paid %d, want nothing", before-got)
	}
}
