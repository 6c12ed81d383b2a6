package rules

import (
	"errors"
	"regexp"
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/wire"
)

// answered is a purchase and its approval, as the wire has them, after the
// answer was changed.
func answered(t testing.TB, of dialect.Transaction, change func(m *wire.Message)) *Exchange {
	t.Helper()
	d := dialect.CUP()
	key, err := keys.New([]byte("\x01\x23\x45\x67\x89\xAB\xCD\xEF"))
	if err != nil {
		t.Fatal(err)
	}
	x := &Exchange{Dialect: d, Form: d.Form(of), Request: d.NewMessage(), Answer: d.NewMessage(), MAC: key, Algorithm: keys.ECB}
	x.Form.Begin(x.Request)
	copy(x.Request.Head, "\x60\x00\x03\x00\x00\x60\x31\x00\x31\x00\x00")
	x.Request.SetString(wire.TerminalID, "10000001")
	x.Request.SetString(wire.MerchantID, "898000000000001")
	x.Request.SetUint(wire.Trace, 42)
	if of == dialect.Settlement {
		v := make([]byte, dialect.TotalsLen)
		dialect.PutTotals(v[:dialect.TotalsHalf], x.Batch, dialect.NoFlag)
		dialect.PutTotals(v[dialect.TotalsHalf:], x.Batch, dialect.NoFlag)
		x.Request.Set(wire.Totals, v)
	} else {
		x.Request.SetUint(wire.Amount, 8800)
	}
	x.Key = x.Request.Key()
	m := d.NewMessage()
	m.AnswerTo(x.Request)
	if of == dialect.Settlement {
		m.Set(wire.Totals, x.Request.Get(wire.Totals))
		dialect.PutTotals(m.Get(wire.Totals)[:dialect.TotalsHalf], x.Batch, dialect.Balanced)
	} else {
		m.SetString(wire.ResponseCode, "00")
		m.AddMAC()
	}
	change(m)
	octets, err := m.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	if covered, mac := m.MACSpan(); mac != nil && string(mac) == "\x00\x00\x00\x00\x00\x00\x00\x00" {
		sum := key.MAC(keys.ECB, covered)
		copy(mac, sum[:])
	}
	if err := x.Answer.Read(octets); err != nil {
		t.Fatal(err)
	}
	return x
}

func TestEachRuleIsBrokenByAnAnswerThatBreaksIt(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range []struct {
		want   string
		of     dialect.Transaction
		change func(m *wire.Message)
	}{
		{"", dialect.Purchase, func(m *wire.Message) {}},
		{"", dialect.Settlement, func(m *wire.Message) {}},
		{"", dialect.Purchase, func(m *wire.Message) { m.SetString(wire.ResponseCode, "51"); m.UnsetField(64) }},
		{"", dialect.Purchase, func(m *wire.Message) { m.SetString(wire.ResponseCode, "10"); m.SetUint(wire.Amount, 8000) }},
		{"ANS-PAIR", dialect.Purchase, func(m *wire.Message) { m.SetMTI("0110") }},
		{"ANS-PAIR", dialect.Purchase, func(m *wire.Message) { m.SetUint(wire.Trace, 43) }},
		{"ANS-03-ECHO", dialect.Purchase, func(m *wire.Message) { m.SetString(wire.ProcessingCode, "010000") }},
		{"ANS-04-ECHO", dialect.Purchase, func(m *wire.Message) { m.SetUint(wire.Amount, 8801) }},
		{"ANS-25-ECHO", dialect.Purchase, func(m *wire.Message) { m.SetString(wire.ConditionCode, "06") }},
		{"ANS-49-ECHO", dialect.Purchase, func(m *wire.Message) { m.SetString(wire.Currency, "840") }},
		{"ANS-64-MAC", dialect.Purchase, func(m *wire.Message) { m.UnsetField(64) }},
		{"ANS-64-MAC", dialect.Purchase, func(m *wire.Message) { m.SetFieldString(64, "DEADBEEF") }},
		{"ANS-48-TOTALS", dialect.Settlement, func(m *wire.Message) { m.Unset(wire.Totals) }},
		{"ANS-48-TOTALS", dialect.Settlement, func(m *wire.Message) { m.Get(wire.Totals)[30] = '4' }},
		{"ANS-48-TOTALS", dialect.Settlement, func(m *wire.Message) { m.Get(wire.Totals)[11] = '1' }},
	} {
		x := answered(t, c.of, c.change)
		err := Check(x)
		id := ""
		if b, ok := errors.AsType[*Broken](err); ok {
			id = b.Rule.ID
		}
		if id != c.want {
			t.Errorf("%s: breaks %q (%v), want %q", c.of, id, err, c.want)
		}
		seen[id] = true
	}
	// What pairs an answer with its request cannot reach its own echo rule, and
	// dialect cup has no management code of its own.
	for _, r := range []string{"ANS-11-ECHO", "ANS-41-ECHO", "ANS-42-ECHO", "ANS-70-ECHO", WorkingKeys.ID} {
		seen[r] = true
	}
	for _, r := range Table() {
		if !seen[r.ID] {
			t.Errorf("no answer here breaks %s", r.ID)
		}
	}
}

func TestRulesHaveIdentitiesOfTheirOwn(t *testing.T) {
	shape := regexp.MustCompile(`^ANS(-[0-9]{2})?-[A-Z]+$`)
	seen := map[string]bool{}
	for _, r := range Table() {
		if seen[r.ID] || !shape.MatchString(r.ID) || r.Asks == "" || r.Source == "" {
			t.Errorf("rule %q: asks %q, source %q", r.ID, r.Asks, r.Source)
		}
		seen[r.ID] = true
	}
}
