package admin

import (
	"net/http"
	"strconv"
	"time"

	"github.com/posfleet/posfleet/sim/host"
)

// ofActivity are the routes about terminals at work.
func (s *Server) ofActivity() map[string]answers {
	return map[string]answers{
		"GET /v1/activity":                 s.getActivities,
		"GET /v1/terminals/{tid}/activity": s.getActivity,
	}
}

// mostActivities is how many terminals are listed at most.
const mostActivities = 1000

// MostSlips is how many payments of a terminal are told at most, the latest.
const MostSlips = 50

// activity is what the host knows of a terminal at work; amounts are in fen.
type activity struct {
	TID      string    `json:"tid"`
	MID      string    `json:"mid"`
	Merchant string    `json:"merchant"`
	SignedIn bool      `json:"signed_in"`
	Operator string    `json:"operator,omitempty"`
	Batch    uint32    `json:"batch"`
	Debit    int64     `json:"debit"`
	DebitN   int       `json:"debit_count"`
	Credit   int64     `json:"credit"`
	CreditN  int       `json:"credit_count"`
	At       time.Time `json:"at,omitzero"`
	Asked    string    `json:"asked,omitempty"`
	Code     string    `json:"code,omitempty"`
	Display  string    `json:"display,omitempty"`
	Broken   []string  `json:"broken"`
	Payments []payment `json:"payments,omitempty"`
}

// payment is one as its slip has it; its card is masked.
type payment struct {
	Kind     string    `json:"kind"`
	State    string    `json:"state"`
	Channel  string    `json:"channel"`
	Card     string    `json:"card"`
	Amount   int64     `json:"amount"`
	Refunded int64     `json:"refunded"`
	Batch    uint32    `json:"batch"`
	Trace    uint32    `json:"trace"`
	Voids    uint32    `json:"voids,omitempty"`
	AuthCode string    `json:"auth_code,omitempty"`
	RRN      string    `json:"rrn"`
	Acquirer string    `json:"acquirer"`
	At       time.Time `json:"at"`
	Settled  bool      `json:"settled,omitempty"`
}

func (s *Server) activity(a host.Activity, slips []host.Slip) activity {
	out := activity{TID: a.TID, MID: a.MID, Merchant: a.Merchant, SignedIn: a.SignedIn, Operator: a.Operator, Batch: a.Batch, Debit: a.Open.Debit, DebitN: a.Open.DebitN,
		Credit: a.Open.Credit, CreditN: a.Open.CreditN, At: a.At, Asked: a.Asked, Code: a.Code, Display: a.Display, Broken: []string{}}
	if status, told := s.host.Status(a.TID); told {
		out.Broken = names(status.Broken.String())
	}
	for _, p := range slips {
		out.Payments = append(out.Payments, payment(p))
	}
	return out
}

// getActivities lists the terminals that were heard, who was answered last first: most of
// them, 100 unless the query says how many.
func (s *Server) getActivities(r *http.Request) (any, error) {
	most := 100
	if text := r.URL.Query().Get("most"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > mostActivities {
			return nil, refuse(http.StatusBadRequest, "most is %q, want 1 to %d", text, mostActivities)
		}
		most = n
	}
	all := []activity{}
	for _, a := range s.host.Activities(most) {
		all = append(all, s.activity(a, nil))
	}
	return all, nil
}

// getActivity gives one terminal with its latest payments, those of closed batches last.
func (s *Server) getActivity(r *http.Request) (any, error) {
	tid := r.PathValue("tid")
	a, slips, ok := s.host.Activity(tid, MostSlips)
	if !ok {
		return nil, refuse(http.StatusNotFound, "the host has no terminal %q", tid)
	}
	return s.activity(a, slips), nil
}
