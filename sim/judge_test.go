package sim

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/chip"
	"github.com/posfleet/posfleet/sim/device"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/rules"
	"github.com/posfleet/posfleet/sim/wire"
)

// bundled are profiles that tests take copies of, by network.
var bundled = map[string]func() (*profile.Profile, error){
	"cup":   sync.OnceValues(func() (*profile.Profile, error) { return profile.Bundled("cup", 1) }),
	"iso87": sync.OnceValues(func() (*profile.Profile, error) { return profile.Bundled("iso87", 1) }),
	"iso93": sync.OnceValues(func() (*profile.Profile, error) { return profile.Bundled("iso93", 1) }),
}

// inHand is a terminal that has signed in, with its player, and no line. The test may change
// the policy.
func inHand(t testing.TB, network string) (*Player, *Terminal) {
	t.Helper()
	of, err := bundled[network]()
	if err != nil {
		t.Fatal(err)
	}
	q := *of
	p := &q
	term := NewTerminal(p, &p.Terminals[0])
	term.On, term.SignedIn, term.Operator, term.Batch = true, true, "01", 5
	player := NewPlayer(p.Dialect, line.NewClock())
	player.T, player.ans = term, p.Dialect.NewMessage()
	return player, term
}

func TestTotalsOfAClassAndTheirFlag(t *testing.T) {
	none, one := dialect.Totals{}, dialect.Totals{Debit: 1, DebitN: 1}
	for _, c := range []struct {
		own, host  dialect.Totals
		flag       dialect.Flag
		same, told bool
	}{
		{one, one, dialect.Balanced, true, true},
		{one, one, dialect.NoFlag, true, false},
		{one, one, dialect.Unbalanced, true, false},
		{one, one, dialect.InError, true, false},
		{none, none, dialect.Balanced, true, true},
		{none, none, dialect.NoFlag, true, true},
		{none, none, dialect.Unbalanced, true, false},
		{none, none, dialect.InError, true, false},
		{one, none, dialect.Unbalanced, false, true},
		{none, one, dialect.Unbalanced, false, true},
		{one, none, dialect.Balanced, false, false},
		{one, none, dialect.InError, false, false},
	} {
		if same, told := compare(c.own, c.host, c.flag); same != c.same || told != c.told {
			t.Errorf("%+v, the host has %+v, flag %s: same %v, told %v", c.own, c.host, c.flag, same, told)
		}
	}
}

// What may be from before the run explains a host that has more, in amount and number; no
// host that has less, and none of a terminal that has opened the batch itself.
func TestMoreAtTheHostIsFromBefore(t *testing.T) {
	for _, c := range []struct {
		opened bool
		more   dialect.Totals
		want   Comparison
	}{
		{false, dialect.Totals{Debit: 1, DebitN: 1}, Uncompared},
		{false, dialect.Totals{Credit: 1, CreditN: 1}, Uncompared},
		{false, dialect.Totals{Debit: 1, DebitN: 1, Credit: 1, CreditN: 1}, Uncompared},
		{false, dialect.Totals{Debit: 1}, Unbalanced},
		{false, dialect.Totals{DebitN: 1}, Unbalanced},
		{false, dialect.Totals{Credit: 1}, Unbalanced},
		{false, dialect.Totals{CreditN: 1}, Unbalanced},
		{false, dialect.Totals{Debit: -1, DebitN: 1}, Unbalanced},
		{false, dialect.Totals{Debit: -1, DebitN: -1}, Unbalanced},
		{false, dialect.Totals{Debit: 1, DebitN: 1, Credit: -1, CreditN: -1}, Unbalanced},
		{true, dialect.Totals{Debit: 1, DebitN: 1}, Unbalanced},
		{true, dialect.Totals{Credit: 7, CreditN: 1}, Explained},
		{true, dialect.Totals{}, Explained},
	} {
		_, term := inHand(t, "cup")
		term.Opened = c.opened
		term.Journal.Batch = dialect.Totals{Debit: 50, DebitN: 2, Credit: 50, CreditN: 2}
		term.Journal.Doubts = []Doubt{{Of: dialect.Purchase, Amount: 3, settled: true}, {Of: dialect.Refund, Amount: 7}}
		if got := term.differ(term.Journal.Batch.Plus(c.more)); got != c.want {
			t.Errorf("opened %v, %+v more at the host: %d, want %d", c.opened, c.more, got, c.want)
		}
	}
}

func TestSettlementTellsOfDoubtsWhenItsTotalsDo(t *testing.T) {
	_, term := inHand(t, "cup")
	j := &term.Journal
	j.Doubts = []Doubt{{Of: dialect.Refund, Amount: 9, settled: true}, {Of: dialect.Refund, Amount: 7}, {Of: dialect.Refund, Amount: 5}}
	host := dialect.Totals{Credit: 5, CreditN: 1}
	for totals, want := range map[Comparison][2]Told{
		Explained: {NotBooked, Booked}, Balanced: {NotBooked, Booked}, Unbalanced: {}, Uncompared: {}, NotTold: {},
	} {
		got := term.resolved(&Result{Totals: totals, Host: host})
		if len(got) != 2 || got[0].Told != want[0] || got[1].Told != want[1] {
			t.Errorf("comparison %d tells %+v, want %v", totals, got, want)
		}
	}
	if got := term.resolved(&Result{Totals: Explained, Host: dialect.Totals{Credit: 6, CreditN: 1}}); got[0].Told != Untold {
		t.Errorf("a sum that no choice has tells %+v", got)
	}
	many := make([]Doubt, 400)
	for i := range many {
		many[i] = Doubt{Of: dialect.CompletionAdvice, Amount: int64(1) << (i % 30)}
	}
	p := PossibleOf(many)
	if net := p.high.Net(); !p.HasNet(net) || p.HasNet(net+1) || p.HasNet(-1) || !p.HasNet(0) {
		t.Error("of many debits another net is possible than from none to all of them")
	}
}

func TestRefusedAnswerCountsForTheRuleThatItBreaks(t *testing.T) {
	p, _ := inHand(t, "cup")
	var should rules.Set
	should.Add(rules.NoRest)
	why := &rules.Broken{Rule: rules.Once, Err: errors.New("twice")}
	for _, c := range []struct {
		r    Result
		once bool
	}{
		{Result{Outcome: report.Refused, Why: why, Should: should}, true},
		{Result{Outcome: report.Refused, Why: errors.New("the card declines"), Should: should}, false},
		{Result{Outcome: report.Declined, Why: why, Should: should}, false},
	} {
		if got := p.broken(&c.r); got.Has(rules.Once) != c.once || !got.Has(rules.NoRest) {
			t.Errorf("%v for %v: %b", c.r.Outcome, c.r.Why, got)
		}
	}
}

// What a terminal does not even send, by the policy and its state.
func TestTerminalSendsOnlyWhatItMay(t *testing.T) {
	purchase, refund := &Order{Of: dialect.Purchase, Amount: 501}, func(fen int64) *Order {
		return &Order{Of: dialect.Refund, Amount: fen, Original: &Record{Of: dialect.Purchase, Batch: 5, Trace: 7, RRN: [12]byte([]byte("101530000001")), Date: [4]byte([]byte("1126"))}}
	}
	for _, c := range []struct {
		name   string
		o      *Order
		change func(t *Terminal)
		why    string // empty when it is sent
	}{
		{"a purchase", purchase, func(t *Terminal) {}, ""},
		{"a refund of the limit", refund(500), func(t *Terminal) { t.Profile.Policy.RefundLimit = 500 }, ""},
		{"a refund above the limit", refund(501), func(t *Terminal) { t.Profile.Policy.RefundLimit = 500 }, "refunds go up to 5.00"},
		{"a refund without a limit", refund(501), func(t *Terminal) { t.Profile.Policy.RefundLimit = 0 }, ""},
		{"a purchase above the refund limit", purchase, func(t *Terminal) { t.Profile.Policy.RefundLimit = 500 }, ""},
		{"without an operator", purchase, func(t *Terminal) { t.Operator = "" }, "no operator"},
		{"locked", purchase, func(t *Terminal) { t.Locked = true }, "locked"},
		{"not signed in", purchase, func(t *Terminal) { t.SignedIn = false }, "not signed in"},
		{"whole, as far as is known", purchase, func(t *Terminal) { t.Condition = &device.Condition{} }, ""},
		{"in its self-test", purchase, func(t *Terminal) { t.Condition = &device.Condition{Testing: true} }, "tests itself"},
		{"a journal that is not full", purchase, func(t *Terminal) { t.Profile.Policy.JournalLimit, t.Journal.Records = 2, make([]Record, 1) }, ""},
		{"a full journal", purchase, func(t *Terminal) { t.Profile.Policy.JournalLimit, t.Journal.Records = 2, make([]Record, 2) }, "the batch is full (2)"},
		{"a full journal and what is not kept there", &Order{Of: dialect.Balance}, func(t *Terminal) { t.Profile.Policy.JournalLimit, t.Journal.Records = 2, make([]Record, 2) }, ""},
		{"a journal without a limit", purchase, func(t *Terminal) { t.Profile.Policy.JournalLimit, t.Journal.Records = 0, make([]Record, 2) }, ""},
		{"a kind that the network has not", &Order{Of: dialect.Transactions - 1}, func(t *Terminal) {}, "has no"},
	} {
		_, term := inHand(t, "cup")
		c.change(term)
		var f *dialect.Form
		if c.o.Of < dialect.Transactions-1 {
			f = term.Profile.Dialect.Form(c.o.Of)
		}
		err := term.refuses(c.o, f)
		if (err == nil) != (c.why == "") || err != nil && !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %v, want %q", c.name, err, c.why)
		}
	}
	p, term := inHand(t, "cup")
	first, second := errors.New("first"), errors.New("second")
	if p.refused(first) != first || p.refused(second) != second || p.left.refusal != first {
		t.Errorf("the first refusal is told as %v", p.left.refusal)
	}
	good := &term.Profile.Holders("good")[0]
	for _, c := range []struct {
		above, amount int64
		want          bool
	}{{100, 101, true}, {100, 100, false}, {0, 101, false}} {
		term.Profile.Policy.TapPINAbove = c.above
		o := &Order{Of: dialect.Purchase, Amount: c.amount, Entry: Tap, Holder: good}
		if err := p.tap(o); err != nil || o.PIN != c.want {
			t.Errorf("%+v: a PIN is asked: %v, %v", c, o.PIN, err)
		}
	}
	term.keep().tapped.given, term.keep().tapped.most = true, 300
	for amount, refused := range map[int64]bool{299: false, 300: true} {
		if err := p.tap(&Order{Of: dialect.Purchase, Amount: amount, Entry: Tap, Holder: good}); errors.Is(err, ErrRefusedLocally) != refused {
			t.Errorf("a tap of %d: %v", amount, err)
		}
	}
}

// Which endings of an exchange owe a reversal, and by which reason.
func TestReversalIsOwedByHowAnExchangeEnded(t *testing.T) {
	mismatch := &rules.Broken{Rule: rules.Once, Err: &rules.Mismatch{Field: 4, Name: "amount"}}
	for _, c := range []struct {
		outcome report.Outcome
		why     error
		keep    bool // on mismatch
		role    string
	}{
		{report.Approved, nil, true, ""},
		{report.Declined, nil, true, ""},
		{report.Unsent, line.ErrUnsent, true, ""},
		{report.TimedOut, line.ErrTimeout, false, "silent"},
		{report.Broken, line.ErrBroken, false, "silent"},
		{report.Open, line.ErrStopped, false, "silent"},
		{report.Refused, rules.ErrMAC, false, "mac"},
		{report.Refused, errCardDeclines, false, "unfinished"},
		{report.Refused, errCardGone, false, "unfinished"},
		{report.Refused, rules.ErrIssuer, false, "unfinished"},
		{report.Refused, mismatch, false, ""},
		{report.Refused, mismatch, true, "other"},
		{report.Refused, errors.New("unreadable"), false, "other"},
	} {
		p, term := inHand(t, "cup")
		q := term.Profile
		q.Policy.KeepOnMismatch = c.keep
		d := q.Dialect
		want := map[string]dialect.Code{"silent": q.Policy.ReversalReason, "mac": d.Reason(dialect.WrongMAC), "unfinished": d.Reason(dialect.Unfinished), "other": d.Reason(dialect.OtherCause)}[c.role]
		d.Form(dialect.Purchase).Begin(p.req)
		p.req.SetUint(wire.Amount, 100)
		term.Owed.Tries = 3
		if owed := p.arm(&Result{Of: dialect.Purchase, Outcome: c.outcome, Why: c.why, Asked: 100, dialect: d}); owed != (c.role != "") || term.Owes() != owed || term.Owed.Reason != want || owed && term.Owed.Tries != 0 {
			t.Errorf("%v, %v: owed %v, reason %q, want %q", c.outcome, c.why, owed, term.Owed.Reason, want)
		}
	}
}

// A reversal carries what its original carried, but for track and PIN, and the original
// of a void where the policy wants one or the void names one.
func TestReversalNamesWhatItUndoes(t *testing.T) {
	for _, c := range []struct {
		name    string
		network string
		of      dialect.Transaction
		policy  bool
		carries string // what the request had of its own original
		tries   int
		want    string
		mti     string
	}{
		{"a purchase", "cup", dialect.Purchase, false, "", 0, "", "0400"},
		{"a purchase that named one", "cup", dialect.Purchase, false, "0000050000091126", 0, "", "0400"},
		{"a purchase, by policy", "cup", dialect.Purchase, true, "", 0, "000005000042", "0400"},
		{"a void", "cup", dialect.PurchaseVoid, false, "000005000041", 0, "000005000041", "0400"},
		{"a void, by policy", "cup", dialect.PurchaseVoid, true, "000005000041", 0, "000005000041", "0400"},
		{"a void of a pre-authorisation", "cup", dialect.PreAuthVoid, false, "0000000000001126", 0, "0000000000001126", "0400"},
		{"a completion", "cup", dialect.Completion, false, "0000000000001126", 0, "0000000000001126", "0400"},
		{"an addition", "cup", dialect.AddPreAuth, true, "0000000000001126", 0, "0000000000001126", "0400"},
		{"a second try", "cup", dialect.Purchase, false, "", 1, "", "0400"},
		{"a first try where repeats say so", "iso87", dialect.Purchase, false, "", 0, "", "0400"},
		{"a second try where repeats say so", "iso87", dialect.Purchase, false, "", 1, "", "0401"},
	} {
		p, term := inHand(t, c.network)
		q := term.Profile
		q.Policy.ReversalOriginal = c.policy
		d := q.Dialect
		p.orig = d.NewMessage()
		d.Form(c.of).Begin(p.orig)
		p.orig.SetUint(wire.Trace, 42)
		p.orig.SetUint(wire.Amount, 100)
		if p.orig.Unset(wire.Original); c.carries != "" {
			p.orig.SetString(wire.Original, c.carries)
		}
		term.Owed.Of, term.Owed.Tries = c.of, int16(c.tries)
		term.Owed.Reason = q.Policy.ReversalReason
		p.reversal(d.Form(dialect.Reversal))
		if got := p.req.Text(wire.Original); !strings.HasPrefix(got, c.want) || (got == "") != (c.want == "") {
			t.Errorf("%s: it names %q as the original, want %q", c.name, got, c.want)
		}
		if p.req.MTI() != c.mti || p.req.Uint(wire.Amount) != 100 || p.req.Has(wire.Track2) || p.req.Has(wire.PINBlock) {
			t.Errorf("%s: %s of %d", c.name, p.req.MTI(), p.req.Uint(wire.Amount))
		}
	}
}

// What an approval is booked as.
func TestApprovalIsBookedAsItWasAnswered(t *testing.T) {
	p, term := inHand(t, "cup")
	answer := func(fen int64) {
		p.ans.Reset()
		if fen > 0 {
			p.ans.SetUint(wire.Amount, uint64(fen))
		}
	}
	book := func(o *Order, fen int64) *Result {
		answer(fen)
		r := &Result{Of: o.Of, Outcome: report.Approved, Trace: 7, dialect: term.Profile.Dialect}
		p.book(o, r, 5)
		return r
	}
	last := func() Record { return term.Journal.Records[len(term.Journal.Records)-1] }
	if r := book(&Order{Of: dialect.Purchase, Amount: 100}, 60); r.Amount != 60 || last().Amount != 60 {
		t.Errorf("60 of 100 approved is booked as %+v", last())
	}
	if r := book(&Order{Of: dialect.Purchase, Amount: 100}, 0); r.Amount != 100 || last().Amount != 100 {
		t.Errorf("an answer without amount is booked as %+v", last())
	}
	of := &Record{Of: dialect.Purchase, Amount: 100, Batch: 5, Trace: 7}
	if r := book(&Order{Of: dialect.Tip, Amount: 110, Original: of}, 110); r.Amount != 10 || last().Amount != 10 || !of.Voided {
		t.Errorf("raised from 100 to 110 is booked as %+v", last())
	}
	n := len(term.Journal.Records)
	book(&Order{Of: dialect.PreAuth, Amount: 300}, 300)
	if p.PreAuthorised() == nil || p.PreAuthorised().Amount != 300 || len(term.Journal.Records) != n {
		t.Errorf("a pre-authorisation is kept as %+v", p.left.preAuth)
	}
	hold := *p.PreAuthorised()
	book(&Order{Of: dialect.AddPreAuth, Amount: 50, Original: &hold}, 50)
	if p.PreAuthorised().Amount != 350 || hold.Voided {
		t.Errorf("50 more are held as %+v", p.left.preAuth)
	}
	answer(0)
	v := term.Profile.Dialect.Field54(1234)
	p.ans.Set(wire.AdditionalAmounts, v[:])
	r := &Result{Of: dialect.Balance, dialect: term.Profile.Dialect}
	if p.book(&Order{Of: dialect.Balance}, r, 5); !r.Told || r.Balance != 1234 || len(term.Journal.Records) != n {
		t.Errorf("the balance is told as %d (%v)", r.Balance, r.Told)
	}
	if r := book(&Order{Of: dialect.Purchase, Amount: 1}, 1); r.Told {
		t.Error("a purchase tells a balance")
	}
	p.left.preAuth = Record{}
	if p.PreAuthorised() != nil {
		t.Error("nothing is pre-authorised")
	}
}

// Why an exchange was not approved, in words.
func TestReasonsSayWhy(t *testing.T) {
	d := dialect.CUP()
	for _, c := range []struct {
		r    Result
		want []string
		not  string
	}{
		{Result{}, []string{ErrNothingSent.Error()}, ""},
		{Result{ended: true, Outcome: report.TimedOut, Why: line.ErrTimeout}, []string{line.ErrTimeout.Error()}, ""},
		{Result{ended: true, Outcome: report.Broken}, []string{"broken"}, ""},
		{Result{ended: true, Outcome: report.Declined, Code: dialect.CodeOf([]byte("05")), dialect: d}, []string{"the host answers 05: "}, "profile keys"},
		{Result{ended: true, Outcome: report.Declined, Code: dialect.CodeOf([]byte("A0")), struck: true, dialect: d}, []string{"the host answers A0: ", "a fault was injected"}, "profile keys"},
		{Result{ended: true, Outcome: report.Declined, Code: dialect.CodeOf([]byte("97")), dialect: d}, []string{"the host answers 97: ", "profile keys to look at: "}, "batch number"},
		{Result{ended: true, Outcome: report.Declined, Code: dialect.CodeOf([]byte("5X")), dialect: d}, []string{"the host answers 5X"}, ":"},
		{Result{ended: true, Outcome: report.Declined, Code: dialect.CodeOf([]byte("25")), Refused: dialect.OrderNotPaid, dialect: d}, []string{"the host answers 25: " + dialect.OrderNotPaid.String()}, ";"},
		{Result{ended: true, Outcome: report.Declined, Code: dialect.CodeOf([]byte("77")), untold: true, dialect: d}, []string{"ANS-60-ISSUED"}, ""},
		{Result{ended: true, Outcome: report.Declined, Code: dialect.CodeOf([]byte("51")), Inauthentic: chip.NoODAFailure + 1, dialect: d}, []string{"the chip is not authentic"}, ""},
	} {
		err := c.r.Reason()
		if err == nil {
			t.Errorf("%+v: no reason", c.r)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q, want %q in it", err, want)
			}
		}
		if c.not != "" && strings.Contains(err.Error(), c.not) {
			t.Errorf("%q has %q in it", err, c.not)
		}
	}
	if err := (&Result{ended: true}).Reason(); err != nil {
		t.Errorf("an approval is not one: %v", err)
	}
	for refused, want := range map[dialect.OrderReason]string{dialect.PayerTypes: "", dialect.OrderNotPaid: dialect.OrderNotPaid.String(), dialect.NoReason: dialect.NoReason.String()} {
		if got := (&Result{Refused: refused}).whyRefused(); got != want {
			t.Errorf("counted as %q, want %q", got, want)
		}
	}
}

func TestPanicIsToldOnce(t *testing.T) {
	var seen any
	func() {
		defer caught(func(value any, stack []byte) { seen = value })
		panic("fell")
	}()
	if seen != "fell" {
		t.Errorf("told %v", seen)
	}
	func() {
		defer caught(func(any, []byte) { t.Error("told of a panic that was none") })
	}()
	defer func() {
		if recover() != "fell" {
			t.Error("a panic of which nobody is told is swallowed")
		}
	}()
	func() {
		defer caught(nil)
		panic("fell")
	}()
}
