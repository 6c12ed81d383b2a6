package sim

import (
	"fmt"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// QueryCode asks the host what has become of the latest payment by code. One whose answer the
// terminal has not heard, and that the host says is paid, is booked, and its reversal owed no
// more; else that stays owed. A payment of an order is asked for by that ([Player.QueryOrder]).
func (p *Player) QueryCode() error {
	t := p.T
	f := t.Profile.Dialect.Form(dialect.QRQuery)
	if f == nil {
		return p.refused(fmt.Errorf("dialect %s has no %s", t.Profile.Dialect.Name, dialect.QRQuery))
	}
	if err := p.session(); err != nil {
		return err
	}
	r, owed, err := p.latestByCode()
	if err != nil {
		return p.refused(err)
	}
	p.begin(t, f)
	m := p.req
	m.SetUint(wire.OriginalBatch, uint64(r.Batch))
	m.SetUint(wire.OriginalTrace, uint64(r.Trace))
	x := p.exchange(f)
	if told := int64(p.ans.Uint(wire.Amount)); x.Outcome == report.Approved && told != r.Amount {
		x.Outcome, x.Why = report.Refused, fmt.Errorf("it tells a payment of %d, and the terminal asked for one of %d", told, r.Amount)
	}
	t.Display = show(x)
	if owed && x.Outcome == report.Approved {
		copy(r.RRN[:], p.ans.Get(wire.RRN))
		copy(r.Date[:], p.ans.Get(wire.LocalDate))
		r.class = t.Profile.Dialect.ClassOf(p.ans.Get(wire.Operator))
		t.Journal.add(r)
		t.Owed.Request = t.Owed.Request[:0]
		t.stand(r.Of, Paid)
	}
	p.afterwards(x)
	return nil
}

// latestByCode is the payment by code whose reversal is owed, or else the latest of the batch.
func (p *Player) latestByCode() (r Record, owed bool, err error) {
	t := p.T
	if t.Owes() && t.Owed.Of == dialect.QRPurchase && (t.Bill == nil || !t.Bill.paid.Of.Payment()) {
		m := t.Profile.Dialect.NewMessage()
		if err := m.Read(t.Owed.Request); err != nil {
			return r, false, err
		}
		return Record{Of: dialect.QRPurchase, Entry: Code, Trace: uint32(m.Uint(wire.Trace)), Batch: uint32(m.Uint(wire.Batch)), Amount: t.Owed.Amount}, true, nil
	}
	for i := len(t.Journal.Records) - 1; i >= 0; i-- {
		if r := t.Journal.Records[i]; r.Of == dialect.QRPurchase {
			return r, false, nil
		}
	}
	t.Display = "没有原始交易"
	return r, false, fmt.Errorf("%w: it knows no payment by code to ask for", ErrRefusedLocally)
}
