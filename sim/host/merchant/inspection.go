package merchant

import (
	"time"

	"github.com/posfleet/posfleet/sim/host/book"
)

// After how many months without a trade a terminal's merchant is checked anew, and after
// how many the terminal is stopped for good (inspection guide of 2022-03-01).
const (
	checkAfter = 3
	stopAfter  = 12
)

// What counts as one card going round at one merchant (同卡循环交易): so many payments of
// one card within a day that come to so much, in hundredths of the currency's unit.
const (
	circlingPayments = 3
	circlingAmount   = 10_000_00
)

// Inspected is what an inspection did.
type Inspected struct {
	Lapsed    int `json:"lapsed"`    // applications
	Suspended int `json:"suspended"` // terminals that have not traded for 3 months
	Stopped   int `json:"stopped"`   // and for 12
	Circling  int `json:"circling"`  // cards that go round
}

// Inspect does what is done each day, as of a day of the clock of one merchant or of one
// application, or of the host's, of all, when both are empty. Machines in stock are exempt.
func (r *Register) Inspect(day time.Time, mid, application string) (Inspected, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var done Inspected
	for number, a := range r.applications {
		if (application == "" && mid == "" || number == application) && a.State == approved {
			if r.lapse(a, day); a.State == lapsed {
				done.Lapsed++
			}
		}
	}
	if application != "" {
		return done, nil
	}
	if mid != "" {
		m, err := r.merchant(mid)
		if err != nil {
			return done, err
		}
		day = day.Add(-m.ahead) // when terminals trade is known by the host's clock
	}
	of := map[string][]*Terminal{}
	for n := range len(r.profile.Terminals) + len(r.profile.Stock) {
		if m := r.bound(n); m != "" && (mid == "" || m == mid) {
			of[m] = append(of[m], r.at(n))
		}
	}
	for m, terminals := range of {
		r.dormancy(terminals, day, &done)
		r.circling(m, terminals, day, &done)
	}
	return done, nil
}

// dormancy looks for terminals that do not trade.
func (r *Register) dormancy(terminals []*Terminal, day time.Time, done *Inspected) {
	for _, t := range terminals {
		mid := t.MID
		last := t.quiet
		if at := time.Unix(r.traded(t), 0); at.After(last) {
			last = at
		}
		if last.Unix() <= 0 {
			last = r.now() // of the profile, and nothing known of it
			t.quiet = last
			r.touch(nil, nil, t)
		}
		switch {
		case t.State != active && !(t.State == suspended && t.Why == dormant):
		case !day.Before(last.AddDate(0, stopAfter, 0)):
			r.takeBack(t)
			done.Stopped++
			r.note(Event{What: "terminal-stopped", Alert: true, MID: mid, TID: t.TID, English: "no trade for 12 months: stopped, to be taken back", Chinese: "连续12个月无交易，停止服务并回收终端"})
		case t.State == active && !day.Before(last.AddDate(0, checkAfter, 0)):
			quiet := t.quiet
			r.stop(t, dormant)
			t.quiet = quiet
			done.Suspended++
			r.note(Event{What: "terminal-dormant", Alert: true, MID: mid, TID: t.TID, English: "no trade for 3 months: the merchant's identity is to be checked anew", Chinese: "连续3个月无交易，须重新核实商户身份"})
		}
	}
}

// dormant is why a terminal is suspended that does not trade.
const dormant = "dormant"

// circling looks for cards that pay again and again.
func (r *Register) circling(mid string, terminals []*Terminal, day time.Time, done *Inspected) {
	since := uint32(day.AddDate(0, 0, -1).Unix())
	type seen struct {
		n   int
		sum int64
		tid string
	}
	by := map[book.Card]*seen{}
	for _, t := range terminals {
		for _, p := range r.books.Payments(t.number, since) {
			s := by[p.Card]
			if s == nil {
				s = &seen{}
				by[p.Card] = s
			}
			s.n, s.sum, s.tid = s.n+1, s.sum+p.Amount, t.TID
		}
	}
	for _, s := range by {
		if s.n >= circlingPayments && s.sum >= r.profile.Dialect.FromHundredths(circlingAmount) {
			done.Circling++
			r.note(Event{What: "same-card", Alert: true, MID: mid, TID: s.tid, English: "one card pays again and again for large amounts", Chinese: "同卡循环交易"})
		}
	}
}
