package sim

import (
	"fmt"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/chip"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

// offlineSale is a payment of which the host has not heard: one that a chip has approved by
// itself, out of its electronic cash, or an advice that waits.
type offlineSale struct {
	order  *Order // of an advice; nil for a chip's own
	holder *profile.Holder
	amount int64
	trace  uint32
	data   []byte // the chip's, with its cryptogram
	tries  int
}

// raises is what the host books of it: of what raises an original the difference.
func (s *offlineSale) raises() int64 {
	if s.order != nil && s.order.Of.Raises() {
		return s.amount - s.order.Original.Amount
	}
	return s.amount
}

// mostOffline is how many of them a terminal keeps before it goes on line.
const mostOffline = 10

// mayStayOffline reports whether the terminal may leave it to the chip to approve an
// order: one that it can find authentic, by the CA keys that it has.
func (p *Player) mayStayOffline(o *Order) bool {
	t := p.T
	return t.mayTapOffline(o) && t.OfflineSales() < mostOffline && len(t.caKeys()) > 0 && t.Profile.Dialect.Form(dialect.OfflinePurchase) != nil
}

// OfflineSales is how many payments that chips have approved by themselves, and advices that
// wait, the terminal has to upload.
func (t *Terminal) OfflineSales() int {
	if t.kept == nil {
		return 0
	}
	return len(t.kept.offline)
}

// stayOffline keeps the payment that the chip has approved by itself; nothing is sent.
func (p *Player) stayOffline(o *Order) {
	t := p.T
	sale := offlineSale{holder: o.Holder, amount: o.Amount, trace: t.Trace, data: p.chip.AppendTags(nil, chip.RequestTags)}
	t.keep().offline = append(t.keep().offline, sale)
	t.nextTrace()
	p.Last = Result{Of: dialect.OfflinePurchase, Asked: o.Amount, Amount: o.Amount, Trace: sale.trace, dialect: t.Profile.Dialect}
	t.Display = "脱机交易成功"
	t.stand(dialect.Purchase, Paid)
}

// uploadOffline tells the host of the payments that chips have approved by themselves, and of
// advices that wait, each until it is answered or its tries are used up; those are cases for a
// human. What has been acknowledged counts in the batch. A decline, which need not be sealed,
// books nothing: where the host may have booked an earlier try the terminal is in doubt. It
// reports whether there are none left.
func (p *Player) uploadOffline() bool {
	t := p.T
	for t.OfflineSales() > 0 {
		sale := &t.kept.offline[0]
		of := dialect.OfflinePurchase
		if sale.order != nil {
			of = sale.order.Of
		}
		batch := t.Batch
		r := p.exchangeSale(t.Profile.Dialect.Form(of), sale)
		sale.tries++
		declined := r.Outcome == report.Declined
		unread := declined && t.Profile.Dialect.AsksSignIn(r.Code) // the host has other keys: it says nothing of the payment
		decided := declined && !unread
		last := sale.tries >= t.tries()
		switch {
		case r.Outcome == report.Approved && sale.order != nil:
			p.book(sale.order, r, batch)
		case r.Outcome == report.Approved:
			rec := Record{Of: dialect.OfflinePurchase, Entry: Tap, Trace: sale.trace, Batch: batch, Amount: sale.amount, holder: sale.holder.Number()}
			copy(rec.RRN[:], p.ans.Get(wire.RRN))
			copy(rec.Auth[:], p.ans.Get(wire.AuthCode))
			copy(rec.Date[:], p.ans.Get(wire.LocalDate))
			rec.class = t.Profile.Dialect.ClassOf(p.ans.Get(wire.Operator))
			p.keepUpload(&rec)
			t.Journal.add(rec)
		case unread && !last:
			p.signInAgain()
			return false
		case decided, last:
			if !decided {
				t.Failed++
			}
			if !declined || sale.tries > 1 || t.Profile.Dialect.Means(r.Code, dialect.Duplicate) {
				t.Journal.Doubts = append(t.Journal.Doubts, Doubt{Of: of, Trace: sale.trace, Batch: batch, Amount: sale.raises()})
			}
		default:
			return false
		}
		t.kept.offline = append(t.kept.offline[:0], t.kept.offline[1:]...)
	}
	return t.OfflineSales() == 0
}

// Keep has the terminal do what an order says later, by an advice before its next payment or
// settlement. An error means that it refuses.
func (p *Player) Keep(o *Order) error {
	t := p.T
	f := t.Profile.Dialect.Form(o.Of)
	if err := t.refuses(o, f); err != nil {
		return p.refused(err)
	}
	if t.OfflineSales() >= mostOffline {
		t.Display = "待上送交易已满, 请先结算"
		return p.refused(fmt.Errorf("%w: %d payments wait to be uploaded", ErrRefusedLocally, mostOffline))
	}
	kept := *o
	if o.Original != nil {
		original := *o.Original
		kept.Original = &original
		o.Original.Voided = o.Original.Voided || o.Of.Raises()
	}
	t.keep().offline = append(t.keep().offline, offlineSale{order: &kept, holder: o.Holder, amount: o.Amount, trace: t.Trace})
	t.nextTrace()
	t.Display = "交易成功, 待上送"
	return nil
}

// exchangeSale sends one.
func (p *Player) exchangeSale(f *dialect.Form, sale *offlineSale) *Result {
	t, h := p.T, sale.holder
	p.begin(t, f)
	m := p.req
	m.SetUint(wire.Trace, uint64(sale.trace))
	if sale.tries > 0 && f.Repeat != "" {
		m.SetMTI(f.Repeat)
	}
	if sale.order != nil {
		if err := p.fill(t, f, sale.order); err != nil {
			p.aside = Result{Of: f.Transaction, Outcome: report.Unsent, Why: err, dialect: t.Profile.Dialect, ended: true}
			return &p.aside
		}
		p.holder = h
		return p.exchangeAside(f)
	}
	m.SetUint(wire.Amount, uint64(sale.amount))
	m.SetString(wire.EntryMode, t.Profile.Dialect.EntryMode(Tap, false))
	m.SetString(wire.PAN, h.PAN)
	m.SetString(wire.Expiry, h.Expiry)
	m.SetString(wire.CardSequence, h.Sequence)
	m.Set(wire.ChipData, sale.data)
	p.holder = h
	return p.exchangeAside(f)
}
