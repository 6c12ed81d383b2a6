package sim_test

import (
	"errors"
	"runtime"
	"testing"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
)

// ordered is a till that has an order of 32.00 yuan confirmed.
func ordered(t testing.TB, b *bench) *till {
	t.Helper()
	x := newTill(t, b)
	x.takeOrder(t)
	return x
}

func (x *till) takeOrder(t testing.TB) {
	t.Helper()
	if err := errors.Join(x.p.Choose(101, 1, false), x.p.Choose(201, 2, false), x.p.ConfirmOrder()); err != nil || !x.p.Last.Approved() || x.Bill.Total != 3200 {
		t.Fatal(err, x.p.Last.Reason(), x.Bill)
	}
}

// payOrder has a good card pay the order.
func (x *till) payOrder(t testing.TB) {
	t.Helper()
	o := x.order(dialect.Purchase, 0)
	if err := x.p.PayOrder(o); err != nil {
		t.Fatal(err)
	}
}

// agree holds the terminal's journal to the host's books, and the order to a state.
func (x *till) agree(t *testing.T, b *bench, net int64, state dialect.OrderState) {
	t.Helper()
	if got, host := x.Journal.All.Net(), b.booked(x); got != net || host != net {
		t.Errorf("terminal %d fen, host %d, want %d on both sides", got, host, net)
	}
	if x.Bill.State != state {
		t.Errorf("the order is %s, want %s", x.Bill.State, state)
	}
}

// Unknown becomes known by the query: booked, it is taken into the journal once; not
// booked, it is reversed, and may be paid again.
func TestUnknownPaymentOfAnOrderBecomesKnown(t *testing.T) {
	for fault, booked := range map[line.Fault]bool{line.LoseAnswer: true, line.LoseRequest: false, line.CutAnswer: true, line.CutRequest: false, line.SpoilAnswer: true} {
		b := newBench(t, "cup", 1)
		x := ordered(t, b)
		x.Faults.Add(fault, 1)
		x.payOrder(t)
		if x.Bill.State != dialect.OrderUnknown || !x.Owes() {
			t.Fatalf("fault %d: the order is %s, owes %t", fault, x.Bill.State, x.Owes())
		}
		for range 2 { // a second query changes nothing
			if err := x.p.QueryOrder(); err != nil || x.p.Last.Outcome != report.Approved || x.Owes() {
				t.Fatal(err, x.p.Last.Reason(), x.Owes())
			}
			if booked {
				x.agree(t, b, 3200, dialect.OrderPaid)
				x.shows(t, "支付成功", "支付成功")
			} else {
				x.agree(t, b, 0, dialect.OrderConfirmed)
				x.shows(t, x.Display, "支付已撤销, 未扣款")
			}
		}
		if !booked {
			x.payOrder(t)
			x.agree(t, b, 3200, dialect.OrderPaid)
		}
		if err := x.p.RefundOrder(200); err != nil || !x.p.Last.Approved() {
			t.Fatal(err, x.p.Last.Reason())
		}
		x.agree(t, b, 3000, dialect.OrderPartRefunded)
	}
}

// A query that is lost leaves what it asked after as unknown as it was.
func TestLostQueryDecidesNothing(t *testing.T) {
	b := newBench(t, "cup", 1)
	x := ordered(t, b)
	x.Faults.Add(line.LoseAnswer, 2)
	x.payOrder(t)
	if x.p.QueryOrder(); x.Bill.State != dialect.OrderUnknown || !x.Owes() || len(x.Journal.Records) > 0 {
		t.Errorf("the order is %s, owes %t", x.Bill.State, x.Owes())
	}
	x.pay(t, 100) // the reversal goes first
	x.agree(t, b, 100, dialect.OrderUnknown)
}

// From the moment a code is shown its payment may be booked without a word: whatever
// the terminal does then, the books agree.
func TestShownCodeIsPaidOnceOrUndone(t *testing.T) {
	for name, c := range map[string]struct {
		then  func(x *till) error
		net   int64
		state dialect.OrderState
	}{
		"queries":      {func(x *till) error { return x.p.QueryOrder() }, 3200, dialect.OrderPaid},
		"sells on":     {func(x *till) error { x.p.Pay(x.order(dialect.Purchase, 500)); return nil }, 500, dialect.OrderPaying},
		"is cancelled": {func(x *till) error { return errors.Join(x.p.CancelOrder(), x.p.QueryOrder()) }, 3200, dialect.OrderPaid},
		"settles":      {func(x *till) error { x.p.Settle(); return x.p.QueryOrder() }, 0, dialect.OrderConfirmed},
	} {
		b := newBench(t, "cup", 1)
		x := ordered(t, b)
		if err := x.p.ShowCode(false); err != nil || !x.Owes() {
			t.Fatal(name, err, x.Owes())
		}
		if err := x.p.Scan(x.Bill.Shown, &x.Profile.Holders("qr")[0], 3200); err != nil || !x.p.Last.Approved() {
			t.Fatal(name, err, x.p.Last.Reason())
		}
		if err := c.then(x); err != nil || x.Owes() {
			t.Fatal(name, err, x.Owes())
		}
		t.Run(name, func(t *testing.T) { x.agree(t, b, c.net, c.state) })
	}
}

func TestTerminalShowsTheProfilesTextWhenAnOrderIsPaid(t *testing.T) {
	b := newBench(t, "cup", 1)
	x := ordered(t, b)
	if x.payOrder(t); x.Display != "交易成功" || x.Prompt() != "收款方: 东方超市, 金额: 32.00元" {
		t.Errorf("shows %q, and showed %q", x.Display, x.Prompt())
	}
	x.Profile.Policy.OrderPaid = "签到成功"
	x.takeOrder(t)
	if x.payOrder(t); x.Display != "签到成功" {
		t.Errorf("shows %q", x.Display)
	}
}

// Orders neither parse nor allocate where load runs: choose, confirm and pay, both ends.
func TestSteadyOrderDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	b := newBench(t, "cup", 1)
	x := newTill(t, b)
	x.Profile.Policy.JournalLimit = 0
	x.p.Each = nil
	x.Link = newOwn(t, b.dialer, x.Profile)
	var o sim.Order
	order := func() {
		x.ServeNext()
		x.p.Choose(101, 1, false)
		x.p.Choose(201, 2, false)
		x.p.ConfirmOrder()
		o = *x.order(dialect.Purchase, 0)
		x.p.PayOrder(&o)
	}
	for range 5000 { // the host keeps the latest 4,096
		order()
	}
	const counted = 3000
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range counted {
		order()
	}
	runtime.ReadMemStats(&after)
	if got := float64(after.Mallocs-before.Mallocs) / counted; got > 0.05 {
		t.Errorf("%.3f allocations for each order, both ends", got)
	} else {
		t.Logf("%.4f allocations for each order, both ends", got)
	}
	if x.Bill.State != dialect.OrderPaid {
		t.Fatal(x.Bill.State, x.p.Last.Reason())
	}
}

// What is to be done next after each way in which a payment does not go through.
func TestNextStepAfterAPaymentThatDidNotGoThrough(t *testing.T) {
	b := newBench(t, "cup", 1)
	x := ordered(t, b)
	want := func(name string, err error, step dialect.NextStep) {
		t.Helper()
		if got := x.p.NextStep(err); got != step {
			t.Errorf("%s: %q, want %q", name, got, step)
		}
	}
	x.Link.Close()
	x.Link = newOwn(t, &line.Dialer{Address: "127.0.0.1:1"}, x.Profile)
	x.payOrder(t)
	want("nobody listens", nil, dialect.CheckLine)
	if x.Owes() || x.Bill.State != dialect.OrderConfirmed {
		t.Errorf("a payment that was not sent leaves the order %s, owes %t", x.Bill.State, x.Owes())
	}
	own := newOwn(t, b.dialer, x.Profile)
	own.Faults = x.Faults
	x.Link = own
	x.Faults.Add(line.LoseRequest, 1)
	x.payOrder(t)
	want("no answer", nil, dialect.ReverseFirst)
	o := x.order(dialect.Purchase, 0)
	o.Holder = &x.Profile.Holders("poor")[0]
	x.p.PayOrder(o)
	want("too little money", nil, dialect.OtherCard)
	x.payOrder(t)
	want("paid", nil, dialect.Done)
	x.Profile.Policy.JournalLimit = 1
	want("a full batch", x.p.Pay(x.order(dialect.Purchase, 1)), dialect.Settle)
	x.SignedIn = false
	want("not signed in", x.p.Pay(x.order(dialect.Purchase, 1)), dialect.SignInAgain)
}
