package sim

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/chip"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/rules"
	"github.com/posfleet/posfleet/sim/wire"
)

// Pay has the terminal do what an order says: settle its reversal first if it
// owes one, send, check, and book. The result is in p.Last too. An error means
// that the terminal did not send it.
func (p *Player) Pay(o *Order) error {
	if t := p.T; t.SignedIn && t.Profile.Policy.DailySignIn && t.day != 0 && t.day != p.today() {
		p.signInAgain()
	}
	d := p.T.Profile.Dialect
	if o.Entry == Tap && o.Of.Loads() && d.EntryMode(Held, true) != "" {
		o.Entry, o.PIN = Held, true // as an inserted one: of a load for money there is none
	}
	f := d.Form(o.Of)
	err := p.T.refuses(o, f)
	if err == nil && o.Entry == Tap {
		if err = p.tap(o); err == nil && o.PIN {
			err = p.T.worn(o)
		}
	}
	if err != nil {
		return p.refused(err)
	}
	return p.order(o, f)
}

// refused notes why the terminal did not send what a step asked for, if that is the
// first thing that it refuses, and gives it back.
func (p *Player) refused(err error) error {
	if p.left.refusal == nil {
		p.leave().refusal = err
	}
	return err
}

// refuses says why the terminal does not even send an order, in form f.
func (t *Terminal) refuses(o *Order, f *dialect.Form) error {
	if t.Condition != nil {
		if err := t.dead(); err != nil {
			return err
		}
	}
	switch {
	case f == nil:
		return fmt.Errorf("dialect %s has no %s", t.Profile.Dialect.Name, o.Of)
	case t.Operator == "":
		t.Display = "请输入操作员号"
		return fmt.Errorf("%w: no operator is logged in", ErrRefusedLocally)
	case t.Locked:
		t.Display = "终端已锁定"
		return fmt.Errorf("%w: its screen is locked", ErrRefusedLocally)
	case !t.SignedIn:
		if t.Display != stoppedText && t.Display != deadText {
			t.Display = "请先签到"
		}
		return fmt.Errorf("%w: it has not signed in", ErrRefusedLocally)
	case o.Of.Loads() && !o.inserted():
		t.Display = "请插卡"
		return fmt.Errorf("%w: for a %s the chip must be in the reader", ErrRefusedLocally, o.Of)
	case o.Of == dialect.Refund && t.Profile.Policy.RefundLimit > 0 && o.Amount > t.Profile.Policy.RefundLimit:
		t.Display = "超过退货限额"
		return fmt.Errorf("%w: refunds go up to %s %s", ErrRefusedLocally, report.FormatAmount(t.Profile.Policy.RefundLimit, t.Profile.Dialect.Exponent), t.Profile.Dialect.Unit())
	case o.Of.Journalled() && t.full():
		t.Display = "交易笔数已满, 请先结算"
		if why := t.Settled().Why; why != nil {
			return fmt.Errorf("%w: the batch is full (%d), its settlement was not done: %w", ErrRefusedLocally, t.Profile.Policy.JournalLimit, why)
		}
		return fmt.Errorf("%w: the batch is full (%d), settle first", ErrRefusedLocally, t.Profile.Policy.JournalLimit)
	}
	if t.kept != nil && t.kept.loaded != nil {
		if err := cmp.Or(t.bars(o), t.blacklisted(o)); err != nil {
			return err
		}
	}
	if err := t.worn(o); err != nil {
		return err
	}
	return t.lacks(o, f)
}

// settles reports whether the terminal's network has settlements. Where it has none
// a batch never fills.
func (t *Terminal) settles() bool { return t.Profile.Dialect.Form(dialect.Settlement) != nil }

// full reports whether the terminal must settle before it takes another payment.
func (t *Terminal) full() bool {
	limit := t.Profile.Policy.JournalLimit
	return limit > 0 && len(t.Journal.Records) >= limit && t.settles()
}

// lacks says what a request of form f needs to point to its original, and the
// terminal does not know: the original's answer did not bring it. Nothing is
// made up in its place.
func (t *Terminal) lacks(o *Order, f *dialect.Form) error {
	r := o.Original
	if r == nil {
		if o.Of.Original() == dialect.ToNone {
			return nil
		}
		t.Display = "没有原始交易"
		return fmt.Errorf("%w: it knows no transaction to do a %s to", ErrRefusedLocally, o.Of)
	}
	what := ""
	switch pointer := o.Of.Original(); {
	case f.Carries(wire.RRN) && blank(r.RRN[:]):
		t.Display, what = "缺少原交易参考号", "reference number"
	case pointer == dialect.ToAuthCode && f.Carries(wire.AuthCode) && blank(r.Auth[:]):
		t.Display, what = "缺少原交易授权码", "authorisation code"
	case pointer == dialect.ToTrace && (r.Trace == 0 || r.Batch == 0):
		t.Display, what = "缺少原交易流水号", "trace or batch number"
	case pointer != dialect.ToTrace && f.Carries(wire.OriginalDate) && blank(r.Date[:]) && o.Date == "":
		t.Display, what = "缺少原交易日期", "date"
	default:
		return nil
	}
	return fmt.Errorf("%w: the %s to do a %s to has no %s; its approval did not bring one", ErrRefusedLocally, r.Of, o.Of, what)
}

// blank reports whether a value kept of an answer is none: the answer lacked it, or
// had blanks there.
func blank(v []byte) bool { return len(bytes.Trim(v, "\x00 ")) == 0 }

// order sends an order without asking whether the terminal may.
func (p *Player) order(o *Order, f *dialect.Form) error {
	t := p.T
	if t.TellsScript() || t.OfflineSales() > 0 && !p.mayStayOffline(o) {
		p.tellScript()
		if told := t.told(); told == nil || !told.HoldsBack {
			p.uploadOffline()
		}
		p.free = p.Clock.Now()
	}
	if t.Owes() {
		if !p.settleDebt() && t.Profile.Policy.AbortOnReversal {
			t.Display = "冲正不成功, 请与客服联系"
			return p.refused(fmt.Errorf("%w: its reversal was not acknowledged", ErrRefusedLocally))
		}
		p.free = p.Clock.Now()
	}
	if p.many {
		p.touched = t.keys.Touch()
		if o.Holder != nil && len(o.Holder.Track2) > 0 {
			p.touched ^= uint64(o.Holder.Track2[0])
		}
	}
	if p.begin(t, f); p.keyless != nil {
		return p.refused(p.keyless)
	}
	if err := p.fill(t, f, o); err != nil {
		return p.refused(err)
	}
	if p.chipped && p.chip.Kind == chip.TC {
		p.stayOffline(o)
		return nil
	}
	batch := t.Batch
	if o.Entry != Code { // the terminal does not see the card behind a code
		p.holder = o.Holder
	}
	p.ordered(o, p.exchange(f), batch)
	return nil
}

// ordered takes what came of an order; batch is the one that it was sent in.
func (p *Player) ordered(o *Order, r *Result, batch uint32) {
	t := p.T
	if p.chipped {
		p.finishChip(o, r)
	}
	if o.Bill != nil && r.Partial() {
		r.Outcome, r.Why = report.Refused, errPartOfOrder
	}
	t.Display = show(r)
	if p.chipped && p.chip.Failure != chip.NoODAFailure {
		r.Inauthentic = p.chip.Failure
		t.Display += ", " + r.Inauthentic.Chinese()
	}
	switch {
	case r.Outcome == report.Approved:
		if !p.refundedBefore(o, r) {
			p.book(o, r, batch)
		}
		if r.Amount < r.Asked && r.Partial() && o.Of.Journalled() && !o.Of.Raises() {
			p.bookedPart(r)
		}
		t.stand(o.Of, Paid)
	case o.Of.Reversible() && p.arm(r):
		t.stand(o.Of, Uncertain)
	case r.Outcome == report.Declined && o.Of.Journalled() && t.Profile.Dialect.Means(r.Code, dialect.Duplicate):
		// The host has had it before: the line has doubled it, and the answer to the first is
		// lost, or the trace is that of another payment, which a reversal would undo.
		t.stand(o.Of, Uncertain)
		t.Journal.Doubts = append(t.Journal.Doubts, Doubt{Of: o.Of, Trace: r.Trace, Batch: batch, Amount: o.Amount, Part: takesPart(p.req)})
	case r.Outcome == report.Declined || r.Outcome == report.Unsent:
		t.stand(o.Of, NotPaid)
	case o.Of.Journalled():
		t.stand(o.Of, Uncertain)
		p.refundUnknown(o, r, batch)
		t.Journal.Doubts = append(t.Journal.Doubts, Doubt{Of: o.Of, Trace: r.Trace, Batch: batch, Amount: o.Amount})
	}
	if o.Bill != nil {
		p.billed(o, r)
	}
	p.afterwards(r)
}

// book writes an approved order into the journal.
func (p *Player) book(o *Order, r *Result, batch uint32) {
	rec := Record{Of: o.Of, Entry: o.Entry, Trace: r.Trace, Batch: batch, Amount: int64(p.ans.Uint(wire.Amount)), holder: o.Holder.Number()}
	if !p.ans.Has(wire.Amount) {
		rec.Amount = o.Amount
	}
	if o.Onto != nil {
		rec.Entry, rec.holder = Insert, o.Onto.Number()
	}
	if o.Of.Raises() {
		rec.Amount -= o.Original.Amount
	}
	r.Amount = rec.Amount
	copy(rec.RRN[:], p.ans.Get(wire.RRN))
	copy(rec.Auth[:], p.ans.Get(wire.AuthCode))
	copy(rec.Date[:], p.ans.Get(wire.LocalDate))
	rec.class = p.T.Profile.Dialect.ClassOf(p.ans.Get(wire.Operator))
	switch d := p.T.Profile.Dialect; {
	case d.Has(wire.OriginalDateTime):
		rec.sent = uint32(p.req.Uint(wire.LocalDateTime) % 1e10)
	case d.Has(wire.OriginalTime):
		rec.sent = uint32(p.req.Uint(wire.TransmissionTime))
	}
	if o.Of.Inquires() {
		r.Balance, r.Told = dialect.Balance54(p.ans.Get(wire.AdditionalAmounts))
	}
	switch {
	case o.Of.Booking() != dialect.Hold:
	case o.Of.Original() == dialect.ToNone:
		p.leave().preAuth = rec
	default:
		p.leave().preAuth.Amount += rec.Amount
	}
	if v := o.Original; v != nil && o.Of.Original() == dialect.ToTrace {
		v.Voided = true
		p.T.takenBack(v)
	}
	if o.Of.Journalled() {
		if p.chipped || !o.Of.Reversible() {
			p.keepUpload(&rec)
		}
		p.T.Journal.add(rec)
	}
	if o.Of.Booking() == dialect.Load && p.chipped {
		p.noteLoad(o, r.Trace)
	}
	if o.Of == dialect.Purchase && p.T.HasPad() {
		p.awaitSignature(rec.Trace)
	}
}

// PreAuthorised is the latest approved pre-authorisation of this player.
func (p *Player) PreAuthorised() *Record {
	if p.left.preAuth.Of.Booking() != dialect.Hold {
		return nil
	}
	return &p.left.preAuth
}

// arm notes the reversal that an exchange without a verified answer owes, and
// reports whether it owes one. Declined and never sent owe nothing.
func (p *Player) arm(r *Result) bool {
	t := p.T
	var reason dialect.Code
	d := t.Profile.Dialect
	var wrong *rules.Mismatch
	switch {
	case r.Outcome == report.TimedOut, r.Outcome == report.Broken, r.Outcome == report.Open:
		reason = t.Profile.Policy.ReversalReason
	case t.asksPayer(r):
		reason = t.Profile.Policy.ReversalReason
	case r.Outcome == report.Refused && errors.Is(r.Why, rules.ErrMAC):
		reason = d.Reason(dialect.WrongMAC)
	case r.Outcome == report.Refused && (r.Why == errCardDeclines || r.Why == errCashNotLoaded || r.Why == errCardGone || errors.Is(r.Why, rules.ErrIssuer)):
		reason = d.Reason(dialect.Unfinished)
	case r.Outcome == report.Refused && errors.As(r.Why, &wrong) && !t.Profile.Policy.KeepOnMismatch:
		return false
	case r.Outcome == report.Refused:
		reason = d.Reason(dialect.OtherCause)
	default:
		return false
	}
	p.shortChip()
	t.Owed.Request, _ = p.req.Append(t.Owed.Request[:0]) // it went on the line, so it can be packed
	t.Owed.Of, t.Owed.Amount, t.Owed.Holder, t.Owed.Reason, t.Owed.Tries = r.Of, r.Amount, p.holder, reason, 0
	return true
}

// settleDebt sends the reversal that the terminal owes until it is
// acknowledged or its tries are used up. It reports whether it was.
func (p *Player) settleDebt() bool {
	for p.T.Owes() {
		if done, again := p.Reverse(); done || !again {
			return done
		}
	}
	return true
}

// Reverse sends the owed reversal once. It reports whether it was acknowledged,
// and if not whether there are tries left; after the last one the reversal is
// given up, a case for a human.
func (p *Player) Reverse() (done, again bool) {
	t := p.T
	pol := &t.Profile.Policy
	f := t.Profile.Dialect.Form(dialect.Reversal)
	p.chipped = false
	if p.orig == nil {
		p.orig = t.Profile.Dialect.NewMessage()
	}
	if f == nil || p.orig.Read(t.Owed.Request) != nil {
		t.Owed = Owed{}
		return false, false
	}
	if f.MACed && !t.SignedIn && !t.HasKeys() && t.Profile.SignIn != "" {
		t.Display = "请先签到"
		return false, false // it cannot be sent yet
	}
	p.reversal(f)
	p.holder = t.Owed.Holder
	r := p.exchangeAside(f)
	if errors.Is(r.Why, line.ErrStopped) {
		return false, false // no try of the terminal's: it still owes it
	}
	t.Owed.Tries++
	ok := r.Outcome == report.Approved
	for _, code := range pol.ReversalAccepts {
		ok = ok || r.Outcome == report.Declined && r.Code == code
	}
	if ok {
		t.Owed.Request = t.Owed.Request[:0]
		t.Display = "冲正成功"
		t.stand(t.Owed.Of, Undone)
		return true, false
	}
	if int(t.Owed.Tries) >= t.tries() {
		t.Owed.Request = t.Owed.Request[:0]
		t.Failed++
		if t.Owed.Of.Journalled() {
			t.Journal.Doubts = append(t.Journal.Doubts, Doubt{Of: t.Owed.Of, Trace: uint32(p.orig.Uint(wire.Trace)), Batch: t.Batch, Amount: t.Owed.Amount,
				Part: takesPart(p.orig) && t.Owed.Amount == int64(p.orig.Uint(wire.Amount))})
		}
		t.Display = "冲正不成功, 请与客服联系"
		return false, false
	}
	if r.Outcome == report.Declined && t.Profile.Dialect.AsksSignIn(r.Code) {
		p.signInAgain() // the host has other keys: it would decline each further try
	}
	t.Display = "冲正未成功"
	return false, true
}

// reversal makes the request that undoes p.orig: the same trace, amount and
// codes, no PIN, no tracks, and the reason.
func (p *Player) reversal(f *dialect.Form) {
	t, m, o := p.T, p.req, p.orig
	f.Begin(m)
	copy(m.Head, t.Profile.Head)
	original := t.Profile.Dialect.Place(wire.Original).Field
	for n := range o.Fields {
		if n == original && !t.Profile.Policy.ReversalOriginal && t.Owed.Of.Original() == dialect.ToNone {
			continue
		}
		if f.CarriesField(n) && !f.Sets(n) {
			m.SetField(n, o.Field(n))
		}
	}
	if t.Profile.Policy.ReversalOriginal && !m.Has(wire.Original) && f.Carries(wire.Original) {
		m.SetString(wire.Original, "000000000000")
		m.SetUint(wire.OriginalBatch, uint64(t.Batch))
		m.SetUint(wire.OriginalTrace, o.Uint(wire.Trace))
	}
	if t.Owed.Tries > 0 && f.Repeat != "" {
		m.SetMTI(f.Repeat)
	}
	m.SetString(wire.Reason, t.Owed.Reason.String())
	m.SetString(wire.OriginalMTI, o.MTI())
	m.SetUint(wire.OriginalTrace, o.Uint(wire.Trace))
	m.Set(wire.OriginalTime, o.Get(wire.TransmissionTime))
	m.Set(wire.OriginalDateTime, o.Get(wire.LocalDateTime))
	if t.Owed.Of.Original() != dialect.ToNone {
		if v := o.Get(wire.Original); v != nil {
			m.Set(wire.Original, v) // what was to be voided or completed, not the void or completion
		}
	}
	p.keyless = p.deriveKeys(t, f)
}
