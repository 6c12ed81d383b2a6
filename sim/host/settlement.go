package host

import (
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// Flags of field 48 in a settlement's answer.
const (
	balanced   = '1'
	unbalanced = '2'
	inError    = '3'
)

// half is what field 48 says of one kind of card: debit amount and count,
// credit amount and count, flag.
const half = 12 + 3 + 12 + 3 + 1

// settlement compares the terminal's totals with the host's, one half of field
// 48 for domestic cards, one for foreign ones, of which there are none here.
// When they differ the host's go back. The batch stays open until the end of
// its upload, so a settlement may come again and gets the same answer.
func (h *Host) settlement(x *Exchange) {
	t, s := x.terminal, x.terminal.session
	v := x.Request.Get(48)
	batch, ok := h.batchOf(x)
	if len(v) != 2*half || !ok {
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
	case batch == s.lastNo && s.open == Totals{}:
		own = s.last
	default:
		h.reply(x, signInFirst)
		return
	}
	out := x.figures[:]
	copy(out, v)
	judge(out[:half], own)
	judge(out[half:], Totals{})
	h.reply(x, good)
	x.Answer.Unset(39) // the flags tell
	if h.dialect.Has(15) {
		x.Answer.SetUint(15, uint64(x.now.mmdd))
	}
	x.Answer.Set(48, out)
	if op := x.Request.Get(63); op != nil && h.dialect.Has(63) {
		x.Answer.Set(63, op)
	}
}

// judge compares one half of field 48 with the host's totals and makes it the
// answer's. Totals too large for their digits are an error, never cut.
func judge(v []byte, own Totals) {
	var said Totals
	said.Debit, said.DebitN = figure(v[:15])
	said.Credit, said.CreditN = figure(v[15:30])
	flag := byte(balanced)
	if said != own {
		flag = unbalanced
		if own.Debit > maxAmount || own.Credit > maxAmount || own.DebitN > 999 || own.CreditN > 999 {
			flag = inError
		}
		putFigure(v[:15], own.Debit, own.DebitN)
		putFigure(v[15:30], own.Credit, own.CreditN)
	}
	v[30] = flag
}

func figure(v []byte) (amount int64, n int) {
	return int64(wire.Uint(v[:12])), int(wire.Uint(v[12:15]))
}

func putFigure(v []byte, amount int64, n int) {
	wire.PutUint(v[:12], uint64(min(amount, maxAmount)))
	wire.PutUint(v[12:15], uint64(min(n, 999)))
}

// batchUpload takes details: a count of two digits, then 40 digits each. A
// message that comes again is not counted again.
func (h *Host) batchUpload(x *Exchange) {
	v := x.Request.Get(48)
	n, ok := digits(v[:min(2, len(v))])
	trace, ok2 := digits(x.Request.Get(11))
	if !ok || !ok2 || len(v) != 2+40*int(n) {
		h.reply(x, formatError)
		return
	}
	if s := x.terminal.session; s != nil && s.settling && s.upload != trace {
		s.details += int(n)
		s.upload = trace
	}
	h.reply(x, good)
	x.Answer.Set(48, v)
}

// uploadEnd closes the batch that was settled: its fees are booked and the
// next one begins. An end that comes again, or of a batch that was not
// settled, is acknowledged and changes nothing.
func (h *Host) uploadEnd(x *Exchange) {
	t, s := x.terminal, x.terminal.session
	v := x.Request.Get(48)
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
	x.Answer.Set(48, v)
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
	s.closed = s.closed.plus(s.open)
	s.last, s.lastNo, s.open = s.open, t.batch, Totals{}
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
