package host

import (
	"bytes"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host/staff"
	"github.com/posfleet/posfleet/sim/wire"
)

// stopped answers a request of a terminal that the desk watches: one that is reported
// lost, or whose operator's password was reset; it reports whether it did. What such a
// terminal took it may give back, and a one-time code it may bring: reversals and resets
// pass. Payments are answered so that the terminal signs in, by which it learns what is
// the matter.
func (h *Host) stopped(req *Request) bool {
	operator := ""
	if req.Known && req.Transaction == dialect.SignIn {
		operator = firstTwo(req.Message.Get(wire.Operator))
	} else if req.session != nil {
		operator = string(req.session.operator[:])
	}
	state := h.staff.State(req.number, operator)
	signsIn := req.Known && req.Transaction == dialect.SignIn
	switch {
	case state == staff.SignsIn:
		req.requirement = wire.SignInAgain
		return false
	case state == staff.Trades, h.breaks(lostTrades),
		req.Known && (req.Transaction == dialect.Reversal || req.Transaction == dialect.PasswordReset):
		return false
	case state == staff.Dead && signsIn:
		h.reply(req, wrongPIN)
	case state == staff.Dead:
		h.decline(req, signInFirst)
	case signsIn:
		h.refuse(req, suspended, "REPORTED LOST")
	default:
		req.requirement = wire.SignInAgain
		h.decline(req, suspended)
	}
	return true
}

// decline answers a request with a code, as one of its kind is answered.
func (h *Host) decline(req *Request, code verdict) {
	if req.Known && (req.Transaction.Payment() || req.Transaction.Inquires()) {
		h.tell(req, code)
		return
	}
	h.reply(req, code)
}

// firstTwo are the first two characters: those of an operator's number.
func firstTwo(v []byte) string { return string(v[:min(len(v), 2)]) }

// passwordReset answers a terminal that brings a one-time code for an operator.
func (h *Host) passwordReset(req *Request) {
	m := req.Message
	code, ok := h.oneTimeCode(req.number, m.Get(wire.OneTimeCode))
	if !ok {
		h.reply(req, formatError)
		return
	}
	req.withPeople = true
	if h.staff.Redeem(req.number, string(m.Get(wire.TerminalID)), firstTwo(m.Get(wire.Operator)), code) != nil {
		h.reply(req, wrongPIN)
		return
	}
	h.reply(req, approved)
}

// oneTimeCode opens a code that terminal n put under its master key; where a sign-in
// brings no keys it comes as it is.
func (h *Host) oneTimeCode(n int, sealed []byte) (string, bool) {
	if h.profile.SignIn == "" {
		return string(sealed), len(sealed) > 0
	}
	c := h.profile.SignIn.Cipher()
	block := bytes.Clone(sealed)
	if len(block) != c.BlockSize() || h.profile.HSM.Decrypt(c, h.books.Entry(n).Master, block) != nil {
		return "", false
	}
	return string(bytes.TrimRight(block, "\x00")), true
}
