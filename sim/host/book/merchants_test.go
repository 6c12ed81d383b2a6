package book

import (
	"slices"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host/payout"
)

func TestMerchantIsOpenedOnce(t *testing.T) {
	l := two(t)
	for _, c := range []struct {
		mid  string
		want bool
	}{{shop, false}, {kiosk, false}, {"777", true}, {"777", false}} {
		if got := l.OpenMerchant(&payout.Account{MID: c.mid}); got != c.want {
			t.Errorf("%s is opened: %v", c.mid, got)
		}
	}
}

func TestTerminalIsItsMerchantsOnly(t *testing.T) {
	l := two(t)
	finds := func(tid, mid string, want int) {
		t.Helper()
		got := -1
		if _, n, ok := l.Terminal([]byte(tid), []byte(mid)); ok {
			got = n
		}
		if got != want {
			t.Errorf("terminal %s of %s is number %d, want %d", tid, mid, got, want)
		}
	}
	bind := func(n int, mid string) {
		t.Helper()
		if err := l.Bind(n, mid, MayTrade); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Bind(0, "1", MayTrade); err == nil || !strings.Contains(err.Error(), "no merchant 1") {
		t.Errorf("bound to nobody: %v", err)
	}
	finds("90000001", shop, -1)
	bind(2, shop)
	finds("90000001", shop, 2)
	finds("90000001", kiosk, -1)
	finds("10000001", shop, 0) // as before
	l.At(0).SetBar(Suspended)
	if terminal, _, ok := l.Terminal([]byte("10000001"), []byte(shop)); ok || terminal != l.At(0) || terminal.Bar() != Suspended {
		t.Errorf("one that is suspended: %v, %v", terminal, ok)
	}
	l.At(0).SetBar(MayTrade)
	bind(2, kiosk)
	finds("90000001", shop, -1)
	finds("90000001", kiosk, 2)
	l.Unbind(2, Unbound)
	finds("90000001", kiosk, -1)
	l.Unbind(0, Unbound)
	finds("10000001", shop, -1)
	l.Unbind(0, Closed) // of nobody already
	if mid, name := l.At(0).Merchant(); mid != "" || name != "" || l.At(0).Bar() != Closed {
		t.Errorf("it is %s's, %s", mid, name)
	}
	bind(0, kiosk)
	finds("10000001", kiosk, 0)
	bind(0, shop)
	finds("10000001", shop, 0)
	finds("10000001", kiosk, -1)
	if mid, name := l.At(0).Merchant(); mid != shop || name != "shop" {
		t.Errorf("it is %s's, %s", mid, name)
	}
	if left := *l.rebound.Load(); len(left) != 0 {
		t.Errorf("all is as the profile has it, and %d names are kept", len(left))
	}
}

// What a terminal holds is let go when it leaves its merchant, what was captured stays.
func TestUnboundTerminalHoldsNothing(t *testing.T) {
	l := two(t)
	terminal := &l.terminals[0]
	preauth(t, l, terminal, 100_00, 1)
	gone := preauth(t, l, terminal, 50_00, 2)
	capture := Record{Kind: dialect.Completion, Amount: 50_00, Serial: 3, Original: gone.Original}
	if !l.Capture(terminal, &capture) {
		t.Fatal("too little")
	}
	approve(terminal, &capture)
	l.Unbind(0, Unbound)
	check(t, l)
	if l.Balance(0) != 950_00 || terminal.journal.held() != 0 || terminal.Batch != 2 || len(terminal.Latest(9)) != 0 {
		t.Errorf("the card has %d, %d are held, batch %d", l.Balance(0), terminal.journal.held(), terminal.Batch)
	}
}

func TestBooksAreOfTheProfileAndOfStockThatDidSomething(t *testing.T) {
	l := two(t)
	tids := func() (all []string) {
		for _, b := range l.Books() {
			all = append(all, b.TID)
		}
		return all
	}
	if got := tids(); !slices.Equal(got, []string{"10000001", "10000009"}) {
		t.Errorf("books of %s", got)
	}
	if err := l.Bind(2, kiosk, MayTrade); err != nil {
		t.Fatal(err)
	}
	buy(t, l, l.At(2), Record{Amount: 1, Serial: 1})
	if got := tids(); !slices.Equal(got, []string{"10000001", "10000009", "90000001"}) || l.Books()[2].MID != kiosk {
		t.Errorf("books of %s", got)
	}
	if l.terminals[0].number != 0 || l.terminals[2].number != 2 || l.Entry(1).TID != "10000009" {
		t.Error("numbers are not places")
	}
}

func TestPaymentsAreThoseThatStandSince(t *testing.T) {
	l := two(t)
	if got := l.Payments(0, 0); got != nil {
		t.Errorf("of a terminal that has done nothing: %+v", got)
	}
	terminal := &l.terminals[0]
	buy(t, l, terminal, Record{Amount: 1, Serial: 1, When: 10})
	buy(t, l, terminal, Record{Amount: 2, Serial: 2, When: 20})
	l.CloseBatch(terminal)
	buy(t, l, terminal, Record{Amount: 3, Serial: 3, When: 15})
	buy(t, l, terminal, Record{Amount: 4, Serial: 4, When: 20, Card: 1})
	undone := buy(t, l, terminal, Record{Amount: 5, Serial: 5, When: 20})
	l.Reverse(terminal, terminal.Record(undone), 0)
	preauth(t, l, terminal, 6, 6)
	for since, want := range map[uint32][]Record{
		20: {{Amount: 4, When: 20, Card: 1}, {Amount: 2, When: 20}},
		15: {{Amount: 3, When: 15}, {Amount: 4, When: 20, Card: 1}, {Amount: 2, When: 20}},
		21: nil,
	} {
		if got := l.Payments(0, since); !slices.Equal(got, want) {
			t.Errorf("since %d: %+v, want %+v", since, got, want)
		}
	}
}

func TestLongNamesAreTold(t *testing.T) {
	long := strings.Repeat("1", 16)
	seen := map[identity]string{}
	for _, n := range [][2]string{{"1", "1"}, {"11", ""}, {long, long}, {long, long[:15] + "2"}, {long[:15], long}, {long[:15], long[:15] + "2"}, {long, long + "3"}, {long + "3", long}} {
		id := identityOf(n[0], n[1])
		if other, taken := seen[id]; taken {
			t.Errorf("%s and %s have one name", n, other)
		}
		seen[id] = n[0] + "," + n[1]
	}
}
