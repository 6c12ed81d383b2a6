package host

import (
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/fee"
	"github.com/posfleet/posfleet/sim/host/book"
	"github.com/posfleet/posfleet/sim/wire"
)

func TestVoidOnlyOnceAndWhole(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	start := balanceOf(t, h, "good")
	p.want("00", dialect.Purchase, amount(900), shows("good"))
	of := p.original()
	p.want("64", dialect.PurchaseVoid, amount(899), shows("good"), of)
	p.want("25", dialect.PurchaseVoid, amount(900), shows("rich"), of)
	p.want("25", dialect.PurchaseVoid, amount(900), shows("good"), of, set(37, "000000999999"))
	void := p.request(dialect.PurchaseVoid, amount(900), shows("good"), of)
	if code := p.send(void); code != "00" {
		t.Fatalf("void answered %s", code)
	}
	p.want("25", dialect.PurchaseVoid, amount(900), shows("good"), of)
	if b := bookOf(h, "10000001"); b.Totals != (tally(900, 900, 1, 1)) {
		t.Errorf("book %+v, want the purchase on both sides", b.Totals)
	}
	if got := balanceOf(t, h, "good"); got != start {
		t.Errorf("balance %d, want %d", got, start)
	}
	// The void's own void, by its trace: it is no purchase.
	p.want("25", dialect.PurchaseVoid, amount(900), shows("good"), p.original())
	// The void reversed: the purchase stands again and can be voided again.
	if code := p.send(p.reversalOf(void)); code != "00" {
		t.Fatalf("reversal of the void answered %s", code)
	}
	if b := bookOf(h, "10000001"); b.Totals != (tally(900, 0, 1, 0)) {
		t.Errorf("book %+v, want the purchase alone", b.Totals)
	}
	p.want("00", dialect.PurchaseVoid, amount(900), of) // no card shown: the original's
	if got := balanceOf(t, h, "good"); got != start {
		t.Errorf("balance %d, want %d", got, start)
	}
}

func TestVoidNeedsItsOwnTerminalAndBatch(t *testing.T) {
	h, address := listen(t, "cup")
	p, q := ready(t, h, address, 0), ready(t, h, address, 1)
	p.want("00", dialect.Purchase, amount(900), shows("good"))
	of := p.original()
	q.want("25", dialect.PurchaseVoid, amount(900), shows("good"), of)
	p.settle(0, 0)
	p.want("25", dialect.PurchaseVoid, amount(900), shows("good"), of)
}

// In parts or whole, before settlement or after it.
func TestRefundsNeverExceedThePayment(t *testing.T) {
	for _, settled := range []bool{false, true} {
		h, address := listen(t, "cup")
		p := ready(t, h, address, 0)
		start := balanceOf(t, h, "good")
		p.want("00", dialect.Purchase, amount(1000), shows("good"))
		of, void := p.reference(), p.original()
		if settled {
			p.settle(0, 0)
		}
		p.want("00", dialect.Refund, amount(400), shows("good"), of)
		p.want("64", dialect.Refund, amount(601), shows("good"), of)
		p.want("25", dialect.Refund, amount(1), shows("rich"), of)
		p.want("25", dialect.Refund, amount(1), shows("good"), of, sub(wire.OriginalDate, "0230"))
		if !settled {
			p.want("64", dialect.PurchaseVoid, amount(1000), shows("good"), void)
		}
		p.want("00", dialect.Refund, amount(600), shows("good"), of)
		p.want("64", dialect.Refund, amount(1), shows("good"), of)
		if got := balanceOf(t, h, "good"); got != start {
			t.Errorf("settled %t: balance %d, want %d", settled, got, start)
		}
		if b := bookOf(h, "10000001"); b.Net() != 0 || b.CreditN != 2 {
			t.Errorf("settled %t: book %+v", settled, b.Totals)
		}
	}
}

func TestRefundsAfterSettlementAreBounded(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	var first, last field
	for i := range book.KeepsSettled + 1 {
		p.want("00", dialect.Purchase, amount(10), shows("good"))
		if last = p.reference(); i == 0 {
			first = last
		}
	}
	p.settle(0, 0)
	p.want("25", dialect.Refund, amount(10), shows("good"), first)
	p.want("00", dialect.Refund, amount(10), shows("good"), last)
}

// A pre-authorisation is paid or let go once; undoing that opens it again.
func TestPreAuthorisationIsCompletedOnceOrLetGo(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	start := balanceOf(t, h, "good")
	balance := func(want int64, after string) {
		t.Helper()
		if got := balanceOf(t, h, "good"); got != want {
			t.Fatalf("%s: balance %d, want %d", after, got, want)
		}
		if err := h.Check(); err != nil {
			t.Fatalf("%s: %v", after, err)
		}
	}
	totals := func(want dialect.Totals, after string) {
		t.Helper()
		if b := bookOf(h, "10000001"); b.Totals != want {
			t.Fatalf("%s: book %+v, want %+v", after, b.Totals, want)
		}
	}
	p.want("00", dialect.PreAuth, amount(1000), shows("good"))
	of := p.held()
	balance(start-1000, "pre-auth")
	totals(dialect.Totals{}, "pre-auth")
	p.want("25", dialect.Completion, amount(1000), shows("rich"), of)
	p.want("25", dialect.Completion, amount(1000), shows("good"), of, sub(wire.OriginalDate, "0230"))
	p.want("64", dialect.Completion, amount(1151), shows("good"), of)
	p.want("64", dialect.PreAuthVoid, amount(999), shows("good"), of)
	complete := p.request(dialect.Completion, amount(1150), shows("good"), of)
	if code := p.send(complete); code != "00" {
		t.Fatalf("completion answered %s", code)
	}
	completed := p.original()
	balance(start-1150, "completion above the hold")
	totals(tally(1150, 0, 1, 0), "completion")
	p.want("25", dialect.Completion, amount(1000), shows("good"), of)
	p.want("25", dialect.PreAuthVoid, amount(1000), shows("good"), of)
	p.want("64", dialect.CompletionVoid, amount(1000), shows("good"), completed)
	undo := p.request(dialect.CompletionVoid, amount(1150), shows("good"), completed)
	if code := p.send(undo); code != "00" {
		t.Fatalf("completion void answered %s", code)
	}
	balance(start-1000, "completion void: the hold is back")
	totals(tally(1150, 1150, 1, 1), "completion void")
	if code := p.send(p.reversalOf(undo)); code != "00" {
		t.Fatalf("reversal of the completion void answered %s", code)
	}
	balance(start-1150, "completion void reversed")
	if code := p.send(p.reversalOf(complete)); code != "00" {
		t.Fatalf("reversal of the completion answered %s", code)
	}
	balance(start-1000, "completion reversed")
	totals(dialect.Totals{}, "completion reversed")
	p.want("00", dialect.CompletionAdvice, amount(300), shows("good"), of)
	balance(start-300, "completion below the hold")

	hold := p.request(dialect.PreAuth, amount(500), shows("good"))
	if code := p.send(hold); code != "00" {
		t.Fatal(code)
	}
	of = p.held()
	void := p.request(dialect.PreAuthVoid, amount(500), shows("good"), of)
	if code := p.send(void); code != "00" {
		t.Fatalf("pre-auth void answered %s", code)
	}
	balance(start-300, "pre-auth void")
	if code := p.send(p.reversalOf(void)); code != "00" {
		t.Fatalf("reversal of the pre-auth void answered %s", code)
	}
	balance(start-800, "pre-auth void reversed")
	p.settle(300, 1)
	balance(start-800, "settlement leaves the hold")
	p.want("00", dialect.Completion, amount(500), shows("good"), of)
	totals(tally(800, 0, 2, 0), "completion in the next batch")

	hold = p.request(dialect.PreAuth, amount(70), shows("good"))
	if code := p.send(hold); code != "00" {
		t.Fatal(code)
	}
	if code := p.send(p.reversalOf(hold)); code != "00" {
		t.Fatalf("reversal of the pre-auth answered %s", code)
	}
	balance(start-800, "pre-auth reversed")
}

func TestLargestAmountsNeverWrap(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	const most = 999_999_999_999
	rich := h.profile.Holders("rich")
	for i := range 12 {
		p.want("00", dialect.Purchase, amount(most), shows("rich"), set(2, rich[i].PAN))
	}
	if b := bookOf(h, "10000001"); b.Debit != 12*most || b.DebitN != 12 {
		t.Errorf("book %+v, want 12 times %d", b.Totals, int64(most))
	}
	if flag := p.settlement(most, 12, 0, 0); flag != '3' {
		t.Errorf("settlement of totals beyond 12 digits is flagged %c, want 3", flag)
	}
	p.want("00", dialect.PreAuth, amount(most/2), shows("rich"), set(2, rich[12].PAN))
	p.want("64", dialect.Completion, amount(most), shows("rich"), set(2, rich[12].PAN), p.held())
}

// What a payment costs the merchant depends on how card or code came in.
func TestRecordsSayHowTheCardCameIn(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	for i, c := range []struct {
		kind dialect.Transaction
		how  field
		want fee.Channel
	}{
		{dialect.Purchase, set(22, "022"), fee.Card},
		{dialect.Purchase, set(22, "052"), fee.Card},
		{dialect.Purchase, set(22, "072"), fee.Contactless},
		{dialect.Purchase, set(22, "071"), fee.Contactless},
		{dialect.QRPurchase, set(59, "A30196211111111111111111"), fee.UnionPayQR},
	} {
		fields := []field{amount(1_00), c.how}
		if c.kind == dialect.Purchase {
			fields = append([]field{shows("good")}, fields...)
		}
		p.want("00", c.kind, fields...)
		if got := terminalOf(h, 0).Record(int32(i)).Channel; got != c.want {
			t.Errorf("payment %d came by %s, want %s", i, got, c.want)
		}
	}
}
