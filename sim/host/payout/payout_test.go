package payout

import (
	"encoding/csv"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/fee"
)

func plan(t *testing.T, name string) *fee.Plan {
	t.Helper()
	for _, p := range fee.Bundled() {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("no plan %s", name)
	return nil
}

func at(text string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", text, fee.China)
	if err != nil {
		panic(err)
	}
	return t
}

// sale posts a sale of so many fen, of which 1 % is the fee.
func (a *Account) sale(when time.Time, amount int64) {
	fee := fee.Split{Issuer: amount / 200, Network: amount / 1000, Acquirer: amount/100 - amount/200 - amount/1000}
	a.Post(Posting{When: when, TID: "10000001", Sums: Sums{Count: 1, Amount: amount, Fee: amount / 100, Split: fee}})
}

func check(t *testing.T, a *Account) {
	t.Helper()
	if err := a.Check(); err != nil {
		t.Error(err)
	}
}

// Friday, Saturday and Sunday are paid on Monday, in one payout; from the cut-off at 23:00
// on it is the next day.
func TestTPlusOneOfAWeekend(t *testing.T) {
	a := &Account{MID: "1", Plan: plan(t, "Lantern Counter")}
	a.sale(at("2026-11-20 10:00"), 10_000) // Friday
	a.sale(at("2026-11-21 10:00"), 20_000)
	a.sale(at("2026-11-22 22:59"), 30_000)
	a.sale(at("2026-11-22 23:00"), 40_000) // Monday's
	for _, early := range []string{"2026-11-20 23:30", "2026-11-22 12:00"} {
		if got := a.Pay(at(early)); len(got) != 0 {
			t.Errorf("paid %+v on %s", got, early)
		}
	}
	got := a.Pay(at("2026-11-23 00:00"))
	if len(got) != 1 || got[0].Amount != 60_000 || got[0].Fee != 600 || got[0].Net != 59_400 || len(got[0].Days) != 3 {
		t.Fatalf("paid %+v", got)
	}
	check(t, a)
	got = a.Pay(at("2026-11-24 00:00"))
	if len(got) != 1 || got[0].Net != 39_600 || a.Totals().Owed() != 0 {
		t.Errorf("paid %+v, owed %d", got, a.Totals().Owed())
	}
	check(t, a)
}

// What is posted counts where the merchant's clock stands then; what was posted before
// stays where it is, and money at once needs 90 days by that clock.
func TestAMerchantsClock(t *testing.T) {
	a := &Account{MID: "1", Plan: plan(t, "Harbour Instant"), Since: at("2026-11-20 10:00")}
	a.sale(at("2026-11-20 10:00"), 10_000)
	if got := a.Pay(at("2026-11-20 23:30")); len(got) != 0 {
		t.Errorf("a new merchant is paid at once: %+v", got)
	}
	a.PutAhead(100 * 24 * time.Hour)
	a.sale(at("2026-11-20 21:59"), 20_000)
	a.sale(at("2026-11-20 22:00"), 40_000) // the cut-off
	if got := a.Days(); !slices.Equal(got, []string{"2026-11-20", "2027-02-28", "2027-03-01"}) {
		t.Errorf("days %v", got)
	}
	if !a.Due(at("2026-11-20 21:00"), at("2027-02-28 21:30")) || a.Due(at("2026-11-20 22:00"), at("2027-02-28 23:00")) {
		t.Error("a sale is due on its business day by the merchant's clock, and not before")
	}
	var net int64
	for _, p := range a.Pay(a.Now(at("2026-11-20 22:00"))) {
		net += p.Net
	}
	if want := int64(9_900 + 19_800 - 2*200); net != want {
		t.Errorf("%d fen are paid, want %d", net, want)
	}
	check(t, a)
}

// A statement that is out does not change: what comes later for its day counts for the
// next.
func TestClosedDayTakesNoMore(t *testing.T) {
	a := &Account{MID: "1", Plan: plan(t, "Lantern Counter")}
	a.sale(at("2026-11-23 10:00"), 10_000)
	a.Pay(at("2026-11-24 09:00"))
	before, _ := a.Statement("2026-11-23")
	a.sale(at("2026-11-23 11:00"), 5_000)
	after, _ := a.Statement("2026-11-23")
	if before.Total != after.Total {
		t.Errorf("the statement of the 23rd came to %+v, and then to %+v", before.Total, after.Total)
	}
	if next, ok := a.Statement("2026-11-24"); !ok || next.Total.Amount != 5_000 {
		t.Errorf("the statement of the 24th: %+v", next)
	}
	check(t, a)
}

// Whoever has been there for 90 days has the money on the same day, again and again, each
// time for a surcharge; whoever is new waits for the next day.
func TestSameDayPayouts(t *testing.T) {
	old := &Account{MID: "1", Plan: plan(t, "Harbour Instant")}
	old.sale(at("2026-11-23 10:00"), 10_000)
	if got := old.Pay(at("2026-11-23 10:30")); len(got) != 1 || got[0].Net != 10_000-100-200 {
		t.Errorf("paid %+v", got)
	}
	old.sale(at("2026-11-23 11:00"), 20_000)
	if got := old.Pay(at("2026-11-23 11:30")); len(got) != 1 || got[0].Amount != 20_000 || got[0].Fee != 200 || got[0].Surcharge != 200 {
		t.Errorf("paid %+v", got)
	}
	check(t, old)
	for days, want := range map[int]string{0: "D+1", 89: "D+1", 90: "D+0"} {
		a := &Account{MID: "1", Plan: old.Plan, Since: at("2026-06-01 00:00")}
		day := at("2026-06-01 10:00").AddDate(0, 0, days)
		a.sale(day, 10_000)
		if s, _ := a.Statement(day.Format(time.DateOnly)); s.Cycle != want {
			t.Errorf("after %d days: %s, want %s", days, s.Cycle, want)
		}
	}
}

// What refunds took beyond what sales brought is taken from later sales.
func TestDebtIsCarriedOver(t *testing.T) {
	a := &Account{MID: "1", Plan: plan(t, "Lantern Counter")}
	a.sale(at("2026-11-23 10:00"), 10_000)
	a.Pay(at("2026-11-24 09:00"))
	a.Post(Posting{What: Refund, When: at("2026-11-24 10:00"), Sums: Sums{Count: 1, Amount: -10_000, Fee: -100, Split: fee.Split{Acquirer: -100}}})
	if got := a.Pay(at("2026-11-25 09:00")); len(got) != 0 {
		t.Errorf("paid %+v", got)
	}
	a.sale(at("2026-11-25 10:00"), 30_000)
	if got := a.Pay(at("2026-11-26 09:00")); len(got) != 1 || got[0].Net != 30_000-300-10_000+100 {
		t.Errorf("paid %+v", got)
	}
	check(t, a)
}

// However much is posted, the account stays small, and still adds up.
func TestAccountStaysSmall(t *testing.T) {
	a := &Account{MID: "1", Plan: plan(t, "Lantern Counter")}
	day := at("2024-01-01 10:00")
	n := 0
	for range 400 {
		for range 100 {
			a.sale(day, 1_000)
			n++
		}
		a.Pay(day.AddDate(0, 0, -1))
		day = day.AddDate(0, 0, 1)
	}
	a.Pay(day.AddDate(0, 0, 30))
	if len(a.days) > KeepsDays || len(a.recent) > KeepsPostings || len(a.payouts) > KeepsDays {
		t.Errorf("%d days, %d postings, %d payouts kept", len(a.days), len(a.recent), len(a.payouts))
	}
	s, ok := a.Statement(a.Days()[len(a.Days())-1])
	if !ok || len(s.Postings)+s.LeftOut != 100 {
		t.Errorf("%d postings and %d left out, want 100 together", len(s.Postings), s.LeftOut)
	}
	if got := a.Totals(); got.Count != n || got.Owed() != 0 {
		t.Errorf("%d posted, %d owed; want %d and 0", got.Count, got.Owed(), n)
	}
	check(t, a)
}

func TestStatementAsCSV(t *testing.T) {
	a := &Account{MID: "1", Plan: plan(t, "Lantern Counter")}
	a.sale(at("2026-11-23 10:00"), 123_456)
	a.Post(Posting{What: Refund, Kind: fee.Credit, When: at("2026-11-23 10:00"), Sums: Sums{Count: 1, Amount: -5}})
	s, _ := a.Statement("2026-11-23")
	rows, err := csv.NewReader(strings.NewReader(s.CSV(2))).ReadAll()
	if err != nil || len(rows) != 4 {
		t.Fatalf("%v, %v", rows, err)
	}
	if got := strings.Join(rows[2], " "); got != "1 2026-11-23 refund credit card 1 -0.05 0.00 -0.05 2026-11-24 T+1" {
		t.Errorf("refund: %s", got)
	}
	if got := strings.Join(rows[3][2:9], " "); got != "total   2 1234.51 12.34 1222.17" {
		t.Errorf("total: %s", got)
	}
}

func TestWhatDoesNotAddUpIsFound(t *testing.T) {
	for want, spoil := range map[string]func(*Account){
		"its lines come to": func(a *Account) { a.days[0].lines[0].Amount++ },
		"its days come to":  func(a *Account) { a.ever.Fee++ },
		"shares of the fee": func(a *Account) { a.days[0].lines[0].Issuer++; a.days[0].Issuer++ },
		"days are paid":     func(a *Account) { a.paid++ },
	} {
		a := &Account{MID: "1", Plan: plan(t, "Lantern Counter")}
		a.sale(at("2026-11-23 10:00"), 10_000)
		check(t, a)
		if spoil(a); a.Check() == nil || !strings.Contains(a.Check().Error(), want) {
			t.Errorf("Check gave %v, want %q", a.Check(), want)
		}
	}
}
