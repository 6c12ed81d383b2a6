package sim_test

import (
	"testing"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/wire"
)

func refund(amount int64) sim.Doubt { return sim.Doubt{Of: dialect.Refund, Amount: amount} }

// The host may have booked any of what a terminal is in doubt of, and nothing else.
func TestPossibleBooks(t *testing.T) {
	advice := sim.Doubt{Of: dialect.CompletionAdvice, Amount: 700}
	for _, c := range []struct {
		name   string
		doubts []sim.Doubt
		is     []dialect.Totals
		isNot  []dialect.Totals
	}{
		{"no doubt", nil, []dialect.Totals{{}}, []dialect.Totals{{Credit: 1, CreditN: 1}}},
		{"one refund", []sim.Doubt{refund(100)}, []dialect.Totals{{}, {Credit: 100, CreditN: 1}},
			[]dialect.Totals{{Credit: 100}, {Credit: 99, CreditN: 1}, {Debit: 100, DebitN: 1}, {Credit: 200, CreditN: 2}}},
		{"equal refunds", []sim.Doubt{refund(100), refund(100), refund(100)}, []dialect.Totals{{Credit: 200, CreditN: 2}, {Credit: 300, CreditN: 3}},
			[]dialect.Totals{{Credit: 200, CreditN: 1}, {Credit: 400, CreditN: 4}}},
		{"both sides", []sim.Doubt{refund(100), advice}, []dialect.Totals{{Debit: 700, DebitN: 1}, {Debit: 700, DebitN: 1, Credit: 100, CreditN: 1}},
			[]dialect.Totals{{Debit: 600, DebitN: 1}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := sim.PossibleOf(c.doubts)
			for _, x := range c.is {
				if !p.Has(x) || !p.HasNet(x.Net()) {
					t.Errorf("%+v is not possible", x)
				}
			}
			for _, x := range c.isNot {
				if p.Has(x) {
					t.Errorf("%+v is possible", x)
				}
			}
		})
	}
}

// Of very many different doubts only bounds are kept: a right host is never blamed,
// and memory does not double with each.
func TestManyDoubtsStayCheap(t *testing.T) {
	var doubts []sim.Doubt
	var all dialect.Totals
	for i := range 400 {
		d := refund(int64(1) << (i % 30))
		all.Add(dialect.Credit, d.Amount, 1)
		doubts = append(doubts, d)
	}
	p := sim.PossibleOf(doubts)
	if !p.Has(all) || !p.HasNet(all.Net()) || !p.Has(dialect.Totals{}) {
		t.Error("what a right host may have is not possible")
	}
	all.Add(dialect.Credit, 1, 1)
	if p.Has(all) || p.HasNet(all.Net()) {
		t.Error("more than all of it is possible")
	}
}

// A refund whose answer is lost owes no reversal. Whether the host has it, its
// settlement tells; a fen beside that is told as unbalanced.
func TestLostRefundIsExplainedBySettlement(t *testing.T) {
	for name, booked := range map[string]bool{"booked": true, "not booked": false} {
		t.Run(name, func(t *testing.T) {
			x := newTill(t, newBench(t, "cup", 1))
			x.Opened = true
			x.pay(t, 10_00)
			paid := x.Journal.Records[0]
			if booked {
				x.Faults.Add(line.LoseAnswer, 1)
			} else {
				x.Faults.Add(line.LoseRequest, 1)
			}
			o := sim.Order{Of: dialect.Refund, Amount: 3_00, Entry: paid.Entry, Holder: paid.Holder(x.Profile), Original: &paid}
			if err := x.p.Pay(&o); err != nil || x.p.Last.Outcome != report.TimedOut || x.Owes() || len(x.Journal.Doubts) != 1 {
				t.Fatalf("refund: %v, %v; owes %v, %d doubts, want one", err, x.p.Last.Outcome, x.Owes(), len(x.Journal.Doubts))
			}
			if err := x.p.Settle(); err != nil {
				t.Fatal(err)
			}
			want, net := sim.Balanced, int64(10_00)
			if booked {
				want, net = sim.Explained, 7_00
			}
			if got := x.p.Last.Totals; got != want || x.Settled().Counts[want] != 1 || x.Journal.All.Net() != net || len(x.Journal.Doubts) != 0 {
				t.Errorf("totals compare as %v, want %v; the journal has %d, want %d; %d doubts", got, want, x.Journal.All.Net(), net, len(x.Journal.Doubts))
			}
		})
	}
}

func TestSettlementsCompare(t *testing.T) {
	for _, c := range []struct {
		name    string
		lies    bool // the host's totals are a fen off
		earlier bool // the batch held something before
		opened  bool
		want    sim.Comparison
	}{
		{"all well", false, false, true, sim.Balanced},
		{"a batch that may hold more, and does not", false, false, false, sim.Balanced},
		{"a batch that may hold more, and does", false, true, false, sim.Uncompared},
		{"a batch that may not", false, true, true, sim.Unbalanced},
		{"a fen off", true, false, true, sim.Unbalanced},
		{"a fen off where more may be", true, false, false, sim.Unbalanced},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, "cup", 1)
			if c.lies {
				b = newBench(t, "cup", 1, misbehaving("lying-totals"))
			}
			x := newTill(t, b)
			x.Opened = c.opened
			x.pay(t, 5_00)
			x.pay(t, 7_00)
			if c.earlier {
				if err := x.Journal.Forget(); err != nil {
					t.Fatal(err)
				}
			}
			if err := x.p.Settle(); err != nil {
				t.Fatal(err)
			}
			if got := x.p.Last.Totals; got != c.want || x.Settled().Counts[c.want] != 1 || !x.Opened {
				t.Errorf("the totals compare as %v, want %v", got, c.want)
			}
			if told := x.Settled().Detail != ""; told != (c.want == sim.Unbalanced) {
				t.Errorf("told is %q", x.Settled().Detail)
			}
		})
	}
}

// A payment that the host takes for a repeat may be booked: the line has doubled it, and
// the answer to the first is lost. What a settlement says of it is right either way.
func TestPaymentThatTheHostTakesForARepeatIsInDoubt(t *testing.T) {
	x := newTill(t, newBench(t, "cup", 1))
	x.Link = newOwn(t, answering(t, x.Profile, func(request *wire.Message) *wire.Message {
		a := request.Format().NewMessage()
		a.AnswerTo(request)
		a.SetString(wire.ResponseCode, "94")
		return a
	}), x.Profile)
	x.pay(t, 100)
	x.wants(t, report.Declined, false)
	if d := x.Journal.Doubts; len(d) != 1 || d[0].Amount != 100 || !sim.PossibleOf(d).HasNet(100) || !sim.PossibleOf(d).HasNet(0) {
		t.Errorf("in doubt of %+v", d)
	}
}
