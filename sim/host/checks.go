package host

import (
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host/book"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

// verdict is how the rules answer: by role, whatever code the network has for it.
type verdict = dialect.Role

const (
	approved          = dialect.Approved
	partly            = dialect.Partial
	noMerchant        = dialect.UnknownMerchant
	invalid           = dialect.InvalidTransaction
	badAmount         = dialect.InvalidAmount
	noCard            = dialect.InvalidCard
	tooLate           = dialect.TooLate
	noOriginal        = dialect.NoOriginal
	formatError       = dialect.FormatError
	insufficientFunds = dialect.InsufficientFunds
	expired           = dialect.ExpiredCard
	wrongPIN          = dialect.WrongPIN
	overLimit         = dialect.OverLimit
	mismatch          = dialect.OriginalDiffers
	signInFirst       = dialect.SignInFirst
	duplicate         = dialect.Duplicate
	malfunction       = dialect.Malfunction
	noTerminal        = dialect.UnknownTerminal
	badPINBlock       = dialect.BadPINBlock
	badMAC            = dialect.BadMAC
	suspended         = dialect.TerminalBarred
	cardWrong         = dialect.CardCheck
	chipWanted        = dialect.UseChip
	pending           = dialect.NoRole    // not decided yet: go on
	byCard            = dialect.Role(255) // the profile says which code the card in hand gets
)

// code is the response code of a verdict.
func (h *Host) code(req *Request, v verdict) dialect.Code {
	switch {
	case v == byCard:
		return dialect.CodeOf(h.cardOf(req).Answer)
	case v == approved && req.Known:
		return h.dialect.Approves(req.Transaction)
	}
	return h.dialect.Code(v)
}

// approves reports whether a verdict approves, "defective" codes included.
func (h *Host) approves(req *Request, v verdict) bool {
	return v == approved || v == partly || v == byCard && h.dialect.Class(h.code(req, v)) != dialect.Declines
}

// applyRules is the innermost Handler: the host's own rules, in the order in which
// acquirer hosts apply them (host checklist of the CUP reconstruction).
func (h *Host) applyRules(req *Request) bool {
	m := req.Message
	req.now = h.clock.stamp(req.arrived.Unix())
	req.serial = h.serial.Add(1)
	req.Transaction, req.Known = h.dialect.Classify(m)
	t, n, ok := h.books.Terminal(m.Get(wire.TerminalID), m.Get(wire.MerchantID))
	if !ok && !h.admit(req, t, n) {
		return true
	}
	t.Lock()
	defer t.Unlock()
	if h.sessions[n] == nil && h.dialect.Form(dialect.SignIn) == nil { // there is no logon
		h.sessions[n] = &session{signedIn: true}
	}
	req.terminal, req.number, req.session = t, n, h.sessions[n]
	if req.session != nil {
		req.keys = req.session.keys
		if len(h.sessions) >= keys.ManyTerminals {
			req.touched = req.keys.Touch() ^ t.Touch()
		}
	}
	if h.journal.store != nil {
		defer h.keep(req)
	}
	if h.staff.Watches(n) && h.stopped(req) {
		return true
	}
	if req.Known && !req.Transaction.Payment() && !req.Transaction.Inquires() && req.Transaction != dialect.Reversal && !h.dialect.Form(req.Transaction).Complete(m) {
		h.reply(req, formatError)
		return true
	}
	switch {
	case !req.Known && m.MTI()[1] > '2' && !h.dialect.IsOf(m, dialect.Reversal):
		// Management of a kind that this host does not know: uploads of
		// details are taken as they come, the rest is refused.
		if h.dialect.IsOf(m, dialect.BatchUpload) {
			h.reply(req, approved)
		} else {
			h.reply(req, invalid)
		}
	case !req.Known:
		h.financial(req)
	default:
		h.dispatch(req)
	}
	return true
}

func (h *Host) dispatch(req *Request) {
	switch req.Transaction {
	case dialect.SignIn:
		h.require(req, requireSignIn)
		h.signIn(req)
	case dialect.SignOff:
		h.signOff(req)
	case dialect.PasswordReset:
		h.passwordReset(req)
	case dialect.Echo:
		h.require(req, 0)
		h.reply(req, approved)
	case dialect.DownloadQuery, dialect.DownloadLoad, dialect.DownloadEnd:
		h.download(req)
	case dialect.MasterKey:
		h.masterKey(req)
	case dialect.MasterKeyRSA:
		h.masterKeyRSA(req)
	case dialect.MasterKeyEnd:
		h.masterKeyEnd(req)
	case dialect.KeyChange:
		h.changeKeys(req)
	case dialect.CutOver:
		h.cutOver(req)
	case dialect.CashierSignIn:
		h.cashierSignIn(req)
	case dialect.StatusUpload:
		h.require(req, requireStatus)
		h.statusUpload(req)
	case dialect.Settlement:
		h.settlement(req)
	case dialect.BatchUpload:
		h.batchUpload(req)
	case dialect.ChipUpload, dialect.LoadUpload, dialect.ChipNotice:
		h.chipUpload(req)
	case dialect.AdviceUpload:
		h.adviceUpload(req)
	case dialect.UploadEnd:
		h.uploadEnd(req)
	case dialect.SignatureUpload, dialect.SignaturePart:
		h.signatureUpload(req)
	case dialect.OrderConfirm, dialect.OrderQuery, dialect.OrderCancel, dialect.MerchantCode, dialect.CodeScan:
		h.ordering(req)
	case dialect.ScriptResult:
		h.scriptResult(req)
	case dialect.OrderResult: // hosts send it
		h.reply(req, invalid)
	default:
		h.financial(req)
	}
}

// financial answers what moves money or asks after it.
func (h *Host) financial(req *Request) {
	code := h.gate(req)
	switch {
	case code != pending:
	case !req.Known:
		code = invalid
	case !h.dialect.Form(req.Transaction).Complete(req.Message):
		code = formatError
	case req.Transaction == dialect.Reversal:
		code = h.reversal(req)
	case req.Transaction == dialect.QRQuery:
		code = h.queryCode(req)
	case req.Transaction.Inquires():
		code = h.pay(req)
	default:
		code = h.enter(req)
	}
	h.tell(req, code)
}

// gate is what comes before the rules of business: the terminal is signed in,
// speaks of its current batch, has not sent this before, and sealed it.
func (h *Host) gate(req *Request) verdict {
	t, m := req.terminal, req.Message
	reverses := req.Known && req.Transaction == dialect.Reversal
	if req.session == nil || !req.session.signedIn {
		return signInFirst
	}
	var ok bool
	if req.batch, ok = h.batchOf(req); !ok {
		return formatError
	}
	if req.batch != t.Batch && !reverses {
		return signInFirst
	}
	if req.trace, ok = digits(m.Get(wire.Trace)); !ok {
		return formatError
	}
	if req.Known && !reverses && !h.breaks(doublePosting) {
		if n, ok := t.Find(h.key(req)); ok {
			return h.repeated(req, n)
		}
		if h.breaks(anyTerminalsTrace) && req.Transaction.Payment() && h.mishaps.takenFor(h.key(req), req.number) && h.sealed(req) {
			return approved
		}
	}
	if !h.sealed(req) {
		return h.unsealed(req)
	}
	if req.Known && req.Transaction.Journalled() && t.Overtaken(req.trace) {
		return signInFirst
	}
	return pending
}

// key is what tells the payment in hand from others of its terminal.
func (h *Host) key(req *Request) book.Key {
	return book.KeyOf(req.batch, req.trace, req.Message.MTI())
}

// sealed checks the request's MAC, and has the answer carry one.
func (h *Host) sealed(req *Request) bool {
	if h.dialect.DUKPT != keys.NoDUKPT && !h.derive(req) {
		return false
	}
	key := req.keys.MAC
	if req.given != "" { // its MAC is over what was sent
		as := req.Message.MTI()
		req.Message.SetMTI(req.given)
		defer req.Message.SetMTI(as)
	}
	covered, mac := req.Message.MACSpan()
	if key == nil || (mac == nil || !key.CheckMAC(h.profile.MAC, covered, mac)) && !h.breaks(anyMAC) {
		return !h.dialect.MAC
	}
	req.key = h.answerKey(req)
	req.session.block = nil // these keys have been used
	if h.dialect.DUKPT != keys.NoDUKPT {
		h.used(req)
	}
	return true
}

// repeated decides on a payment that came before, as record n. One that is sealed is answered
// as it was answered first, approved or declined, if it is the same payment and the
// network lets it come again: an advice, which its terminal repeats until it is
// answered; what says itself that it is a repeat; all where repeats are answered.
func (h *Host) repeated(req *Request, n int32) verdict {
	r := req.terminal.Record(n)
	if !h.sealed(req) {
		if h.dialect.DUKPT != keys.NoDUKPT { // the octets of before come again: their key has been used
			return duplicate
		}
		return h.unsealed(req)
	}
	if h.breaks(repeatByTrace) && r.State == book.Approved && r.Kind == req.Transaction {
		req.serial, req.now = r.Serial, stampOf(int64(r.When))
		return approved
	}
	again := h.repeat || req.repeats || req.Transaction.Repeats() || h.breaks(repeatAnew) && r.State == book.Approved
	if !again || r.Kind != req.Transaction || r.State > book.Approved || r.Answer == pending {
		return duplicate
	}
	code := h.readPayment(req)
	if code != pending && code != r.Answer || req.record.Amount != req.terminal.Asked(n) ||
		req.record.Card != book.NoCard && req.record.Card != r.Card {
		return duplicate
	}
	if r.State == book.Declined || !h.breaks(repeatAnew) {
		req.serial, req.now = r.Serial, stampOf(int64(r.When))
	}
	req.part = r.Amount
	return r.Answer
}

// batchOf is the batch that the request speaks of; the current one where the
// dialect's requests name none.
func (h *Host) batchOf(req *Request) (uint32, bool) {
	if !h.dialect.Has(wire.Batch) {
		return req.terminal.Batch, true
	}
	return digits(req.Message.Get(wire.Batch))
}

// enter applies the rules to a payment and enters it, approved or not, in the
// terminal's book: its trace is used up.
func (h *Host) enter(req *Request) verdict {
	r := &req.record
	r.Kind, r.Serial, r.When = req.Transaction, req.serial, uint32(req.now.unix)
	code := h.pay(req)
	if req.again != nil {
		return code // it has been entered under the trace that it first came with
	}
	if h.approves(req, code) {
		r.State = book.Approved
	}
	r.Answer = code
	req.terminal.Enter(h.key(req), r)
	if req.asked > 0 {
		req.terminal.EnteredPart(req.asked)
	}
	if r.State == book.Approved && h.breaks(forgetAcknowledged) && h.mishaps.each(&h.mishaps.payments, forgetsEach) {
		h.forget(req)
	}
	return code
}

// declineKey seals a decline where the policy wants that and the terminal has the
// key: nil for a decline without a MAC, which is what most hosts send.
func (h *Host) declineKey(req *Request, code verdict) *keys.Key {
	if !h.dialect.MAC || h.profile.Policy.MACOnDecline != dialect.MACRequired || req.session == nil || h.dialect.KeysInDoubt(h.code(req, code)) {
		return nil
	}
	return h.answerKey(req)
}

// tell makes the answer to a financial request.
func (h *Host) tell(req *Request, code verdict) {
	h.reply(req, code)
	a := req.Answer
	a.SetUint(wire.SettlementDate, uint64(h.settlementDate(req)))
	a.SetString(wire.ResponseData, remarks)
	if req.chipped {
		h.answerChip(req, code)
	}
	if !h.approves(req, code) {
		req.key = h.declineKey(req, code)
		a.SetString(wire.Operator, noScheme)
		if req.refused != dialect.NoReason {
			req.orderData = dialect.AppendTagUint(req.orderData[:0], dialect.TagPaysReason, uint64(req.refused), 2)
			a.Set(wire.PaymentCode, req.orderData)
		}
		return
	}
	if len(req.pan) > 0 {
		a.Set(wire.PAN, req.pan)
	}
	if code == partly {
		h.tellPart(req)
	}
	switch req.Transaction {
	case dialect.Reversal:
		return
	case dialect.Balance, dialect.PointsQuery, dialect.AllianceQuery:
		h.tellBalance(req)
	case dialect.QRPurchase:
		h.tellVoucher(req)
	case dialect.QRQuery:
		h.tellCode(req)
	case dialect.Refund:
		if req.again != nil {
			req.tellRefunded()
		}
	default:
		var code [6]byte
		wire.PutUint(code[:], uint64(authCode(req.serial)))
		a.Set(wire.AuthCode, code[:])
	}
	a.SetString(wire.Operator, profile.SchemeOf(req.pan))
}
