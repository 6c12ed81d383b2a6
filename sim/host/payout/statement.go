package payout

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Statement is what a merchant is told of one business day.
type Statement struct {
	MID, Name string
	Plan      string
	Day       string // of business, as 2026-11-26
	Lines     []Line
	Total     Sums
	Value     string // value date
	Cycle     string
	Payouts   []string  // numbers of those that paid of it
	Postings  []Posting // the latest of the day that are kept
	LeftOut   int       // others of the day
}

// Net is what the day brings before what payouts cost.
func (s *Statement) Net() int64 { return s.Total.Amount - s.Total.Fee }

// Statement gives the statement of a business day; false for a day on which nothing was
// posted, or that is no longer kept.
func (a *Account) Statement(day string) (*Statement, bool) {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return nil, false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range a.days {
		d := &a.days[i]
		if d.date != dateOf(t) {
			continue
		}
		value, cycle, _ := a.value(d.date)
		s := &Statement{MID: a.MID, Name: a.Name, Plan: a.Plan.Name, Day: day, Lines: slices.Clone(d.lines), Total: d.Sums,
			Value: value.Format(time.DateOnly), Cycle: cycle.String()}
		slices.SortFunc(s.Lines, func(a, b Line) int {
			return cmp.Or(cmp.Compare(a.What, b.What), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Channel, b.Channel))
		})
		for _, p := range a.payouts {
			if slices.Contains(p.Days, day) {
				s.Payouts = append(s.Payouts, p.Number)
			}
		}
		n := 0
		for _, l := range d.lines {
			n += l.Postings
		}
		for k := range a.recent {
			p := &a.recent[(a.oldest+k)%len(a.recent)]
			if p.day == d.date {
				s.Postings = append(s.Postings, *p)
			}
		}
		s.LeftOut = n - len(s.Postings)
		return s, true
	}
	return nil, false
}

// Days are the business days that statements can be had of, ascending.
func (a *Account) Days() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var all []string
	for _, d := range a.days {
		all = append(all, d.date.midnight().Format(time.DateOnly))
	}
	return all
}

// Check proves that the statement adds up: its lines come to its total, and the shares of
// the fee to the fee.
func (s *Statement) Check() error {
	var sum Sums
	for _, l := range s.Lines {
		sum.Add(l.Sums)
	}
	switch {
	case sum != s.Total:
		return fmt.Errorf("statement of %s, %s: its lines come to %+v, its total is %+v", s.MID, s.Day, sum, s.Total)
	case s.Total.Issuer+s.Total.Network+s.Total.Acquirer != s.Total.Fee:
		return fmt.Errorf("statement of %s, %s: the shares of the fee do not come to %d fen", s.MID, s.Day, s.Total.Fee)
	}
	return nil
}

// Check proves that the account adds up: its days come to all that was posted, and each
// day's lines to the day.
func (a *Account) Check() error {
	for _, day := range a.Days() {
		if s, ok := a.Statement(day); ok {
			if err := s.Check(); err != nil {
				return err
			}
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	sum := a.before
	paid := a.before.Amount - a.before.Fee
	for i := range a.days {
		sum.Add(a.days[i].Sums)
		paid += a.days[i].paid - a.days[i].paidFee
	}
	if sum != a.ever {
		return fmt.Errorf("merchant %s: its days come to %+v, %+v was posted", a.MID, sum, a.ever)
	}
	if paid != a.paid {
		return fmt.Errorf("merchant %s: %d fen of its days are paid, %d have left", a.MID, paid, a.paid)
	}
	return nil
}

// CSV is the statement as a spreadsheet reads it: amounts with so many decimals, the
// total last.
func (s *Statement) CSV(decimals int) string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	w.Write([]string{"merchant", "day", "what", "card", "channel", "count", "amount", "fee", "net", "value date", "cycle"})
	row := func(what, kind, channel string, n Sums) {
		w.Write([]string{s.MID, s.Day, what, kind, channel, strconv.Itoa(n.Count), decimal(n.Amount, decimals), decimal(n.Fee, decimals), decimal(n.Amount-n.Fee, decimals), s.Value, s.Cycle})
	}
	for _, l := range s.Lines {
		row(l.What.String(), l.Kind.String(), l.Channel.String(), l.Sums)
	}
	row("total", "", "", s.Total)
	w.Flush()
	return b.String()
}

// decimal is an amount in minor units with its decimals.
func decimal(minor int64, decimals int) string {
	sign := ""
	if minor < 0 {
		sign, minor = "-", -minor
	}
	if decimals <= 0 {
		return fmt.Sprintf("%s%d", sign, minor)
	}
	digits := fmt.Sprintf("%0*d", decimals+1, minor)
	n := len(digits) - decimals
	return sign + digits[:n] + "." + digits[n:]
}
