package host

import (
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host/book"
	"github.com/posfleet/posfleet/sim/wire"
)

// admit lets a terminal that is barred pass, if this is its activation; else it answers.
// There is no terminal, t is nil, where terminal and merchant do not belong together.
func (h *Host) admit(req *Request, t *book.Terminal, number int) bool {
	if t == nil {
		h.stranger(req)
		return false
	}
	switch t.Bar() {
	case book.MayTrade: // by now
		return true
	case book.Inactive:
		if h.activated(req, t, number) {
			return true
		}
		h.refuse(req, noTerminal, "NOT ACTIVATED")
	case book.Suspended:
		h.refuse(req, suspended, "SUSPENDED")
	default:
		h.refuse(req, noTerminal, "NOT BOUND")
	}
	return false
}

// stranger answers a request whose terminal and merchant do not belong together.
func (h *Host) stranger(req *Request) {
	m := req.Message
	switch h.merchants.Stranger(string(m.Get(wire.TerminalID)), string(m.Get(wire.MerchantID))) {
	case book.Elsewhere:
		h.refuse(req, noMerchant, "TERMINAL NOT YOURS")
	case book.Closed:
		h.refuse(req, noMerchant, "MERCHANT CLOSED")
	default:
		h.log.add(notice{what: unknownTerminal(m)})
		h.reply(req, noTerminal)
	}
}

// serialLen is how many digits a terminal's serial number has (TUSN). The activation code
// follows it.
const serialLen = 20

// activated reports whether the request is a first sign-in with the right serial number and
// activation code.
func (h *Host) activated(req *Request, t *book.Terminal, number int) bool {
	shown := req.Message.Get(wire.TerminalData)
	if !req.Known || req.Transaction != dialect.SignIn || len(shown) <= serialLen {
		return false
	}
	t.Lock()
	h.sessions[number] = nil // of whoever had it before
	t.Unlock()
	req.number, req.renewed, req.withPeople = number, true, true
	return h.merchants.Activate(number, shown[:serialLen], shown[serialLen:]) && t.Bar() == book.MayTrade
}

// refuse answers with a code and a text for whoever stands at the terminal.
func (h *Host) refuse(req *Request, code verdict, text string) {
	h.reply(req, code)
	if req.Known && (req.Transaction.Payment() || req.Transaction.Inquires()) {
		req.Answer.SetUint(wire.SettlementDate, uint64(req.now.mmdd))
		req.Answer.SetString(wire.ResponseData, remarks)
	}
	req.Answer.SetString(wire.Remark, noScheme+blankRemarks+text)
}

// blankRemarks are those of issuer and centre, which come before the acquirer's.
const blankRemarks = "                                        "
