package sim_test

import (
	"errors"
	"testing"

	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
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
