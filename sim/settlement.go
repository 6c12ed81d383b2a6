package sim

import (
	"errors"
	"fmt"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/wire"
)

// Settle has the terminal settle its batch: totals to the host, the details
// when the host's differ, the end message; then the batch is cleared, and the
// terminal signs off when its policy says so. p.Last is the settlement
// exchange.
func (p *Player) Settle() error { return p.SettleSome(-1) }

// SettleSome is Settle that stops after so many details, as in a power cut. What was
// acknowledged is not uploaded again: the next settlement of the same batch goes on there.
func (p *Player) SettleSome(most int) error {
	t := p.T
	d := t.Profile.Dialect
	f, end := d.Form(dialect.Settlement), d.Form(dialect.UploadEnd)
	if f == nil || end == nil || d.Form(dialect.BatchUpload) == nil {
		return fmt.Errorf("dialect %s has no settlement", d.Name)
	}
	if !t.SignedIn {
		t.Display = "请先签到"
		return fmt.Errorf("%w: it has not signed in", ErrRefusedLocally)
	}
	if t.Owes() {
		p.settleDebt()
	}
	if e := t.ending(); e != nil { // the host may have closed the batch already: it is not asked for its totals again
		p.Last = e.result
		return p.finish(end, e, most)
	}
	if t.OfflineSales() > 0 && !p.uploadOffline() { // one may be booked in this batch, and sent in the next it would be booked again
		p.Last = p.aside
		t.unsettled(&p.Last, fmt.Errorf("a payment that a chip approved off line was not acknowledged: %w", p.aside.Reason()))
		t.Display = "批上送未完成"
		return nil
	}
	p.uploadSignatures(1) // what the host does not take by now it does not get
	p.begin(t, f)
	own, foreign := t.Journal.classes()
	d.SetReconciliation(p.req, &dialect.Reconciliation{Own: own, Foreign: foreign, Flag: dialect.NoFlag, ForeignFlag: dialect.NoFlag})
	p.operator(f)
	r := p.exchange(f)
	t.Display = show(r)
	if r.Outcome != report.Approved {
		t.unsettled(r, r.Reason())
		p.afterwards(r)
		return nil
	}
	e := &ending{result: *r, own: t.Journal.Batch, batch: t.Batch, differs: [...]bool{dialect.Domestic: r.Flag != dialect.Balanced, dialect.Foreign: false}}
	if v, told := d.ReadReconciliation(p.ans); told {
		e.differs[dialect.Foreign] = v.ForeignFlag == dialect.Unbalanced || v.ForeignFlag == dialect.InError
	}
	return p.finish(end, e, most)
}

// finish uploads the details that are left and sends the end.
func (p *Player) finish(end *dialect.Form, e *ending, most int) error {
	p.T.Settled().ending = e
	if !p.upload(e, most) {
		return p.notUploaded(&p.Last)
	}
	return p.endBatch(end, e)
}

// ending is a settlement of which the totals have been compared: details are left, or its
// end, which was sent and not acknowledged, if it was sent at all.
type ending struct {
	result  Result // of the settlement
	own     dialect.Totals
	batch   uint32
	differs [2]bool // the totals of a class of cards, from the host's
	sent    int     // details that were acknowledged, of those that the terminal has to tell
	trace   uint32  // of the message with the next ones, if it was sent and not acknowledged
}

// Balanced reports whether the batch that was settled last was balanced, of domestic and of
// foreign cards; false before the first.
func (s *Settled) Balanced() bool { return s.last != nil && s.last.balanced }

// balances reports whether the totals of a class of cards were the host's.
func (e *ending) balances(c dialect.CardClass) bool { return !e.differs[c] }

// ending is what the terminal's open batch waits for; nil for nothing. What has been
// sold since is in no totals that were compared: then it is settled anew.
func (t *Terminal) ending() *ending {
	if t.settled == nil {
		return nil
	}
	e := t.settled.ending
	if e != nil && (e.own != t.Journal.Batch || e.batch != t.Batch) {
		return nil
	}
	return e
}

// settling reports whether a settlement has been begun and an answer to it was not heard:
// the host may have closed the batch, and the terminal may not go on selling in it.
func (t *Terminal) settling() bool {
	return t.settled != nil && t.settled.Why != nil && (errors.Is(t.settled.Why, line.ErrTimeout) || errors.Is(t.settled.Why, line.ErrBroken))
}

// notUploaded takes down that a settlement has come no further.
func (p *Player) notUploaded(r *Result) error {
	p.T.unsettled(r, fmt.Errorf("its upload was not acknowledged: %w", p.aside.Reason()))
	p.T.Display = "批上送未完成"
	return nil
}

// endBatch sends the end of a settlement and closes the batch.
func (p *Player) endBatch(end *dialect.Form, e *ending) error {
	t, r, balanced := p.T, &p.Last, e.balances(dialect.Domestic) && e.balances(dialect.Foreign)
	if !p.uploadEnd(end, balanced, e.sent) {
		t.Settled().ending = nil
		if o := p.aside.Outcome; o == report.TimedOut || o == report.Broken {
			t.Settled().ending = e
		}
		return p.notUploaded(r)
	}
	t.Settled().ending = nil
	if p.Closed != nil {
		p.Closed(t, t.Journal.Records, t.resolved(r))
	}
	t.Settled().last = &settledBatch{e.batch, t.Journal.Batch, balanced}
	t.settle(r)
	t.Display = "结算成功"
	if !balanced {
		t.Display = "结算完成, 对账不平"
	}
	return p.closeBatch()
}

// Abandon ends the batch at the host whatever its totals are. No terminal of the field does
// that: a check does, where a host says of totals that differ that they balance, or says
// them so that they cannot be read, lest what one scenario leaves is in the totals of the next.
// A host that declines the end may have ended the batch with the settlement: the next
// sign-in tells another number then.
func (p *Player) Abandon() error {
	t := p.T
	end := t.Profile.Dialect.Form(dialect.UploadEnd)
	if end == nil || !t.SignedIn {
		return errors.New("the batch could not be ended")
	}
	if p.uploadEnd(end, false, len(t.Journal.Records)) {
		t.abandon()
		return p.closeBatch()
	}
	why, batch, settled, display := p.aside.Reason(), t.Batch, p.Last, t.Display
	err := p.SignIn()
	p.Last, t.Display = settled, display
	if err != nil || t.Batch == batch {
		return fmt.Errorf("the batch could not be ended: %w", why)
	}
	t.abandon()
	return nil
}

// abandon forgets the batch, which was ended without its totals, and what is not known of it.
func (t *Terminal) abandon() {
	j, s := &t.Journal, t.Settled()
	j.Doubts = j.Doubts[:len(j.Doubts)-len(j.open())]
	s.Why, s.Open, s.ending = nil, nil, nil
	t.Opened = true
	j.clear()
	t.forgetDetails()
}

// ForgetEnding has the terminal forget a batch whose end the host has not acknowledged, as
// if it had been delivered just now: otherwise it keeps its number, whatever the next
// sign-in tells. No terminal of the field does that: a check does, between scenarios.
func (t *Terminal) ForgetEnding() {
	if t.ending() != nil {
		t.abandon()
	}
}

// closeBatch moves on to the next batch: by signing off, after which the next
// sign-in brings its number, or by counting.
func (p *Player) closeBatch() error {
	t := p.T
	if !t.signsOff() {
		t.Batch = dialect.Next(t.Batch)
		return nil
	}
	settled, display := p.Last, t.Display
	err := p.SignOff()
	if !t.SignedIn {
		t.Display = display
	}
	p.Last = settled
	return err
}

// SettleOwed drains what a terminal owes after a run: its reversal, and payments that
// chips have approved.
func (p *Player) SettleOwed(t *Terminal) bool {
	p.T, p.due = t, -1
	done := !t.Owes() || p.settleDebt()
	return (t.OfflineSales() == 0 || p.uploadOffline()) && done
}

// operator puts in the operator's number.
func (p *Player) operator(f *dialect.Form) {
	if f.Carries(wire.Operator) {
		p.scratch = append(append(p.scratch[:0], p.T.Operator...), "   "...)[:3]
		p.req.Set(wire.Operator, p.scratch)
	}
}

// settleTries is how often a terminal settles until it has an answer to each message:
// one that hears none does not know whether its batch is closed, and may not go on
// selling.
const settleTries = 3

// settleBatch settles the terminal's batch, again when an answer was lost, and
// reports whether that was done.
func (p *Player) settleBatch() bool {
	for range settleTries {
		if p.Settle() != nil {
			return false
		}
		if !p.T.settling() {
			return p.T.Settled().Why == nil
		}
	}
	return false
}

// uploadEnd closes the settlement, with the number of details sent. Its first
// management code (CUP 207) says balanced, its second (202) not.
func (p *Player) uploadEnd(f *dialect.Form, balanced bool, sent int) bool {
	p.begin(p.T, f)
	if !balanced && len(f.ManagementCodes) > 1 {
		p.req.SetString(wire.ManagementCode, f.ManagementCodes[1])
	}
	var n [4]byte
	wire.PutUint(n[:], uint64(sent))
	p.req.Set(wire.Totals, n[:])
	return p.exchangeAside(f).Outcome == report.Approved
}
