package sim_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/rules"
)

func misbehaving(name string) host.Option { return host.WithMisbehaviour(name) }

// Every fault of a line has the effect on the payment that it must have, leaves
// the obligation it must leave, and when that has been met terminal and host
// agree. Then the next payment goes through.
func TestEveryFaultHasItsEffect(t *testing.T) {
	for _, c := range []struct {
		fault     line.Fault
		outcome   report.Outcome
		owes      bool
		reason    string // field 39 of the reversal
		booked    int64  // by the host before the reversal, and...
		afterward int64  // ...after it
		after     []dialect.Transaction
		late      int // counted by the next exchanges
		duplicate int
	}{
		{fault: line.LoseRequest, outcome: report.TimedOut, owes: true, reason: "98"},
		{fault: line.LoseAnswer, outcome: report.TimedOut, owes: true, reason: "98", booked: 100},
		{fault: line.LateAnswer, outcome: report.TimedOut, owes: true, reason: "98", booked: 100, late: 1},
		{fault: line.DoubleRequest, outcome: report.Approved, booked: 100, afterward: 100, duplicate: 1},
		{fault: line.DoubleAnswer, outcome: report.Approved, booked: 100, afterward: 100, duplicate: 1},
		{fault: line.SpoilRequest, outcome: report.Declined, after: []dialect.Transaction{dialect.SignIn}},
		{fault: line.SpoilAnswer, outcome: report.Refused, owes: true, reason: "A0", booked: 100},
		{fault: line.CutRequest, outcome: report.Broken, owes: true, reason: "98"},
		{fault: line.CutAnswer, outcome: report.Broken, owes: true, reason: "98", booked: 100},
		{fault: line.LateRequest, outcome: report.TimedOut, owes: true, reason: "98", late: 1}, // the reversal is there first
		{fault: line.ResetRequest, outcome: report.Broken, owes: true, reason: "98"},
		{fault: line.ResetAnswer, outcome: report.Broken, owes: true, reason: "98", booked: 100},
		{fault: line.TrickleRequest, outcome: report.Approved, booked: 100, afterward: 100},
		{fault: line.TrickleAnswer, outcome: report.Approved, booked: 100, afterward: 100},
		{fault: line.EchoAnswer, outcome: report.Approved, booked: 100, afterward: 100},
	} {
		t.Run(c.fault.String(), func(t *testing.T) {
			t.Parallel()
			b := newBench(t, "cup", 1)
			x := newTill(t, b)
			x.Faults.Add(c.fault, 1)
			x.pay(t, 100)
			x.wants(t, c.outcome, c.owes)
			if x.Faults.Injected[c.fault] != 1 || len(x.Faults.Queue) != 0 {
				t.Errorf("injected %d times, %d left", x.Faults.Injected[c.fault], len(x.Faults.Queue))
			}
			if x.Owed.Reason.String() != c.reason {
				t.Errorf("the reversal's reason is %q, want %q", x.Owed.Reason, c.reason)
			}
			if got := b.booked(x); got != c.booked {
				t.Errorf("the host booked %d, want %d", got, c.booked)
			}
			x.pay(t, 7)
			x.wants(t, report.Approved, false)
			want := append([]dialect.Transaction{dialect.Purchase}, c.after...)
			if c.owes {
				want = append(want, dialect.Reversal)
			}
			want = append(want, dialect.Purchase)
			if got := x.exchanged(); !slices.Equal(got, want) {
				t.Errorf("exchanged %v, want %v", got, want)
			}
			if got := b.booked(x); got != c.afterward+7 || got != x.Journal.All.Net() {
				t.Errorf("in the end the host booked %d, the journal has %d, want %d", got, x.Journal.All.Net(), c.afterward+7)
			}
			if err := b.host.Check(); err != nil {
				t.Error(err)
			}
			if l := x.Link.(*counting); l.late != c.late || l.duplicate != c.duplicate || l.unmatched != 0 {
				t.Errorf("%d late, %d duplicate, %d unmatched answers; want %d, %d, 0", l.late, l.duplicate, l.unmatched, c.late, c.duplicate)
			}
		})
	}
}

// What was never sent, or was declined, owes nothing; nor do transactions that
// move no money.
func TestNothingIsOwedWithoutDoubt(t *testing.T) {
	b := newBench(t, "cup", 1)
	x := newTill(t, b)
	stolen := x.order(dialect.Purchase, 100)
	stolen.Holder = &x.Profile.Holders("stolen")[0]
	if err := x.p.Pay(stolen); err != nil {
		t.Fatal(err)
	}
	x.wants(t, report.Declined, false)

	x.Faults.Add(line.LoseAnswer, 1)
	balance := x.order(dialect.Balance, 0)
	if err := x.p.Pay(balance); err != nil {
		t.Fatal(err)
	}
	x.wants(t, report.TimedOut, false)

	x.pay(t, 500)
	x.Faults.Add(line.LoseAnswer, 1)
	refund := x.order(dialect.Refund, 100)
	refund.Original = lastPurchase(&x.Journal)
	if err := x.p.Pay(refund); err != nil {
		t.Fatal(err)
	}
	x.wants(t, report.TimedOut, false)

	x.Link = newOwn(t, &line.Dialer{Address: "127.0.0.1:1", Timeout: time.Second}, x.Profile) // nobody listens there
	trace := x.Trace
	x.pay(t, 100)
	x.wants(t, report.Unsent, false)
	if x.Trace != trace {
		t.Errorf("a payment that was not sent took trace %d", trace)
	}
}

// An answer that fails the echo checks leaves the reversal owed or not, as the
// profile says.
func TestMismatchedAnswerByPolicy(t *testing.T) {
	for _, keep := range []bool{true, false} {
		b := newBench(t, "cup", 1, misbehaving("wrong-echo"))
		x := newTill(t, b)
		x.Profile.Policy.KeepOnMismatch = keep
		x.pay(t, 100)
		x.wants(t, report.Refused, keep)
		var wrong *rules.Mismatch
		if !errors.As(x.p.Last.Why, &wrong) || wrong.Field != 4 {
			t.Errorf("got %v, want a mismatch of field 4", x.p.Last.Why)
		}
	}
}

// A reversal outlives a power cut and goes before anything else that is online:
// a payment, a settlement, a sign-off.
func TestReversalGoesFirst(t *testing.T) {
	for of, do := range map[dialect.Transaction]func(*till) error{
		dialect.Purchase:   func(x *till) error { return x.p.Pay(x.order(dialect.Purchase, 100)) },
		dialect.Balance:    func(x *till) error { return x.p.Pay(x.order(dialect.Balance, 0)) },
		dialect.Settlement: func(x *till) error { return x.p.Settle() },
		dialect.SignOff:    func(x *till) error { return x.p.SignOff() },
	} {
		t.Run(of.String(), func(t *testing.T) {
			b := newBench(t, "cup", 1)
			x := newTill(t, b)
			x.Faults.Add(line.LoseAnswer, 1)
			x.pay(t, 100)
			x.wants(t, report.TimedOut, true)
			original := x.sent[0].request

			x.Link.Close()
			x.PowerOn()
			if !x.Owes() {
				t.Fatal("the power cut took the reversal")
			}
			if err := x.Login("01", "0000"); err != nil {
				t.Fatal(err)
			}
			x.sent = nil
			if err := do(x); err != nil {
				t.Fatal(err)
			}
			if x.sent[0].of != dialect.Reversal || x.sent[1].of != of || x.Owes() {
				t.Fatalf("exchanged %v, owes a reversal: %v", x.exchanged(), x.Owes())
			}
			r := x.sent[0].request
			for _, f := range []int{3, 4, 11, 22, 25, 41, 42, 49} {
				if r.FieldText(f) != original.FieldText(f) {
					t.Errorf("field %d of the reversal is %q, was %q", f, r.FieldText(f), original.FieldText(f))
				}
			}
			for _, f := range []int{26, 35, 36, 52, 53} {
				if r.HasField(f) {
					t.Errorf("the reversal carries field %d", f)
				}
			}
			if r.FieldText(39) != "98" {
				t.Errorf("field 39 of the reversal is %q, want 98", r.FieldText(39))
			}
		})
	}
}

// A reversal is sent as often as the profile says and then given up, a case for
// a human; the payment that waited for it is aborted or not, as the profile
// says. The next one goes through.
func TestReversalIsGivenUp(t *testing.T) {
	for _, abort := range []bool{true, false} {
		t.Run(fmt.Sprint("abort ", abort), func(t *testing.T) {
			b := newBench(t, "cup", 1)
			x := newTill(t, b)
			x.Profile.Policy.AbortOnReversal = abort
			x.Faults.Add(line.LoseAnswer, 1)
			x.pay(t, 100)
			x.sent = nil
			x.Faults.Add(line.LoseRequest, 3)
			err := x.p.Pay(x.order(dialect.Purchase, 200))
			want := []dialect.Transaction{dialect.Reversal, dialect.Reversal, dialect.Reversal}
			if abort && (!errors.Is(err, sim.ErrRefusedLocally) || x.Display != "冲正不成功, 请与客服联系") {
				t.Errorf("%v, shows %s; want the payment refused", err, x.Display)
			}
			if !abort {
				want = append(want, dialect.Purchase)
				if err != nil || !x.p.Last.Approved() {
					t.Errorf("%v, %v; want the payment approved", err, x.p.Last.Reason())
				}
			}
			for i, s := range x.sent[:3] {
				if trace := s.request.FieldUint(11); trace != x.sent[0].request.FieldUint(11) {
					t.Errorf("try %d has trace %d, the first %d", i+1, trace, x.sent[0].request.FieldUint(11))
				}
			}
			if got := x.exchanged(); !slices.Equal(got, want) {
				t.Errorf("exchanged %v, want %v", got, want)
			}
			if x.Failed != 1 || x.Owes() {
				t.Errorf("%d reversals given up, owes one: %v; want 1, false", x.Failed, x.Owes())
			}
			x.pay(t, 300)
			x.wants(t, report.Approved, false)
		})
	}
}

// A reversal that the host has met before, or whose original it never saw, is
// acknowledged and changes nothing twice.
func TestReversalLostOnTheWay(t *testing.T) {
	for _, lost := range [][]line.Fault{
		{line.LoseAnswer, line.LoseAnswer},                     // answers to the payment and its reversal
		{line.LoseRequest, line.LoseAnswer, line.LoseAnswer},   // the payment itself
		{line.LoseAnswer, line.LoseRequest, line.LoseRequest},  // reversals
		{line.LoseAnswer, line.CutRequest, line.CutAnswer},     // lines that break
		{line.LoseAnswer, line.DoubleRequest},                  // a reversal that comes twice
		{line.LoseAnswer, line.LateAnswer},                     // a late answer to it
		{line.LoseAnswer, line.LateAnswer, line.DoubleRequest}, // and twice
	} {
		t.Run(fmt.Sprint(lost), func(t *testing.T) {
			t.Parallel()
			b := newBench(t, "cup", 1)
			x := newTill(t, b)
			for _, f := range lost {
				x.Faults.Add(f, 1)
			}
			x.pay(t, 100)
			x.pay(t, 7)
			x.wants(t, report.Approved, false)
			if x.Failed != 0 || b.booked(x) != 7 || x.Journal.All.Net() != 7 || len(x.Faults.Queue) != 0 {
				t.Errorf("%d given up, booked %d, journal %d, %d faults left; want 0, 7, 7, 0",
					x.Failed, b.booked(x), x.Journal.All.Net(), len(x.Faults.Queue))
			}
		})
	}
}

// A reversal by a terminal that was told to sign in again is still that of the
// payment: it carries what the payment carried.
func TestUnansweredVoidIsUndone(t *testing.T) {
	b := newBench(t, "cup", 1)
	x := newTill(t, b)
	x.pay(t, 100)
	void := x.order(dialect.PurchaseVoid, 100)
	void.Original = lastPurchase(&x.Journal)
	x.Faults.Add(line.LoseAnswer, 1)
	if err := x.p.Pay(void); err != nil {
		t.Fatal(err)
	}
	x.wants(t, report.TimedOut, true)
	if b.booked(x) != 0 {
		t.Fatalf("the void was not booked: %d", b.booked(x))
	}
	x.pay(t, 7)
	x.wants(t, report.Approved, false)
	if b.booked(x) != 107 || x.Journal.All.Net() != 107 || x.Journal.Records[0].Voided {
		t.Errorf("booked %d, journal %d, want 107", b.booked(x), x.Journal.All.Net())
	}
}

// With Wait a lost message costs the whole timeout, as it does in the field.
func TestLostMessageIsWaitedFor(t *testing.T) {
	b := newBench(t, "cup", 1)
	x := newTill(t, b)
	x.Faults.Wait = true
	x.Profile.Policy.Timeout = 60 * time.Millisecond
	for _, f := range []line.Fault{line.LoseRequest, line.LoseAnswer, line.LateAnswer} {
		x.Faults.Add(f, 1)
		began := time.Now()
		if err := x.p.Echo(); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); x.p.Last.Outcome != report.TimedOut || took < x.Profile.Policy.Timeout {
			t.Errorf("%v: %v after %v", f, x.p.Last.Outcome, took)
		}
	}
}
