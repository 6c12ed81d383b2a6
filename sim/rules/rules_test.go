package rules

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/wire"
)

// answered is a transaction and its approval, as the wire has them, after the
// answer was changed.
func answered(t testing.TB, d *dialect.Dialect, of dialect.Transaction, change func(m *wire.Message)) *Exchange {
	t.Helper()
	key, err := keys.New([]byte("\x01\x23\x45\x67\x89\xAB\xCD\xEF"))
	if err != nil {
		t.Fatal(err)
	}
	x := &Exchange{Dialect: d, Form: d.Form(of), Request: d.NewMessage(), Answer: d.NewMessage(), MAC: key, Algorithm: keys.ECB,
		PAN: "6225000000000014", Now: 100}
	q := x.Request
	x.Form.Begin(q)
	copy(q.Head, "\x60\x00\x03\x00\x00\x60\x31\x00\x31\x00\x00")
	q.SetString(wire.TerminalID, "10000001")
	q.SetString(wire.MerchantID, "898000000000001")
	q.SetUint(wire.Trace, 42)
	q.SetUint(wire.Batch, 7)
	if x.Form.Carries(wire.TransmissionTime) {
		q.SetString(wire.TransmissionTime, "1126101530")
	}
	if x.Form.Carries(wire.Totals) {
		v := make([]byte, dialect.TotalsLen)
		dialect.PutTotals(v[:dialect.TotalsHalf], x.Batch, dialect.NoFlag)
		dialect.PutTotals(v[dialect.TotalsHalf:], dialect.Totals{}, dialect.NoFlag)
		q.Set(wire.Totals, v)
	}
	if x.Form.Carries(wire.Amount) {
		q.SetUint(wire.Amount, 8800)
	}
	x.Key = q.Key()
	m := d.NewMessage()
	m.AnswerTo(q)
	m.SetString(wire.LocalTime, "101530")
	m.SetString(wire.LocalDate, "1126")
	must, should := x.Form.Answered()
	if x.Form.Carries(wire.Totals) {
		m.Set(wire.Totals, q.Get(wire.Totals))
	}
	for e, v := range map[wire.Element]string{wire.SettlementDate: "1127", wire.Acquirer: "48020000", wire.RRN: "101530000001", wire.AuthCode: "123456",
		wire.PAN: "6225000000000014", wire.ResponseData: "03080000   48020000   ", wire.Operator: "CUP", wire.AdditionalAmounts: "1002156C000000009900", wire.PaymentCode: "A4003123", wire.OrderData: "O50011"} {
		if n := d.Place(e).Field; must.Has(n) || should.Has(n) {
			m.SetString(e, v)
		}
	}
	if x.Form.MACed {
		m.AddMAC()
	}
	switch of {
	case dialect.Settlement:
		if d.Has(wire.DebitsAmount) {
			d.SetReconciliation(q, &dialect.Reconciliation{Own: x.Batch})
			d.SetReconciliation(m, &dialect.Reconciliation{Own: x.Batch})
			m.SetString(wire.ResponseCode, "00")
			break
		}
		m.Set(wire.Totals, q.Get(wire.Totals))
		dialect.PutTotals(m.Get(wire.Totals)[:dialect.TotalsHalf], x.Batch, dialect.Balanced)
	case dialect.SignIn, dialect.KeyChange:
		master := []byte("0123456789ABCDEF")
		x.SignIn = &SignIn{HSM: keys.Software{}, Master: master, Block: keys.Double}
		_, block, err := keys.Issue(keys.Software{}, master, keys.Double)
		if err != nil {
			t.Fatal(err)
		}
		m.Set(wire.WorkingKeys, block)
		if n := d.Place(wire.Batch).Field; !m.HasField(n) {
			m.SetFieldString(n, "000007")
		}
		fallthrough
	default:
		m.SetString(wire.ResponseCode, "00")
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

// first is the identity of the first rule that an exchange breaks, the musts
// before the shoulds; "" for none.
func first(j *Judge, x *Exchange) (string, error) {
	should, err := j.Check(x)
	if b, ok := errors.AsType[*Broken](err); ok {
		return b.Rule.ID, err
	}
	for _, b := range Explain(x, should) {
		return b.Rule.ID, b
	}
	return "", nil
}

func TestEachRuleIsBrokenByAnAnswerThatBreaksIt(t *testing.T) {
	set := func(e wire.Element, v string) func(*wire.Message) {
		return func(m *wire.Message) { m.SetString(e, v) }
	}
	unset := func(e wire.Element) func(*wire.Message) { return func(m *wire.Message) { m.Unset(e) } }
	decline := func(then func(*wire.Message)) func(*wire.Message) {
		return func(m *wire.Message) {
			m.SetString(wire.ResponseCode, "51")
			m.UnsetField(64)
			then(m)
		}
	}
	right := func(*wire.Message) {}
	issue := func(pin, mac string) func(*wire.Message) {
		return func(m *wire.Message) {
			block, err := keys.Wrap(keys.Software{}, []byte("0123456789ABCDEF"), keys.Double, []byte(pin), []byte(mac), nil)
			if err != nil {
				t.Fatal(err)
			}
			m.Set(wire.WorkingKeys, block)
		}
	}
	digit := func(e wire.Element, at int, v byte) func(*wire.Message) {
		return func(m *wire.Message) { m.Get(e)[at] = v }
	}
	seen := map[string]bool{"ANS-READ": true}
	cup, iso87 := dialect.CUP(), dialect.ISO87()
	for _, c := range []struct {
		want   string
		of     dialect.Transaction
		change func(m *wire.Message)
	}{
		{"", dialect.Settlement, set(wire.ResponseCode, "00")},
		{"ANS-48-OWN", dialect.Settlement, func(m *wire.Message) { // held to as an answer, though its code is 95
			set(wire.ResponseCode, "95")(m)
			digit(wire.Totals, 30, '2')(m)
		}},
		{"ANS-48-TOTALS", dialect.Settlement, set(wire.ResponseCode, "95")}, // code and flag contradict each other
		{"ANS-48-TOTALS", dialect.Settlement, func(m *wire.Message) {
			set(wire.ResponseCode, "95")(m)
			digit(wire.Totals, 61, '1')(m)
		}},
		{"ANS-48-FOREIGN", dialect.Settlement, func(m *wire.Message) { // it is they that differ
			set(wire.ResponseCode, "95")(m)
			digit(wire.Totals, 61, '2')(m)
		}},
		{"", dialect.Purchase, decline(right)},
		{"ANS-FIELDS", dialect.Purchase, decline(unset(wire.Operator))},
		{"", dialect.Purchase, func(m *wire.Message) { m.SetRequirement(3) }},
		{"", dialect.Purchase, set(wire.PAN, "6225000000000014")},
		{"", dialect.Purchase, set(wire.Operator, "CUP\xBA\xD3")},
		{"ANS-63-SCHEME", dialect.Purchase, set(wire.Operator, "CUQ")},
		{"ANS-02-CARD", dialect.Echo, set(wire.PAN, "6225000000000014")},
		{"ANS-PAIR", dialect.Purchase, func(m *wire.Message) { m.SetMTI("0110") }},
		{"ANS-PAIR", dialect.Purchase, func(m *wire.Message) { m.SetMTI("0211") }},
		{"ANS-PAIR", dialect.Purchase, func(m *wire.Message) { m.SetUint(wire.Trace, 43) }},
		{"ANS-PAIR", dialect.Purchase, unset(wire.TerminalID)},
		{"ANS-TPDU", dialect.Echo, func(m *wire.Message) { m.Head[1]++ }},
		{"", dialect.Echo, func(m *wire.Message) { m.Head[7] ^= 0x0F }}, // the requirement
		{"ANS-HEADER", dialect.Echo, func(m *wire.Message) { m.Head[7] ^= 0x10 }},
		{"ANS-ECHO", dialect.Purchase, unset(wire.Currency)},
		{"ANS-ECHO", dialect.Purchase, decline(unset(wire.Amount))},
		{"ANS-FIELDS", dialect.Purchase, unset(wire.SettlementDate)},
		{"ANS-FIELDS", dialect.Purchase, unset(wire.AuthCode)},
		{"ANS-FIELDS", dialect.Purchase, decline(unset(wire.RRN))},
		{"ANS-FIELDS", dialect.SignIn, unset(wire.LocalTime)},
		{"ANS-TEXT", dialect.Purchase, set(wire.Operator, "C\x07P")},
		{"ANS-SECRET", dialect.Purchase, set(wire.Track2, "6225000000000014D2512")},
		{"ANS-SECRET", dialect.Purchase, decline(set(wire.PINBlock, "12345678"))},
		{"ANS-02-CARD", dialect.Purchase, set(wire.PAN, "6225000000000022")},
		{"ANS-03-ECHO", dialect.Purchase, set(wire.ProcessingCode, "010000")},
		{"ANS-04-PRESENT", dialect.Purchase, unset(wire.Amount)},
		{"ANS-04-ECHO", dialect.Purchase, func(m *wire.Message) { m.SetUint(wire.Amount, 8801) }},
		{"ANS-04-PARTIAL", dialect.Purchase, func(m *wire.Message) { m.SetString(wire.ResponseCode, "10"); m.SetUint(wire.Amount, 8801) }},
		{"ANS-04-PARTIAL", dialect.Purchase, func(m *wire.Message) { m.SetString(wire.ResponseCode, "10"); m.SetUint(wire.Amount, 0) }},
		{"ANS-39-PARTIAL", dialect.Purchase, func(m *wire.Message) { m.SetString(wire.ResponseCode, "10"); m.SetUint(wire.Amount, 1) }},
		{"ANS-39-PARTIAL", dialect.Completion, func(m *wire.Message) { m.SetString(wire.ResponseCode, "10"); m.SetUint(wire.Amount, 8800) }},
		{"ANS-12-PRESENT", dialect.Purchase, unset(wire.LocalTime)},
		{"ANS-12-TIME", dialect.Purchase, set(wire.LocalTime, "259999")},
		{"ANS-13-PRESENT", dialect.Balance, unset(wire.LocalDate)},
		{"ANS-13-DATE", dialect.Purchase, decline(set(wire.LocalDate, "1399"))},
		{"ANS-13-DATE", dialect.Purchase, set(wire.LocalDate, "0230")},
		{"", dialect.Purchase, func(m *wire.Message) { m.SetString(wire.LocalDate, "0229"); m.SetString(wire.SettlementDate, "0229") }},
		{"ANS-14-EXPIRY", dialect.Purchase, set(wire.Expiry, "2513")},
		{"ANS-15-DATE", dialect.Purchase, set(wire.SettlementDate, "0000")},
		{"ANS-15-NEAR", dialect.Purchase, set(wire.SettlementDate, "0601")},
		{"", dialect.Purchase, func(m *wire.Message) { m.SetString(wire.LocalDate, "1231"); m.SetString(wire.SettlementDate, "0101") }},
		{"ANS-25-ECHO", dialect.Purchase, set(wire.ConditionCode, "06")},
		{"ANS-37-PRESENT", dialect.Purchase, unset(wire.RRN)},
		{"ANS-37-FORM", dialect.Purchase, set(wire.RRN, "000000000000")},
		{"ANS-37-FORM", dialect.Purchase, set(wire.RRN, "12345678901\x00")},
		{"ANS-38-PRESENT", dialect.PreAuth, unset(wire.AuthCode)},
		{"ANS-38-FORM", dialect.Purchase, set(wire.AuthCode, "      ")},
		{"ANS-39-PRESENT", dialect.Purchase, unset(wire.ResponseCode)},
		{"ANS-39-PRESENT", dialect.SignIn, unset(wire.ResponseCode)},
		{"ANS-39-FORM", dialect.Purchase, set(wire.ResponseCode, "\x00\x00")},
		{"ANS-39-FORM", dialect.Purchase, set(wire.ResponseCode, "5 ")},
		{"ANS-39-FORM", dialect.Purchase, set(wire.ResponseCode, "0\x00")},
		{"ANS-39-FORM", dialect.Purchase, decline(set(wire.ResponseCode, "5\x00"))},
		{"ANS-39-FORM", dialect.Reversal, set(wire.ResponseCode, "A\x00")},
		{"ANS-39-FORM", dialect.Purchase, set(wire.ResponseCode, "\x005")},
		{"ANS-39-FORM", dialect.Settlement, set(wire.ResponseCode, "\x00\x00")},
		{"ANS-48-TOTALS", dialect.Settlement, unset(wire.Totals)},
		{"ANS-48-TOTALS", dialect.Settlement, digit(wire.Totals, 30, '4')},
		{"ANS-48-TOTALS", dialect.Settlement, digit(wire.Totals, 11, '1')},
		{"ANS-48-OWN", dialect.Settlement, digit(wire.Totals, 30, '2')},
		{"ANS-48-FOREIGN", dialect.Settlement, digit(wire.Totals, 61, '2')},
		{"ANS-48-ECHO", dialect.BatchUpload, set(wire.Totals, "1")},
		{"ANS-49-ECHO", dialect.Purchase, set(wire.Currency, "840")},
		{"ANS-54-PRESENT", dialect.Balance, unset(wire.AdditionalAmounts)},
		{"ANS-54-FORM", dialect.Balance, digit(wire.AdditionalAmounts, 7, '+')},
		{"ANS-54-CURRENCY", dialect.Balance, set(wire.AdditionalAmounts, "1002840C000000009900")},
		{"ANS-54-CURRENCY", dialect.Balance, set(wire.AdditionalAmounts, "1001156C0000000099001002840C000000009900")},
		{"ANS-60-TYPE", dialect.Purchase, digit(wire.TransactionType, 0, '9')},
		{"ANS-60-BATCH", dialect.Purchase, digit(wire.Batch, 5, '8')},
		{"ANS-60-BATCH", dialect.SignOff, digit(wire.Batch, 5, '8')},
		{"", dialect.SignIn, digit(wire.Batch, 5, '8')},
		{"ANS-60-CODE", dialect.SignIn, digit(wire.ManagementCode, 2, '9')},
		{"ANS-60-REST", dialect.Purchase, digit(wire.ReadCapability, 0, '2')},
		{"ANS-60-ISSUED", dialect.SignIn, digit(wire.Batch, 5, '0')},
		{"ANS-62-KCV", dialect.SignIn, digit(wire.WorkingKeys, 16, 1)},
		{"ANS-62-KCV", dialect.SignIn, unset(wire.WorkingKeys)},
		{"ANS-62-SOUND", dialect.SignIn, issue("\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", "8bytesof")},
		{"ANS-62-SOUND", dialect.SignIn, issue("\x01\x01\x01\x01\x01\x01\x01\x01fedcba98", "8bytesof")},
		{"ANS-62-SOUND", dialect.SignIn, issue("01234567fedcba98", "\xFE\xFE\xFE\xFE\xFE\xFE\xFE\xFE")},
		{"ANS-62-SOUND", dialect.SignIn, issue("0123456701234567", "8bytesof")},
		{"ANS-62-SOUND", dialect.SignIn, issue("0123456701234567", "01234567")},
		{"", dialect.SignIn, issue("01234567fedcba98", "8bytesof")},
		{"ANS-64-MAC", dialect.Purchase, func(m *wire.Message) { m.UnsetField(64) }},
		{"ANS-64-RIGHT", dialect.Purchase, func(m *wire.Message) { m.SetFieldString(64, "DEADBEEF") }},
		{"ANS-64-RIGHT", dialect.Purchase, decline(func(m *wire.Message) { m.SetFieldString(64, "DEADBEEF") })},
		{"ANS-64-RIGHT", dialect.SignIn, func(m *wire.Message) { m.SetFieldString(64, "DEADBEEF") }},
		{"ANS-64-RIGHT", dialect.Settlement, func(m *wire.Message) { m.SetFieldString(64, "DEADBEEF") }},
		{"", dialect.Settlement, func(m *wire.Message) { m.AddMAC() }},
	} {
		x := answered(t, cup, c.of, c.change)
		if id, err := first(NewJudge(cup), x); id != c.want {
			t.Errorf("%s: breaks %q (%v), want %q", c.of, id, err, c.want)
		} else {
			seen[id] = true
		}
	}
	for _, c := range []struct {
		want   string
		change func(m *wire.Message)
	}{
		{"ANS-07-ECHO", set(wire.TransmissionTime, "1126101531")},
		{"ANS-07-TIME", set(wire.TransmissionTime, "1326101531")},
		{"ANS-32-DIGITS", set(wire.Acquirer, "48o20000")},
		{"ANS-70-ECHO", set(wire.ManagementCode, "302")},
		{"ANS-SECRET", set(wire.Track1, "B6225000000000014^")},
	} {
		if id, err := first(NewJudge(iso87), answered(t, iso87, dialect.Echo, c.change)); id != c.want {
			t.Errorf("iso87: breaks %q (%v), want %q", id, err, c.want)
		} else {
			seen[id] = true
		}
	}
	for _, d := range []*dialect.Dialect{cup, iso87} {
		for of := range dialect.Transactions {
			if d.Form(of) == nil {
				continue
			}
			if id, err := first(NewJudge(d), answered(t, d, of, right)); id != "" {
				t.Errorf("%s: a right answer to a %s breaks %s: %v", d.Name, of, id, err)
			}
		}
	}
	// What pairs an answer with its request cannot reach its own echo rule; what is
	// held against other answers, and what lines hear around one, has tests of its own.
	for _, r := range []string{"ANS-11-ECHO", "ANS-41-ECHO", "ANS-42-ECHO", "ANS-37-UNIQUE", "ANS-12-CLOCK", "ANS-32-SAME", "ANS-44-SAME", "ANS-ONCE", "ANS-ALONE", "ANS-LENGTH", "ANS-END", "ANS-LEAK",
		"ANS-55-ISSUER", "ANS-55-PRESENT"} {
		seen[r] = true
	}
	for _, r := range Table() {
		if !seen[r.ID] {
			t.Errorf("no answer here breaks %s", r.ID)
		}
	}
}

func TestAnswersOfARunAreHeldAgainstEachOther(t *testing.T) {
	run := NewJudge(dialect.CUP())
	at := int64(100)
	hear := func(reference, date, time string) string {
		x := answered(t, dialect.CUP(), dialect.Purchase, func(m *wire.Message) {
			m.SetString(wire.RRN, reference)
			m.SetString(wire.LocalDate, date)
			m.SetString(wire.LocalTime, time)
			m.SetString(wire.SettlementDate, date)
		})
		x.Now = at
		id, _ := first(run, x)
		return id
	}
	for _, c := range []struct {
		now                   int64
		reference, date, time string
		want                  string
	}{
		{100, "101530000001", "1231", "235930", ""},
		{101, "101530000002", "1231", "235931", ""},
		{102, "101530000001", "1231", "235932", "ANS-37-UNIQUE"},
		{190, "101530000003", "0101", "000100", ""}, // the year changes
		{190, "101530000004", "0101", "000500", ""}, // within the drift of a clock
		{190, "101530000005", "0101", "001000", "ANS-12-CLOCK"},
		{190, "101530000006", "0102", "000100", "ANS-12-CLOCK"},
		{190, "101530000007", "0701", "000100", "ANS-12-CLOCK"},
		{190 + 86400, "101530000008", "0102", "000100", ""},
	} {
		if at = c.now; hear(c.reference, c.date, c.time) != c.want {
			t.Errorf("%s at %s %s, second %d: does not break %q", c.reference, c.date, c.time, c.now, c.want)
		}
	}
}

// A MAC on a decline is the policy's.
func TestMACOfADeclineIsThePolicys(t *testing.T) {
	for _, c := range []struct {
		policy dialect.DeclineMAC
		code   string
		mac    string // "" for none, "right"
		want   string
	}{
		{dialect.MACIfPresent, "51", "", ""},
		{dialect.MACIfPresent, "51", "right", ""},
		{dialect.MACIfPresent, "51", "DEADBEEF", "ANS-64-RIGHT"},
		{dialect.MACRequired, "51", "", "ANS-64-MAC"},
		{dialect.MACRequired, "51", "right", ""},
		{dialect.MACRequired, "A0", "", ""},
		{dialect.MACRequired, "77", "", ""},
		{dialect.MACIgnored, "51", "DEADBEEF", ""},
		{dialect.MACIgnored, "00", "DEADBEEF", "ANS-64-RIGHT"},
	} {
		x := answered(t, dialect.CUP(), dialect.Purchase, func(m *wire.Message) {
			m.SetString(wire.ResponseCode, c.code)
			switch c.mac {
			case "":
				m.UnsetField(64)
			case "right":
			default:
				m.SetFieldString(64, c.mac)
			}
		})
		x.MACOnDecline = c.policy
		if id, err := first(NewJudge(x.Dialect), x); id != c.want {
			t.Errorf("%s, %s with MAC %q: breaks %q (%v), want %q", c.policy, c.code, c.mac, id, err, c.want)
		}
	}
}

// Only a form that says so is approved without a code, and no odd code approves.
func TestAnswerWithoutACodeIsNoApproval(t *testing.T) {
	for of := range dialect.Transactions {
		if dialect.CUP().Form(of) == nil {
			continue
		}
		x := answered(t, dialect.CUP(), of, func(m *wire.Message) { m.Unset(wire.ResponseCode) })
		if x.Approves() != (of == dialect.Settlement) {
			t.Errorf("%s without a code: approved is %v", of, x.Approves())
		}
		for _, code := range []string{"\x00\x00", "  ", "0O", "0", "1\x00"} {
			x := answered(t, dialect.CUP(), of, func(m *wire.Message) { m.SetString(wire.ResponseCode, (code + "\x00")[:2]) })
			if x.Approves() {
				t.Errorf("%s with code %q is approved", of, code)
			}
		}
	}
}

func TestMACThatIsAlmostRightSaysSo(t *testing.T) {
	x := answered(t, dialect.CUP(), dialect.Purchase, func(m *wire.Message) {})
	_, mac := x.Answer.MACSpan()
	copy(mac, bytes.ToLower(mac))
	_, err := NewJudge(x.Dialect).Check(x)
	if !errors.Is(err, ErrMAC) || !strings.Contains(err.Error(), "right but for its case") {
		t.Errorf("%v, want it to say what is right", err)
	}
}

func BenchmarkCheck(b *testing.B) {
	x := answered(b, dialect.CUP(), dialect.Purchase, func(m *wire.Message) {})
	j := NewJudge(x.Dialect)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := j.Check(x); err != nil {
			b.Fatal(err)
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

func TestControlCharactersAreSeenAnywhere(t *testing.T) {
	for n := range 20 {
		for at := range n {
			for c := range 256 {
				v := bytes.Repeat([]byte{'A'}, n)
				v[at] = byte(c)
				if want := c >= ' ' && c != 0x7F; isPrintable(v) != want {
					t.Fatalf("%q: printable is %v", v, !want)
				}
			}
		}
	}
}

func TestAnswersToATerminalNameOneAcquirer(t *testing.T) {
	var known Acquirer
	j := NewJudge(dialect.CUP())
	for i, c := range []struct{ id, data, want string }{
		{"48020000", "03080000   48020000   ", ""},
		{"48020000", "03010000   48020000   ", ""}, // another issuer
		{"48020001", "03080000   48020000   ", "ANS-32-SAME"},
		{"48020000", "03080000   48020001   ", "ANS-44-SAME"},
		{"48020000", "03080000", ""},
	} {
		x := answered(t, dialect.CUP(), dialect.Purchase, func(m *wire.Message) {
			m.SetString(wire.Acquirer, c.id)
			m.SetString(wire.ResponseData, c.data)
			m.SetUint(wire.RRN, uint64(i+1))
		})
		x.Acquirer = &known
		if id, err := first(j, x); id != c.want {
			t.Errorf("acquirer %s, %q: breaks %q (%v), want %q", c.id, c.data, id, err, c.want)
		}
	}
}

// A network may say of a rule that it does not apply to its answers.
func TestRuleThatADialectIsWithoutIsNotAsked(t *testing.T) {
	d := dialect.CUP()
	x := answered(t, d, dialect.Purchase, func(m *wire.Message) { m.Unset(wire.RRN) })
	if _, err := NewJudge(d).Check(x); err == nil {
		t.Fatal("an approval without a reference is taken")
	}
	d.Without = []string{"ANS-37-PRESENT"}
	if _, err := NewJudge(d).Check(x); err != nil || Known(d) != nil {
		t.Errorf("%v, %v", err, Known(d))
	}
	d.Without = []string{"ANS-37"}
	if err := Known(d); err == nil || !strings.Contains(err.Error(), `no rule "ANS-37"`) {
		t.Errorf("a rule that there is not: %v", err)
	}
}

// Values that look alike, since what differs is hidden, are not told as if they were one.
func TestHiddenDifferenceIsToldByItsPlace(t *testing.T) {
	cup := dialect.CUP()
	x := answered(t, cup, dialect.Purchase, func(m *wire.Message) { m.SetString(wire.PAN, "6225000900000014") })
	_, err := first(NewJudge(cup), x)
	if err == nil || !strings.Contains(err.Error(), "another than the 622500******0014 that is wanted: they differ at place 8, which is not shown") {
		t.Errorf("%v", err)
	}
}
