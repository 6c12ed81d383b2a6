package host

import (
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// Answer codes (field 39) that the rules give.
const (
	good         = "00"
	noMerchant   = "03"
	invalid      = "12"
	badAmount    = "13"
	noCard       = "14"
	tooLate      = "22"
	noOriginal   = "25"
	formatError  = "30"
	poor         = "51"
	expired      = "54"
	wrongPIN     = "55"
	overLimit    = "61"
	mismatch     = "64"
	signInFirst  = "77"
	again        = "94"
	noTerminal   = "97"
	badPINBlock  = "99"
	badMAC       = "A0"
	pending      = "" // not decided yet: go on
	maxAmount    = 999_999_999_999
	secondsInDay = 24 * 60 * 60
)

// isApproval reports whether a code approves, "defective" ones included.
func isApproval(code string) bool {
	return len(code) == 2 && dialect.Code39(code).Class() != dialect.Declines
}

// serve is the innermost Handler: the host's own rules, in the order in which
// acquirer hosts apply them (host checklist of the CUP reconstruction).
func (h *Host) serve(x *Exchange) bool {
	req := x.Request
	x.now = h.clock.stamp(x.arrived.Unix())
	x.serial = h.serial.Add(1)
	x.Transaction, x.Known = h.dialect.Classify(req)
	t := h.terminals[identityOf(req.Get(wire.TerminalID), req.Get(wire.MerchantID))]
	if t == nil {
		h.reply(x, noTerminal)
		return true
	}
	x.terminal = t
	t.mu.Lock()
	defer t.mu.Unlock()
	if x.Known && !h.complete(x) && !x.Transaction.Payment() && x.Transaction != dialect.Balance && x.Transaction != dialect.Reversal {
		h.reply(x, formatError)
		return true
	}
	switch {
	case !x.Known && req.MTI()[1] > '2' && !h.dialect.IsOf(req, dialect.Reversal):
		// Management of a kind that this host does not know: uploads of
		// details are taken as they come, the rest is refused.
		if h.dialect.IsOf(req, dialect.BatchUpload) {
			h.reply(x, good)
		} else {
			h.reply(x, invalid)
		}
	case !x.Known:
		h.financial(x)
	default:
		h.dispatch(x)
	}
	return true
}

func (h *Host) dispatch(x *Exchange) {
	switch x.Transaction {
	case dialect.SignIn:
		h.signIn(x)
	case dialect.SignOff:
		h.signOff(x)
	case dialect.Echo:
		h.reply(x, good)
	case dialect.Settlement:
		h.settlement(x)
	case dialect.BatchUpload:
		h.batchUpload(x)
	case dialect.UploadEnd:
		h.uploadEnd(x)
	default:
		h.financial(x)
	}
}

// complete reports whether the request has all its fields.
func (h *Host) complete(x *Exchange) bool {
	for _, n := range h.dialect.Form(x.Transaction).Required {
		if !x.Request.HasField(n) {
			return false
		}
	}
	return true
}

// financial answers what moves money or asks after it.
func (h *Host) financial(x *Exchange) {
	code := h.gate(x)
	switch {
	case code != pending:
	case !x.Known:
		code = invalid
	case !h.complete(x):
		code = formatError
	case x.Transaction == dialect.Reversal:
		code = h.reversal(x)
	case x.Transaction == dialect.Balance:
		code = h.pay(x)
	default:
		code = h.book(x)
	}
	h.tell(x, code)
}

// gate is what comes before the rules of business: the terminal is signed in,
// speaks of its current batch, has not sent this before, and sealed it.
func (h *Host) gate(x *Exchange) string {
	t, req := x.terminal, x.Request
	if !t.signedIn {
		return signInFirst
	}
	var ok bool
	if x.batch, ok = h.batchOf(x); !ok {
		return formatError
	}
	if x.batch != t.batch && !(x.Known && x.Transaction == dialect.Reversal) {
		return signInFirst
	}
	if x.trace, ok = digits(req.Get(wire.Trace)); !ok {
		return formatError
	}
	if x.Known && x.Transaction != dialect.Reversal && h.bugs&doublePosting == 0 {
		if r := t.session.find(recordKey(x.batch, x.trace, req.MTI())); r != nil {
			if code, same := h.repeated(x, r); same {
				return code
			}
			return again
		}
	}
	if !h.sealed(x) {
		return badMAC
	}
	return pending
}

// sealed checks the request's MAC, and has the answer carry one.
func (h *Host) sealed(x *Exchange) bool {
	key := x.terminal.session.keys.MAC
	covered, mac := x.Request.MACSpan()
	if key == nil || mac == nil || !key.CheckMAC(h.profile.MAC, covered, mac) {
		return !h.dialect.MAC
	}
	x.key = key
	x.terminal.session.block = nil // these keys have been used
	return true
}

// repeated decides on a payment that came before, when repeats are answered as
// the first time: the same answer, if it is the same payment.
func (h *Host) repeated(x *Exchange, r *record) (string, bool) {
	if !h.repeat || r.state != approved || r.kind != x.Transaction || !h.sealed(x) {
		return again, true
	}
	amount, ok := amountOf(x.Request)
	if !ok || amount != r.amount {
		return again, true
	}
	if code := h.present(x); code != pending || x.card >= 0 && x.card != r.card {
		return again, true
	}
	x.serial, x.now = r.serial, stampOf(int64(r.when))
	x.entry = *r
	x.auth = h.authOf(x.terminal.session, r)
	return good, true
}

// batchOf is the batch that the request speaks of; the current one where the
// dialect's requests name none.
func (h *Host) batchOf(x *Exchange) (uint32, bool) {
	if !h.dialect.Has(wire.Batch) {
		return x.terminal.batch, true
	}
	return digits(x.Request.Get(wire.Batch))
}

// book applies the rules to a payment and enters it, approved or not, in the
// terminal's book: its trace is used up.
func (h *Host) book(x *Exchange) string {
	s := x.terminal.session
	x.entry = record{
		kind: x.Transaction, trace: x.trace, serial: x.serial,
		when: uint32(x.now.unix), card: -1, origin: -1,
	}
	code := h.pay(x)
	x.entry.amount = x.amount
	if isApproval(code) {
		x.entry.state = approved
		s.tally(x.entry.kind, x.amount, 1)
	}
	if x.entry.card < 0 {
		x.entry.card = x.card
	}
	s.add(recordKey(x.batch, x.trace, x.Request.MTI()), &x.entry)
	return code
}

// tell makes the answer to a financial request.
func (h *Host) tell(x *Exchange, code string) {
	h.reply(x, code)
	a := x.Answer
	a.SetUint(wire.SettlementDate, uint64(x.now.mmdd))
	a.SetString(wire.ResponseData, remarks)
	if !isApproval(code) {
		x.key = nil
		a.SetString(wire.Operator, noScheme)
		return
	}
	if len(x.pan) > 0 {
		a.Set(wire.PAN, x.pan)
	}
	switch x.Transaction {
	case dialect.Reversal:
		return
	case dialect.Balance:
		h.tellBalance(x)
	case dialect.QRPurchase:
		h.tellVoucher(x)
	case dialect.Refund:
	default:
		var code [6]byte
		wire.PutUint(code[:], uint64(x.auth))
		a.Set(wire.AuthCode, code[:])
	}
	a.SetString(wire.Operator, schemeOf(x.pan))
}
