package book

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/fee"
	"github.com/posfleet/posfleet/sim/profile"
)

const (
	shop  = "123456789012345"
	kiosk = "999999999999999"
)

// two opens books of two merchants with a terminal each, who have their money the next day
// for a surcharge, and a terminal in stock.
func two(t *testing.T) *Ledger {
	t.Helper()
	p := small(t)
	plan := *p.Merchants[0].Plan
	plan.Payout = fee.Payout{Cycle: fee.D1, Surcharge: 10}
	p.Merchants[0].Plan = &plan
	p.Merchants = append(p.Merchants, profile.Merchant{MID: kiosk, Name: "kiosk", Plan: &plan})
	p.Stock = append(p.Stock, profile.Terminal{TID: "90000001"})
	l, err := Open(p)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, fee.China)

func at(t time.Time) uint32 { return uint32(t.Unix()) }

func (l *Ledger) inClearing() []int64 {
	return []int64{l.merchants[0].clearing.balance.Load(), l.merchants[1].clearing.balance.Load()}
}

func TestOnlyWhoIsMeantIsPostedAndPaid(t *testing.T) {
	l := two(t)
	l.Keep()
	for n := range 2 {
		buy(t, l, &l.terminals[n], Record{Amount: 100_00, Serial: 1, When: at(noon)})
		buy(t, l, &l.terminals[n], Record{Amount: 50_00, Serial: 2, When: at(noon.AddDate(0, 0, 3))})
		l.terminals[n].Enter(KeyOf(1, 3, "0200"), &Record{Kind: dialect.Purchase, Amount: 7, When: at(noon)}) // declined
	}
	if text := l.TakeAccounts(); text != nil {
		t.Errorf("nothing was asked for, and kept is %s", text)
	}
	if paid := l.Pay(shop, noon.AddDate(0, 0, 1)); len(paid) != 1 || paid[0].Net != 100_00-60-10 {
		t.Errorf("paid %+v", paid)
	}
	if got := l.inClearing(); !slices.Equal(got, []int64{50_00, 150_00}) {
		t.Errorf("in clearing are %d after the first shop was paid what is due", got)
	}
	texts := [][]byte{l.TakeAccounts()}
	if l.Account(kiosk) != l.merchants[1].of || l.Account("1") != nil {
		t.Error("another's account")
	}
	if got := l.inClearing(); !slices.Equal(got, []int64{50_00, 0}) {
		t.Errorf("in clearing are %d after the second was asked for its account", got)
	}
	check(t, l)
	if paid := l.Pay("", noon.AddDate(0, 0, 1)); len(paid) != 1 || !strings.HasPrefix(paid[0].Number, kiosk) {
		t.Errorf("all were to be paid what is due: %+v", paid)
	}
	if got := l.Fees(); got.Paid != 2*(100_00-60) || got.Surcharges != 20 || got.Fee != 2*(60+30) {
		t.Errorf("in all %+v", got)
	}
	check(t, l)

	// All of it is done again by books that have the payments.
	again := two(t)
	for n := range 2 {
		if _, err := again.Redo(n, l.terminals[n].TakeChanges()); err != nil {
			t.Fatal(err)
		}
	}
	for _, text := range append(texts, l.TakeAccounts()) {
		if err := again.RedoAccounts(text); err != nil {
			t.Fatal(err)
		}
	}
	check(t, again)
	for i, m := range l.merchants {
		if was, is := m.of.Totals(), again.merchants[i].of.Totals(); was != is || m.payable.balance.Load() != again.merchants[i].payable.balance.Load() {
			t.Errorf("done again merchant %s has %+v, had %+v", m.of.MID, is, was)
		}
	}
	if l.TakeAccounts() != nil {
		t.Error("what was taken is kept")
	}
}

// Only a payment of the open batch that stands and is not posted yet is posted again.
func TestWhatIsPostedAgainIsHeldToTheBooks(t *testing.T) {
	l := two(t)
	terminal := &l.terminals[0]
	buy(t, l, terminal, Record{Amount: 1_00, Serial: 1})
	undone := buy(t, l, terminal, Record{Amount: 2_00, Serial: 2})
	l.Reverse(terminal, terminal.Record(undone), 0)
	hold := Record{Kind: dialect.PreAuth, Amount: 4_00, Serial: 3}
	l.Hold(terminal, &hold, 1)
	approve(terminal, &hold)
	buy(t, l, terminal, Record{Amount: 8_00, Serial: 4})
	for text, want := range map[string]string{
		`{"Accrued":[{"Terminal":-1}]}`:                                   "terminal -1: it does not fit the books",
		`{"Accrued":[{"Terminal":3}]}`:                                    "terminal 3: it does not fit the books",
		`{"Accrued":[{"Terminal":2,"Records":[0]}]}`:                      "",
		`{"Accrued":[{"Terminal":1,"Records":[0]}]}`:                      "",
		`{"Accrued":[{"Terminal":0,"Records":[-1,1,2,4]}]}`:               "",
		`{"Paid":[{"MID":"1"}]}`:                                          `merchant "1": it does not fit the books`,
		`{"Paid":[{"MID":"123456789012345","Payouts":[{"Amount":1}]}]}`:   `merchant "123456789012345": it does not fit the books: it does not fit the account`,
		`{"Accrued":[{"Terminal":9}],"Paid":[{"MID":"123456789012345"}]}`: "terminal 9: it does not fit the books",
		`{"Accrued":[],"Paid":[{"MID":"123456789012345"}]}`:               "",
		`{`: "it does not fit the books\nunexpected end of JSON input",
	} {
		got := ""
		if err := l.RedoAccounts([]byte(text)); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
		if l.inClearing()[0] != 9_00 {
			t.Fatalf("%s: in clearing are %d", text, l.inClearing())
		}
	}
	for range 2 { // the second time both are posted
		if err := l.RedoAccounts([]byte(`{"Accrued":[{"Terminal":0,"Records":[0,3]}]}`)); err != nil || l.inClearing()[0] != 0 {
			t.Errorf("%v: in clearing are %d", err, l.inClearing())
		}
		check(t, l)
	}
}

func TestPostingThatIsTakenBackIsCountedOff(t *testing.T) {
	l := two(t)
	terminal := &l.terminals[0]
	first := buy(t, l, terminal, Record{Amount: 10_00, Serial: 1, When: at(noon)})
	buy(t, l, terminal, Record{Amount: 10_00, Serial: 2, When: at(noon)})
	if got := l.Account(shop).Totals(); got.Count != 2 || got.Fee != 12 {
		t.Errorf("two sales: %+v", got)
	}
	if !l.Reverse(terminal, terminal.Record(first), at(noon)) {
		t.Fatal("cannot be reversed")
	}
	if got := l.Account(shop).Totals(); got.Count != 1 || got.Fee != 6 || got.Amount != 10_00 {
		t.Errorf("one of two sales was reversed: %+v", got)
	}
	check(t, l)
}

func TestWrongFeesAreAFenTooHighWhereThereAreAny(t *testing.T) {
	for _, c := range []struct {
		amount int64
		wrong  bool
		want   int64
	}{{10_00, false, 6}, {10_00, true, 7}, {10, false, 0}, {10, true, 0}} {
		l := open(t)
		l.WrongFees(true)
		l.WrongFees(c.wrong)
		buy(t, l, &l.terminals[0], Record{Amount: c.amount, Serial: 1})
		if got := l.Fees().Fee; got != c.want {
			t.Errorf("%+v: fee %d", c, got)
		}
		check(t, l)
	}
}

func TestClockIsPutAheadOfWhoIsThere(t *testing.T) {
	l := two(t)
	l.PutAhead(shop, time.Hour)
	l.PutAhead("1", time.Hour)
	if got := l.merchants[0].of.Now(noon); !got.Equal(noon.Add(time.Hour)) {
		t.Errorf("it is %s there", got)
	}
	if got := l.merchants[1].of.Now(noon); !got.Equal(noon) {
		t.Errorf("it is %s at the other", got)
	}
}

// In a currency without a smaller unit what issuers and network ask is of whole ones.
func TestSharesAreInMinorUnits(t *testing.T) {
	for _, exponent := range []int{0, 2} {
		p := small(t)
		d := *p.Dialect
		d.Exponent = exponent
		p.Dialect = &d
		l, err := Open(p)
		if err != nil {
			t.Fatal(err)
		}
		sale := fee.Sale{Kind: fee.Debit, Amount: 1_000_000_00}
		if got := l.splits.Of(fee.Standard, sale, 1_000_000); (got == fee.BundledSplits().Of(fee.Standard, sale, 1_000_000)) != (exponent == 2) {
			t.Errorf("exponent %d: %+v", exponent, got)
		}
	}
}
