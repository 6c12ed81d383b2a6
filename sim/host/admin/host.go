package admin

import "net/http"

// ofHost are the routes about the host as a whole.
func (s *Server) ofHost() map[string]answers {
	return map[string]answers{
		"GET /v1/host":   s.getHost,
		"GET /v1/totals": s.getTotals,
	}
}

// getHost says what the host is, and what it has done.
func (s *Server) getHost(*http.Request) (any, error) {
	c := s.host.Counts()
	p := s.host.Profile()
	return map[string]any{
		"profile": p.Name, "dialect": p.Dialect.Name, "terminals": len(p.Terminals),
		"connections": c.Connections, "requests": c.Requests, "answers": c.Answers, "refused": c.Refused,
	}, nil
}

// total is what a terminal's book comes to, in fen.
type total struct {
	TID     string `json:"tid"`
	MID     string `json:"mid"`
	Batch   int    `json:"batch"`
	Debit   int64  `json:"debit"`
	DebitN  int    `json:"debit_count"`
	Credit  int64  `json:"credit"`
	CreditN int    `json:"credit_count"`
}

// getTotals gives what is booked of each terminal that has something, in the
// profile's order.
func (s *Server) getTotals(*http.Request) (any, error) {
	all := []total{}
	for _, b := range s.host.Books() {
		if b.DebitN+b.CreditN > 0 {
			all = append(all, total{b.TID, b.MID, b.Batch, b.Debit, b.DebitN, b.Credit, b.CreditN})
		}
	}
	return all, nil
}
