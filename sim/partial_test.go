package sim_test

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

// What a prepaid card of the bundled profile has, and what is asked of it.
const (
	hasFen = 300_00
	asks   = 320_50
)

// prepaid is an order of more than a prepaid card has.
func (x *till) prepaid() *sim.Order {
	o := x.order(dialect.Purchase, asks)
	o.Holder = &x.Profile.Holders("prepaid")[0]
	return o
}

// ofParts is a till whose policy is to take parts, and what it sends.
func ofParts(t *testing.T, takes bool) (*bench, *till, *[]*wire.Message) {
	b := newBench(t, "cup", 1).withPolicy(func(b *bench) { b.profile.Policy.PartialApproval = takes })
	x := newTill(t, b)
	sent := new([]*wire.Message)
	x.p.Each = func(request, _ *wire.Message, _ *sim.Result) { *sent = append(*sent, request.Clone()) }
	return b, x, sent
}

// Field 60 of a purchase says that a part is taken in its fourteenth digit, and ends before
// it where none is; nothing but a purchase says so.
func TestWhoTakesPartsSaysSo(t *testing.T) {
	for takes, want := range map[bool]string{true: "001422000001000601", false: "00132200000100060" + "0"} {
		_, x, sent := ofParts(t, takes)
		x.pay(t, 100)
		m := (*sent)[len(*sent)-1]
		frame, err := m.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		octets, _ := hex.DecodeString(want)
		batch := []byte(m.FieldText(60)[2:8])
		if copied := slices.Clone(octets); !bytes.Contains(frame, withBatch(copied, batch)) {
			t.Errorf("takes parts %v: field 60 is %q, not in octets as %s", takes, m.FieldText(60), want)
		}
		refund := x.order(dialect.Refund, 100)
		refund.Original = lastPurchase(&x.Journal)
		if err := x.p.Pay(refund); err != nil {
			t.Fatal(err)
		}
		if last := (*sent)[len(*sent)-1]; last.Uint(wire.PartialApproval) != 0 {
			t.Errorf("field 60 of a refund is %q", last.FieldText(60))
		}
	}
}

// withBatch puts a batch number into the octets of field 60: two of length, one of type, three.
func withBatch(octets, digits []byte) []byte {
	for i := range 3 {
		octets[3+i] = (digits[2*i]-'0')<<4 | (digits[2*i+1] - '0')
	}
	return octets
}

// A part is booked as what it is, and shown with what is left to pay; its void has the amount
// approved.
func TestPartIsBookedAsApproved(t *testing.T) {
	b, x, sent := ofParts(t, true)
	if err := x.p.Pay(x.prepaid()); err != nil {
		t.Fatal(err)
	}
	x.wants(t, report.Approved, false)
	if !x.p.Last.Partial() || x.p.Last.Amount != hasFen || x.Journal.Batch.Debit != hasFen || b.booked(x) != hasFen {
		t.Errorf("approved %d, the journal has %d, the host %d; want %d", x.p.Last.Amount, x.Journal.Batch.Debit, b.booked(x), hasFen)
	}
	if want := "部分批准: 300.00, 还需支付: 20.50"; x.Display != want {
		t.Errorf("it shows %q, want %q", x.Display, want)
	}
	if err := x.p.ReprintLast(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"交易金额: 300.00", "部分批准", "应付金额: 320.50", "还需支付: 20.50"} {
		if !slices.Contains(x.p.Printed(), want) {
			t.Errorf("the slip has no line %q: %q", want, x.p.Printed())
		}
	}
	r := lastPurchase(&x.Journal)
	void := &sim.Order{Of: dialect.PurchaseVoid, Entry: r.Entry, Holder: r.Holder(x.Profile), Original: r, Amount: r.Amount}
	if err := x.p.Pay(void); err != nil {
		t.Fatal(err)
	}
	x.wants(t, report.Approved, false)
	if m := (*sent)[len(*sent)-1]; m.Uint(wire.Amount) != hasFen || b.booked(x) != 0 {
		t.Errorf("the void is of %d, the host has %d left", m.Uint(wire.Amount), b.booked(x))
	}
	if err := x.p.Settle(); err != nil || x.p.Last.Totals != sim.Balanced {
		t.Errorf("the settlement: %v, %v", x.p.Last.Totals, err)
	}
}

// A terminal that takes no part gets none, by the same host.
func TestNoPartIsApprovedUnasked(t *testing.T) {
	b, x, _ := ofParts(t, false)
	if err := x.p.Pay(x.prepaid()); err != nil {
		t.Fatal(err)
	}
	x.wants(t, report.Declined, false)
	if got := x.p.Last.Code.String(); got != "51" || b.booked(x) != 0 {
		t.Errorf("answered %s, %d booked", got, b.booked(x))
	}
}

// Whom the part does not serve pays nothing: the reversal has the amount that was asked, the
// journal nothing, and what was refused is refused once.
func TestRefusedPartIsReversed(t *testing.T) {
	b, x, sent := ofParts(t, true)
	x.pay(t, 700)
	x.refuses(t, x.p.RefusePart(), "无部分批准的交易")
	if err := x.p.Pay(x.prepaid()); err != nil {
		t.Fatal(err)
	}
	if err := x.p.RefusePart(); err != nil {
		t.Fatal(err)
	}
	m := (*sent)[len(*sent)-1]
	if m.MTI() != "0400" || m.Uint(wire.Amount) != asks || m.Text(wire.Reason) != "06" || !m.Has(wire.AuthCode) || m.FieldText(60) != (*sent)[len(*sent)-2].FieldText(60) {
		t.Errorf("%s of %d, reason %s, field 60 %q", m.MTI(), m.Uint(wire.Amount), m.Text(wire.Reason), m.FieldText(60))
	}
	if x.Owes() || x.Standing != sim.Undone || len(x.Journal.Records) != 1 || x.Journal.All.Debit != 700 || b.booked(x) != 700 {
		t.Errorf("owes %v, %v, %d records, the journal has %d, the host %d", x.Owes(), x.Standing, len(x.Journal.Records), x.Journal.All.Debit, b.booked(x))
	}
	x.refuses(t, x.p.RefusePart(), "无部分批准的交易")
}

// An answer that is lost is reversed by what was asked, and nothing is left of the part.
func TestLostPartIsReversedWhole(t *testing.T) {
	b, x, sent := ofParts(t, true)
	x.Faults.Add(line.LoseAnswer, 1)
	if err := x.p.Pay(x.prepaid()); err != nil {
		t.Fatal(err)
	}
	x.wants(t, report.TimedOut, true)
	if b.booked(x) != hasFen {
		t.Fatalf("the host has booked %d", b.booked(x))
	}
	x.pay(t, 7)
	if m := (*sent)[len(*sent)-2]; m.MTI() != "0400" || m.Uint(wire.Amount) != asks || b.booked(x) != 7 {
		t.Errorf("%s of %d, the host has %d", m.MTI(), m.Uint(wire.Amount), b.booked(x))
	}
}

// When such a reversal is given up the host may have any part: books that have one agree, and
// the settlement is explained by it, but not by more than was asked.
func TestPartInDoubtIsAnyPart(t *testing.T) {
	b, x, _ := ofParts(t, true)
	x.Profile.Policy.Timeout = 50 * time.Millisecond
	x.Profile.Policy.ReversalTries = 1
	x.Faults.Add(line.LoseAnswer, 1)
	x.Faults.Add(line.LoseRequest, 1)
	if err := x.p.Pay(x.prepaid()); err != nil {
		t.Fatal(err)
	}
	x.p.Reverse()
	if n := len(x.Journal.Doubts); n != 1 || !x.Journal.Doubts[0].Part || x.Journal.Doubts[0].Amount != asks {
		t.Fatalf("doubts %+v", x.Journal.Doubts)
	}
	may := sim.PossibleOf(append(x.Journal.Doubts, sim.Doubt{Of: dialect.Purchase, Amount: 5}))
	for _, c := range []struct {
		net  int64
		n    int32
		want bool
	}{{0, 0, true}, {hasFen, 1, true}, {1, 1, true}, {asks, 1, true}, {asks + 1, 1, false}, {0, 1, false}, {5, 1, true}, {6, 2, true}, {asks + 5, 2, true}, {asks + 6, 2, false}, {5, 2, false}, {hasFen, 0, false}} {
		if got := may.Has(dialect.Totals{Debit: c.net, DebitN: int(c.n)}); got != c.want {
			t.Errorf("%d in %d may be booked: %v", c.net, c.n, got)
		}
	}
	if !may.HasNet(hasFen) || may.HasNet(asks+6) || may.HasNet(-1) {
		t.Error("nets that may be are not, or others are")
	}
	if err := x.p.Settle(); err != nil || x.p.Last.Totals != sim.Explained {
		t.Errorf("the settlement: %v, %v", x.p.Last.Totals, err)
	}
	if x.Journal.All.Debit != b.booked(x) {
		t.Errorf("the journal has %d, the host %d", x.Journal.All.Debit, b.booked(x))
	}
}

// An order is paid whole or not: of a host that approves a part of its payment unasked the
// terminal takes nothing, and reverses it.
func TestPartOfAnOrderIsReversed(t *testing.T) {
	b := newBench(t, "cup", 1, misbehaving("partial")).withPolicy(func(b *bench) { b.profile.Policy.PartialApproval = true })
	x := newTill(t, b)
	x.takeOrder(t)
	if err := x.p.PayOrder(x.order(dialect.Purchase, 0)); err != nil {
		t.Fatal(err)
	}
	x.wants(t, report.Refused, true)
	if x.Bill.State != dialect.OrderUnknown || len(x.Journal.Records) != 0 {
		t.Errorf("the order is %v, %d records", x.Bill.State, len(x.Journal.Records))
	}
	if done, _ := x.p.Reverse(); !done || b.booked(x) != 0 {
		t.Errorf("reversed %v, the host has %d", done, b.booked(x))
	}
}

// partsMix is a mix of payments that some prepaid cards have too little for, which are kept,
// voided, refused or refunded. It counts those of parts.
func partsMix(t *testing.T, p *profile.Profile, seed uint64, parts *int) *sim.Mix {
	t.Helper()
	hs := p.Holders("prepaid")
	then := func(id string, do func(pl *sim.Player, r *sim.Record) error) *sim.Plan {
		return &sim.Plan{ID: id, Cards: true, Steps: []sim.Step{{Text: id, Do: func(pl *sim.Player) error {
			o := sim.Order{Of: dialect.Purchase, Amount: 170_00, Entry: sim.Swipe, PIN: true, Holder: &hs[pl.N()%20]}
			if err := pl.Pay(&o); err != nil || !pl.Last.Approved() {
				return err
			}
			if pl.Last.Partial() {
				*parts++
			}
			return do(pl, &pl.T.Journal.Records[len(pl.T.Journal.Records)-1])
		}}}}
	}
	follow := func(id string, of dialect.Transaction) *sim.Plan {
		return then(id, func(pl *sim.Player, r *sim.Record) error {
			return pl.Pay(&sim.Order{Of: of, Amount: r.Amount, Entry: sim.Swipe, Holder: r.Holder(pl.T.Profile), Original: r})
		})
	}
	refuse := then("refuse", func(pl *sim.Player, _ *sim.Record) error {
		if pl.Last.Partial() {
			return pl.RefusePart()
		}
		return nil
	})
	keep := then("keep", func(*sim.Player, *sim.Record) error { return nil })
	mix, err := sim.NewMix(seed, []*sim.Plan{keep, follow("void", dialect.PurchaseVoid), follow("refund", dialect.Refund), refuse}, []float64{3, 3, 2, 2})
	if err != nil {
		t.Fatal(err)
	}
	return mix
}

// Whatever the line does to parts, to their voids, refunds and reversals, the books agree.
func TestNoStormLosesAPart(t *testing.T) {
	seeds, parts := uint64(20), 0
	if testing.Short() {
		seeds = 3
	}
	for seed := range seeds {
		b := newBench(t, "cup", 4).withPolicy(func(b *bench) { b.profile.Policy.PartialApproval = true })
		storm := line.DrawStorm(seed, line.FaultsFor(&b.profile.Dialect.Format))
		storm.AtOnce()
		storm.Rates = slices.DeleteFunc(storm.Rates, func(r line.Rate) bool { return !r.Fault.OnLine() })
		_, wrong := b.books(t, &sim.Storm{Profile: b.profile, Dialer: b.dialer, Mix: partsMix(t, b.profile, seed, &parts), Faults: storm, Terminals: 4, Arrivals: 200, NewHost: true})
		if len(wrong) > 0 {
			t.Errorf("seed %d: %s", seed, strings.Join(wrong, "\n"))
		}
	}
	if parts == 0 {
		t.Error("no part was approved")
	}
}

// A chip is asked for all and pays a part: its payment is settled by what was approved, balanced
// or not, and the reversal of a refused one has the chip's data.
func TestPartByChipIsSettledAndRefused(t *testing.T) {
	b, x, sent := ofParts(t, true)
	b.profile.Card("chip").PartialApproval = true
	o := x.order(dialect.Purchase, 9_500_000_000_00) // and the card has 500 million less
	o.Entry, o.Holder = sim.Insert, &x.Profile.Holders("chip")[7]
	if err := x.p.Pay(o); err != nil {
		t.Fatal(err)
	}
	x.wants(t, report.Approved, false)
	if err := x.p.RefusePart(); err != nil {
		t.Fatal(err)
	}
	if m := (*sent)[len(*sent)-1]; m.MTI() != "0400" || !m.Has(wire.ChipData) || m.Uint(wire.Amount) != uint64(o.Amount) || b.booked(x) != 0 {
		t.Errorf("%s of %d, chip data %v, the host has %d", m.MTI(), m.Uint(wire.Amount), m.Has(wire.ChipData), b.booked(x))
	}
	if err := x.p.Pay(o); err != nil {
		t.Fatal(err)
	}
	x.wants(t, report.Approved, false)
	if err := x.p.Settle(); err != nil || x.p.Last.Totals != sim.Balanced || x.Settled().Why != nil {
		t.Errorf("the settlement: %v, %v, %v", x.p.Last.Totals, err, x.Settled().Why)
	}
	if uploaded := (*sent)[len(*sent)-2]; uploaded.MTI() != "0320" || uploaded.Uint(wire.Amount) != 9_000_000_000_00 {
		t.Errorf("%s of %d is uploaded", uploaded.MTI(), uploaded.Uint(wire.Amount))
	}
}

// A dialect file says where a part is asked for: in another place of a field, or in a field
// of its own.
func TestDialectSaysWhereAPartIsAskedFor(t *testing.T) {
	for file, want := range map[string]string{
		"extends: cup\n": "22000001000601",
		"extends: cup\nfields: {60: {parts: {60.6: 15 partial approval, 60.7: 16-17 account type}}}\n":      "220000010006001",
		"extends: cup\nelements: {partial-approval: 57}\ntransactions: {purchase: {carries: [card, 57]}}\n": "1",
	} {
		d, err := dialect.Parse("x.yaml", []byte(file), nil)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		p, err := profile.BundledIn(d, 1)
		if err != nil {
			t.Fatal(err)
		}
		p.Policy.PartialApproval = true
		b := serve(t, p)
		x := newTill(t, b)
		var said string
		x.p.Each = func(request, _ *wire.Message, r *sim.Result) {
			said = request.FieldText(d.Place(wire.PartialApproval).Field)
		}
		if err := x.p.Pay(x.prepaid()); err != nil {
			t.Fatal(err)
		}
		if said != want || !x.p.Last.Partial() {
			t.Errorf("%s: the request says %q, want %q; answered %s (%v)", file, said, want, x.p.Last.Code, x.p.Last.Why)
		}
	}
}
