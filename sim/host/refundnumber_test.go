package host

import (
	"fmt"
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host/order"
	"github.com/posfleet/posfleet/sim/wire"
)

// numbered gives a refund the merchant's number.
func numbered(number string) field {
	return func(_ *pos, m *wire.Message) {
		m.Set(wire.PaymentCode, dialect.AppendTag([]byte(m.Text(wire.PaymentCode)), dialect.TagRefundNumber, number))
	}
}

// refundedOf is what the host says is refunded of an order.
func (p *pos) refundedOf(number string) uint64 {
	p.Helper()
	p.want("00", dialect.OrderQuery, data(dialect.TagOrder, number))
	return dialect.TaggedUint(p.ans.Get(wire.OrderData), dialect.TagRefunded)
}

func TestARefundNumberIsOneRefund(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	first, second := p.order(5), p.order(5)
	paid := map[string]field{}
	for _, number := range []string{first, second} {
		p.want("00", dialect.Purchase, amount(1000), shows("good"), pays(number))
		paid[number] = p.reference()
	}
	refund := func(want, of, number string, fen uint64) {
		t.Helper()
		p.want(want, dialect.Refund, amount(fen), shows("good"), pays(of), paid[of], numbered(number))
	}
	is := func(of string, want uint64) {
		t.Helper()
		if got := p.refundedOf(of); got != want {
			t.Errorf("%d fen are refunded, want %d", got, want)
		}
	}
	credits := func(n int, fen int64) {
		t.Helper()
		if b := bookOf(h, "10000001"); b.CreditN != n || b.Credit != fen {
			t.Errorf("the book has %d refunds of %d fen, want %d of %d", b.CreditN, b.Credit, n, fen)
		}
	}
	refund("00", first, "R-1", 600)
	trace := p.trace
	for range 3 {
		refund("00", first, "R-1", 600)
		if as := dialect.Tagged(p.ans.Get(wire.PaymentCode), dialect.TagRefundedAs); len(as) != 28 || wire.Uint(as[6:12]) != trace {
			t.Errorf("it was booked as %q, want under trace %d", as, trace)
		}
	}
	is(first, 600)
	credits(1, 600)
	refund("64", first, "R-1", 400)
	p.refused(dialect.RefundNumberTaken)
	refund("64", second, "R-1", 600)
	p.refused(dialect.RefundNumberTaken)
	is(first, 600)
	is(second, 0)
	refund("64", first, "R-2", 600)
	p.refused(dialect.OverRest)
	refund("00", first, "R-2", 400) // a number of which nothing was booked is free
	refund("00", first, "R-1", 600) // also once nothing is left
	is(first, 1000)
	credits(2, 1000)
	for _, wrong := range []string{"", "R-3456789012345678901234567890123"} {
		refund("30", second, wrong, 1)
	}
	p.want("30", dialect.Refund, amount(1), shows("good"), paid[second], numbered("R-4")) // of no order
	is(second, 0)
	for i := range order.MostRefunds {
		refund("00", second, fmt.Sprint("S-", i), 1)
	}
	refund("61", second, "S-50", 1)
	p.refused(dialect.TooManyRefunds)
	refund("00", second, "S-49", 1)
	is(second, order.MostRefunds)
}

// A refund that was answered as one of before is one of a batch that has ended, too.
func TestARefundNumberOutlivesItsBatch(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	number := p.order(5)
	p.want("00", dialect.Purchase, amount(1000), shows("good"), pays(number))
	of := p.reference()
	p.want("00", dialect.Refund, amount(300), shows("good"), pays(number), of, numbered("R-1"))
	if flag := p.settlement(1000, 1, 300, 1); flag != '1' {
		t.Fatalf("settlement flag %c", flag)
	}
	p.want("00", dialect.UploadEnd, set(48, "0000"))
	p.signIn()
	p.want("00", dialect.Refund, amount(300), shows("good"), pays(number), of, numbered("R-1"))
	if got := p.refundedOf(number); got != 300 {
		t.Errorf("%d fen are refunded", got)
	}
	if flag := p.settlement(0, 0, 0, 0); flag != '1' {
		t.Errorf("the new batch has it again: flag %c", flag)
	}
}
