package sim

import (
	"errors"
	"fmt"
	"slices"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// parts is whether a scenario's purchases say that an approval of a part is taken.
type parts uint8

const (
	asPolicy parts = iota
	taken
	notTaken
)

// TakeParts has the scenario's purchases say that the terminal takes an approval of a part of
// the amount, or that it takes none, whatever its policy.
func (p *Player) TakeParts(takes bool) {
	p.leave().parts = notTaken
	if takes {
		p.left.parts = taken
	}
}

// errPartOfOrder is why a terminal reverses what a host approves of an order's payment in part.
var errPartOfOrder = errors.New("a part of it is approved, and an order is paid whole or not")

// takesParts reports whether an order's request says so: a purchase that pays no bill, which is
// paid whole or not.
func (p *Player) takesParts(o *Order) bool {
	if o.Of != dialect.Purchase || o.Bill != nil || p.left.parts == notTaken {
		return false
	}
	return p.left.parts == taken || p.T.Profile.Policy.PartialApproval
}

// announceParts has the request say that an approval of a part is taken (CUP 60.6). Its field
// may end before that: then it is filled up with zeros.
func (p *Player) announceParts() {
	d, m := p.T.Profile.Dialect, p.req
	if at := d.Place(wire.PartialApproval); at.To > len(m.Field(at.Field)) {
		v := append(p.scratch[:0], m.Field(at.Field)...)
		for len(v) < at.To {
			v = append(v, '0')
		}
		p.scratch = v
		m.SetField(at.Field, v)
	}
	m.SetString(wire.PartialApproval, "1")
}

// Partial reports whether the answer was verified and approves a part of the amount.
func (r *Result) Partial() bool { return r.Approved() && r.dialect.Means(r.Code, dialect.Partial) }

// Asked is what was to be paid with a payment of the open batch, of which a part may have been
// approved.
func (t *Terminal) Asked(r *Record) int64 {
	if r.part == 0 {
		return r.Amount
	}
	return t.kept.parts[r.part-1]
}

// bookedPart notes that the order that the journal has last is approved in part, and shows how
// much is left to pay. The request is kept for whom that part does not serve.
func (p *Player) bookedPart(r *Result) {
	t := p.T
	k, records := t.keep(), t.Journal.Records
	k.parts = append(k.parts, r.Asked)
	records[len(records)-1].part = uint32(len(k.parts))
	p.shortChip()
	if v := p.ans.Get(wire.AuthCode); v != nil {
		p.req.Set(wire.AuthCode, v) // a reversal has it where the answer was heard
	}
	left := p.leave()
	left.part, _ = p.req.Append(left.part[:0])
	left.partOf = r.Trace
	t.Display = p.PartShown(r.Asked - r.Amount)
}

// RefusePart has the terminal undo the payment that was approved last, of which the host has
// approved a part and that part does not serve: it leaves the journal, and a reversal goes at
// once. Like all reversals that has the amount that was asked.
func (p *Player) RefusePart() error {
	t := p.T
	at := slices.IndexFunc(t.Journal.Records, func(r Record) bool {
		return r.part > 0 && !r.Voided && r.Trace == p.left.partOf && r.Batch == t.Batch
	})
	switch {
	case len(p.left.part) == 0 || at < 0:
		t.Display = "无部分批准的交易"
		return p.refused(fmt.Errorf("%w: it knows no payment of which a part was approved just now", ErrRefusedLocally))
	case t.Owes():
		return p.refused(fmt.Errorf("%w: it owes a reversal already", ErrRefusedLocally))
	}
	rec := t.Journal.Records[at]
	t.Journal.drop(at)
	o := &t.Owed
	o.Request = append(o.Request[:0], p.left.part...)
	o.Of, o.Amount, o.Holder, o.Reason, o.Tries = rec.Of, rec.Amount, rec.Holder(t.Profile), t.Profile.Dialect.Reason(dialect.OtherCause), 0
	p.left.part, p.unsigned = p.left.part[:0], unsigned{}
	t.stand(rec.Of, Uncertain)
	p.Reverse()
	return nil
}

// PartShown is what the terminal shows when a part of the last payment's amount is approved
// and so much is left to pay.
func (p *Player) PartShown(left int64) string {
	d := p.T.Profile.Dialect
	return fmt.Sprintf("%s: %s, 还需支付: %s", d.Display(d.Code(dialect.Partial)), report.FormatAmount(p.Last.Amount, d.Exponent), report.FormatAmount(left, d.Exponent))
}
