package host

import (
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host/book"
	"github.com/posfleet/posfleet/sim/host/serve"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

// Handler answers one request: it fills its Answer and reports true, or reports
// false and the terminal hears nothing. A Handler that wraps another one may
// change its answer, or when and how often it leaves.
type Handler func(req *Request) bool

// Request is one request and what becomes of it.
type Request struct {
	Message     *wire.Message
	Answer      *wire.Message
	Transaction dialect.Transaction // what is asked for, when Known
	Known       bool

	arrived  time.Time
	due      time.Time // when the answer leaves; zero for at once
	copies   int       // how often it leaves
	spoilMAC bool      // turn the MAC wrong
	noMAC    bool      // leave it out

	terminal *book.Terminal
	number   int       // of the terminal, in the profile
	session  *session  // nil before its first sign-in
	key      *keys.Key // seals the answer; nil for an answer without a MAC
	now      *stamp
	serial   uint64 // of the answer

	// What the rules have read of a payment.
	trace   uint32
	batch   uint32
	pan     []byte // nil when none is shown
	expiry  []byte
	record  book.Record // what is booked of it: kind, amount, card …
	balance int64       // of a balance inquiry
	pin     [12]byte
	pinLen  int
	totals  [dialect.TotalsLen]byte
}

func newRequest(d *dialect.Dialect) *Request {
	return &Request{Message: d.NewMessage(), Answer: d.NewMessage()}
}

func (req *Request) reset(arrived time.Time) {
	req.Transaction, req.Known = 0, false
	req.arrived, req.due, req.copies = arrived, time.Time{}, 1
	req.spoilMAC, req.noMAC = false, false
	req.terminal, req.number, req.session, req.key, req.now, req.serial = nil, 0, nil, nil, nil, 0
	req.trace, req.batch, req.pan, req.expiry = 0, 0, nil, nil
	req.record = book.Record{Card: book.NoCard, Original: -1}
	req.balance, req.pinLen = 0, 0
}

// newAnswer makes what answers the messages of one connection at a time.
func (h *Host) newAnswer() serve.Answer {
	req := newRequest(h.dialect)
	return func(dst, frame []byte, arrived time.Time) (out []byte, due time.Time) {
		from := len(dst)
		out, ok := h.answer(req, dst, frame, arrived)
		if !ok {
			return out, time.Time{}
		}
		n := len(out)
		for range req.copies - 1 {
			out = append(out, out[from:n]...)
		}
		return out, req.due
	}
}

// answer makes the answer to one frame (without its length) and appends it to
// dst with its length, once. It reports whether there is one.
func (h *Host) answer(req *Request, dst, frame []byte, arrived time.Time) ([]byte, bool) {
	req.reset(arrived)
	if err := req.Message.Read(frame); err != nil {
		h.count.refused.Add(1)
		if !h.ours(req.Message, frame) || !h.asked(req.Message) {
			return dst, false
		}
		req.now = h.clock.stamp(arrived.Unix())
		req.serial = h.serial.Add(1)
		h.reply(req, formatError)
		return h.pack(req, dst)
	}
	if !h.ours(req.Message, frame) || req.Message.IsAnswer() || !h.asked(req.Message) {
		h.count.ignored.Add(1)
		return dst, false
	}
	h.count.requests.Add(1)
	if !h.handler(req) {
		h.count.silent.Add(1)
		return dst, false
	}
	if h.behaviour != nil {
		h.behaviour.shape(req)
	}
	if req.copies == 0 {
		h.count.silent.Add(1)
		return dst, false
	}
	return h.pack(req, dst)
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
func (h *Host) pack(req *Request, dst []byte) ([]byte, bool) {
	if req.key != nil && !req.noMAC {
		req.Answer.AddMAC()
	}
	out, err := wire.AppendFrame(dst, req.Answer)
	if err != nil {
		// The request was readable but its echo is not packable in this spec.
		h.count.refused.Add(1)
		return dst, false
	}
	if covered, mac := req.Answer.MACSpan(); mac != nil && req.key != nil {
		sum := req.key.MAC(h.profile.MAC, covered)
		copy(mac, sum[:])
		if req.spoilMAC {
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
func (h *Host) reply(req *Request, code string) {
	a := req.Answer
	a.AnswerTo(req.Message)
	a.SetRequirement(0)
	if d := h.dialect; d.Has(wire.LocalTime) && d.Has(wire.LocalDate) {
		a.SetUint(wire.LocalTime, uint64(req.now.hhmmss))
		a.SetUint(wire.LocalDate, uint64(req.now.mmdd))
	}
	a.SetString(wire.ResponseCode, code)
	if req.Known && req.Transaction == dialect.Echo {
		return
	}
	a.SetString(wire.Acquirer, acquirer)
	var rrn [12]byte
	putRRN(&rrn, req.now, req.serial)
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
func (h *Host) cardOf(req *Request) *profile.Card { return h.books.Profile(req.record.Card) }
