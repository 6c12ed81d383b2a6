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
