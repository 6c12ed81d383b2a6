package host

import (
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// A query tells of a payment by code of its own terminal that stands, and of nothing else.
func TestCodeQueryTellsWhatStands(t *testing.T) {
	h, p := chipPOS(t)
	other := ready(t, h, p.conn.RemoteAddr().String(), 1)
	of := func(trace uint64) field {
		return func(p *pos, m *wire.Message) {
			m.SetUint(wire.OriginalBatch, p.batch)
			m.SetUint(wire.OriginalTrace, trace)
		}
	}
	p.want("00", dialect.Purchase, amount(100), shows("good"))
	purchase := p.trace
	code := func(_ *pos, m *wire.Message) {
		m.Set(wire.PaymentCode, dialect.AppendPaymentCode(nil, holderOf(t, p.p, "qr").Code))
	}
	m := p.request(dialect.QRPurchase, amount(700), code)
	if got := p.send(m); got != "00" {
		t.Fatalf("a payment by code: %s", got)
	}
	paid, rrn := p.trace, p.ans.FieldText(37)
	p.want("00", dialect.QRQuery, of(paid))
	if got := p.ans.FieldUint(4); got != 700 || p.ans.FieldText(37) != rrn || !p.verified() {
		t.Errorf("the query tells %d under %s, want 700 under %s and a right MAC", got, p.ans.FieldText(37), rrn)
	}
	p.want("25", dialect.QRQuery, of(purchase))
	p.want("25", dialect.QRQuery, of(999_999))
	other.want("25", dialect.QRQuery, of(paid))
	if got := p.send(p.reversalOf(m)); got != "00" {
		t.Fatalf("its reversal: %s", got)
	}
	p.want("25", dialect.QRQuery, of(paid))
	if got := bookOf(h, "10000001").DebitN; got != 1 {
		t.Errorf("%d payments are booked, want 1", got)
	}
}
