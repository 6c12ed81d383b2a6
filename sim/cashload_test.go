package sim_test

import (
	"fmt"
	"testing"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/chip"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host"
	"github.com/posfleet/posfleet/sim/wire"
)

// A load that the chip has not taken is undone at the host, for a reason of its own.
func TestLoadThatTheChipHasNotTakenIsReversed(t *testing.T) {
	b := newBench(t, "cup", 1, host.WithMisbehaviour("load-untold"))
	x := newTill(t, b)
	holder := &x.Profile.Holders("cash")[0]
	before, _ := b.host.Balance(holder.PAN)
	if err := x.p.Pay(&sim.Order{Of: dialect.AccountLoad, Amount: 5000, Entry: sim.Insert, PIN: true, Holder: holder}); err != nil {
		t.Fatal(err)
	}
	if x.p.Last.Outcome != report.Refused || !x.Owes() || x.Owed.Reason.String() != "96" {
		t.Fatalf("the load is %v, a reversal is owed: %v, reason %q", x.p.Last.Outcome, x.Owes(), x.Owed.Reason)
	}
	if got := x.p.Chip().Card.Cash(); got != holder.Card.Cash {
		t.Errorf("the chip has %d, want %d", got, holder.Card.Cash)
	}
	if done, _ := x.p.Reverse(); !done {
		t.Fatal("its reversal is not acknowledged")
	}
	if got, _ := b.host.Balance(holder.PAN); got != before {
		t.Errorf("the card has paid %d, want nothing", before-got)
	}
	if n := len(x.Journal.Records); n > 0 {
		t.Errorf("the batch holds %d payments", n)
	}
}

// The chip signs the kind of its payment: the first two digits of the processing code.
func TestChipIsToldTheKindOfItsPayment(t *testing.T) {
	x := newTill(t, newBench(t, "cup", 1))
	holder := &x.Profile.Holders("cash")[0]
	for _, of := range []dialect.Transaction{dialect.Purchase, dialect.AccountLoad, dialect.CashLoad, dialect.PreAuth} {
		x.sent = nil
		if err := x.p.Pay(&sim.Order{Of: of, Amount: 100, Entry: sim.Insert, Holder: holder}); err != nil || x.p.Last.Outcome != report.Approved {
			t.Fatalf("%s: %v, %v", of, err, x.p.Last.Reason())
		}
		m := x.sent[len(x.sent)-1].request
		want := m.Text(wire.ProcessingCode)[:2]
		if got := fmt.Sprintf("%02X", chip.Value(m.Get(wire.ChipData), 0x9C)); got != want {
			t.Errorf("%s: the chip is told %s, want %s", of, got, want)
		}
	}
}

// The notice of what a chip did names its payment by all that the answer had.
func TestNoticeOfCommandsNamesItsPayment(t *testing.T) {
	x := newTill(t, newBench(t, "cup", 1))
	each, want := x.p.Each, map[wire.Element]string{}
	x.p.Each = func(request, answer *wire.Message, r *sim.Result) {
		each(request, answer, r)
		answer.SetString(wire.Acquirer, "48021000")
		for _, e := range []wire.Element{wire.Acquirer, wire.RRN, wire.AuthCode} {
			if want[e] = answer.Text(e); want[e] == "" {
				t.Errorf("the answer has no %s", e)
			}
		}
	}
	if err := x.p.Pay(&sim.Order{Of: dialect.Purchase, Amount: 100, Entry: sim.Insert, PIN: true, Holder: &x.Profile.Holders("to-unblock")[0]}); err != nil || !x.TellsScript() {
		t.Fatal("no notice is owed:", err, x.p.Last.Reason())
	}
	x.p.Each = each
	x.sent = nil
	if err := x.p.Pay(&sim.Order{Of: dialect.Purchase, Amount: 100, Holder: &x.Profile.Holders("good")[0]}); err != nil || len(x.sent) != 2 || x.TellsScript() {
		t.Fatal(err, len(x.sent))
	}
	for e, v := range want {
		if got := x.sent[0].request.Text(e); got != v {
			t.Errorf("%s of the notice is %q, the answer's was %q", e, got, v)
		}
	}
}
