package host

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// payment is what the model of a terminal knows of one payment it has asked for.
type payment struct {
	req      *wire.Message
	frame    []byte
	amount   int64
	of       field // names it as the original of a void
	refund   field // and of a refund
	held     field // and of a completion
	kind     dialect.Transaction
	original *payment
	stands   bool // approved and neither voided nor reversed
	done     bool // sent, or barred by its reversal
	voided   bool
	refunded int64
	settled  bool
}

// model plays one terminal at random and keeps books of its own from nothing
// but the answers: what is approved counts, what is reversed does not.
type model struct {
	*pos
	h        *Host
	reused   *Request
	r        *rand.Rand
	payments []*payment
	totals   dialect.Totals
}

// ask sends without a socket and gives the answer's code.
func (m *model) ask(frame []byte) string {
	out, ok, _ := m.h.answer(m.reused, nil, frame[2:], time.Now())
	if !ok {
		m.Fatal("no answer")
	}
	if err := m.ans.Read(out[2:]); err != nil {
		m.Fatal(err)
	}
	return m.ans.FieldText(39)
}

func (m *model) expect(got, want, what string) {
	m.Helper()
	if got != want {
		m.Fatalf("%s answered %q, want %q", what, got, want)
	}
}

func (m *model) tally(p *payment, n int) {
	switch p.kind.Side() {
	case dialect.Debit:
		m.totals.Debit += int64(n) * p.amount
		m.totals.DebitN += n
	case dialect.Credit:
		m.totals.Credit += int64(n) * p.amount
		m.totals.CreditN += n
	}
}

// build makes a payment without sending it.
func (m *model) build(kind dialect.Transaction, amt int64, original *payment, fields ...field) *payment {
	req := m.request(kind, append([]field{amount(uint64(amt)), shows("good")}, fields...)...)
	p := &payment{req: req, frame: m.frame(req), amount: amt, kind: kind, original: original}
	m.payments = append(m.payments, p)
	return p
}

// sendNew sends a payment that the model says is good.
func (m *model) sendNew(p *payment) {
	m.expect(m.ask(p.frame), "00", p.kind.String())
	p.done, p.stands = true, true
	p.of, p.refund = m.original(), m.reference()
	if p.kind == dialect.PreAuth {
		p.held = m.held()
	}
	m.tally(p, 1)
}

// pick gives a random payment that fits, or nil.
func (m *model) pick(fits func(*payment) bool) *payment {
	for range 20 {
		if len(m.payments) == 0 {
			return nil
		}
		if p := m.payments[m.r.IntN(len(m.payments))]; fits(p) {
			return p
		}
	}
	return nil
}

func (m *model) reverse(p *payment) {
	code := m.ask(m.frame(m.reversalOf(p.req)))
	switch {
	case p.settled || p.voided || p.refunded > 0 && p.stands:
		m.expect(code, "25", "reversal of what was settled, voided or refunded")
	default:
		m.expect(code, "00", "reversal")
		if p.stands {
			m.tally(p, -1)
			if o := p.original; o != nil {
				switch p.kind {
				case dialect.PurchaseVoid:
					o.stands, o.voided = true, false
				case dialect.Completion:
					o.voided = false
				}
			}
		}
		p.stands, p.done = false, true
	}
}

// step does one thing at random.
func (m *model) step() {
	purchase := func(p *payment) bool { return p.kind == dialect.Purchase && p.stands }
	switch m.r.IntN(12) {
	case 0, 1, 2:
		m.sendNew(m.build(dialect.Purchase, 1+m.r.Int64N(1000), nil))
	case 3: // sent again: refused, whatever became of it
		if p := m.pick(func(p *payment) bool { return p.done && !p.settled }); p != nil {
			m.expect(m.ask(m.frame(p.req)), "94", "the repeat of a "+p.kind.String())
		}
	case 4: // reversed before it comes
		p := m.build(dialect.Purchase, 1+m.r.Int64N(1000), nil)
		m.reverse(p)
		m.expect(m.ask(p.frame), "94", "a purchase after its reversal")
	case 5:
		if p := m.pick(func(p *payment) bool { return p.kind == dialect.Purchase || p.kind == dialect.PurchaseVoid }); p != nil {
			m.reverse(p)
		}
	case 6:
		if p := m.pick(purchase); p != nil {
			v := m.build(dialect.PurchaseVoid, p.amount, p, p.of)
			switch {
			case p.settled:
				m.expect(m.ask(v.frame), "25", "void after settlement")
				v.done = true
			case p.refunded > 0:
				m.expect(m.ask(v.frame), "64", "void after a refund")
				v.done = true
			default:
				m.sendNew(v)
				p.stands, p.voided = false, true
			}
		}
	case 7:
		if p := m.pick(purchase); p != nil {
			amt := 1 + m.r.Int64N(p.amount)
			v := m.build(dialect.Refund, amt, p, p.refund)
			if amt <= p.amount-p.refunded {
				m.sendNew(v)
				p.refunded += amt
			} else {
				m.expect(m.ask(v.frame), "64", "refund of too much")
				v.done = true
			}
		}
	case 8:
		m.sendNew(m.build(dialect.PreAuth, 100+m.r.Int64N(1000), nil))
	case 9: // completed: its hold is used up
		if p := m.pick(func(p *payment) bool { return p.kind == dialect.PreAuth && p.stands && !p.voided }); p != nil {
			m.sendNew(m.build(dialect.Completion, 1+m.r.Int64N(p.amount*115/100), p, p.held))
			p.voided = true
			v := m.build(dialect.Completion, 1, p, p.held)
			m.expect(m.ask(v.frame), "25", "a second completion")
			v.done = true
		}
	case 10:
		if p := m.pick(func(p *payment) bool { return p.kind == dialect.Completion }); p != nil {
			m.reverse(p)
		}
	case 11:
		if m.r.IntN(6) > 0 {
			return
		}
		t := m.totals
		req := m.request(dialect.Settlement, set(48, fmt.Sprintf("%012d%03d%012d%03d0%031d", t.Debit, t.DebitN, t.Credit, t.CreditN, 0)))
		m.ask(m.frame(req))
		if flag := m.ans.FieldText(48)[30]; flag != '1' {
			m.Fatalf("settlement of %+v is flagged %c: the host has %s", t, flag, m.ans.FieldText(48)[:30])
		}
		m.expect(m.ask(m.frame(m.request(dialect.UploadEnd, set(48, "0000")))), "00", "upload end")
		m.batch++
		m.totals = dialect.Totals{}
		for _, p := range m.payments {
			p.settled = true
		}
	}
}

// Terminals at random against books that are
// kept from the answers alone.
func TestRandomTerminalsAgreeWithTheHost(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	for seed := range uint64(60) {
		h, err := New(bench("cup"))
		if err != nil {
			t.Fatal(err)
		}
		var all []*model
		for i := range 3 {
			all = append(all, &model{pos: signedIn(t, h, i), h: h, reused: newRequest(h.dialect), r: rand.New(rand.NewPCG(seed, uint64(i)))})
		}
		for range 200 {
			for i, m := range all {
				m.step()
				b := h.Books()[i]
				if b.Unsettled != m.totals {
					t.Fatalf("seed %d: the host has %+v, the terminal %+v", seed, b.Unsettled, m.totals)
				}
			}
			if err := h.Check(); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
	}
}
