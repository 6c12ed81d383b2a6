package host

import (
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host/book"
	"github.com/posfleet/posfleet/sim/wire"
)

// Tracks and payment codes at the bounds of their lengths: what can be read is a card, known
// or not, what cannot is an error of form.
func TestCardsAreReadAtTheirBounds(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	code := p.p.Holders("good")[0].Code
	for _, c := range []struct {
		name, code string
		kind       dialect.Transaction
		field      field
	}{
		{"a number of 7 digits", "30", dialect.Purchase, set(35, "6225000D49121011234567")},
		{"a number of 8 digits", "14", dialect.Purchase, set(35, "62250000D49121011234567")},
		{"a number of 19 digits", "14", dialect.Purchase, set(35, "6225000000000000014D4912101")},
		{"a number of 20 digits", "30", dialect.Purchase, set(35, "62250000000000000014D491210112")},
		{"no more than the expiry", "00", dialect.Purchase, set(35, "6225000000000014D4912")},
		{"half an expiry", "30", dialect.Purchase, set(35, "6225000000000014D491")},
		{"nothing after the separator", "30", dialect.Purchase, set(35, "6225000000000014D")},
		{"the track's own expiry", "54", dialect.Purchase, set(35, "6225000000000014D4911101")},
		{"another separator", "00", dialect.Purchase, set(35, "6225000000000014=4912101")},
		{"a code after another tag", "00", dialect.QRPurchase, set(59, "A2003abcA3019"+code)},
		{"a code that is a little too short", "30", dialect.QRPurchase, set(59, "A3008621111")},
		{"an empty code", "14", dialect.QRPurchase, set(59, "A3000")},
		{"a length that is no number", "30", dialect.QRPurchase, set(59, "A30x9"+code)},
		{"half a tag", "30", dialect.QRPurchase, set(59, "A300")},
	} {
		if got := p.do(c.kind, amount(1), c.field); got != c.code {
			t.Errorf("%s is answered %s, want %s", c.name, got, c.code)
		}
	}
}

func TestCardIsGoodThroughItsMonth(t *testing.T) {
	h, _ := listen(t, "cup")
	c, _ := h.books.CardOf([]byte(h.profile.Holders("good")[0].PAN)) // until 4912
	for month, want := range map[uint32]verdict{4911: pending, 4912: pending, 5001: expired} {
		req := Request{now: &stamp{yymm: month}}
		if req.record.Card = c; h.acceptable(&req) != want {
			t.Errorf("in %d a card until 4912 is %v", month, h.acceptable(&req))
		}
	}
	h, err := New(bench("cup"))
	if err != nil {
		t.Fatal(err)
	}
	const day = 24 * 60 * 60
	for age, want := range map[int64]verdict{0: pending, completionDays * day: pending, completionDays*day + 1: tooLate} {
		req := newRequest(h.dialect)
		req.reset(time.Now())
		req.terminal, req.now = terminalOf(h, 0), &stamp{unix: 1_800_000_000}
		hold := book.Record{Kind: dialect.PreAuth, Amount: 100, When: uint32(1_800_000_000 - age)}
		h.books.Hold(req.terminal, &hold, uint32(age%1_000_000))
		req.Message.SetUint(wire.AuthCode, uint64(age%1_000_000))
		if _, code := h.findHold(req); code != want {
			t.Errorf("a pre-authorisation of %d s ago: %v, want %v", age, code, want)
		}
	}
}

// A purchase is raised once, by as much as its new amount is more, and by no more than 10 %.
func TestPurchaseIsRaisedOnceWithinItsBounds(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	start := balanceOf(t, h, "good")
	raise := func(fen uint64, of field) string {
		return p.do(dialect.Adjustment, amount(fen), shows("good"), of)
	}
	p.want("00", dialect.Purchase, amount(1000), shows("good"))
	of := p.original()
	for _, fen := range []uint64{999, 1000, 1101} {
		if code := raise(fen, of); code != "64" {
			t.Errorf("1000 raised to %d is answered %s, want 64", fen, code)
		}
	}
	if code := raise(1100, of); code != "00" {
		t.Errorf("1000 raised to 1100 is answered %s", code)
	}
	if got := balanceOf(t, h, "good"); got != start-1100 {
		t.Errorf("the card has %d, want %d", got, start-1100)
	}
	if b := bookOf(h, "10000001"); b.Totals != tally(1100, 0, 2, 0) {
		t.Errorf("book %+v", b.Totals)
	}
	if code := raise(1101, of); code != "64" {
		t.Errorf("raised a second time it is answered %s", code)
	}
	p.want("00", dialect.Purchase, amount(95), shows("poor"))
	of = p.original()
	if code := p.do(dialect.Adjustment, amount(104), shows("poor"), of); code != "51" {
		t.Errorf("raised beyond what the card has it is answered %s", code)
	}
	if code := raise(1001, set(37, "000000000001")); code != "30" && code != "25" {
		t.Errorf("nothing raised is answered %s", code)
	}
}

// Management that the host does not know is refused; an advice in an upload is taken as it
// comes. What is financial and unknown is held to session and MAC first.
func TestUnknownManagementIsRefused(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	p.want("12", dialect.SignOff, sub(wire.ManagementCode, "099"))
	advice := []field{sub(wire.ManagementCode, "099"), set(3, "200000"), set(25, "00"), amount(1)} // whatever has the type of an upload
	p.want("00", dialect.BatchUpload, advice...)
	p.want("12", dialect.Settlement, sub(wire.ManagementCode, "099"))
	p.want("12", dialect.Purchase, amount(1), shows("good"), set(3, "990000"))
	q := dialPOS(t, h, address, 1) // not signed in
	q.want("77", dialect.Purchase, amount(1), shows("good"), set(3, "990000"))
}

// By policy declines carry a MAC, but for those that say that there is no key in common.
func TestDeclinesCarryAMACWhereThePolicyWantsIt(t *testing.T) {
	for _, policy := range []dialect.DeclineMAC{dialect.MACIfPresent, dialect.MACRequired} {
		profile := bench("cup")
		profile.Policy.MACOnDecline = policy
		h, err := New(profile)
		if err != nil {
			t.Fatal(err)
		}
		p := ready(t, h, serveHost(t, h), 0)
		p.want("51", dialect.Purchase, amount(101), shows("poor"))
		if sealed := p.verified(); sealed != (policy == dialect.MACRequired) {
			t.Errorf("%v: a decline has a MAC: %v", policy, sealed)
		}
		p.want("77", dialect.Purchase, amount(1), shows("good"), sub(wire.Batch, "000007"))
		if p.ans.HasField(64) {
			t.Errorf("%v: a decline that asks for a sign-in has a MAC", policy)
		}
		p.want("00", dialect.Purchase, amount(1), shows("good"))
	}
}

func TestRefundNumbersAreBounded(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	number := p.order(2)
	p.want("00", dialect.Purchase, amount(400), shows("good"), pays(number))
	of := p.reference()
	p.want("30", dialect.Refund, amount(1), shows("good"), pays(number), of, numbered(strings.Repeat("R", longestRefundNumber+1)))
	p.want("30", dialect.Refund, amount(1), shows("good"), of, numbered("R"))
	p.want("00", dialect.Refund, amount(1), shows("good"), pays(number), of, numbered(strings.Repeat("R", longestRefundNumber)))
}

// What of a host's data is not of it is told; what is, is done again as it was.
func TestRecordsOfChipsAreHeldToTheirBounds(t *testing.T) {
	h, _ := chipPOS(t)
	numbers := func(k kind, values ...uint64) []byte {
		var v []byte
		for _, n := range values {
			v = binary.AppendUvarint(v, n)
		}
		return appendRecord(nil, k, v)
	}
	c, _ := h.books.CardOf([]byte(holderOf(t, h.profile, "chip").PAN))
	card, unknown := uint64(c), uint64(h.books.UnknownCards())
	for _, r := range []struct {
		name  string
		entry []byte
		right bool
	}{
		{"a chip", numbers(chipUsed, card, 1, 2, 3, 1), true},
		{"the highest index and counter", numbers(chipUsed, card, 255, 0xFFFF, 4, 0), true},
		{"an index too high", numbers(chipUsed, card, 256, 2, 3, 1), false},
		{"a counter too high", numbers(chipUsed, card, 1, 0x10000, 3, 1), false},
		{"no card of the profile", numbers(chipUsed, unknown, 1, 2, 3, 1), false},
		{"cut short", numbers(chipUsed, card, 1, 2, 3), false},
		{"obeyed", numbers(chipObeyed, card, 1), true},
		{"obeyed, no card of the profile", numbers(chipObeyed, unknown, 1), false},
		{"obeyed, cut short", numbers(chipObeyed, card), false},
		{"of no kind", numbers(kinds, 0), false},
		{"of no terminal", appendNumbered(nil, sessionChanged, len(h.sessions), appendSession(nil, nil)), false},
		{"of a terminal, cut short", appendNumbered(nil, sessionChanged, 0, []byte{1}), false},
		{"of the last terminal", appendNumbered(nil, sessionChanged, len(h.sessions)-1, appendSession(nil, nil)), true},
		{"a counter where none is derived", appendNumbered(nil, counterUsed, 0, []byte{7}), false},
		{"empty", nil, false},
	} {
		if _, err := h.restore(r.entry); (err == nil) != r.right {
			t.Errorf("%s: %v", r.name, err)
		}
	}
	var req Request
	req.record.Card = c
	of := h.chipOf(&req)
	if !of.obeyed {
		t.Error("that the chip has obeyed is not restored")
	}
	if _, err := h.restore(numbers(chipObeyed, card, 0)); err != nil || of.obeyed {
		t.Errorf("that the chip has not obeyed is not restored: %v", err)
	}
	if of.next(255, 0xFFFF, 5, false) {
		t.Error("a counter that was restored can be used again")
	}
}

// Data are of the profile whose terminals, keys and cards they were made with.
func TestDataAreOfOneProfile(t *testing.T) {
	made, err := New(bench("cup"))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{made.identity(): "the profile as it is"}
	for name, change := range map[string]func(h *Host){
		"the last terminal in stock has another key": func(h *Host) {
			last := &h.profile.Stock[len(h.profile.Stock)-1]
			last.Master = h.profile.Stock[0].Master
		},
		"another terminal": func(h *Host) { h.profile.Terminals[0].TID = "10000008" },
		"another balance":  func(h *Host) { h.profile.Cards[0].Balance++ },
	} {
		h, err := New(bench("cup"))
		if err != nil {
			t.Fatal(err)
		}
		change(h)
		if other, taken := seen[h.identity()]; taken {
			t.Errorf("%s: data are the same as of %s", name, other)
		}
		seen[h.identity()] = name
	}
	again, err := New(bench("cup"))
	if err != nil || again.identity() != made.identity() {
		t.Errorf("the same profile has other data: %v", err)
	}
}
