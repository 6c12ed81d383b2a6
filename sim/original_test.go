package sim_test

import (
	"errors"
	"testing"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
)

// What the approval of an original did not bring is not made up in what points to it:
// the terminal says what is missing, and sends nothing.
func TestNothingIsSentThatPointsNowhere(t *testing.T) {
	x := newTill(t, newBench(t, "cup", 1))
	whole := sim.Record{Of: dialect.Purchase, Trace: 7, Batch: 1, Amount: 100,
		RRN: [12]byte([]byte("101530000001")), Auth: [6]byte([]byte("123456")), Date: [4]byte([]byte("1126"))}
	for _, c := range []struct {
		of    dialect.Transaction
		lose  func(r *sim.Record)
		shows string
	}{
		{dialect.Refund, func(r *sim.Record) { r.RRN = [12]byte{} }, "缺少原交易参考号"},
		{dialect.Refund, func(r *sim.Record) { r.RRN = [12]byte([]byte("            ")) }, "缺少原交易参考号"},
		{dialect.Refund, func(r *sim.Record) { r.Date = [4]byte{} }, "缺少原交易日期"},
		{dialect.PurchaseVoid, func(r *sim.Record) { r.RRN = [12]byte{} }, "缺少原交易参考号"},
		{dialect.PurchaseVoid, func(r *sim.Record) { r.Trace = 0 }, "缺少原交易流水号"},
		{dialect.Completion, func(r *sim.Record) { r.Auth = [6]byte{} }, "缺少原交易授权码"},
		{dialect.PreAuthVoid, func(r *sim.Record) { r.Auth = [6]byte{} }, "缺少原交易授权码"},
		{dialect.Refund, nil, "没有原始交易"},
	} {
		o := x.order(c.of, 100)
		if c.lose != nil {
			original := whole
			c.lose(&original)
			o.Original = &original
		}
		sent := len(x.sent)
		if err := x.p.Pay(o); !errors.Is(err, sim.ErrRefusedLocally) || x.Display != c.shows || len(x.sent) > sent {
			t.Errorf("%s: %v, shows %q, want %q and nothing sent", c.of, err, x.Display, c.shows)
		}
	}
}

// Field 61 says of an original what its kind of request has room for, and no more: batch and
// trace where these name it, zeros and the date where it may be of another batch. The reversal
// repeats it.
func TestOriginalHasTheDigitsOfItsKind(t *testing.T) {
	b := newBench(t, "cup", 1)
	x := newTill(t, b)
	original := sim.Record{Of: dialect.Purchase, Trace: 7, Batch: 1, Amount: 100,
		RRN: [12]byte([]byte("101530000001")), Auth: [6]byte([]byte("123456")), Date: [4]byte([]byte("1126"))}
	for of, want := range map[dialect.Transaction]string{
		dialect.PurchaseVoid:    "000001000007",
		dialect.ReservationVoid: "000001000007",
		dialect.CompletionVoid:  "0000010000071126",
		dialect.PreAuthVoid:     "0000000000001126",
		dialect.Completion:      "0000000000001126",
		dialect.Refund:          "0000000000001126",
	} {
		o := x.order(of, 100)
		o.Original = &original
		if x.sent = nil; of.Reversible() {
			x.Faults.Add(line.LoseAnswer, 1)
		}
		if err := x.p.Pay(o); err != nil || len(x.sent) != 1 {
			t.Fatalf("%s: %v, %d sent", of, err, len(x.sent))
		}
		if of.Reversible() {
			x.pay(t, 1)
		}
		if got := x.sent[0].request.FieldText(61); got != want {
			t.Errorf("%s: 61 is %q, want %q", of, got, want)
		}
		if got := x.sent[1%len(x.sent)].request.FieldText(61); got != want {
			t.Errorf("reversal of a %s: 61 is %q, want %q", of, got, want)
		}
	}
}

// What points to an earlier payment says no more of its card than terminals keep, or read for
// its number: no chip is asked for a cryptogram, what is told from records has a number and no
// track.
func TestOriginalIsToldWithWhatTerminalsKeep(t *testing.T) {
	b := newBench(t, "cup", 1)
	x := newTill(t, b)
	chip := &x.Profile.Holders("chip")[0]
	for _, c := range []struct {
		of           dialect.Transaction
		entry        sim.Entry
		mode         string
		with, except []int
	}{
		{dialect.PurchaseVoid, sim.Insert, "052", []int{2, 14, 23, 35, 37, 53, 61}, []int{55}},
		{dialect.Refund, sim.Insert, "052", []int{2, 14, 23, 35, 37, 53, 61, 63}, []int{38, 55}},
		{dialect.OfflineRefund, sim.Insert, "052", []int{2, 14, 23, 35, 37, 61, 63}, []int{38}},
		{dialect.Tip, sim.Insert, "012", []int{2, 14, 37, 38, 48, 61, 63}, []int{23, 35, 53, 55}},
		{dialect.Adjustment, sim.Swipe, "012", []int{2, 14, 37, 38, 61, 63}, []int{23, 35, 53, 55}},
		{dialect.OfflineSettle, sim.Swipe, "012", []int{2, 14, 38, 61, 63}, []int{23, 35, 37, 53, 55}},
	} {
		o := x.order(c.of, 105)
		o.Entry, o.Auth, o.PIN = c.entry, "123456", false
		if c.entry == sim.Insert {
			o.Holder = chip
		}
		if c.of.Original() != dialect.ToNone {
			o.Original = &sim.Record{Of: dialect.Purchase, Trace: 7, Batch: 1, Amount: 100, Entry: c.entry,
				RRN: [12]byte([]byte("101530000001")), Auth: [6]byte([]byte("123456")), Date: [4]byte([]byte("1126"))}
		}
		x.sent = nil
		if err := x.p.Pay(o); err != nil || len(x.sent) != 1 {
			t.Fatalf("%s: %v, %d sent", c.of, err, len(x.sent))
		}
		m := x.sent[0].request
		if got := m.FieldText(22); got != c.mode {
			t.Errorf("%s: entry mode %s, want %s", c.of, got, c.mode)
		}
		for _, n := range c.with {
			if !m.HasField(n) {
				t.Errorf("%s lacks field %d", c.of, n)
			}
		}
		for _, n := range c.except {
			if m.HasField(n) {
				t.Errorf("%s has field %d: %q", c.of, n, m.Field(n))
			}
		}
	}
}

// What was paid in points is undone in the same ones: those of the issuer, or of an alliance.
func TestVoidOfPointsNamesTheirAccount(t *testing.T) {
	x := newTill(t, newBench(t, "cup", 1))
	for of, want := range map[dialect.Transaction]string{
		dialect.Purchase:       "2300000100060",
		dialect.PointsPurchase: "23000001000600048",
		dialect.AlliancePoints: "23000001000600065",
	} {
		if err := x.p.Pay(x.order(of, 100)); err != nil || x.p.Last.Outcome != report.Approved {
			t.Fatalf("%s: %v, %v", of, err, x.p.Last.Reason())
		}
		o := x.order(dialect.PurchaseVoid, 100)
		o.PIN, o.Original = false, &x.Journal.Records[len(x.Journal.Records)-1]
		if err := x.p.Pay(o); err != nil || x.p.Last.Outcome != report.Approved {
			t.Fatalf("void of a %s: %v, %v", of, err, x.p.Last.Reason())
		}
		if got := x.sent[len(x.sent)-1].request.FieldText(60); got != want {
			t.Errorf("void of a %s: 60 is %q, want %q", of, got, want)
		}
	}
}
