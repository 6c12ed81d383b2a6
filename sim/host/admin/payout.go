package admin

import (
	"net/http"
	"time"

	"github.com/posfleet/posfleet/sim/fee"
	"github.com/posfleet/posfleet/sim/host/payout"
)

// ofPayouts are the routes about fees, statements and payouts.
func (s *Server) ofPayouts() map[string]answers {
	return map[string]answers{
		"GET /v1/merchants/{mid}/account":              s.getAccount,
		"GET /v1/merchants/{mid}/payouts":              s.getPayouts,
		"GET /v1/merchants/{mid}/statements/{day}":     s.getStatement,
		"GET /v1/merchants/{mid}/statements/{day}/csv": s.getCSV,
		"POST /v1/payouts":                             s.pay,
		"GET /v1/fees":                                 s.getFees,
	}
}

// sums are amounts in fen, as JSON has them.
type sums struct {
	Count    int   `json:"count"`
	Amount   int64 `json:"amount"`
	Fee      int64 `json:"fee"`
	Net      int64 `json:"net"`
	Issuer   int64 `json:"issuer"`
	Network  int64 `json:"network"`
	Acquirer int64 `json:"acquirer"`
}

func sumsOf(s payout.Sums) sums {
	return sums{s.Count, s.Amount, s.Fee, s.Amount - s.Fee, s.Issuer, s.Network, s.Acquirer}
}

// line is a line of a statement, or one posting.
type line struct {
	What    string `json:"what"`
	Card    string `json:"card"`
	Channel string `json:"channel"`
	sums
	TID  string    `json:"tid,omitempty"`
	When time.Time `json:"when,omitzero"`
}

// statement is a merchant's business day.
type statement struct {
	MID      string   `json:"mid"`
	Name     string   `json:"name"`
	Plan     string   `json:"plan"`
	Day      string   `json:"day"`
	Lines    []line   `json:"lines"`
	Total    sums     `json:"total"`
	Value    string   `json:"value_date"`
	Cycle    string   `json:"cycle"`
	Payouts  []string `json:"payouts"`
	Postings []line   `json:"postings"`
	LeftOut  int      `json:"left_out"` // postings that are no longer kept one by one
}

// account finds a merchant's account.
func (s *Server) account(r *http.Request) (*payout.Account, error) {
	if a := s.host.Account(r.PathValue("mid")); a != nil {
		return a, nil
	}
	return nil, refuse(http.StatusNotFound, "there is no merchant %s / 无此商户", r.PathValue("mid"))
}

// getAccount gives what a merchant was posted and paid.
func (s *Server) getAccount(r *http.Request) (any, error) {
	a, err := s.account(r)
	if err != nil {
		return nil, err
	}
	t := a.Totals()
	return map[string]any{"mid": a.MID, "plan": a.Plan.Name, "cycle": a.Plan.Payout.Cycle.String(), "posted": sumsOf(t.Sums),
		"paid": t.Paid - t.Surcharges, "surcharges": t.Surcharges, "owed": t.Owed(), "days": a.Days()}, nil
}

// getPayouts gives a merchant's payouts, the latest of them.
func (s *Server) getPayouts(r *http.Request) (any, error) {
	a, err := s.account(r)
	if err != nil {
		return nil, err
	}
	return paid(a.Payouts()), nil
}

// paidOut is a payout.
type paidOut struct {
	Number    string   `json:"number"`
	Days      []string `json:"days"`
	Value     string   `json:"value_date"`
	Cycle     string   `json:"cycle"`
	Amount    int64    `json:"amount"`
	Fee       int64    `json:"fee"`
	Surcharge int64    `json:"surcharge"`
	Net       int64    `json:"net"`
	Guessed   bool     `json:"guessed,omitempty"` // the calendar lacks the holidays of a year
}

func paid(all []payout.Payout) []paidOut {
	out := []paidOut{}
	for _, p := range all {
		out = append(out, paidOut{p.Number, p.Days, p.Value.Format(time.DateOnly), p.Cycle.String(), p.Amount, p.Fee, p.Surcharge, p.Net, p.Guessed})
	}
	return out
}

// find gives a statement; of today, by its clock in China, when the day is "today".
func (s *Server) find(r *http.Request) (*payout.Statement, error) {
	a, err := s.account(r)
	if err != nil {
		return nil, err
	}
	day := r.PathValue("day")
	if day == "today" {
		day = a.Day(a.Now(s.host.Now()))
	}
	if _, err := time.ParseInLocation(time.DateOnly, day, fee.China); err != nil {
		return nil, refuse(http.StatusBadRequest, "%q: want a day as 2026-11-26, or today", day)
	}
	st, ok := s.host.Statement(a, day)
	if !ok {
		return nil, refuse(http.StatusNotFound, "merchant %s has no statement of %s / 商户无该日对账单", a.MID, day)
	}
	return st, nil
}

// getStatement gives a statement as data, with its postings one by one if they are asked
// for.
func (s *Server) getStatement(r *http.Request) (any, error) {
	st, err := s.find(r)
	if err != nil {
		return nil, err
	}
	out := statement{MID: st.MID, Name: st.Name, Plan: st.Plan, Day: st.Day, Lines: []line{}, Total: sumsOf(st.Total), Value: st.Value, Cycle: st.Cycle,
		Payouts: st.Payouts, Postings: []line{}, LeftOut: st.LeftOut}
	for _, l := range st.Lines {
		out.Lines = append(out.Lines, line{What: l.What.String(), Card: l.Kind.String(), Channel: l.Channel.String(), sums: sumsOf(l.Sums)})
	}
	if r.URL.Query().Get("postings") == "" {
		return out, nil
	}
	for _, p := range st.Postings {
		out.Postings = append(out.Postings, line{What: p.What.String(), Card: p.Kind.String(), Channel: p.Channel.String(), sums: sumsOf(p.Sums), TID: p.TID, When: p.When.In(fee.China)})
	}
	return out, nil
}

// getCSV gives a statement as a spreadsheet reads it.
func (s *Server) getCSV(r *http.Request) (any, error) {
	st, err := s.find(r)
	if err != nil {
		return nil, err
	}
	return csv(st.CSV(s.host.Profile().Dialect.Exponent)), nil
}

// pay pays out what has come to its value date, as of a day or moment: to one merchant or
// to all.
func (s *Server) pay(r *http.Request) (any, error) {
	var of struct {
		AsOf string `json:"as_of"`
		MID  string `json:"mid"`
	}
	if err := read(r, &of); err != nil {
		return nil, err
	}
	now, err := s.moment("as_of", of.AsOf, of.MID, "")
	if err != nil {
		return nil, err
	}
	if of.MID != "" {
		if _, err := s.host.Merchants().Merchant(of.MID); err != nil {
			return nil, faulty(err)
		}
	}
	return paid(s.host.Pay(of.MID, now)), nil
}

// getFees gives what all merchants were charged, and who has it.
func (s *Server) getFees(*http.Request) (any, error) {
	t := s.host.Fees()
	return map[string]any{"posted": sumsOf(t.Sums), "paid": t.Paid - t.Surcharges, "surcharges": t.Surcharges}, nil
}
