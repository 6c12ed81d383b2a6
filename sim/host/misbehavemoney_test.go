package host

import (
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// moneyBugs are how the misbehaviours about money are seen.
var moneyBugs = map[string]func(p *pos, h *Host) bool{
	"trace-of-any-terminal": func(p *pos, h *Host) bool {
		p.do(dialect.Purchase, amount(500), shows("good"))
		other := ready(p.TB, h, p.conn.RemoteAddr().String(), 1)
		other.batch, other.trace = p.batch, p.trace-1
		return other.do(dialect.Purchase, amount(500), shows("good")) == "00" && bookOf(h, "10000002").DebitN == 0
	},
	"repeat-by-trace-alone": func(p *pos, h *Host) bool {
		p.do(dialect.Purchase, amount(500), shows("good"))
		p.trace--
		return p.do(dialect.Purchase, amount(700), shows("rich")) == "00" && bookOf(h, "10000001").Net() == 500
	},
	"repeat-approved-anew": func(p *pos, h *Host) bool {
		p.do(dialect.Purchase, amount(500), shows("good"))
		rrn := p.ans.FieldText(37)
		return p.exchange(p.last) == "00" && p.verified() && p.ans.FieldText(37) != rrn && bookOf(h, "10000001").DebitN == 1
	},
	"acknowledged-forgotten": func(p *pos, h *Host) bool {
		for range 30 {
			p.want("00", dialect.Purchase, amount(1), shows("good"))
		}
		return bookOf(h, "10000001").DebitN == 29
	},
	"forget-some-reversals": func(p *pos, h *Host) bool {
		for range 20 {
			m := p.request(dialect.Purchase, amount(1), shows("good"))
			p.send(m)
			if p.send(p.reversalOf(m)) != "00" {
				return false
			}
		}
		return bookOf(h, "10000001").DebitN == 1
	},
	"reversal-unanswered": func(p *pos, h *Host) bool {
		p.trace = 7
		m := p.request(dialect.Purchase, amount(1), shows("good"))
		p.send(m)
		p.write(p.frame(p.reversalOf(m)))
		return p.unanswered() && bookOf(h, "10000001").DebitN == 0
	},
	"reversal-unmatched": func(p *pos, h *Host) bool {
		m := p.request(dialect.Purchase, amount(500), shows("good"))
		p.send(m)
		m = p.reversalOf(m)
		m.SetFieldUint(4, 501)
		return p.send(m) == "00" && bookOf(h, "10000001").DebitN == 0
	},
	"refused-reversal-blocks": func(p *pos, h *Host) bool {
		of := p.request(dialect.Purchase, amount(500), shows("good"))
		p.send(of)
		m := p.reversalOf(of)
		m.SetFieldUint(4, 501)
		if code := p.send(m); code == "00" || code == "96" {
			return false
		}
		return p.send(p.reversalOf(of)) == "96"
	},
	"totals-ignore-reversals": func(p *pos, h *Host) bool {
		m := p.request(dialect.Purchase, amount(500), shows("good"))
		p.send(m)
		p.send(p.reversalOf(m))
		return bookOf(h, "10000001").DebitN == 0 && p.settlement(0, 0, 0, 0) == '2' && p.ans.FieldText(48)[:15] == "000000000500001"
	},
	"totals-wrap": func(p *pos, h *Host) bool {
		for range 2 {
			p.want("00", dialect.Purchase, amount(999999999999), shows("rich"))
			of := p.original()
			p.want("00", dialect.PurchaseVoid, amount(999999999999), shows("rich"), of)
		}
		return p.settlement(0, 0, 0, 0) == '2' && p.ans.FieldText(48)[:15] == "999999999998002"
	},
	"answer-astray": func(p *pos, h *Host) bool {
		other := ready(p.TB, h, p.conn.RemoteAddr().String(), 1)
		other.trace = 9000
		for range 60 {
			for _, who := range []*pos{p, other} {
				m := who.request(dialect.Purchase, amount(1), shows("good"))
				who.write(who.frame(m))
				if !who.hear(patient) || who.ans.Text(wire.TerminalID) != who.entry.TID {
					return true
				}
			}
		}
		return false
	},
	"rest-accepted": func(p *pos, h *Host) bool {
		frame := append(p.frame(p.request(dialect.Purchase, amount(500), shows("good"))), 1, 2, 3, 4)
		frame[1] += 4
		return p.exchange(frame) == "00"
	},
	"answer-answered": func(p *pos, h *Host) bool {
		p.do(dialect.Purchase, amount(500), shows("good"))
		frame, err := wire.AppendFrame(nil, p.ans)
		if err != nil {
			p.Fatal(err)
		}
		copy(frame[2:], p.p.Head)
		p.write(frame)
		return !p.unanswered()
	},
	"pin-block-unbound": func(p *pos, h *Host) bool {
		other := func(p *pos, m *wire.Message) {
			pan := m.FieldText(2)
			shows("rich")(p, m)
			pin("123456")(p, m)
			m.SetFieldString(2, pan)
		}
		return p.do(dialect.Purchase, amount(500), shows("good"), other) == "00"
	},
}
