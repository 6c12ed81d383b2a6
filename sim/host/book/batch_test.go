package book

import (
	"slices"
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/fee"
	"github.com/posfleet/posfleet/sim/profile"
)

// buy charges a card and enters the purchase, in the open batch, under its serial number
// as trace.
func buy(t *testing.T, l *Ledger, terminal *Terminal, r Record) int32 {
	t.Helper()
	r.Kind = dialect.Purchase
	if !l.Charge(terminal, &r, false) {
		t.Fatalf("card %d has too little for %d", r.Card, r.Amount)
	}
	approve(terminal, &r)
	n, _ := terminal.LastEntered()
	return n
}

func TestSignOffEndsItsOwnBatchOnce(t *testing.T) {
	for _, c := range []struct {
		batch           uint32
		signedIn, fresh bool
		right           bool
		then            uint32
	}{
		{5, true, false, true, 6},
		{5, false, false, true, 5}, // not signed in
		{5, true, true, true, 5},   // a settlement has just opened it
		{4, true, false, true, 5},  // comes a second time
		{6, true, false, true, 5},
		{3, true, false, false, 5},
		{7, true, false, false, 5},
	} {
		terminal := &Terminal{Batch: 5, fresh: c.fresh}
		if right := terminal.SignOff(c.batch, c.signedIn); right != c.right || terminal.Batch != c.then {
			t.Errorf("%+v: right %v, then batch %d", c, right, terminal.Batch)
		}
		if c.right && terminal.fresh {
			t.Errorf("%+v: the batch is as a settlement has just opened it", c)
		}
	}
}

// A batch is told again while it is open, and after it until something is booked.
func TestClosedBatchIsToldUntilSomethingIsBooked(t *testing.T) {
	l := open(t)
	terminal := &l.terminals[0]
	told := func(batch uint32, want dialect.Totals, right bool) {
		t.Helper()
		if got, ok := terminal.Settle(batch, 9); got != want || ok != right {
			t.Errorf("batch %d is told %+v (%v), want %+v (%v)", batch, got, ok, want, right)
		}
	}
	buy(t, l, terminal, Record{Amount: 10_00, Serial: 1})
	ten := dialect.Totals{Debit: 10_00, DebitN: 1}
	told(2, dialect.Totals{}, false)
	told(1, ten, true)
	terminal.Upload(9, 1)
	told(1, ten, true) // and its upload begins again
	terminal.Upload(10, 1)
	terminal.Upload(10, 1)
	if !l.EndUpload(terminal, 2, 7) || terminal.Batch != 1 {
		t.Error("the end of another batch's upload closes this one")
	}
	if !l.EndUpload(terminal, 1, 1) || terminal.Batch != 2 {
		t.Errorf("one detail was uploaded and is wrong; batch %d", terminal.Batch)
	}
	if !l.EndUpload(terminal, 2, 7) || terminal.Batch != 2 {
		t.Error("an end without a settlement closes a batch")
	}
	if terminal.Upload(11, 1); terminal.journal.details != 0 {
		t.Error("details of a batch that is not being settled are counted")
	}
	told(1, ten, true)
	told(3, dialect.Totals{}, false)
	buy(t, l, terminal, Record{Amount: 1, Serial: 2})
	told(1, dialect.Totals{}, false)
}

func TestForeignCardsAreToldApart(t *testing.T) {
	l := open(t)
	l.cards[0].of = &profile.Card{PAN: "4000000000000002"} // in place of the first, whose number is 0
	for want, rs := range map[dialect.CardClass][]Record{
		dialect.Foreign:  {{Card: 0}, {Card: 0, Channel: fee.Contactless}},
		dialect.Domestic: {{Card: 1}, {Card: NoCard}, {Card: Card(len(l.cards))}, {Card: 0, Channel: fee.WalletQR}, {Card: 0, Channel: fee.UnionPayQR}},
	} {
		for _, r := range rs {
			if got := l.classOf(&r); got != want {
				t.Errorf("card %d by %s is of class %d, want %d", r.Card, r.Channel, got, want)
			}
		}
	}
	terminal := &l.terminals[0]
	if got := l.Foreign(terminal, 1); got != (dialect.Totals{}) {
		t.Errorf("before anything was booked %+v is foreign", got)
	}
	buy(t, l, terminal, Record{Amount: 1_00, Serial: 1})
	buy(t, l, terminal, Record{Amount: 2_00, Serial: 2, Card: 1})
	undone := buy(t, l, terminal, Record{Amount: 4_00, Serial: 3})
	if !l.Reverse(terminal, terminal.Record(undone), 0) {
		t.Fatal("cannot be reversed")
	}
	terminal.Enter(KeyOf(1, 4, "0200"), &Record{Kind: dialect.Purchase, Amount: 8_00, Serial: 4})
	want := dialect.Totals{Debit: 1_00, DebitN: 1}
	if got := l.Foreign(terminal, 1); got != want {
		t.Errorf("of the open batch %+v is foreign, want %+v", got, want)
	}
	l.CloseBatch(terminal)
	buy(t, l, terminal, Record{Amount: 16_00, Serial: 5})
	if got := l.Foreign(terminal, 1); got != want {
		t.Errorf("of the batch that was closed %+v is foreign, want %+v", got, want)
	}
}

func TestPaymentThatComesAfterTheTotals(t *testing.T) {
	const half = dialect.MaxNumber / 2
	for _, c := range []struct {
		settling    bool
		told, trace uint32
		want        bool
	}{
		{true, 100, 99, true},
		{true, 100, 101, false},
		{true, 100, 100, false}, // the settlement itself
		{false, 100, 99, false},
		{true, 0, 99, false}, // signed in since
		{true, 1, dialect.MaxNumber, true},
		{true, dialect.MaxNumber, 1, false},
		{true, half + 10, 11, true},
		{true, half + 10, 10, false},
	} {
		terminal := &Terminal{journal: &journal{settling: c.settling, told: c.told}}
		if got := terminal.Overtaken(c.trace); got != c.want {
			t.Errorf("%+v: overtaken %v", c, got)
		}
	}
	if (&Terminal{}).Overtaken(1) {
		t.Error("a payment of a terminal that has done nothing was overtaken")
	}
}

// Payments of closed batches keep their traces, whatever order they came in, and one
// that another has hidden has none.
func TestSettledPaymentsKeepTheirTraces(t *testing.T) {
	for _, c := range []struct{ traces, want []uint32 }{
		{[]uint32{1, 2, 3, 4}, []uint32{4, 3, 2, 1}},
		{[]uint32{4, 3, 1, 2}, []uint32{2, 1, 3, 4}},
		{[]uint32{7, 7}, []uint32{7, 0}},
		{[]uint32{1, 5, 1, 3}, []uint32{3, 1, 5, 0}},
	} {
		l := open(t)
		terminal := &l.terminals[0]
		for i, trace := range c.traces {
			r := Record{Kind: dialect.Purchase, Amount: 1, Serial: uint64(i), State: Approved}
			l.Charge(terminal, &r, false)
			terminal.Enter(KeyOf(1, trace, "0200"), &r)
		}
		l.CloseBatch(terminal)
		var got []uint32
		for _, p := range terminal.Latest(10) {
			got = append(got, p.Trace)
			if !p.Settled || p.Trace != 0 && p.Batch != 1 {
				t.Errorf("%+v", p)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("traces %d were kept as %d, want %d", c.traces, got, c.want)
		}
	}
}

func TestOnlyTheYoungestSettledPaymentsAreKept(t *testing.T) {
	l := open(t)
	terminal := &l.terminals[0]
	for n := range uint64(KeepsSettled + 2) {
		buy(t, l, terminal, Record{Amount: 1, Serial: n})
	}
	l.CloseBatch(terminal)
	all := terminal.Latest(2 * KeepsSettled)
	if len(all) != KeepsSettled || all[0].Serial != KeepsSettled+1 || all[KeepsSettled-1].Serial != 2 {
		t.Errorf("%d are kept, from %d to %d", len(all), all[len(all)-1].Serial, all[0].Serial)
	}
	for range KeepsSettled { // once around
		terminal.journal.keep(settledPayment{})
	}
	if terminal.journal.keep(settledPayment{serial: 1}); terminal.Latest(1)[0].Serial != 1 || len(terminal.journal.settled) != KeepsSettled {
		t.Error("the youngest is not the first after the second time around")
	}
}
