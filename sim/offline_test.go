package sim_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

// byTelephone is a purchase that was authorised by telephone.
func (x *till) byTelephone(amount int64) *sim.Order {
	o := x.order(dialect.OfflineSettle, amount)
	o.PIN, o.Auth = false, "123456"
	return o
}

// An advice waits for the next payment, and is told until it is acknowledged or its tries are
// used up. Whatever the line does, the host has it once.
func TestAdviceThatWaitsIsBookedOnce(t *testing.T) {
	advice, purchase, signIn := dialect.OfflineSettle, dialect.Purchase, dialect.SignIn
	for _, c := range []struct {
		name   string
		faults []line.Fault
		went   []dialect.Transaction // with the first payment, and with the next
		net    int64                 // in the journal after both
		doubts int
		failed int32
		booked int64
	}{
		{"nothing is lost", nil, []dialect.Transaction{advice, purchase, purchase}, 330, 0, 0, 330},
		{"its answer is lost", []line.Fault{line.LoseAnswer}, []dialect.Transaction{advice, purchase, advice, purchase}, 330, 0, 0, 330},
		{"it is lost itself", []line.Fault{line.LoseRequest}, []dialect.Transaction{advice, purchase, advice, purchase}, 330, 0, 0, 330},
		{"the host has other keys", []line.Fault{line.SpoilRequest}, []dialect.Transaction{advice, signIn, purchase, advice, purchase}, 330, 0, 0, 330},
		{"the host has other keys at the one try", []line.Fault{line.SpoilRequest, 255}, []dialect.Transaction{advice, purchase, purchase}, 30, 0, 1, 30},
		{"the one try is lost", []line.Fault{line.LoseRequest, 255}, []dialect.Transaction{advice, purchase, purchase}, 30, 1, 1, 30},
		{"the answer to the one try is lost", []line.Fault{line.LoseAnswer, 255}, []dialect.Transaction{advice, purchase, purchase}, 30, 1, 1, 330},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, "cup", 1)
			x := newTill(t, b)
			for _, f := range c.faults {
				if f == 255 {
					x.Profile.Policy.ReversalTries = 1
					continue
				}
				x.Faults.Add(f, 1)
			}
			if err := x.p.Keep(x.byTelephone(300)); err != nil || x.OfflineSales() != 1 || len(x.sent) != 0 {
				t.Fatalf("%v, %d wait, %d were sent", err, x.OfflineSales(), len(x.sent))
			}
			trace := x.Trace - 1
			x.pay(t, 10)
			x.pay(t, 20)
			for _, s := range x.sent {
				if s.of == advice && s.request.Uint(wire.Trace) != uint64(trace) {
					t.Errorf("it goes with trace %d, was made with %d", s.request.Uint(wire.Trace), trace)
				}
			}
			if got := x.exchanged(); !slices.Equal(got, c.went) {
				t.Errorf("exchanged %v, want %v", got, c.went)
			}
			if x.Journal.All.Net() != c.net || len(x.Journal.Doubts) != c.doubts || x.Failed != c.failed || x.OfflineSales() != 0 || b.booked(x) != c.booked {
				t.Errorf("journal %d, in doubt of %+v, %d given up, %d wait, the host has %d", x.Journal.All.Net(), x.Journal.Doubts, x.Failed, x.OfflineSales(), b.booked(x))
			}
			if len(x.Journal.Doubts) == 1 {
				if d := x.Journal.Doubts[0]; d.Of != advice || d.Amount != 300 || d.Trace != trace {
					t.Errorf("in doubt of %+v", d)
				}
			}
		})
	}
}

// An advice that the host declines is done with, and never booked, for anybody can decline without
// a key; it is in doubt only when an earlier one may have been booked.
func TestDeclinedAdviceIsInDoubtWhereItMayBeBooked(t *testing.T) {
	for _, c := range []struct {
		name   string
		codes  []string // of the answers to it; empty for none
		doubts int
	}{
		{"at once", []string{"05"}, 0},
		{"after a silence", []string{"", "05"}, 1},
		{"as a repeat, at once", []string{"94"}, 1},
		{"as a repeat, after a silence", []string{"", "94"}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := newTill(t, newBench(t, "cup", 1))
			n := 0
			x.Link = newOwn(t, answering(t, x.Profile, func(request *wire.Message) *wire.Message {
				if request.MTI() != "0220" {
					a := request.Format().NewMessage()
					a.AnswerTo(request)
					a.SetString(wire.ResponseCode, "05")
					return a
				}
				code := c.codes[min(n, len(c.codes)-1)]
				if n++; code == "" {
					return nil
				}
				a := request.Format().NewMessage()
				a.AnswerTo(request)
				a.SetString(wire.ResponseCode, code)
				return a
			}), x.Profile)
			q := *x.Profile
			x.Terminal.Profile = &q
			if err := x.p.Keep(x.byTelephone(300)); err != nil {
				t.Fatal(err)
			}
			for _, code := range c.codes {
				if code == "" {
					q.Policy.Timeout = 30_000_000 // no answer comes
				} else {
					q.Policy.Timeout = 10_000_000_000
				}
				x.p.SettleOwed(x.Terminal)
			}
			if x.OfflineSales() != 0 || len(x.Journal.Doubts) != c.doubts || len(x.Journal.Records) != 0 || x.Failed != 0 {
				t.Errorf("%d wait, in doubt of %+v, journal %+v, %d given up", x.OfflineSales(), x.Journal.Doubts, x.Journal.Records, x.Failed)
			}
		})
	}
}

// No more than ten wait; what they raise cannot be undone meanwhile.
func TestAdvicesThatWaitAreBounded(t *testing.T) {
	x := newTill(t, newBench(t, "cup", 1))
	x.pay(t, 100)
	of := &x.Journal.Records[0]
	for n := range 10 {
		o := x.byTelephone(1)
		if n == 0 {
			o = x.order(dialect.Adjustment, 105)
			o.Original, o.PIN = of, false
		}
		if err := x.p.Keep(o); err != nil {
			t.Fatalf("advice %d: %v", n+1, err)
		}
	}
	if !of.Voided {
		t.Error("a purchase that is to be raised can be voided")
	}
	if err := x.p.Keep(x.byTelephone(1)); !errors.Is(err, sim.ErrRefusedLocally) || x.Display != "待上送交易已满, 请先结算" || x.OfflineSales() != 10 {
		t.Errorf("the eleventh: %v, shows %s", err, x.Display)
	}
	if !x.p.SettleOwed(x.Terminal) || x.OfflineSales() != 0 || x.Journal.All.Net() != 114 {
		t.Errorf("%d wait, journal %d", x.OfflineSales(), x.Journal.All.Net())
	}
	x.Journal.Records[0].Voided = false
	completion := x.order(dialect.PreAuth, 50)
	if err := x.p.Pay(completion); err != nil {
		t.Fatal(err)
	}
	hold := *x.p.PreAuthorised()
	o := x.order(dialect.CompletionAdvice, 50)
	o.Original, o.PIN = &hold, false
	if err := x.p.Keep(o); err != nil || hold.Voided {
		t.Errorf("%v; what an advice completes is marked as voided: %v", err, hold.Voided)
	}
	x.SignedIn = false
	if err := x.p.Keep(x.byTelephone(1)); !errors.Is(err, sim.ErrRefusedLocally) {
		t.Errorf("not signed in: %v", err)
	}
}

// A reversal that the host cannot read is sent again after a sign-in; one of a payment that
// no journal keeps leaves nothing in doubt when it is given up.
func TestReversalThatTheHostCannotRead(t *testing.T) {
	b := newBench(t, "cup", 1)
	x := newTill(t, b)
	x.Faults.Add(line.LoseAnswer, 1)
	x.pay(t, 100)
	x.sent = nil
	x.Faults.Add(line.SpoilRequest, 1)
	x.pay(t, 7)
	if got, want := x.exchanged(), []dialect.Transaction{dialect.Reversal, dialect.SignIn, dialect.Reversal, dialect.Purchase}; !slices.Equal(got, want) {
		t.Errorf("exchanged %v, want %v", got, want)
	}
	if b.booked(x) != 7 || x.Failed != 0 {
		t.Errorf("the host has %d, %d given up", b.booked(x), x.Failed)
	}
	for of, doubts := range map[dialect.Transaction]int{dialect.PreAuth: 0, dialect.Purchase: 1} {
		x.Faults.Add(line.LoseAnswer, 1)
		if err := x.p.Pay(x.order(of, 100)); err != nil {
			t.Fatal(err)
		}
		x.Faults.Add(line.LoseRequest, 3)
		before := len(x.Journal.Doubts)
		x.p.SettleOwed(x.Terminal)
		if x.Owes() || len(x.Journal.Doubts)-before != doubts {
			t.Errorf("a reversal of a %s is given up: in doubt of %+v", of, x.Journal.Doubts[before:])
		}
	}
}

// A payment of which the line was lost before it was sent owes nothing and takes no trace.
func TestUnsentPaymentTakesNoTrace(t *testing.T) {
	x := newTill(t, newBench(t, "cup", 1))
	trace := x.Trace
	x.Link = newOwn(t, &line.Dialer{Address: "127.0.0.1:1", Timeout: 1_000_000_000}, x.Profile)
	x.pay(t, 100)
	if x.wants(t, report.Unsent, false); x.Trace != trace || len(x.Journal.Doubts) != 0 {
		t.Errorf("the next trace is %d, was %d; in doubt of %+v", x.Trace, trace, x.Journal.Doubts)
	}
}

// What waits is told before the settlement asks for totals; where that is not acknowledged
// there is no settlement.
func TestAdviceGoesBeforeTheSettlement(t *testing.T) {
	for _, lost := range []bool{false, true} {
		b := newBench(t, "cup", 1)
		x := newTill(t, b)
		x.pay(t, 100)
		if err := x.p.Keep(x.byTelephone(300)); err != nil {
			t.Fatal(err)
		}
		want := []dialect.Transaction{dialect.OfflineSettle, dialect.Settlement, dialect.UploadEnd}
		if lost {
			want = want[:1]
			x.Faults.Add(line.LoseRequest, 1)
		}
		batch := x.Batch
		x.sent = nil
		if err := x.p.Settle(); err != nil {
			t.Fatal(err)
		}
		s := x.Settled()
		if got := x.exchanged(); !slices.Equal(got, want) || (x.Batch == batch) != lost || (s.Why != nil) != lost || (s.Failed == 1) != lost || (s.Counts[sim.Balanced] == 1) == lost {
			t.Errorf("lost %v: exchanged %v, batch %d after %d, %+v", lost, got, x.Batch, batch, s)
		}
		if lost {
			if err := x.p.Settle(); err != nil || s.Failed != 0 || s.Repeated != 1 || s.Counts[sim.Balanced] != 1 {
				t.Errorf("done by a later attempt: %v, %+v", err, s)
			}
		}
	}
}

// Where a network has a type for repeats, an advice that was sent before says so.
func TestAdviceThatIsSentAgainSaysSo(t *testing.T) {
	b := newBench(t, "iso87", 1)
	x := newTill(t, b)
	if err := x.p.Pay(x.order(dialect.PreAuth, 500)); err != nil || !x.p.Last.Approved() {
		t.Fatal(err, x.p.Last.Reason())
	}
	hold := *x.p.PreAuthorised()
	o := x.order(dialect.CompletionAdvice, 500)
	o.Original, o.PIN = &hold, false
	if err := x.p.Keep(o); err != nil {
		t.Fatal(err)
	}
	x.sent = nil
	x.Faults.Add(line.LoseAnswer, 1)
	first := x.p.SettleOwed(x.Terminal)
	second := x.p.SettleOwed(x.Terminal)
	if first || !second || len(x.sent) != 2 || x.sent[0].request.MTI() != "0220" || x.sent[1].request.MTI() != "0221" || b.booked(x) != 500 || x.Journal.All.Net() != 500 {
		t.Errorf("done %v and %v, the host has %d, the journal %d; sent %+v", first, second, b.booked(x), x.Journal.All.Net(), x.sent)
	}
}

// withCode is somebody who pays by a code.
func withCode(x *till) *profile.Holder {
	for _, c := range x.Profile.Cards {
		if h := &x.Profile.Holders(c.Role)[0]; h.Code != "" && h.Card.Answer == "" && h.Card.Balance >= 100_00 && !h.Card.AsksPassword {
			return h
		}
	}
	return nil
}

// A refund under a number is one refund however often it is sent: the terminal books it
// once, under the trace that the host booked, and doubts nothing any more.
func TestRefundUnderANumberIsBookedOnce(t *testing.T) {
	b := newBench(t, "cup", 1)
	x := ordered(t, b)
	if err := x.p.RepeatRefund(0); !errors.Is(err, sim.ErrRefusedLocally) {
		t.Errorf("a refund of what is not paid is repeated: %v", err)
	}
	pay := x.order(dialect.QRPurchase, 0)
	pay.Entry, pay.PIN, pay.Holder = sim.Code, false, withCode(x)
	if err := x.p.PayOrder(pay); err != nil || !x.p.Last.Approved() {
		t.Fatal(err, x.p.Last.Reason())
	}
	if err := x.p.RepeatRefund(0); !errors.Is(err, sim.ErrRefusedLocally) {
		t.Errorf("a refund that was never sent is repeated: %v", err)
	}
	refund := func(amount int64, fault line.Fault, outcome report.Outcome, journal, host int64, doubts int) {
		t.Helper()
		if fault != 255 {
			x.Faults.Add(fault, 1)
		}
		if err := x.p.RefundOrder(amount); err != nil || x.p.Last.Outcome != outcome {
			t.Fatal(err, x.p.Last.Outcome, x.p.Last.Reason())
		}
		if got := x.Journal.All.Net(); got != journal || b.booked(x) != host || len(x.Journal.Doubts) != doubts {
			t.Errorf("journal %d, the host has %d, in doubt of %+v; want %d, %d, %d", got, b.booked(x), x.Journal.Doubts, journal, host, doubts)
		}
	}
	const none = 255
	refund(200, line.LoseAnswer, report.TimedOut, 3200, 3000, 1)
	booked := x.p.Last.Trace
	refund(200, none, report.Approved, 3000, 3000, 0) // again, under its number
	if r := x.Journal.Records[len(x.Journal.Records)-1]; r.Trace != booked || r.Of != dialect.Refund || r.Amount != 200 || r.RRN == [12]byte{} || r.Date == [4]byte{} {
		t.Errorf("booked as %+v, want under trace %d", r, booked)
	}
	if err := x.p.RepeatRefund(0); err != nil || !x.p.Last.Approved() || x.Journal.All.Net() != 3000 || b.booked(x) != 3000 {
		t.Errorf("%v: journal %d, the host has %d", err, x.Journal.All.Net(), b.booked(x))
	}
	if err := x.p.RepeatRefund(100); err != nil || x.p.Last.Approved() || x.Journal.All.Net() != 3000 {
		t.Errorf("another amount under one number: %v, journal %d", err, x.Journal.All.Net())
	}
	refund(200, none, report.Approved, 2800, 2800, 0) // known: this is another
	refund(300, line.LoseRequest, report.TimedOut, 2800, 2800, 1)
	refund(400, none, report.Approved, 2400, 2400, 1) // another amount: another refund
	refund(0, line.LoseRequest, report.TimedOut, 2400, 2400, 2)
	refund(0, none, report.Approved, 0, 0, 1)
}
