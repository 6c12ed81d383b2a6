package host

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/wire"
)

// bug is a rule that the host breaks on purpose.
type bug uint64

const (
	doublePosting bug = 1 << iota
	anyTerminalsTrace
	repeatByTrace
	repeatAnew
	forgetAcknowledged
	forgetReversal
	forgetSomeReversals
	anyReversal
	refusalBlocks
	reversedInTotals
	totalsWrap
	answersAstray
	anyRest
	answerAnswers
	anyPINBlock
	approveAll
	approvePart
	lostTrades
	payOrderTwice
	refundOverRest
	useCodeTwice
	cloneAccepted
	feeOffByOne
	wrongStatement
	serialReplayed
	anyCryptogram
	anyCounter
	wrongIssuer
	scriptLost
	undoReversal
	forgetEarly
	anyMAC
	wrongCAKey
	otherCAKey
	wrongMasterKey
	anyMasterKey
	approveMalformed
	hangOver
	fallOver
	malformAnswers
	passwordUnasked
	passwordLost
	latePassword
	refundNumberIgnored
	equalRefundsMerged
	signatureMisfiled
	refundElsewhere
	reversalElsewhere
	reversalAnyAmount
	cashUnpaid
	cashUnbounded
	cashUntold
	noCryptogram
	otherPIN
	keepsCAKeys
	oneLoyalty
	forgetRevoked
	refundOtherPayment
)

// Misbehaviour is one way for the host to be wrong on purpose. A check that
// passes against it checks nothing.
type Misbehaviour struct {
	Name string
	Doc  string

	bug  bug                                 // the rule it breaks, or
	desk func(h *Host) *atomic.Bool          // what a desk of the host does wrong, or
	wrap func(h *Host, next Handler) Handler // what it does to answers
	late bool                                // it holds them back
}

var misbehaviours = []Misbehaviour{
	{Name: "wrong-mac", Doc: "answers carry a MAC that is one bit wrong",
		wrap: onAnswer(func(h *Host, req *Request) { req.spoilMAC = true })},
	{Name: "no-mac", Doc: "answers carry no MAC",
		wrap: onAnswer(func(h *Host, req *Request) { req.noMAC = true })},
	{Name: "wrong-echo", Doc: "answers to payments bring back another amount, under a right MAC",
		wrap: onPayment(func(h *Host, req *Request) { bend(req.Answer, wire.Amount) })},
	{Name: "wrong-trace", Doc: "answers to payments bring back another trace, under a right MAC",
		wrap: onPayment(func(h *Host, req *Request) { // no number that the terminal has used
			req.Answer.SetUint(wire.Trace, uint64(dialect.Next(uint32(req.Answer.Uint(wire.Trace)))))
		})},
	{Name: "wrong-kcv", Doc: "sign-in gives a PIN key whose check value is wrong", wrap: onAnswer(wrongKCV)},
	{Name: "key-block-header", Doc: "the header of the TR-31 key block of a PIN key was changed after its MAC was made", wrap: onAnswer(otherHeader)},
	{Name: "lying-totals", Doc: "settlement finds every batch unbalanced, with totals that are one fen off",
		wrap: onAnswer(lyingTotals)},
	{Name: "silent", Doc: "payments are booked and never answered",
		wrap: onPayment(func(h *Host, req *Request) { req.copies = 0 })},
	{Name: "late", Doc: "payments are booked and answered half a second after the terminal's timeout",
		wrap: onPayment(func(h *Host, req *Request) { req.due = req.arrived.Add(h.lateness()) }), late: true},
	{Name: "duplicate", Doc: "payments are answered twice",
		wrap: onPayment(func(h *Host, req *Request) { req.copies = 2 })},
	{Name: "approve-all", Doc: "purchases are approved whatever card, PIN, amount or balance", bug: approveAll},
	{Name: "partial", Doc: "purchases are approved and booked for one fen, with the code of a partial approval that no terminal asked for",
		bug: approvePart},
	{Name: "partial-over", Doc: "an approval of a part is of one fen more than was asked",
		wrap: ofPart(func(req *Request) { req.Answer.SetUint(wire.Amount, req.Message.Uint(wire.Amount)+1) })},
	{Name: "partial-of-nothing", Doc: "an approval of a part is of nothing",
		wrap: ofPart(func(req *Request) { req.Answer.SetUint(wire.Amount, 0) })},
	{Name: "partial-without-mac", Doc: "an approval of a part carries no MAC", wrap: ofPart(func(req *Request) { req.noMAC = true })},
	{Name: "partial-booked-whole", Doc: "of a payment that is approved in part all is booked that was asked", wrap: onParts(bookWhole)},
	{Name: "partial-reversal-refused", Doc: "a reversal of a payment that was approved in part is refused if it names what was asked, as the payment did", wrap: onParts(reversalOfPart)},
	{Name: "partial-void-of-whole", Doc: "a void of a payment that was approved in part is to name what was asked, and not what was approved", wrap: onParts(voidOfWhole)},
	{Name: "double-posting", Doc: "a payment that comes a second time is booked a second time", bug: doublePosting},
	{Name: "trace-of-any-terminal", Doc: "a payment with batch and trace of another terminal's is taken for that one: approved, and not booked", bug: anyTerminalsTrace},
	{Name: "repeat-by-trace-alone", Doc: "a payment with the trace of an earlier one is approved as that one was, whatever its amount and card, and not booked", bug: repeatByTrace},
	{Name: "repeat-approved-anew", Doc: "a payment that comes a second time is approved under another reference and authorisation code, and not booked again", bug: repeatAnew},
	{Name: "acknowledged-forgotten", Doc: "each thirtieth payment is forgotten when it has been answered, as by a host that restarts and had not written it down", bug: forgetAcknowledged},
	{Name: "forget-reversal", Doc: "reversals are acknowledged and not applied", bug: forgetReversal},
	{Name: "forget-some-reversals", Doc: "each twentieth reversal is acknowledged and not applied", bug: forgetSomeReversals},
	{Name: "reversal-unanswered", Doc: "reversals of every eighth trace are applied and never answered",
		wrap: onAnswer(muteReversal)},
	{Name: "reversal-unmatched", Doc: "a reversal undoes the payment of its trace, whatever its amount and card", bug: anyReversal},
	{Name: "refused-reversal-blocks", Doc: "once a reversal was refused all others are, of all terminals", bug: refusalBlocks},
	{Name: "totals-ignore-reversals", Doc: "what was reversed stays in the totals that settlements are compared with", bug: reversedInTotals},
	{Name: "totals-wrap", Doc: "totals that need more than twelve digits begin again at nought", bug: totalsWrap},
	{Name: "answer-astray", Doc: "each fiftieth answer is the one that another terminal got last", bug: answersAstray},
	{Name: "rest-accepted", Doc: "octets after the last field of a request are passed over", bug: anyRest},
	{Name: "answer-answered", Doc: "an answer that is sent to the host is answered", bug: answerAnswers},
	{Name: "pin-block-unbound", Doc: "a PIN block that is not of the card in hand is taken for one with the right PIN", bug: anyPINBlock},
	{Name: "second-reversal-undoes-first", Doc: "a reversal that comes a second time undoes the first: the payment stands again", bug: undoReversal},
	{Name: "early-reversal-forgotten", Doc: "a reversal that is there before its payment is acknowledged, and the payment approved when it comes", bug: forgetEarly},
	{Name: "any-mac", Doc: "requests are taken whatever their MAC", bug: anyMAC},
	{Name: "malformed-approved", Doc: "requests that cannot be read are approved", bug: approveMalformed},
	{Name: "malformed-hangs", Doc: "after a request that cannot be read nothing is answered any more", bug: hangOver},
	{Name: "malformed-crashes", Doc: "a request that cannot be read ends the host", bug: fallOver},
	{Name: "malformed-answers", Doc: "payments are booked, and what answers them is malformed, each in another way", bug: malformAnswers},
	{Name: "reset-without-proof", Doc: "operators' passwords are reset for whoever asks, with whatever proof and code", desk: func(h *Host) *atomic.Bool { return &h.staff.Lax }},
	{Name: "reset-untold", Doc: "the merchant's phone gets no note that a password was reset", desk: func(h *Host) *atomic.Bool { return &h.staff.Silent }},
	{Name: "lost-terminal-trades", Doc: "terminals that are reported lost, or whose password was reset, go on", bug: lostTrades},
	{Name: "serial-replayed", Doc: "a key serial number of DUKPT may come again, or go back", bug: serialReplayed},
	{Name: "cryptogram-unchecked", Doc: "a chip's cryptogram may be anything", bug: anyCryptogram},
	{Name: "chip-without-cryptogram", Doc: "who pays by chip may leave the chip's cryptogram away, or all that the chip says", bug: noCryptogram},
	{Name: "counter-unchecked", Doc: "a chip's transaction counter may come again", bug: anyCounter},
	{Name: "wrong-arpc", Doc: "the issuer's answer to a chip's cryptogram is one bit wrong", bug: wrongIssuer},
	{Name: "pin-told-wrong", Doc: "the new PIN that an issuer's command tells a chip is not its account's", bug: otherPIN},
	{Name: "script-result-lost", Doc: "what has become of an issuer's commands is acknowledged and not kept", bug: scriptLost},
	{Name: "master-key-wrong", Doc: "a master key that is downloaded is not the one of its check value", bug: wrongMasterKey},
	{Name: "master-key-to-anybody", Doc: "a master key is given to whoever asks for it with a public key: again, with another key, of any size", bug: anyMasterKey},
	{Name: "ca-key-wrong", Doc: "CA keys and IC parameters are downloaded with one bit wrong", bug: wrongCAKey},
	{Name: "ca-key-forged", Doc: "the first CA key is downloaded as another one, under a hash that is right", bug: otherCAKey},
	{Name: "ca-key-kept", Doc: "CA keys that were withdrawn are given to download all the same", bug: keepsCAKeys},
	{Name: "revocation-untold", Doc: "no certificate is told to be revoked", bug: forgetRevoked},
	{Name: "parameters-of-all", Doc: "what a bank sets of one terminal's parameters that terminal is not told",
		wrap: onAnswer(func(h *Host, req *Request) {
			if req.Known && req.Transaction == dialect.DownloadLoad && req.Answer.Has(wire.Download) && string(req.Message.Get(wire.ManagementCode)) == "360" {
				req.Answer.Set(wire.Download, h.parametersOf(-1))
			}
		})},
	{Name: "order-paid-twice", Doc: "an order that is paid is taken for one that waits to be paid", bug: payOrderTwice},
	{Name: "refund-over-rest", Doc: "refunds of a payment may come to more than it was", bug: refundOverRest},
	{Name: "refund-of-another-payment", Doc: "a refund that names an order and the reference of a payment that is not of it gives back what the reference finds", bug: refundOtherPayment},
	{Name: "refund-number-ignored", Doc: "a refund that comes again under its number is booked again", bug: refundNumberIgnored},
	{Name: "equal-refunds-merged", Doc: "two refunds of an order of one amount, under two numbers, are taken for one", bug: equalRefundsMerged},
	{Name: "code-used-twice", Doc: "a customer's payment code pays more than once", bug: useCodeTwice},
	{Name: "password-not-asked", Doc: "a customer whose phone asks for a password pays without it", bug: passwordUnasked},
	{Name: "password-lost", Doc: "what a customer enters whose phone asks for a password is acknowledged and nothing comes of it", bug: passwordLost},
	{Name: "late-password-pays", Doc: "a customer's password pays also after the terminal has given the payment up", bug: latePassword},
	{Name: "clone-accepted", Doc: "two terminals of one number may trade at the same time, and nobody is told", bug: cloneAccepted},
	{Name: "second-binding-accepted", Doc: "a terminal that is bound to one merchant can be bound to another", desk: func(h *Host) *atomic.Bool { return &h.merchants.SecondBinding }},
	{Name: "fee-off-by-one", Doc: "each fee is a fen too high", bug: feeOffByOne},
	{Name: "statement-does-not-add-up", Doc: "the first line of a statement is a fen too high, its total is not", bug: wrongStatement},
	{Name: "cut-off-ignored", Doc: "what is paid after the cut-off counts for the day on which it is paid", desk: func(h *Host) *atomic.Bool { return &h.books.Lax().CutOff }},
	{Name: "new-merchant-paid-at-once", Doc: "a merchant of less than 90 days has its money on the same day, if its plan says so", desk: func(h *Host) *atomic.Bool { return &h.books.Lax().NewMerchant }},
	{Name: "lapsed-approval-signed", Doc: "an approved application can be signed after its 30 days, too", desk: func(h *Host) *atomic.Bool { return &h.merchants.NeverLapses }},
	{Name: "expired-papers-approved", Doc: "a review does not look at how long licence and identity card are valid", desk: func(h *Host) *atomic.Bool { return &h.merchants.AnyPapers }},
	{Name: "signature-lost", Doc: "signatures are acknowledged and not kept", wrap: onAnswer(loseSignature)},
	{Name: "signature-blind", Doc: "what comes as a signature is acknowledged, whatever it is", wrap: onAnswer(praiseSignature)},
	{Name: "signature-misfiled", Doc: "a signature is taken for the latest purchase, whatever trace, reference and amount it names", bug: signatureMisfiled},
	{Name: "refund-of-another", Doc: "a refund that names a payment of another card, or none, gives back what it finds", bug: refundElsewhere},
	{Name: "reversal-of-another", Doc: "a reversal that names no payment undoes the latest", bug: reversalElsewhere},
	{Name: "reversal-of-any-amount", Doc: "a reversal undoes the payment that it names, whatever amount it says", bug: reversalAnyAmount},
	{Name: "points-mixed-up", Doc: "a purchase with an alliance's points is paid out of the issuer's", bug: oneLoyalty},
	{Name: "load-unpaid", Doc: "electronic cash that an account is to pay for is put on its chip, and no account pays", bug: cashUnpaid},
	{Name: "load-untold", Doc: "loads of electronic cash are approved and booked, and the chip is not told", bug: cashUntold},
	{Name: "load-over-limit", Doc: "a chip is loaded with any amount of electronic cash", bug: cashUnbounded},
	{Name: "forget-status", Doc: "what a terminal tells of its parts is acknowledged and not kept", wrap: onAnswer(forgetStatus)},
	{Name: "yes-man", Doc: "everything is approved under a right MAC and nothing is booked; no balance is told, every batch balances",
		wrap: yesMan},
}

// Misbehaviours are the ways in which a host can be told to be wrong.
func Misbehaviours() []Misbehaviour { return append([]Misbehaviour{}, misbehaviours...) }

// wrong is how a host misbehaves at a time: the rules that it breaks, and its handler.
type wrong struct {
	names   []string // in the order in which they were turned on
	bugs    bug
	handler Handler
}

// breaks reports whether the host breaks a rule on purpose.
func (h *Host) breaks(b bug) bool { return h.wrong.Load().bugs&b != 0 }

// WithMisbehaviour makes the host wrong in a way that [Misbehaviours] names.
// It may be given several times.
func WithMisbehaviour(name string) Option {
	return func(h *Host) error {
		if misbehaviour(name) == nil {
			names := make([]string, len(misbehaviours))
			for i, m := range misbehaviours {
				names[i] = m.Name
			}
			return fmt.Errorf("misbehaviour %q, want one of %s", name, strings.Join(names, ", "))
		}
		h.wrong.Store(&wrong{names: append(h.wrong.Load().names, name)})
		return nil
	}
}

// WithDelays lets [Host.Misbehave] turn faults on that hold answers back. The host is
// served without its event loop then.
func WithDelays() Option {
	return func(h *Host) error {
		h.delays = true
		return nil
	}
}

func misbehaviour(name string) *Misbehaviour {
	for i := range misbehaviours {
		if misbehaviours[i].Name == name {
			return &misbehaviours[i]
		}
	}
	return nil
}

// What is not turned on.
var (
	ErrNoFault  = errors.New("there is no such fault")
	ErrNoDelays = errors.New("this host cannot hold answers back: start it with the fault, with --behaviour or with --admin")
)

// Misbehave turns a misbehaviour on or off while the host serves: what comes from then on
// is answered so. What was booked meanwhile stays booked.
func (h *Host) Misbehave(name string, on bool) error {
	switch m := misbehaviour(name); {
	case m == nil:
		return ErrNoFault
	case on && m.late && !h.server.Delays:
		return ErrNoDelays
	}
	h.switching.Lock()
	defer h.switching.Unlock()
	names := slices.DeleteFunc(slices.Clone(h.wrong.Load().names), func(n string) bool { return n == name })
	what := "fault " + name + " is turned off"
	if on {
		names, what = append(names, name), "fault "+name+" is turned on"
	}
	h.misbehaveAs(names)
	h.log.add(notice{what: what})
	return nil
}

// Misbehaves are the names of the misbehaviours that are on.
func (h *Host) Misbehaves() []string { return h.wrong.Load().names }

// misbehaveAs makes the host wrong in these ways and no other.
func (h *Host) misbehaveAs(names []string) {
	w := &wrong{names: names, handler: h.applyRules}
	if h.journal.folder != "" {
		w.handler = h.applyKept
	}
	for i := range misbehaviours {
		if m := &misbehaviours[i]; m.desk != nil {
			m.desk(h).Store(slices.Contains(names, m.Name))
		}
	}
	for _, name := range names {
		m := misbehaviour(name)
		w.bugs |= m.bug
		if m.wrap != nil {
			w.handler = m.wrap(h, w.handler)
		}
	}
	h.books.WrongFees(w.bugs&feeOffByOne != 0)
	h.wrong.Store(w)
}

// onAnswer makes middleware that changes every answer.
func onAnswer(change func(*Host, *Request)) func(*Host, Handler) Handler {
	return func(h *Host, next Handler) Handler {
		return func(req *Request) bool {
			if !next(req) {
				return false
			}
			change(h, req)
			return true
		}
	}
}

// onPayment is onAnswer for payments alone, so that terminals can sign in,
// reverse and settle as if all were well.
func onPayment(change func(*Host, *Request)) func(*Host, Handler) Handler {
	return onAnswer(func(h *Host, req *Request) {
		if req.Known && req.Transaction.Payment() {
			change(h, req)
		}
	})
}

// lateness is how long after its request a late answer leaves.
func (h *Host) lateness() time.Duration { return h.profile.Policy.Timeout + 500*time.Millisecond }

// bend changes the last digit of an element.
func bend(a *wire.Message, e wire.Element) {
	if v := a.Get(e); len(v) > 0 {
		v[len(v)-1] = '0' + (v[len(v)-1]-'0'+1)%10
	}
}

func wrongKCV(_ *Host, req *Request) {
	if !req.Known || req.Transaction != dialect.SignIn {
		return
	}
	at := 16
	if req.session != nil && req.session.mode == keys.Single {
		at = 8
	}
	if v := req.Answer.Get(wire.WorkingKeys); len(v) > at {
		v[at] ^= 0xFF
	}
}

// otherHeader changes the version number of a key, which only the MAC of its key block
// guards.
func otherHeader(_ *Host, req *Request) {
	if !req.Known || req.Transaction != dialect.SignIn || req.session == nil || !req.session.mode.TR31() {
		return
	}
	if v := req.Answer.Get(wire.WorkingKeys); len(v) > 10 {
		v[10] = '9'
	}
}

func lyingTotals(h *Host, req *Request) {
	if !req.Known || req.Transaction != dialect.Settlement {
		return
	}
	if r, told := h.dialect.ReadReconciliation(req.Answer); told {
		r.Own.Debit++
		r.Flag = dialect.Unbalanced
		h.dialect.SetReconciliation(req.Answer, &r)
		if req.Answer.Has(wire.ResponseCode) {
			req.Answer.SetString(wire.ResponseCode, h.dialect.Code(dialect.TotalsDiffer).String())
		}
	}
}

// yesMan makes a host that approves whatever it is asked. Only keys are issued as
// they should be, since without them no terminal would listen.
func yesMan(h *Host, next Handler) Handler {
	return func(req *Request) bool {
		m := req.Message
		t, n, ok := h.books.Terminal(m.Get(wire.TerminalID), m.Get(wire.MerchantID))
		if req.Transaction, req.Known = h.dialect.Classify(m); ok && req.Known && req.Transaction == dialect.SignIn {
			return next(req)
		}
		req.now, req.serial = h.clock.stamp(req.arrived.Unix()), h.serial.Add(1)
		if ok {
			t.Lock()
			defer t.Unlock()
			if _, mac := m.MACSpan(); mac != nil && h.sessions[n] != nil {
				req.session = h.sessions[n]
				req.key = req.session.keys.MAC
				if h.dialect.DUKPT != keys.NoDUKPT && h.derive(req) {
					req.key = h.answerKey(req)
				}
			}
		}
		said, settles := h.dialect.ReadReconciliation(m)
		if details := m.Get(wire.Totals); settles || details != nil || req.key == nil {
			h.reply(req, approved)
			if !settles {
				req.Answer.Set(wire.Totals, details)
				return true
			}
			if h.dialect.Form(dialect.Settlement).NoCode {
				req.Answer.Unset(wire.ResponseCode) // the flags tell
			}
			said.Flag, said.ForeignFlag = dialect.Balanced, dialect.Balanced
			h.dialect.SetReconciliation(req.Answer, &said)
			return true
		}
		h.tell(req, approved)
		req.Answer.Unset(wire.AdditionalAmounts)
		return true
	}
}
