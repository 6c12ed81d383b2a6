package host

import (
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host/serve"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

// Handler answers one request: it fills x.Answer and reports true, or reports
// false and the terminal hears nothing. A Handler that wraps another one may
// change its answer, or when and how often it leaves.
type Handler func(x *Exchange) bool

// Exchange is one request and what becomes of it.
type Exchange struct {
	Request     *wire.Message
	Answer      *wire.Message
	Transaction dialect.Transaction // what the request asks for, when Known
	Known       bool

	arrived  time.Time
	due      time.Time // when the answer leaves; zero for at once
	copies   int       // how often it leaves
	spoilMAC bool      // turn the MAC wrong
	noMAC    bool      // leave it out

	terminal *terminal
	key      *keys.Key // seals the answer; nil for an answer without a MAC
	now      *stamp
	serial   uint64 // of the answer

	// What the rules have read of a payment.
	amount  int64
	trace   uint32
	batch   uint32
	card    int32 // into ledger.cards; -1 when the request shows none
	pan     []byte
	expiry  []byte
	qr      bool
	entry   record // what the terminal's book will say of it
	auth    uint32 // authorisation code of the answer
	balance int64  // of a balance inquiry
	pin     [12]byte
	pinLen  int
	figures [62]byte
}

func newExchange(d *dialect.Dialect) *Exchange {
	return &Exchange{Request: d.NewMessage(), Answer: d.NewMessage()}
}

func (x *Exchange) reset(arrived time.Time) {
	x.Transaction, x.Known = 0, false
	x.arrived, x.due, x.copies = arrived, time.Time{}, 1
	x.spoilMAC, x.noMAC = false, false
	x.terminal, x.key, x.now, x.serial = nil, nil, nil, 0
	x.amount, x.trace, x.batch, x.card = 0, 0, 0, -1
	x.pan, x.expiry, x.qr = nil, nil, false
	x.entry = record{}
	x.auth, x.balance, x.pinLen = 0, 0, 0
}

// newAnswer makes what answers the messages of one connection at a time.
func (h *Host) newAnswer() serve.Answer {
	x := newExchange(h.dialect)
	return func(dst, frame []byte, arrived time.Time) (out []byte, due time.Time) {
		from := len(dst)
		out, ok := h.answer(x, dst, frame, arrived)
		if !ok {
			return out, time.Time{}
		}
		n := len(out)
		for range x.copies - 1 {
			out = append(out, out[from:n]...)
		}
		return out, x.due
	}
}

// answer makes the answer to one frame (without its length) and appends it to
// dst with its length, once. It reports whether there is one.
func (h *Host) answer(x *Exchange, dst, frame []byte, arrived time.Time) ([]byte, bool) {
	x.reset(arrived)
	if err := x.Request.Read(frame); err != nil {
		h.count.refused.Add(1)
		if !h.ours(x.Request, frame) || !h.asked(x.Request) {
			return dst, false
		}
		x.now = h.clock.stamp(arrived.Unix())
		x.serial = h.serial.Add(1)
		h.reply(x, formatError)
		return h.pack(x, dst)
	}
	if !h.ours(x.Request, frame) || x.Request.IsAnswer() || !h.asked(x.Request) {
		h.count.ignored.Add(1)
		return dst, false
	}
	h.count.requests.Add(1)
	if !h.handler(x) {
		h.count.silent.Add(1)
		return dst, false
	}
	if h.behaviour != nil {
		h.behaviour.shape(x)
	}
	if x.copies == 0 {
		h.count.silent.Add(1)
		return dst, false
	}
	return h.pack(x, dst)
}

// ours reports whether the routing header is for this host: a TPDU, to the
// address that the profile's requests go to.
func (h *Host) ours(m *wire.Message, frame []byte) bool {
	if !h.dialect.Header.TPDU {
		return true
	}
	if len(frame) < len(m.Head) || m.Head[0] != 0x60 {
		return false
	}
	to := h.profile.Head
	return len(to) < 3 || to[1] == m.Head[1] && to[2] == m.Head[2]
}

// asked reports whether the dialect has a request of this type.
func (h *Host) asked(m *wire.Message) bool {
	for i := range h.dialect.Forms {
		if m.IsMTI(h.dialect.Forms[i].MTI) {
			return true
		}
	}
	return false
}

// pack puts the answer on the line's buffer and seals it.
func (h *Host) pack(x *Exchange, dst []byte) ([]byte, bool) {
	if x.key != nil && !x.noMAC {
		x.Answer.AddMAC()
	}
	out, err := wire.AppendFrame(dst, x.Answer)
	if err != nil {
		// The request was readable but its echo is not packable in this spec.
		h.count.refused.Add(1)
		return dst, false
	}
	if covered, mac := x.Answer.MACSpan(); mac != nil && x.key != nil {
		sum := x.key.MAC(h.profile.MAC, covered)
		copy(mac, sum[:])
		if x.spoilMAC {
			mac[0] ^= 1
		}
	}
	h.count.answers.Add(1)
	return out, true
}

// What fields 32, 44 and 63 say of this host.
const (
	acquirer = "48020000"
	remarks  = "03080000   48020000   " // issuer, acquirer
	noScheme = "   "
)

// schemeOf names a card's network by its first digits, as field 63 does.
func schemeOf(pan []byte) string {
	if len(pan) < 2 {
		return "CUP"
	}
	switch {
	case pan[0] == '4':
		return "VIS"
	case pan[0] == '5' && pan[1] >= '1' && pan[1] <= '5', pan[0] == '2':
		return "MCC"
	case pan[0] == '3' && pan[1] == '5':
		return "JCB"
	case pan[0] == '3' && (pan[1] == '4' || pan[1] == '7'):
		return "AMX"
	}
	return "CUP"
}

// reply starts the answer with what every one of its kind carries, as far as
// the dialect has it. Which fields: minimal answer sets of the CUP
// reconstruction, docs/sources.md.
func (h *Host) reply(x *Exchange, code string) {
	a := x.Answer
	a.AnswerTo(x.Request)
	a.SetRequirement(0)
	if d := h.dialect; d.Has(wire.LocalTime) && d.Has(wire.LocalDate) {
		a.SetUint(wire.LocalTime, uint64(x.now.hhmmss))
		a.SetUint(wire.LocalDate, uint64(x.now.mmdd))
	}
	a.SetString(wire.ResponseCode, code)
	if x.Known && x.Transaction == dialect.Echo {
		return
	}
	a.SetString(wire.Acquirer, acquirer)
	var rrn [12]byte
	putRRN(&rrn, x.now, x.serial)
	a.Set(wire.RRN, rrn[:])
}

// putRRN writes a reference that no other answer of this host's day has, as
// UnionPay's do: the time, then a running number.
func putRRN(dst *[12]byte, s *stamp, serial uint64) {
	wire.PutUint(dst[:6], uint64(s.hhmmss))
	wire.PutUint(dst[6:], serial%1_000_000)
}

// rrnIs reports whether an RRN is the one of an answer given then.
func rrnIs(rrn []byte, when uint32, serial uint64) bool {
	if len(rrn) != 12 || wire.Uint(rrn[6:]) != serial%1_000_000 {
		return false
	}
	return wire.Uint(rrn[:6]) == uint64(stampOf(int64(when)).hhmmss)
}

// cardOf is what the profile says of the card in hand.
func (h *Host) cardOf(x *Exchange) *profile.Card { return h.ledger.cards[x.card].of }
