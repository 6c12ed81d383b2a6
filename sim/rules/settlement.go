package rules

import (
	"bytes"
	"fmt"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// totals holds the totals of a settlement.
var totals = check{always, 0,
	func(x *Exchange) bool { return x.totals() == nil },
	func(x *Exchange) error { return x.totals() },
}

func (x *Exchange) totals() error {
	n := x.Dialect.Place(wire.Totals).Field
	v := x.Answer.Get(wire.Totals)
	if len(v) != dialect.TotalsLen || !wire.IsDigits(v) {
		return fmt.Errorf("field %d of the answer has %d digits, want %d", n, len(v), dialect.TotalsLen)
	}
	t, flag := dialect.ReadTotals(v)
	switch {
	case flag < dialect.Balanced || flag > dialect.InError:
		return fmt.Errorf("settlement flag (field %d, digit %d) of the answer is %q, want 1, 2 or 3", n, dialect.TotalsHalf, flag)
	case flag == dialect.Balanced && t != x.Batch:
		return fmt.Errorf("the host says balanced, but its totals (field %d) are %s; the terminal's are %s", n, x.said(t), x.said(x.Batch))
	}
	return nil
}

// ownTotals holds that a host that does not agree gives totals of its own.
var ownTotals = check{always, 0,
	func(x *Exchange) bool {
		t, flag := dialect.ReadTotals(x.Answer.Get(wire.Totals))
		return flag != dialect.Unbalanced || t != x.Batch
	},
	func(x *Exchange) error {
		return fmt.Errorf("the host says not balanced, but its totals (field %d) are the terminal's: %s", x.Dialect.Place(wire.Totals).Field, x.said(x.Batch))
	},
}

// foreignTotals holds the half for foreign cards, of which terminals here have
// none.
var foreignTotals = check{always, 0,
	func(x *Exchange) bool {
		t, flag := dialect.ReadTotals(x.Answer.Get(wire.Totals)[dialect.TotalsHalf:])
		return t == dialect.Totals{} && (flag == dialect.NoFlag || flag == dialect.Balanced)
	},
	func(x *Exchange) error {
		t, flag := dialect.ReadTotals(x.Answer.Get(wire.Totals)[dialect.TotalsHalf:])
		return fmt.Errorf("the totals of foreign cards (field %d, digits %d to %d) are %s, flag %q; the terminal has none: want zeros, flag 0 or 1",
			x.Dialect.Place(wire.Totals).Field, dialect.TotalsHalf+1, dialect.TotalsLen, x.said(t), flag)
	},
}

// uploadEchoed holds that details come back as they were sent.
var uploadEchoed = check{ifThere, wire.Totals,
	func(x *Exchange) bool { return bytes.Equal(x.Answer.Get(wire.Totals), x.Request.Get(wire.Totals)) },
	func(x *Exchange) error { return x.mismatch(x.Dialect.Place(wire.Totals).Field) },
}

func (x *Exchange) said(t dialect.Totals) string {
	return fmt.Sprintf("debit %s in %d, credit %s in %d", report.FormatAmount(t.Debit, x.Dialect.Exponent), t.DebitN, report.FormatAmount(t.Credit, x.Dialect.Exponent), t.CreditN)
}
