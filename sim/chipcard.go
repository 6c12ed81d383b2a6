package sim

import (
	"errors"
	"fmt"
	"slices"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/chip"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/rules"
	"github.com/posfleet/posfleet/sim/wire"
)

// Verification results of the terminal and the cardholder (EMV book 3, annex C).
const (
	outOfDate  = 0x40 // TVR 2: the application has expired
	typedPIN   = 0x04 // TVR 3: a PIN was typed, for the issuer
	aboveFloor = 0x80 // TVR 4: the amount is above the floor limit, which is 0
)

var (
	byPIN       = [3]byte{0x02, 0x03, 0x00} // typed, for the issuer; whether it is right is not known
	bySignature = [3]byte{0x1E, 0x03, 0x00}
)

// useChip has the holder's chip make a cryptogram for an order and puts its data into
// the request. It reports false for a chip whose keys are not known.
func (p *Player) useChip(o *Order, pin bool) (bool, error) {
	holder := o.chip()
	c, err := holder.Chip()
	if c == nil || err != nil {
		return false, err
	}
	if p.chip == nil {
		p.chip = new(chip.Transaction)
	}
	t, x := p.T, p.chip
	if err := x.Begin(c); err != nil {
		t.Display = "卡片已锁定, 请与发卡行联系"
		return false, fmt.Errorf("%w: %w", ErrRefusedLocally, err)
	}
	p.chipped = true
	for i, v := 5, o.Amount; i >= 0; i-- {
		x.Amount[i] = byte(v/10%10)<<4 | byte(v%10)
		v /= 100
	}
	if c := t.Profile.Dialect.Currency; len(c) == 3 {
		x.Currency = [2]byte{c[0] - '0', (c[1]-'0')<<4 | (c[2] - '0')}
	}
	x.Country = [2]byte{0x01, 0x56}
	year, month, day := p.Clock.At(p.Clock.Now()).Date()
	for i, v := range [...]int{year % 100, int(month), day} {
		x.Date[i] = byte(v/10)<<4 | byte(v%10)
	}
	if v := p.req.Get(wire.ProcessingCode); len(v) >= 2 {
		x.Type = (v[0]-'0')<<4 | (v[1] - '0')
	}
	if holder.Expiry < yymm(year, int(month)) {
		x.TVR[1] |= outOfDate
	}
	x.Altered = p.left.spoil.alters()
	if o.inserted() {
		x.AuthenticateData(t.caKeys())
		x.TVR[3] |= aboveFloor
		x.CVM = bySignature
	}
	if o.Entry == Tap {
		if x.Tap(p.qualifiers(o)); x.CTQ.Signature() {
			x.CVM = bySignature
		}
	}
	if pin {
		x.TVR[2] |= typedPIN
		x.CVM = byPIN
	}
	copy(x.Serial[copy(x.Serial[:], t.TID):], "        ")
	for i, v := 3, t.Trace; i >= 0; i-- {
		x.Sequence[i] = byte(v/10%10)<<4 | byte(v%10)
		v /= 100
	}
	if err := p.askChip(o); err != nil {
		return false, err
	}
	p.scratch = x.AppendTags(p.scratch[:0], chip.RequestTags)
	if p.left.spoil != NoChipFault {
		p.spoilChip(o)
	}
	p.lastChip = append(p.lastChip[:0], p.scratch...)
	if len(p.scratch) > 0 {
		p.req.Set(wire.ChipData, p.scratch)
	}
	return true, nil
}

// askChip has the chip make its first cryptogram. A terminal declines off line what its action
// code or the issuer's has it decline, a chip that has signed another cryptogram, and a tapped
// one that has approved by itself and is not authentic. What else is not authentic goes to
// the host, with that in its verification results, since all does that a chip is inserted for.
func (p *Player) askChip(o *Order) error {
	t, x := p.T, p.chip
	want := chip.ARQC
	switch {
	case o.inserted() && x.Denies(t.denial()):
		want = chip.AAC
	case p.mayStayOffline(o) && x.Signs():
		want = chip.TC
	}
	kind, err := x.Generate(want)
	switch {
	case err != nil:
		return err
	case o.inserted() && want == chip.AAC:
		t.Display = "脱机拒绝"
	case o.inserted() && x.Failure == chip.SignedAnswerWrong:
		t.Display = "脱机拒绝"
		if _, err := x.Finish(chip.AAC); err != nil {
			return err
		}
	case o.Entry == Tap && kind == chip.TC:
		x.AuthenticateTap(t.caKeys())
		if t.Display = "请插卡"; x.Failure == chip.NoODAFailure {
			return nil
		}
	default:
		return nil
	}
	p.chipped = false
	p.unspoil()
	if x.Failure == chip.NoODAFailure {
		return fmt.Errorf("%w: an action code declines its verification results %X off line", ErrRefusedLocally, x.TVR)
	}
	t.Display += ", " + x.Failure.Chinese()
	return fmt.Errorf("%w: by %s the chip is not authentic: %s", ErrRefusedLocally, x.Method, x.Failure)
}

// caKeys are the CA keys that the terminal has downloaded.
func (t *Terminal) caKeys() chip.CAKeys {
	if t.kept == nil {
		return nil
	}
	return t.kept.caKeys
}

// denial is the terminal's action code: of which verification results it declines off line.
func (t *Terminal) denial() (code [5]byte) {
	if t.kept != nil {
		code = t.kept.denial
	}
	return code
}

// ChipFault is what is wrong with what a chip sends to its issuer.
type ChipFault uint8

// The faults; the last two are of what it receives.
const (
	NoChipFault     ChipFault = iota
	WrongCryptogram           // the cryptogram is a bit wrong
	SameChipData              // all is as in the payment before
	CopiedData                // all is as in the payment that was copied
	NoCryptogram              // all but the cryptogram
	NoChipData                // nothing
	OtherAmount               // the chip's amount is a fen less than the message's
	StaticData                // a record of the chip has been changed
	DynamicData               // the chip's signature has been
	SignedAnswer              // what the chip has signed has been, after that
	SignedSecond              // the same, with its second cryptogram
	DoubtsIssuer              // the chip finds its issuer's answer wrong, whatever that is
	Leaves                    // the chip is taken away before it hears that
)

// alters is what a fault changes between chip and terminal.
func (f ChipFault) alters() chip.Alteration {
	switch f {
	case StaticData:
		return chip.StaticData
	case DynamicData:
		return chip.DynamicData
	case SignedAnswer:
		return chip.SignedCounter
	case SignedSecond:
		return chip.SecondSignedCounter
	}
	return chip.Unaltered
}

// SpoilChip spoils what the chip of the next payment sends, or tells its terminal.
func (p *Player) SpoilChip(f ChipFault) { p.leave().spoil = f }

// unspoil has chips be sound again.
func (p *Player) unspoil() {
	if p.left.spoil != NoChipFault {
		p.left.spoil = NoChipFault
	}
}

// CopyChip has somebody copy what the chip of the last payment has sent, for [CopiedData].
// It reports false where there was none.
func (p *Player) CopyChip() bool {
	p.T.keep().copied = append(p.T.keep().copied[:0], p.lastChip...)
	return len(p.lastChip) > 0
}

// Chip is the payment with the chip that was read last; nil for none.
func (p *Player) Chip() *chip.Transaction { return p.chip }

func (p *Player) spoilChip(o *Order) {
	x := p.chip
	switch p.left.spoil {
	case WrongCryptogram:
		x.Cryptogram[7] ^= 1
		p.scratch = x.AppendTags(p.scratch[:0], chip.RequestTags)
		x.Cryptogram[7] ^= 1
	case SameChipData:
		p.scratch = append(p.scratch[:0], p.lastChip...)
	case CopiedData:
		p.scratch = append(p.scratch[:0], p.T.keep().copied...)
	case NoCryptogram:
		p.scratch = x.AppendTags(p.scratch[:0], slices.DeleteFunc(slices.Clone(chip.RequestTags), func(tag uint32) bool { return tag == 0x9F26 }))
	case NoChipData:
		p.scratch = p.scratch[:0]
	case OtherAmount:
		p.req.SetUint(wire.Amount, uint64(o.Amount+1))
	case DoubtsIssuer, Leaves:
		return // until the answer
	}
	p.unspoil()
}

// yymm is a month as cards have it.
func yymm(year, month int) string {
	v := [4]byte{'0' + byte(year/10%10), '0' + byte(year%10), '0' + byte(month/10), '0' + byte(month%10)}
	return string(v[:])
}

// Of payments that the host approved and that came to nothing: the card did not approve, or
// its electronic cash is not what it is to be.
var (
	errCardDeclines  = errors.New("the card declines what the host has approved")
	errCardGone      = errors.New("the card was taken away before it heard its issuer's answer")
	errCashNotLoaded = errors.New("the card has not taken the electronic cash that the host has approved")
)

// errSecondAnswer is of a payment that host and card approved, whose card has signed another
// cryptogram than it tells.
var errSecondAnswer = errors.New("the second cryptogram that the card has signed is another")

// finishChip gives the card in the reader what the answer has for it: the issuer's
// own answer, and its commands before and after the second cryptogram. A card that then
// declines what the host has approved makes the payment one to be undone.
func (p *Player) finishChip(o *Order, r *Result) {
	x := p.chip
	if !o.inserted() { // a card that was tapped has gone
		if r.Outcome == report.Approved { // who declines may not have taken it for the card's
			x.Answered()
		}
		return
	}
	if p.left.spoil == Leaves {
		if p.left.spoil = NoChipFault; r.Outcome == report.Approved {
			r.Outcome, r.Why = report.Refused, errCardGone
		}
		return
	}
	answered := r.Outcome == report.Approved || r.Outcome == report.Declined || errors.Is(r.Why, rules.ErrIssuer)
	var v []byte
	if answered {
		v = p.ans.Get(wire.ChipData)
	}
	if value := chip.Value(v, chip.TagIssuerAuthentication); value != nil {
		if p.left.spoil == DoubtsIssuer {
			value[0] ^= 1
		}
		x.Authenticate(value)
	}
	p.unspoil()
	if r.Outcome == report.Approved || !o.Of.Loads() { // nothing is loaded that is not approved
		x.Run(v, chip.TagBefore)
	}
	want := chip.AAC
	if r.Outcome == report.Approved {
		want = chip.TC
	}
	if r.Code.Len() == len(x.ARC) {
		copy(x.ARC[:], r.Code[:])
	}
	doubted := x.Failure
	kind, err := x.Finish(want)
	approved := r.Outcome == report.Approved && kind == chip.TC && err == nil && x.Failure == doubted
	if approved || !o.Of.Loads() { // or that will be reversed
		x.Run(v, chip.TagAfter)
	}
	switch {
	case x.Failure != doubted:
		r.Outcome, r.Why = report.Refused, errSecondAnswer
		p.noteFailure(o, r.Trace, dialect.ChipDeclined)
	case approved && o.Of.Loads() && !x.Obeyed():
		r.Outcome, r.Why = report.Refused, errCashNotLoaded
		p.noteFailure(o, r.Trace, dialect.ChipDeclined)
	case r.Outcome == report.Approved && !approved:
		r.Outcome, r.Why = report.Refused, errCardDeclines
		p.noteFailure(o, r.Trace, dialect.ChipDeclined)
	case errors.Is(r.Why, rules.ErrIssuer):
		p.noteFailure(o, r.Trace, dialect.WrongIssuer)
	}
	if len(x.Results) > 0 {
		p.noteScript(o, r)
	}
}

// scriptResult is a notice that a terminal owes: what has become of an issuer's
// commands.
type scriptResult struct {
	holder *profile.Holder
	amount int64
	batch  uint32
	trace  uint32
	tries  int
	entry  Entry   // of the chip
	code   [6]byte // processing code of the payment
	rrn    [12]byte
	auth   string // the answer's authorisation code, empty for none
	bank   string // and acquirer
	date   [4]byte
	data   []byte
}

// noteScript keeps the notice of an issuer's commands, for before the next payment.
func (p *Player) noteScript(o *Order, r *Result) {
	n := &scriptResult{entry: Insert, auth: p.ans.Text(wire.AuthCode), bank: p.ans.Text(wire.Acquirer), holder: o.chip(), amount: r.Asked, batch: p.T.Batch, trace: r.Trace, data: p.chip.AppendTags(nil, chip.ResultTags)}
	if o.Entry == Held {
		n.entry = Held
	}
	copy(n.code[:], p.req.Get(wire.ProcessingCode))
	copy(n.rrn[:], p.ans.Get(wire.RRN))
	copy(n.date[:], p.ans.Get(wire.LocalDate))
	p.T.keep().script = n
}

// TellsScript reports whether the terminal owes a notice of an issuer's commands.
func (t *Terminal) TellsScript() bool { return t.kept != nil && t.kept.script != nil }

// ForgetScript has the terminal owe no notice of an issuer's commands.
func (t *Terminal) ForgetScript() {
	if t.kept != nil {
		t.kept.script = nil
	}
}

// tellScript sends the notice that the terminal owes, if it owes one, before whatever
// comes next. It is given up after as many tries as a reversal.
func (p *Player) tellScript() {
	t := p.T
	if !t.TellsScript() {
		return
	}
	n := t.kept.script // until the host approves
	f := t.Profile.Dialect.Form(dialect.ScriptResult)
	if f == nil {
		t.kept.script = nil
		return
	}
	p.begin(t, f)
	m := p.req
	m.SetString(wire.ManagementCode, f.ManagementCodes[0])
	m.SetString(wire.PAN, n.holder.PAN)
	m.Set(wire.ProcessingCode, n.code[:])
	m.SetUint(wire.Amount, uint64(n.amount))
	m.SetString(wire.EntryMode, t.Profile.Dialect.EntryMode(n.entry, false))
	m.SetString(wire.CardSequence, n.holder.Sequence)
	m.Set(wire.RRN, n.rrn[:])
	if n.auth != "" {
		m.SetString(wire.AuthCode, n.auth)
	}
	if n.bank != "" {
		m.SetString(wire.Acquirer, n.bank)
	}
	m.SetUint(wire.OriginalBatch, uint64(n.batch))
	m.SetUint(wire.OriginalTrace, uint64(n.trace))
	m.Set(wire.OriginalDate, n.date[:])
	m.Set(wire.ChipData, n.data)
	p.holder = n.holder
	r := p.exchangeAside(f)
	if n.tries++; r.Outcome == report.Approved || n.tries >= t.tries() {
		t.kept.script = nil
	}
}

// shortChip shortens the chip data of a request that is to be undone, to what a reversal
// carries.
func (p *Player) shortChip() {
	if p.chipped {
		p.scratch = p.chip.AppendTags(p.scratch[:0], chip.ReversalTags)
		p.req.Set(wire.ChipData, p.scratch)
	}
}
