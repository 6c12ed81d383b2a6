package scenarios

import (
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/fee"
)

// sumsOf are amounts of a statement, in fen.
type sumsOf struct {
	Count                     int
	Amount, Fee, Net          int64
	Issuer, Network, Acquirer int64
}

func (s *sumsOf) add(o sumsOf) {
	s.Count += o.Count
	s.Amount += o.Amount
	s.Fee += o.Fee
	s.Net += o.Net
	s.Issuer += o.Issuer
	s.Network += o.Network
	s.Acquirer += o.Acquirer
}

type lineOf struct {
	What, Card, Channel string
	sumsOf
}

// statementOf is a statement as the API tells it.
type statementOf struct {
	Day, Cycle      string
	Value           string `json:"value_date"`
	Lines, Postings []lineOf
	Total           sumsOf
	LeftOut         int `json:"left_out"`

	bare bool // its postings have not been asked for
}

// payoutOf is a payout.
type payoutOf struct {
	Value                       string `json:"value_date"`
	Cycle                       string
	Days                        []string
	Amount, Fee, Surcharge, Net int64
}

// accountOf is what a merchant was posted and paid.
type accountOf struct {
	Posted           sumsOf
	Paid, Surcharges int64
	Owed             int64
	Days             []string
}

// statement gets today's statement of the merchant; in a check with its postings.
func (s *shop) statement(p *sim.Player) (*statementOf, error) {
	path := "/v1/merchants/" + s.merchantOf(p) + "/statements/today"
	got := statementOf{bare: worldOf(p).connect == nil}
	if !got.bare {
		path += "?postings=1"
	}
	return &got, s.get(path, &got)
}

// saysTheSame holds a spreadsheet of a merchant's to the statement, cell by cell.
func (of *statementOf) saysTheSame(text, mid string, exponent int) error {
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(rows) != len(of.Lines)+2 {
		return fmt.Errorf("%d rows, %v; want a heading, %d lines and the total", len(rows), err, len(of.Lines))
	}
	want := [][]string{{"merchant", "day", "what", "card", "channel", "count", "amount", "fee", "net", "value date", "cycle"}}
	for _, l := range append(slices.Clone(of.Lines), lineOf{What: "total", sumsOf: of.Total}) {
		amount := func(minor int64) string { return report.FormatAmount(minor, exponent) }
		want = append(want, []string{mid, of.Day, l.What, l.Card, l.Channel, strconv.Itoa(l.Count), amount(l.Amount), amount(l.Fee), amount(l.Net), of.Value, of.Cycle})
	}
	for i, row := range want {
		for k, cell := range row {
			if rows[i][k] != cell {
				return fmt.Errorf("row %d of the spreadsheet has %q as %s, want %q", i+1, rows[i][k], want[0][k], cell)
			}
		}
	}
	return nil
}

// addsUp holds a statement to its own sums.
func (of *statementOf) addsUp() error {
	var lines, postings sumsOf
	for _, l := range of.Lines {
		lines.add(l.sumsOf)
		if l.Amount-l.Fee != l.Net {
			return fmt.Errorf("of line %s %s %s amount less fee is %s, its net is %s", l.What, l.Card, l.Channel, report.FormatYuan(l.Amount-l.Fee), report.FormatYuan(l.Net))
		}
	}
	for _, l := range of.Postings {
		postings.add(l.sumsOf)
	}
	switch t := of.Total; {
	case lines != t:
		return fmt.Errorf("the lines come to %+v, the total is %+v", lines, t)
	case t.Issuer+t.Network+t.Acquirer != t.Fee:
		return fmt.Errorf("issuer, network and acquirer have %s of %s", report.FormatYuan(t.Issuer+t.Network+t.Acquirer), report.FormatYuan(t.Fee))
	case !of.bare && of.LeftOut == 0 && postings != t:
		return fmt.Errorf("the postings come to %+v, the total is %+v", postings, t)
	}
	return nil
}

// amountIs makes a Make for sentences that compare amounts: those that the sentence says with
// those that the host tells.
func amountIs(what string, tell func(p *sim.Player, s *shop) ([]int64, error)) func(Args) (func(*sim.Player) error, error) {
	return func(a Args) (func(*sim.Player) error, error) {
		if d := a.Profile.Dialect; d.Exponent != 2 {
			return nil, lack("the scenario rounds fees to two decimals, currency %s has %d", d.Currency, d.Exponent)
		}
		var want []int64
		for i := range a.Words["amount"] {
			v, err := a.Amount(i)
			if err != nil {
				return nil, err
			}
			want = append(want, v)
		}
		return func(p *sim.Player) error {
			got, err := tell(p, shopOf(p, a))
			if err != nil {
				return err
			}
			for i := range want {
				if got[i] != want[i] {
					return fmt.Errorf("%s: %s, want %s", what, told(a.Profile.Dialect, got[i]), told(a.Profile.Dialect, want[i]))
				}
			}
			return nil
		}, nil
	}
}

// payoutPhrases are about fees, statements and payouts.
func payoutPhrases() []*Phrase {
	const group = "Fees and payouts / 手续费与结算划款"
	account := func(p *sim.Player, s *shop) (a accountOf, err error) {
		return a, s.get("/v1/merchants/"+s.merchantOf(p)+"/account", &a)
	}
	all := []*Phrase{
		{Group: group, English: "the fee of the last posting is {amount} yuan", Chinese: "最后一笔入账手续费为{amount}元", Asserts: true,
			Doc: "Of the latest payment, refund or void in today's statement; what a refund gives back counts as positive.",
			Make: amountIs("fee", func(p *sim.Player, s *shop) ([]int64, error) {
				st, err := s.statement(p)
				if err == nil && len(st.Postings) == 0 {
					err = fmt.Errorf("the statement has no postings")
				}
				if err != nil {
					return nil, err
				}
				last := st.Postings[len(st.Postings)-1].Fee
				return []int64{max(last, -last)}, nil
			})},
		{Group: group, English: "the fees of the day are {amount} yuan", Chinese: "当日手续费合计{amount}元", Asserts: true,
			Doc: "All fees of today's statement, less what was given back.",
			Make: amountIs("fees", func(p *sim.Player, s *shop) ([]int64, error) {
				st, err := s.statement(p)
				return []int64{st.Total.Fee}, err
			})},
		{Group: group, English: "of the fees the issuer has {amount} yuan, the network {amount} yuan and the acquirer {amount} yuan", Chinese: "手续费中发卡行{amount}元，网络{amount}元，收单机构{amount}元", Asserts: true,
			Doc: "Who gets what of today's fees.",
			Make: amountIs("issuer, network, acquirer", func(p *sim.Player, s *shop) ([]int64, error) {
				st, err := s.statement(p)
				return []int64{st.Total.Issuer, st.Total.Network, st.Total.Acquirer}, err
			})},
		{Group: group, English: "the statement comes to {amount} yuan, {amount} yuan of fees and {amount} yuan net", Chinese: "对账单交易净额{amount}元，手续费{amount}元，应结算{amount}元", Asserts: true,
			Doc: "Today's: sales less refunds, fees, and what is left.",
			Make: amountIs("amount, fees, net", func(p *sim.Player, s *shop) ([]int64, error) {
				st, err := s.statement(p)
				return []int64{st.Total.Amount, st.Total.Fee, st.Total.Net}, err
			})},
		{Group: group, English: "the statement adds up", Chinese: "对账单各项合计一致", Asserts: true,
			Doc: "Its lines and postings come to its total, net is amount less fee, the shares of the fee are the fee; and, for a merchant of the scenario's own, it is what the account says.",
			Make: withShop(func(p *sim.Player, s *shop) error {
				st, err := s.statement(p)
				if err != nil {
					return err
				}
				if err := st.addsUp(); err != nil || s.mid == "" {
					return err
				}
				a, err := account(p, s)
				if err == nil && len(a.Days) == 1 && a.Posted != st.Total {
					err = fmt.Errorf("the statement comes to %+v, %+v was posted to the account", st.Total, a.Posted)
				}
				return err
			})},
		{Group: group, English: "the statement as a spreadsheet says the same", Chinese: "CSV对账单与对账单一致", Asserts: true, CheckOnly: true,
			Doc: "As CSV: a row for each line, and the total last; every cell is compared.",
			Make: withShop(func(p *sim.Player, s *shop) error {
				st, err := s.statement(p)
				if err != nil {
					return err
				}
				text, err := s.admin.text("/v1/merchants/" + s.merchantOf(p) + "/statements/today/csv")
				if err != nil {
					return err
				}
				return st.saysTheSame(text, s.merchantOf(p), p.T.Profile.Dialect.Exponent)
			})},
		{Group: group, English: "the acquirer pays out after {n} days", Chinese: "收单机构{n}天后划款", CheckOnly: true,
			Doc: "All that has come to its value date by then; 0 for today.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				days, err := a.Int(0)
				return func(p *sim.Player) error {
					s := shopOf(p, a)
					s.payouts = nil
					return s.ask("POST", "/v1/payouts", map[string]any{"as_of": s.day(0, days), "mid": s.mid}, &s.payouts)
				}, err
			}},
		{Group: group, English: "{amount} yuan are paid out", Chinese: "划款到账{amount}元", Asserts: true, CheckOnly: true,
			Doc: "By the last payouts, after fees and surcharge.",
			Make: amountIs("paid out", func(_ *sim.Player, s *shop) ([]int64, error) {
				var sum int64
				for _, p := range s.payouts {
					sum += p.Net
				}
				return []int64{sum}, nil
			})},
		{Group: group, English: "the merchant is owed {amount} yuan", Chinese: "应付商户{amount}元", Asserts: true,
			Doc: "What was posted, less fees and payouts.",
			Make: amountIs("owed", func(p *sim.Player, s *shop) ([]int64, error) {
				a, err := account(p, s)
				return []int64{a.Owed}, err
			})},
		{Group: group, English: "the value date is the {text}", Chinese: "起息日为{text}", Asserts: true,
			Doc: "Of today's statement: \"same day\", \"next day\" or \"next working day\" (\"当日\", \"次日\", \"下一工作日\").",
			Make: saysOfShop(func(p *sim.Player, s *shop, text string) error {
				cycle, known := map[string]fee.Cycle{"same day": fee.D0, "next day": fee.D1, "next working day": fee.T1, "当日": fee.D0, "次日": fee.D1, "下一工作日": fee.T1}[text]
				if !known {
					return fmt.Errorf("%q: want \"same day\", \"next day\" or \"next working day\"", text)
				}
				st, err := s.statement(p)
				if err != nil {
					return err
				}
				day, err := time.ParseInLocation(time.DateOnly, st.Day, fee.China)
				if err != nil {
					return err
				}
				want, _ := fee.Payout{Cycle: cycle}.ValueDate(fee.BundledCalendar(), day)
				if got := want.Format(time.DateOnly); got != st.Value {
					return fmt.Errorf("the value date of %s is %s, want %s", st.Day, st.Value, got)
				}
				return nil
			})},
	}
	for _, p := range all {
		p.Admin = true
	}
	return all
}
