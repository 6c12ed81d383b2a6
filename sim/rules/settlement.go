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
	n := x.Dialect.TotalsFields()
	switch r, told := x.Dialect.ReadReconciliation(x.Answer); {
	case !told && x.Dialect.Has(wire.DebitsAmount):
		return fmt.Errorf("the answer lacks totals (%s)", n)
	case !told && !x.Answer.Has(wire.Totals):
		return fmt.Errorf("%s of the answer is absent, want %d digits", n, dialect.TotalsLen)
	case !told:
		return fmt.Errorf("%s of the answer has %d digits, want %d", n, len(x.Answer.Get(wire.Totals)), dialect.TotalsLen)
	case r.Flag < dialect.Balanced || r.Flag > dialect.InError:
		return fmt.Errorf("settlement flag (%s, digit %d) of the answer is %s, want 1, 2 or 3", n, dialect.TotalsHalf, Quoted(r.Flag.String()))
	case r.Flag == dialect.Balanced && r.Own != x.Batch:
		return fmt.Errorf("the host says balanced, but its totals (%s) are %s; the terminal's are %s", n, x.said(r.Own), x.said(x.Batch))
	case x.Dialect.Means(x.code, dialect.TotalsDiffer) && r.Flag == dialect.Balanced && r.ForeignFlag != dialect.Unbalanced && r.ForeignFlag != dialect.InError:
		return fmt.Errorf("the host says with %s that totals differ, and with its flags (%s) that they balance", x.field(wire.ResponseCode), n)
	}
	return nil
}

// ownTotals holds that a host that does not agree gives totals of its own.
var ownTotals = check{always, 0,
	func(x *Exchange) bool {
		r, told := x.Dialect.ReadReconciliation(x.Answer)
		return !told || r.Flag != dialect.Unbalanced || r.Own != x.Batch
	},
	func(x *Exchange) error {
		return fmt.Errorf("the host says not balanced, but its totals (%s) are the terminal's: %s", x.Dialect.TotalsFields(), x.said(x.Batch))
	},
}

// foreignTotals holds the half for foreign cards: the terminal's own with flag 1, others
// with flag 2, and where the terminal has none zeros with flag 0 or 1.
var foreignTotals = check{always, 0,
	func(x *Exchange) bool {
		r, told := x.Dialect.ReadReconciliation(x.Answer)
		switch same := r.Foreign == x.Foreign; {
		case !told:
			return true
		case same && r.ForeignFlag == dialect.NoFlag:
			return x.Foreign == dialect.Totals{}
		case same:
			return r.ForeignFlag == dialect.Balanced
		}
		return r.ForeignFlag == dialect.Unbalanced && (x.LeftOut || x.Foreign != dialect.Totals{})
	},
	func(x *Exchange) error {
		r, _ := x.Dialect.ReadReconciliation(x.Answer)
		want := "its own with flag 1, or others with flag 2"
		if x.Foreign == (dialect.Totals{}) {
			want = "zeros, flag 0 or 1"
		}
		return fmt.Errorf("the totals of foreign cards (%s, digits %d to %d) are %s, flag %s; the terminal has %s: want %s",
			x.Dialect.TotalsFields(), dialect.TotalsHalf+1, dialect.TotalsLen, x.said(r.Foreign), Quoted(r.ForeignFlag.String()), x.said(x.Foreign), want)
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
