package host

import (
	"bytes"
	"testing"

	"github.com/posfleet/posfleet/sim/chip"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

// chipPOS is a terminal of the bundled profile that has signed in.
func chipPOS(t testing.TB, options ...Option) (*Host, *pos) {
	t.Helper()
	p, err := profile.Bundled("cup", 4)
	if err != nil {
		t.Fatal(err)
	}
	h, err := New(p, options...)
	if err != nil {
		t.Fatal(err)
	}
	return h, ready(t, h, serveHost(t, h), 0)
}

// holderOf is the first holder of a role's cards.
func holderOf(t testing.TB, p *profile.Profile, role string) *profile.Holder {
	t.Helper()
	all := p.Holders(role)
	if len(all) == 0 {
		t.Fatalf("no card of role %s", role)
	}
	return &all[0]
}

// inserts has the chip of a role's card make a cryptogram for the amount that the request
// has by then.
func inserts(x *chip.Transaction, role string) field {
	return func(p *pos, m *wire.Message) {
		p.Helper()
		h := holderOf(p, p.p, role)
		c, err := h.Chip()
		if err != nil || c == nil {
			p.Fatalf("card of role %s has no chip: %v", role, err)
		}
		if err := x.Begin(c); err != nil {
			p.Fatal(err)
		}
		for i, v := 5, m.Uint(wire.Amount); i >= 0; i-- {
			x.Amount[i] = byte(v/10%10)<<4 | byte(v%10)
			v /= 100
		}
		x.Currency = [2]byte{0x01, 0x56}
		if _, err := x.Generate(chip.ARQC); err != nil {
			p.Fatal(err)
		}
		m.SetString(wire.PAN, h.PAN)
		m.SetString(wire.Expiry, h.Expiry)
		m.SetString(wire.CardSequence, h.Sequence)
		m.SetString(wire.EntryMode, "052")
		m.Set(wire.ChipData, x.AppendTags(nil, chip.RequestTags))
	}
}

// altered changes an octet of the value of a tag.
func altered(tag uint32, at int) field {
	return func(p *pos, m *wire.Message) {
		v := chip.Value(m.Get(wire.ChipData), tag)
		if len(v) <= at {
			p.Fatalf("tag %X has %d octets", tag, len(v))
		}
		v[at] ^= 1
	}
}

// code is the answer to a purchase.
func (p *pos) code(fields ...field) string {
	p.Helper()
	p.write(p.frame(p.request(dialect.Purchase, fields...)))
	if !p.hear(patient) {
		p.Fatal("no answer")
	}
	return p.ans.Text(wire.ResponseCode)
}

func TestChipIsCheckedAndAnswered(t *testing.T) {
	_, p := chipPOS(t)
	var x chip.Transaction
	for _, role := range []string{"chip", "foreign", "sm-chip"} {
		if got := p.code(amount(1234), inserts(&x, role)); got != "00" {
			t.Fatalf("%s: %s", role, got)
		}
		value := bytes.Clone(chip.Value(p.ans.Get(wire.ChipData), chip.TagIssuerAuthentication))
		if !x.Authenticate(value) {
			t.Errorf("%s: the chip finds the issuer's answer %X wrong", role, value)
		}
	}
	for name, change := range map[string]field{
		"cryptogram":              altered(0x9F26, 0),
		"amount":                  altered(0x9F02, 0),
		"counter":                 altered(0x9F36, 0),
		"unpredictable number":    altered(0x9F37, 0),
		"results of the terminal": altered(0x95, 0),
		"results of the card":     altered(0x9F10, 4),
		"amount of the message":   amount(1235),
		"kind, an approval": func(_ *pos, m *wire.Message) { // it is not part of the cryptogram
			chip.Value(m.Get(wire.ChipData), 0x9F27)[0] = 0x40
		},
		"amount, after the chip's": func(_ *pos, m *wire.Message) { m.SetUint(wire.Amount, 99) },
	} {
		if got := p.code(amount(1234), inserts(&x, "chip"), change); got != "59" {
			t.Errorf("%s changed: %s, want 59", name, got)
		}
	}
	if got := p.code(amount(1234), inserts(&x, "chip"), func(_ *pos, m *wire.Message) { m.Set(wire.ChipData, []byte{0x9F, 0x26, 0x08, 0}) }); got != "30" {
		t.Errorf("chip data that end early: %s, want 30", got)
	}
}

// A declined payment is answered by its issuer, too, with its own code.
func TestDeclinedChipIsAnswered(t *testing.T) {
	_, p := chipPOS(t)
	var x chip.Transaction
	if got := p.code(amount(5), inserts(&x, "stolen")); got != "43" {
		t.Fatalf("answered %s", got)
	}
	value := chip.Value(p.ans.Get(wire.ChipData), chip.TagIssuerAuthentication)
	if len(value) != 10 || string(value[8:]) != "43" || !x.Authenticate(value) {
		t.Errorf("the issuer's answer is %X", value)
	}
}

// A chip's own approval is booked once, and only as such.
func TestOfflinePurchaseIsBooked(t *testing.T) {
	h, p := chipPOS(t)
	var x chip.Transaction
	approves := func(role string) field {
		return func(p *pos, m *wire.Message) {
			inserts(&x, role)(p, m)
			h := holderOf(p, p.p, role)
			c, _ := h.Chip()
			if err := x.Begin(c); err != nil {
				t.Fatal(err)
			}
			x.Amount[5], x.Currency = 5, [2]byte{0x01, 0x56}
			if kind, err := x.Generate(chip.TC); err != nil || role == "cash" && kind != chip.TC {
				t.Fatalf("the chip makes %s, %v", kind, err)
			}
			m.Set(wire.ChipData, x.AppendTags(nil, chip.RequestTags))
		}
	}
	p.want("00", dialect.OfflinePurchase, amount(5), approves("cash"))
	if got := bookOf(h, p.entry.TID).Debit; got != 5 {
		t.Errorf("%d fen are booked, want 5", got)
	}
	p.want("59", dialect.OfflinePurchase, amount(5), approves("chip"))
	p.want("59", dialect.OfflinePurchase, amount(5), inserts(&x, "cash"))
	if got := p.code(amount(5), approves("cash")); got != "59" {
		t.Errorf("a chip's own approval as a purchase on line: %s, want 59", got)
	}
}

func TestChipFirst(t *testing.T) {
	_, p := chipPOS(t)
	swiped := func(condition string) string {
		return p.code(amount(5), func(p *pos, m *wire.Message) {
			m.Set(wire.Track2, bytes.ReplaceAll([]byte(holderOf(p, p.p, "chip-first").Track2), []byte("="), []byte("D")))
			m.SetString(wire.EntryMode, "022")
			m.SetString(wire.ChipCondition, condition)
		})
	}
	if got := swiped("0"); got != "45" {
		t.Errorf("a stripe with a chip beside it: %s, want 45", got)
	}
	if got := swiped("2"); got != "00" {
		t.Errorf("fallback: %s, want 00", got)
	}
}

// Who pays by chip leaves nothing of the chip away, whatever the entry mode says of a PIN.
func TestPaymentByChipNeedsItsCryptogram(t *testing.T) {
	_, p := chipPOS(t)
	var x chip.Transaction
	mode := func(v string) field { return func(_ *pos, m *wire.Message) { m.SetString(wire.EntryMode, v) } }
	bare := func(_ *pos, m *wire.Message) { m.Set(wire.ChipData, x.AppendTags(nil, chip.ReversalTags)) }
	none := func(_ *pos, m *wire.Message) { m.Unset(wire.ChipData) }
	for _, of := range []dialect.Transaction{dialect.Purchase, dialect.PreAuth, dialect.Balance} {
		for _, entry := range []string{"050", "051", "052", "071", "072", "022"} {
			if got := p.do(of, amount(5), inserts(&x, "chip"), mode(entry), bare); got != "30" {
				t.Errorf("%s, entry mode %s, no cryptogram: %s, want 30", of, entry, got)
			}
			if got := p.do(of, amount(5), inserts(&x, "chip"), mode(entry), none); entry != "022" && got != "30" {
				t.Errorf("%s, entry mode %s, no chip data: %s, want 30", of, entry, got)
			}
		}
	}
}

// A payment is in the network's currency, and the chip's is the message's.
func TestAnotherCurrencyPaysNothing(t *testing.T) {
	h, p := chipPOS(t)
	var x chip.Transaction
	in := func(v string) field { return func(_ *pos, m *wire.Message) { m.SetString(wire.Currency, v) } }
	for _, of := range []dialect.Transaction{dialect.Purchase, dialect.PreAuth, dialect.Balance} {
		if got := p.do(of, amount(5), shows("good"), in("840")); got != "30" {
			t.Errorf("%s in 840: %s, want 30", of, got)
		}
	}
	other := func(p *pos, m *wire.Message) {
		inserts(&x, "chip")(p, m)
		c, _ := holderOf(p, p.p, "chip").Chip()
		if err := x.Begin(c); err != nil {
			t.Fatal(err)
		}
		x.Amount[5], x.Currency = 5, [2]byte{0x08, 0x40}
		if _, err := x.Generate(chip.ARQC); err != nil {
			t.Fatal(err)
		}
		m.Set(wire.ChipData, x.AppendTags(nil, chip.RequestTags))
	}
	if got := p.code(amount(5), other); got != "59" {
		t.Errorf("a chip in 840: %s, want 59", got)
	}
	if got := bookOf(h, p.entry.TID).Debit; got != 0 {
		t.Errorf("%d fen are booked, want none", got)
	}
}

// The issuer of a card of any scheme tells its chip the account's PIN.
func TestChipIsToldItsPIN(t *testing.T) {
	for _, s := range chip.Schemes() {
		p, terminal := servedIn(t, s)
		var x chip.Transaction
		terminal.want("00", dialect.Purchase, amount(5), inserts(&x, "new-pin"))
		if x.Run(terminal.ans.Get(wire.ChipData), chip.TagAfter); !x.Obeyed() || !x.Card.PINIs(holderOf(t, p, "new-pin").Card.PIN) {
			t.Errorf("%s: the chip has another PIN than the account, results %X", s.Name, x.Results)
		}
	}
}

// chipBugs are how the misbehaviours of a chip's host are seen.
var chipBugs = map[string]func(p *pos, h *Host) bool{
	"cryptogram-unchecked": func(p *pos, _ *Host) bool {
		var x chip.Transaction
		return p.code(amount(5), inserts(&x, "chip"), altered(0x9F26, 0)) == "00"
	},
	"chip-without-cryptogram": func(p *pos, _ *Host) bool {
		var x chip.Transaction
		bare := func(_ *pos, m *wire.Message) { m.Set(wire.ChipData, x.AppendTags(nil, chip.ReversalTags)) }
		none := func(_ *pos, m *wire.Message) { m.Unset(wire.ChipData) }
		return p.code(amount(5), inserts(&x, "chip"), bare) == "00" && p.code(amount(5), inserts(&x, "chip"), none) == "00"
	},
	"counter-unchecked": func(p *pos, _ *Host) bool {
		var x chip.Transaction
		p.code(amount(5), inserts(&x, "chip"))
		return p.code(amount(5), replays(x.AppendTags(nil, chip.RequestTags))) == "00"
	},
	"wrong-arpc": func(p *pos, _ *Host) bool {
		var x chip.Transaction
		p.code(amount(5), inserts(&x, "chip"))
		return !x.Authenticate(chip.Value(p.ans.Get(wire.ChipData), chip.TagIssuerAuthentication))
	},
	"revocation-untold": func(p *pos, _ *Host) bool {
		p.want("00", dialect.DownloadLoad, sub(wire.ManagementCode, "374"), sub(wire.Download, "100"))
		return p.ans.Text(wire.Download) != "109\xA0\x00\x00\x03\x33\x91\x00\x00\x02"
	},
	"load-unpaid": func(p *pos, h *Host) bool {
		var x chip.Transaction
		before := balanceOf(p, h, "cash")
		p.do(dialect.AccountLoad, amount(500), inserts(&x, "cash"))
		return p.ans.Text(wire.ResponseCode) == "00" && balanceOf(p, h, "cash") == before
	},
	"load-untold": func(p *pos, _ *Host) bool {
		var x chip.Transaction
		return p.do(dialect.AccountLoad, amount(500), inserts(&x, "cash")) == "00" && chip.Value(p.ans.Get(wire.ChipData), chip.TagAfter) == nil
	},
	"load-over-limit": func(p *pos, h *Host) bool {
		var x chip.Transaction
		return p.do(dialect.AccountLoad, amount(1000_01), inserts(&x, "cash")) == "00"
	},
	"pin-told-wrong": func(p *pos, _ *Host) bool {
		var x chip.Transaction
		p.code(amount(5), inserts(&x, "new-pin"))
		return x.Run(p.ans.Get(wire.ChipData), chip.TagAfter) && x.Obeyed() && !x.Card.PINIs(holderOf(p, p.p, "new-pin").Card.PIN)
	},
	"script-result-lost": func(p *pos, _ *Host) bool {
		var x chip.Transaction
		p.code(amount(5), inserts(&x, "to-unblock"))
		x.Authenticate(chip.Value(p.ans.Get(wire.ChipData), chip.TagIssuerAuthentication))
		if !x.Run(p.ans.Get(wire.ChipData), chip.TagAfter) || x.Results[0] != 0x20 {
			p.Fatalf("the chip did not obey: %X", x.Results)
		}
		h := holderOf(p, p.p, "to-unblock")
		p.want("00", dialect.ScriptResult, sub(wire.ManagementCode, "951"), sub(wire.PAN, h.PAN), sub(wire.RRN, "123456789012"),
			func(_ *pos, m *wire.Message) { m.Set(wire.ChipData, x.AppendTags(nil, chip.ResultTags)) })
		p.code(amount(5), inserts(&x, "to-unblock"))
		return p.ans.Text(wire.ResponseCode) == "00" && chip.Value(p.ans.Get(wire.ChipData), chip.TagAfter) != nil
	},
}

func TestChipMisbehavioursAreSeen(t *testing.T) {
	for name, seen := range chipBugs {
		h, p := chipPOS(t, WithMisbehaviour(name))
		if !seen(p, h) {
			t.Errorf("%s is not seen", name)
		}
		if h, p = chipPOS(t); seen(p, h) {
			t.Errorf("%s is seen at a sound host", name)
		}
	}
}

// A detail of a chip payment is held to the chip's key and to the amount that it says
// twice, and the end of the upload to how many came.
func TestChipDetailsAreHeldToTheirChips(t *testing.T) {
	h, p := chipPOS(t)
	var x chip.Transaction
	p.want("00", dialect.Purchase, amount(700), inserts(&x, "chip"))
	if value := chip.Value(p.ans.Get(wire.ChipData), chip.TagIssuerAuthentication); !x.Authenticate(value) {
		t.Fatal("the chip does not know its issuer")
	}
	if kind, err := x.Finish(chip.TC); err != nil || kind != chip.TC {
		t.Fatalf("the chip makes %s, %v", kind, err)
	}
	if flag := p.settlement(700, 1, 0, 0); flag != '1' {
		t.Fatalf("right totals are flagged %c", flag)
	}
	tells := func(told int64, f dialect.Failure, spoil byte) field {
		return func(p *pos, m *wire.Message) {
			m.SetString(wire.PAN, holderOf(p, p.p, "chip").PAN)
			m.SetUint(wire.Trace, 1)
			data := x.AppendDetail(nil)
			data[3] ^= spoil // in the cryptogram, which comes first
			m.Set(wire.ChipData, data)
			m.Set(wire.ChipDetail, dialect.AppendChipDetail(nil, dialect.Domestic, told, "156", f))
		}
	}
	for _, c := range []struct {
		name, want string
		of         dialect.Transaction
		tells      field
	}{
		{"another amount", "30", dialect.ChipUpload, tells(701, dialect.NoFailure, 0)},
		{"a failure as a payment", "30", dialect.ChipUpload, tells(700, dialect.ChipDeclined, 0)},
		{"a payment as a failure", "30", dialect.ChipNotice, tells(700, dialect.NoFailure, 0)},
		{"another cryptogram", "59", dialect.ChipUpload, tells(700, dialect.NoFailure, 1)},
		{"as it was", "00", dialect.ChipUpload, tells(700, dialect.NoFailure, 0)},
		{"once more", "00", dialect.ChipUpload, tells(700, dialect.NoFailure, 0)},
		{"one that came to nothing", "00", dialect.ChipNotice, tells(700, dialect.WrongIssuer, 0)},
	} {
		t.Log(c.name)
		p.want(c.want, c.of, amount(700), c.tells)
	}
	p.want("00", dialect.UploadEnd, set(48, "0001"))
	if n := h.Counts().Miscounted; n != 0 {
		t.Errorf("%d uploads miscounted, want 0", n)
	}
}
