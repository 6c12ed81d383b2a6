package rules

import (
	"slices"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// ids are the identities of rules, in their order.
func ids(rules []*Rule) (all []string) {
	for _, r := range rules {
		all = append(all, r.ID)
	}
	return all
}

func has(t *testing.T, of string, set Set, want bool, rules ...string) {
	t.Helper()
	for _, id := range rules {
		if set.Has(named(id)) != want {
			t.Errorf("%s: %s is in it: %v", of, id, !want)
		}
	}
}

// What an answer is held to follows from what it and its request carry; nothing counts
// as kept that was not looked at.
func TestRulesAreAskedOfWhatIsThere(t *testing.T) {
	cup := dialect.CUP()
	j := NewJudge(cup)
	right := answered(t, cup, dialect.Purchase, func(*wire.Message) {})
	asked := j.Asked(right, nil)
	has(t, "an approval", asked, true, "ANS-PAIR", "ANS-04-PRESENT", "ANS-37-FORM", "ANS-49-ECHO", "ANS-FIELDS", "ANS-64-RIGHT", "ANS-ONCE", "ANS-LEAK", "ANS-63-SCHEME")
	has(t, "an approval", asked, false, "ANS-14-EXPIRY", "ANS-54-FORM", "ANS-55-ISSUER", "ANS-48-TOTALS", "ANS-62-KCV", "ANS-11-ECHO")

	lacking := answered(t, cup, dialect.Purchase, func(m *wire.Message) { m.Unset(wire.Currency); m.SetString(wire.Expiry, "4912") })
	asked = j.Asked(lacking, nil)
	has(t, "without currency, with expiry", asked, false, "ANS-49-ECHO")
	has(t, "without currency, with expiry", asked, true, "ANS-14-EXPIRY")

	declined := answered(t, cup, dialect.Purchase, func(m *wire.Message) { m.SetString(wire.ResponseCode, "51") })
	has(t, "a decline", j.Asked(declined, nil), false, "ANS-04-PRESENT", "ANS-37-FORM")
	has(t, "a decline", j.Asked(declined, nil), true, "ANS-39-FORM")

	stopped := j.Asked(right, named("ANS-39-FORM"))
	has(t, "up to the one that is broken", stopped, true, "ANS-PAIR", "ANS-39-FORM")
	has(t, "up to the one that is broken", stopped, false, "ANS-64-RIGHT", "ANS-FIELDS", "ANS-ONCE")

	has(t, "purchases", j.Applying(dialect.Purchase), true, "ANS-14-EXPIRY", "ANS-37-FORM", "ANS-FIELDS", "ANS-ONCE")
	has(t, "purchases", j.Applying(dialect.Purchase), false, "ANS-48-TOTALS", "ANS-11-ECHO")
	has(t, "sign-offs", j.Applying(dialect.SignOff), false, "ANS-37-PRESENT", "ANS-63-SCHEME")
	has(t, "sign-offs", j.Applying(dialect.SignOff), true, "ANS-ONCE", "ANS-PAIR")
	iso87 := NewJudge(dialect.ISO87())
	has(t, "iso87's echo", iso87.Applying(dialect.Echo), true, "ANS-PAIR", "ANS-70-ECHO", "ANS-03-ECHO")
	has(t, "iso87, which has no such field", iso87.Applying(dialect.Purchase), false, "ANS-60-TYPE")
	has(t, "cup, which has no such field", j.Applying(dialect.Purchase), false, "ANS-07-ECHO", "ANS-07-TIME")
}

func TestAllThatIsBrokenIsTold(t *testing.T) {
	cup := dialect.CUP()
	for _, c := range []struct {
		change func(*wire.Message)
		want   []string
	}{
		{func(*wire.Message) {}, nil},
		{func(m *wire.Message) { m.SetString(wire.Currency, "840"); m.SetString(wire.ConditionCode, "06") }, []string{"ANS-25-ECHO", "ANS-49-ECHO"}},
		{func(m *wire.Message) { m.Unset(wire.SettlementDate); m.Head[1]++; m.SetString(wire.Operator, "CUQ") }, []string{"ANS-TPDU", "ANS-FIELDS", "ANS-63-SCHEME"}},
	} {
		var got []string
		for _, b := range NewJudge(cup).All(answered(t, cup, dialect.Purchase, c.change)) {
			got = append(got, b.Rule.ID)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s are broken, want %s", got, c.want)
		}
	}
}

// What cannot be held is said, with what it lacks, and nothing else.
func TestWhatCannotBeJudgedIsSaid(t *testing.T) {
	const mac, kcv, card = "ANS-64-RIGHT", "ANS-62-KCV", "ANS-02-CARD"
	right := func(*wire.Message) {}
	declined := func(m *wire.Message) { m.SetString(wire.ResponseCode, "51") }
	unMACed := func(m *wire.Message) { m.UnsetField(64) }
	for _, c := range []struct {
		name    string
		of      dialect.Transaction
		change  func(*wire.Message)
		x       func(x *Exchange)
		want    []string
		without bool
	}{
		{"all is known", dialect.Purchase, right, func(*Exchange) {}, nil, false},
		{"no key", dialect.Purchase, right, func(x *Exchange) { x.MACUnknown = true }, []string{mac}, false},
		{"no MAC", dialect.Purchase, unMACed, func(x *Exchange) { x.MACUnknown = true }, nil, false},
		{"a decline", dialect.Purchase, declined, func(x *Exchange) { x.MACUnknown = true }, []string{mac}, false},
		{"a decline whose MAC is ignored", dialect.Purchase, declined, func(x *Exchange) { x.MACUnknown, x.MACOnDecline = true, dialect.MACIgnored }, nil, false},
		{"an approval where those of declines are", dialect.Purchase, right, func(x *Exchange) { x.MACUnknown, x.MACOnDecline = true, dialect.MACIgnored }, []string{mac}, false},
		{"a rule that the dialect is without", dialect.Purchase, right, func(x *Exchange) { x.MACUnknown = true }, nil, true},
		{"keys are read", dialect.SignIn, right, func(*Exchange) {}, nil, false},
		{"keys, and no sign-in", dialect.SignIn, right, func(x *Exchange) { x.SignIn = nil }, []string{kcv}, false},
		{"keys, and no master key", dialect.SignIn, right, func(x *Exchange) { x.SignIn.Master = nil }, []string{kcv}, false},
		{"a sign-in that is declined", dialect.SignIn, declined, func(x *Exchange) { x.SignIn = nil }, nil, false},
		{"no card in clear", dialect.Purchase, right, func(x *Exchange) { x.PAN = "" }, []string{card}, false},
		{"no card in the answer", dialect.Purchase, func(m *wire.Message) { m.Unset(wire.PAN) }, func(x *Exchange) { x.PAN = "" }, nil, false},
	} {
		d := dialect.CUP()
		if c.without {
			d.Without = []string{mac}
		}
		x := answered(t, d, c.of, c.change)
		c.x(x)
		var got []string
		alone := false
		for _, u := range x.Unjudged() {
			if strings.HasPrefix(u.Lacks, "they look at the other answers") {
				alone = slices.Contains(ids(u.Rules), "ANS-ONCE") && slices.Contains(ids(u.Rules), "ANS-12-CLOCK")
				continue
			}
			if got = append(got, ids(u.Rules)...); len(u.Rules) == 0 {
				t.Errorf("%s: %s, and no rule is named", c.name, u.Lacks)
			}
		}
		if !slices.Equal(got, c.want) || !alone {
			t.Errorf("%s: %s cannot be judged, want %s; those that look at others are told: %v", c.name, got, c.want, alone)
		}
	}
}

func TestBrokenRulesAreCounted(t *testing.T) {
	var broken [report.Rules]int64
	broken[named("ANS-TPDU").index], broken[named("ANS-PAIR").index] = 2, 1
	got := Count(broken)
	want := []report.RuleCount{{ID: "ANS-PAIR", Level: "must", N: 1}, {ID: "ANS-TPDU", Level: "should", N: 2}}
	if !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	for id, r := range map[string]*Rule{"ANS-ONCE": Once, "ANS-ALONE": Alone, "ANS-LENGTH": NoEmpty, "ANS-END": NoRest, "ANS-LEAK": noLeaks} {
		if r.ID != id {
			t.Errorf("%s stands where %s is meant", r.ID, id)
		}
	}
	for kinds, want := range map[Kinds]string{All: "all", Financial: "financial", Payments | Uploads: "payments, uploads", Management: "sign-off and echo"} {
		if kinds.String() != want {
			t.Errorf("%q, want %q", kinds, want)
		}
	}
}

// A code that says the terminal is defective approves only where the profile says so.
func TestDefectiveCodesApproveWhereTheyMay(t *testing.T) {
	cup := dialect.CUP()
	for _, c := range []struct {
		code       string
		good, want bool
	}{{"A2", false, false}, {"A2", true, true}, {"51", true, false}, {"00", false, true}, {"00", true, true}} {
		x := answered(t, cup, dialect.Purchase, func(m *wire.Message) { m.SetString(wire.ResponseCode, c.code) })
		x.DefectiveIsGood = c.good
		if x.Approves() != c.want {
			t.Errorf("%+v: it approves: %v", c, x.Approves())
		}
	}
}

// What is wrong is said with the field, what it has and what it should have.
func TestBreachesSayWhatIsWrong(t *testing.T) {
	cup := dialect.CUP()
	for _, c := range []struct {
		of     dialect.Transaction
		change func(*wire.Message)
		want   string
	}{
		{dialect.Purchase, func(m *wire.Message) { m.SetUint(wire.Trace, 43) }, `field 11 (`},
		{dialect.Purchase, func(m *wire.Message) { m.Unset(wire.Currency) }, `the answer lacks field 49 of the request`},
		{dialect.Purchase, func(m *wire.Message) { m.Unset(wire.Currency); m.Unset(wire.ConditionCode) }, `the answer lacks fields 25, 49 of the request`},
		{dialect.Purchase, func(m *wire.Message) { m.SetMTI("0110") }, `MTI of the answer is 0110, to a request 0200`},
		{dialect.Purchase, func(m *wire.Message) { m.SetString(wire.LocalTime, "259999") }, `of the answer is "259999", want a time hhmmss`},
		{dialect.Purchase, func(m *wire.Message) { m.SetString(wire.Track2, "6225000000000014D2512") }, `field 35 (`},
		{dialect.Purchase, func(m *wire.Message) { m.SetString(wire.ResponseCode, "10"); m.Unset(wire.Amount) }, `is absent`},
		{dialect.Purchase, func(m *wire.Message) { m.SetString(wire.ResponseCode, "10"); m.SetUint(wire.Amount, 0) }, `is "000000000000", want a part of "000000008800"`},
		{dialect.Purchase, func(m *wire.Message) { m.SetString(wire.PAN, "6225000000000022") }, `622500******0022`},
		{dialect.Settlement, func(m *wire.Message) { m.Unset(wire.Totals) }, `of the answer is absent, want 62 digits`},
		{dialect.Settlement, func(m *wire.Message) { m.Set(wire.Totals, m.Get(wire.Totals)[:31]) }, `of the answer has 31 digits, want 62`},
		{dialect.Settlement, func(m *wire.Message) { m.Get(wire.Totals)[61] = '2' }, `want zeros, flag 0 or 1`},
	} {
		if _, err := first(NewJudge(cup), answered(t, cup, c.of, c.change)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q in it", err, c.want)
		}
	}
	x := answered(t, cup, dialect.Echo, func(m *wire.Message) { m.SetString(wire.PAN, "6225000000000022") })
	x.PAN = ""
	if _, err := first(NewJudge(cup), x); err == nil || !strings.Contains(err.Error(), "which is about no card") {
		t.Errorf("a card in an answer about none: %v", err)
	}
	for shown, want := range map[string]string{"absent": "absent", "(hidden)": "(hidden)", "00": `"00"`} {
		if got := Quoted(shown); got != want {
			t.Errorf("%s is shown as %s, want %s", shown, got, want)
		}
	}
}

// A card that the terminal does not know, or whose MAC's key is not known, is not held
// against the answer; one that it knows must come where the form gives it.
func TestWhatTheTerminalDoesNotKnowIsNotHeld(t *testing.T) {
	cup := dialect.CUP()
	pan := cup.Place(wire.PAN).Field
	tried := false
	for of := range dialect.Transactions {
		f := cup.Form(of)
		if f == nil || KindOf(of) == SignIns {
			continue
		}
		_, should := f.Answered()
		if !should.Has(pan) || KindOf(of)&Financial == 0 {
			continue
		}
		tried = true
		for _, known := range []bool{true, false} {
			x := answered(t, cup, of, func(m *wire.Message) { m.Unset(wire.PAN) })
			if !known {
				x.PAN = ""
			}
			if got := x.lacking().Has(pan); NewJudge(cup).begin(x) != nil && x.approves && x.lacking().Has(pan) != known {
				t.Errorf("%s: the terminal knows the card (%v), and it is lacking: %v", of, known, got)
			}
		}
	}
	if !tried {
		t.Error("no form gives a card")
	}
	x := answered(t, cup, dialect.Purchase, func(m *wire.Message) { m.SetString(wire.PAN, "6225000000000014") })
	if x.PAN = ""; !cardThatPaid.holds(x) {
		t.Error("a card that is not seen in clear is held against the answer")
	}
	x = answered(t, cup, dialect.Purchase, func(m *wire.Message) { m.SetFieldString(64, "DEADBEEF") })
	if x.MACUnknown = true; !macRight.holds(x) {
		t.Error("a MAC whose key is not known is wrong")
	}
	x = answered(t, cup, dialect.SignIn, func(m *wire.Message) { m.SetFieldString(64, "DEADBEEF") })
	if x.MACUnknown = true; !workingKeys.holds(x) || macRight.holds(x) {
		t.Error("a MAC is not held to the key that the answer brings")
	}
	x = answered(t, cup, dialect.SignIn, func(m *wire.Message) {})
	if x.SignIn.Master = nil; !workingKeys.holds(x) || !soundKeys.holds(x) {
		t.Error("working keys that nobody can open are wrong")
	}
	x = answered(t, cup, dialect.SignIn, func(m *wire.Message) { m.Unset(wire.WorkingKeys) })
	if x.SignIn.Master = nil; workingKeys.holds(x) {
		t.Error("an approval of a sign-in without working keys breaks nothing where the master key is not known")
	}
}

// With flag 3 the host says that it is in error; of foreign cards it gives its own totals
// with flag 2 and no others.
func TestFlagsOfASettlement(t *testing.T) {
	cup := dialect.CUP()
	card := dialect.Totals{Debit: 100, DebitN: 1}
	for _, c := range []struct {
		name          string
		flag          byte
		own, told     dialect.Totals // of foreign cards: the terminal's, the host's
		foreign       dialect.Flag
		right, bothOK bool
	}{
		{"in error", '3', dialect.Totals{}, dialect.Totals{}, dialect.NoFlag, true, true},
		{"no flag", '0', dialect.Totals{}, dialect.Totals{}, dialect.NoFlag, true, false},
		{"none foreign", '1', dialect.Totals{}, dialect.Totals{}, dialect.Balanced, true, true},
		{"its own", '1', card, card, dialect.Balanced, true, true},
		{"its own without flag", '1', card, card, dialect.NoFlag, false, true},
		{"its own, unbalanced", '1', card, card, dialect.Unbalanced, false, true},
		{"others, unbalanced", '1', card, dialect.Totals{}, dialect.Unbalanced, true, true},
		{"others, balanced", '1', card, dialect.Totals{}, dialect.Balanced, false, true},
		{"others where it has none", '1', dialect.Totals{}, card, dialect.Unbalanced, false, true},
	} {
		x := answered(t, cup, dialect.Settlement, func(m *wire.Message) {
			m.Get(wire.Totals)[dialect.TotalsHalf-1] = c.flag
			dialect.PutTotals(m.Get(wire.Totals)[dialect.TotalsHalf:], c.told, c.foreign)
		})
		x.Foreign = c.own
		if x.LeftOut = true; c.name == "others where it has none" && !foreignTotals.holds(x) {
			t.Errorf("%s, and has left a payment out: it does not hold", c.name)
		}
		if x.LeftOut = false; foreignTotals.holds(x) != c.right || totals.holds(x) != c.bothOK {
			t.Errorf("%s: of foreign cards it holds: %v; of all: %v", c.name, foreignTotals.holds(x), totals.holds(x))
		}
	}
}

// An acquirer may have 11 digits.
func TestLongAcquirerIsKnownAgain(t *testing.T) {
	var known Acquirer
	for i, c := range []struct {
		id   string
		want bool
	}{{"48020000001", true}, {"48020000002", false}, {"48020000001", true}} {
		x := answered(t, dialect.CUP(), dialect.Purchase, func(m *wire.Message) { m.SetString(wire.Acquirer, c.id) })
		x.Acquirer = &known
		if sameAcquirer.holds(x) != c.want {
			t.Errorf("answer %d: %s is the terminal's: %v", i, c.id, !c.want)
		}
	}
}
