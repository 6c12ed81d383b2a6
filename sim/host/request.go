package host

import (
	"bytes"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host/book"
	"github.com/posfleet/posfleet/sim/host/order"
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

	arrived     time.Time
	due         time.Time // when the answer leaves; zero for at once
	copies      int       // how often it leaves
	spoilMAC    bool      // turn the MAC wrong
	noMAC       bool      // leave it out
	repeats     bool      // the message type says that it came before
	given       string    // the message type, where it is taken as another; empty where not
	requirement byte      // of the routing header: what the terminal is to do
	advice      bool      // a reversal that says so of what has happened, and is answered as an advice
	withPeople  bool      // it may have changed what people change too

	terminal *book.Terminal
	number   int       // of the terminal, in the profile
	session  *session  // nil before its first sign-in
	keys     keys.Set  // that it is under, as far as the terminal has some
	renewed  bool      // the session has begun or ended
	kept     uint64    // number of what it changed, in the store; 0 for nothing
	key      *keys.Key // seals the answer; nil for an answer without a MAC
	now      *stamp
	serial   uint64 // of the answer
	touched  uint64 // nothing: see keys.Set.Touch

	// What the rules have read of a payment.
	trace   uint32
	batch   uint32
	pan     []byte // nil when none is shown
	expiry  []byte
	record  book.Record // what is booked of it: kind, amount, card …
	balance int64       // of a balance inquiry
	cash    int64       // that the chip is to have from now on; -1 for what it has
	asked   int64       // of what is approved in part; 0 where it is whole
	part    int64       // that is approved of it
	parts   partBug     // in what it is wrong about parts on purpose
	pin     [12]byte
	pinLen  int

	refused   dialect.OrderReason // why an order, its payment or its refund is refused
	lines     []dialect.OrderLine // reused
	orderData []byte              // of the answer, reused
	again     *order.Refund       // the refund that came before under the same number; nil for none
	listens   uint32              // the trace with which the terminal asked to be told of an order; 0 when it did not
	pushed    []byte              // a message of the host's own that follows the answer
	chip      *chipWork           // of its chip; nil until the first
	chipped   bool                // the chip's cryptogram is right, and wants an answer
	derived   *keys.Derived       // reused; nil until keys are derived
	notes     []byte              // records of what it has changed, until they are written; reused
}

func newRequest(d *dialect.Dialect) *Request {
	return &Request{Message: d.NewMessage(), Answer: d.NewMessage()}
}

func (req *Request) reset(arrived time.Time) {
	req.Transaction, req.Known = 0, false
	req.arrived, req.due, req.copies = arrived, time.Time{}, 1
	req.spoilMAC, req.noMAC, req.repeats, req.advice, req.given = false, false, false, false, ""
	req.terminal, req.number, req.session, req.key, req.now, req.serial = nil, 0, nil, nil, nil, 0
	req.trace, req.batch, req.pan, req.expiry = 0, 0, nil, nil
	req.requirement, req.keys, req.chipped, req.renewed, req.kept = 0, keys.Set{}, false, false, 0
	req.record = book.Record{Card: book.NoCard, Original: -1}
	req.balance, req.cash, req.asked, req.part, req.parts, req.pinLen = 0, -1, 0, 0, 0, 0
	req.refused, req.listens, req.pushed, req.again = dialect.NoReason, 0, nil, nil
}

// newAnswer makes what answers the messages of one connection at a time.
func (h *Host) newAnswer() serve.Answer {
	req := newRequest(h.dialect)
	return func(dst, frame []byte, arrived time.Time) (out []byte, due time.Time, err error) {
		from := len(dst)
		out, ok, err := h.answer(req, dst, frame, arrived)
		if !ok {
			return out, time.Time{}, err
		}
		n := len(out)
		for range req.copies - 1 {
			out = append(out, out[from:n]...)
		}
		return append(out, req.pushed...), req.due, err
	}
}

// answer makes the answer to one frame (without its length) and appends it to
// dst with its length, once. It reports whether there is one. The error is of a
// frame that could not be read, or is not for this host.
func (h *Host) answer(req *Request, dst, frame []byte, arrived time.Time) (out []byte, ok bool, err error) {
	req.reset(arrived)
	m := req.Message
	if _, err = m.ReadPart(frame); err != nil && h.breaks(anyRest) { // what is before it says whose request it is
		err = readOver(m, frame, err)
	}
	misrouted := h.misrouted(m, frame)
	switch asked := h.asked(req); {
	case err != nil:
		h.count.refused.Add(1)
		if misrouted != nil {
			return dst, false, misrouted
		}
		if !asked {
			return dst, false, err
		}
		out, ok = h.unreadable(req, dst, frame)
		return out, ok, err
	case m.IsAnswer() && h.breaks(answerAnswers):
		out, ok = h.pack(req, dst, invalid)
		return out, ok, nil
	case misrouted != nil:
		h.count.ignored.Add(1)
		return dst, false, misrouted
	case m.IsAnswer():
		h.count.ignored.Add(1)
		h.log.add(notice{what: "answer sent as a request: " + m.MTI()})
		return dst, false, nil
	case !asked:
		h.log.add(notice{what: "unknown message type " + m.MTI()})
		if function := m.MTI()[2]; function != '0' && function != '2' {
			h.count.ignored.Add(1) // a notification, which nobody answers
			return dst, false, nil
		}
		h.count.unknown.Add(1)
		out, ok = h.pack(req, dst, invalid)
		return out, ok, nil
	}
	h.count.requests.Add(1)
	if h.breaks(hangOver) && h.stuck.Load() || !h.wrong.Load().handler(req) {
		h.count.silent.Add(1)
		return dst, false, nil
	}
	if req.kept > 0 && h.journal.store.Wait(req.kept) != nil {
		h.takeBack(req)
	}
	if h.behaviour != nil {
		h.behaviour.shape(req)
	}
	if req.copies == 0 {
		h.count.silent.Add(1)
		return dst, false, nil
	}
	out, ok = h.seal(req, dst)
	if ok && h.breaks(answersAstray) {
		out = h.strayAnswer(req, out, len(dst))
	}
	return out, ok, nil
}

// misrouted says in what way the routing header is not for this host: it wants a
// TPDU, to the address that the profile's requests go to.
func (h *Host) misrouted(m *wire.Message, frame []byte) error {
	if !h.dialect.Header.TPDU || len(frame) < len(m.Head) {
		return nil
	}
	to := h.profile.Head
	switch app := to[min(len(to), h.dialect.Header.Len()-h.dialect.Header.App):]; {
	case len(to) >= 3 && frame[0] == 0x60 && to[1] == frame[1] && to[2] == frame[2]:
		return nil
	case frame[0] != 0x60, len(app) > 2 && bytes.HasPrefix(frame, app[:2]): // CUP's application header begins with 60 too
		return errNoTPDU
	case len(to) >= 3:
		return errOtherTPDU
	}
	return nil
}

// asked reports whether the dialect has a request of this type. A repeat, whose
// type ends with 1, counts as its original (ISO 8583, message type's position 4),
// and the advice of a reversal, 0420, as the reversal.
func (h *Host) asked(req *Request) bool {
	m := req.Message
	if h.dialect.Requests(m) {
		return true
	}
	given := m.MTI()
	req.given = given
	as := []byte(given)
	if as[3] == '1' {
		as[3], req.repeats = '0', true
		if m.SetMTI(string(as)); h.dialect.Requests(m) {
			return true
		}
	}
	if as[1] == '4' && as[2] == '2' {
		as[2], req.advice = '0', true
		if m.SetMTI(string(as)); h.dialect.Requests(m) {
			return true
		}
	}
	m.SetMTI(given)
	req.repeats, req.advice, req.given = false, false, ""
	return false
}

// pack makes the whole answer to a message that no rule was asked about.
func (h *Host) pack(req *Request, dst []byte, code verdict) ([]byte, bool) {
	req.now = h.clock.stamp(req.arrived.Unix())
	req.serial = h.serial.Add(1)
	h.reply(req, code)
	return h.seal(req, dst)
}

// seal puts the answer on the line's buffer and its MAC into it.
func (h *Host) seal(req *Request, dst []byte) ([]byte, bool) {
	if req.advice {
		mti := req.Answer.MTI()
		req.Answer.SetMTI(mti[:2] + "3" + mti[3:])
	}
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
		if req.spoilMAC {
			sum[0] ^= 1
		}
		req.Answer.SetMAC(sum)
		if h.dialect.Amend(out[len(dst):]) != nil { // no line can carry that MAC
			h.count.refused.Add(1)
			return dst, false
		}
	}
	h.count.answers.Add(1)
	if h.breaks(malformAnswers) && req.Known && req.Transaction.Payment() {
		var seal func([]byte) [8]byte
		if key := req.key; key != nil {
			seal = func(covered []byte) [8]byte { return key.MAC(h.profile.MAC, covered) }
		}
		out = append(dst, h.malformer.spoil(req.Answer, out[len(dst):], seal)...)
	}
	return out, true
}

// What fields 32, 44 and 63 say of this host.
const (
	acquirer = "48020000"
	remarks  = "03080000   48020000   " // issuer, acquirer
	noScheme = "   "
)

// reply starts the answer with what every one of its kind carries, as far as
// the dialect has it. Which fields: minimal answer sets of the CUP
// reconstruction, docs/sources.md.
func (h *Host) reply(req *Request, code verdict) {
	a := req.Answer
	a.AnswerTo(req.Message)
	a.SetRequirement(req.requirement)
	if d := h.dialect; d.Has(wire.LocalDateTime) {
		if !a.Has(wire.LocalDateTime) { // else the terminal's own comes back
			a.Set(wire.LocalDateTime, req.now.text[:])
		}
	} else if d.Has(wire.LocalTime) && d.Has(wire.LocalDate) {
		a.Set(wire.LocalTime, req.now.time())
		a.Set(wire.LocalDate, req.now.date())
	}
	c := h.code(req, code)
	a.Set(wire.ResponseCode, c[:c.Len()])
	if req.session != nil {
		req.session.last = lastAnswer{uint32(req.now.unix), c, req.Transaction, req.Known}
	}
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
	copy(dst[:], s.time())
	wire.PutUint(dst[6:], serial%1_000_000)
}

// rrnIs reports whether an RRN is the one of an answer given then.
func rrnIs(rrn []byte, when uint32, serial uint64) bool {
	if len(rrn) != 12 || wire.Uint(rrn[6:]) != serial%1_000_000 {
		return false
	}
	return string(rrn[:6]) == string(stampOf(int64(when)).time())
}

// cardOf is what the profile says of the card in hand.
func (h *Host) cardOf(req *Request) *profile.Card { return h.books.Profile(req.record.Card) }
