package host

import (
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// settlement compares the terminal's totals with the host's, one half
// for domestic cards, one for foreign ones, of which there are none here.
// When they differ the host's go back. The batch stays open until the end of
// its upload, so a settlement may come again and gets the same answer.
func (h *Host) settlement(x *Exchange) {
	t, s := x.terminal, x.terminal.session
	v := x.Request.Get(wire.Totals)
	batch, ok := h.batchOf(x)
	if len(v) != dialect.TotalsLen || !ok {
		h.reply(x, formatError)
		return
	}
	if s == nil {
		h.reply(x, signInFirst)
		return
	}
	own := s.open
	switch {
	case batch == t.batch:
		s.settling, s.details, s.upload = true, 0, 0
	case batch == s.lastNo && s.open == dialect.Totals{}:
		own = s.last
	default:
		h.reply(x, signInFirst)
		return
	}
	out := x.figures[:]
	compareTotals(out[:dialect.TotalsHalf], v[:dialect.TotalsHalf], own)
	compareTotals(out[dialect.TotalsHalf:], v[dialect.TotalsHalf:], dialect.Totals{})
	h.reply(x, good)
	x.Answer.Unset(wire.ResponseCode) // the flags tell
	x.Answer.SetUint(wire.SettlementDate, uint64(x.now.mmdd))
	x.Answer.Set(wire.Totals, out)
	if op := x.Request.Get(wire.Operator); op != nil {
		x.Answer.Set(wire.Operator, op)
	}
}

// compareTotals compares one half of a settlement's totals with the host's and
// writes the answer's. dialect.Totals too large for their digits are an error, never cut.
func compareTotals(out, asked []byte, own dialect.Totals) {
	flag := dialect.Balanced
	if said, _ := dialect.ReadTotals(asked); said != own {
		flag = dialect.Unbalanced
		if !own.Fit() {
			flag = dialect.InError
		}
	}
	dialect.PutTotals(out, own, flag)
}

// batchUpload takes details: a count of two digits, then 40 digits each. A
// message that comes again is not counted again.
func (h *Host) batchUpload(x *Exchange) {
	v := x.Request.Get(wire.Totals)
	n, ok := dialect.UploadCount(v)
	trace, ok2 := digits(x.Request.Get(wire.Trace))
	if !ok || !ok2 {
		h.reply(x, formatError)
		return
	}
	if s := x.terminal.session; s != nil && s.settling && s.upload != trace {
		s.details += n
		s.upload = trace
	}
	h.reply(x, good)
	x.Answer.Set(wire.Totals, v)
}

// uploadEnd closes the batch that was settled: its fees are booked and the
// next one begins. An end that comes again, or of a batch that was not
// settled, is acknowledged and changes nothing.
func (h *Host) uploadEnd(x *Exchange) {
	t, s := x.terminal, x.terminal.session
	v := x.Request.Get(wire.Totals)
	n, ok := digits(v)
	batch, ok2 := h.batchOf(x)
	if !ok || !ok2 {
		h.reply(x, formatError)
		return
	}
	if s != nil && s.settling && batch == t.batch {
		if int(n) != s.details {
			h.count.miscounted.Add(1)
		}
		h.closeBatch(t)
	}
	h.reply(x, good)
	x.Answer.Set(wire.Totals, v)
}

// closeBatch settles all that is open. Of its payments only what refunds need
// is kept, the youngest pastKept of them; holds stay while they are open.
func (h *Host) closeBatch(t *terminal) {
	s := t.session
	for i := range s.records {
		r := &s.records[i]
		if r.state != approved || r.kind.Side() != dialect.Debit {
			continue
		}
		fee := t.shop.fee.Of(r.amount)
		move(&t.shop.account, &h.ledger.fees, fee)
		s.fees += fee
		s.keep(past{amount: r.amount, refunded: r.refunded, serial: r.serial, when: r.when, card: r.card})
	}
	s.closed = s.closed.Plus(s.open)
	s.last, s.lastNo, s.open = s.open, t.batch, dialect.Totals{}
	s.records = s.records[:0]
	s.index = s.index[:0]
	open := s.holds[:0]
	for _, p := range s.holds {
		if p.open {
			open = append(open, p)
		}
	}
	s.holds = open
	s.settling, s.details, s.upload = false, 0, 0
	t.batch = nextBatch(t.batch)
	t.rested = true
}

func (s *session) keep(p past) {
	if len(s.past) < pastKept {
		s.past = append(s.past, p)
		return
	}
	s.past[s.pastAt] = p
	s.pastAt = (s.pastAt + 1) % pastKept
}
