package admin

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/posfleet/posfleet/sim/host"
)

// ofHost are the routes about the host as a whole.
func (s *Server) ofHost() map[string]answers {
	return map[string]answers{
		"GET /v1/host":    s.getHost,
		"GET /v1/totals":  s.getTotals,
		"GET /v1/faults":  s.getFaults,
		"POST /v1/faults": s.switchFault,
		"GET /v1/backup":  s.backup,
	}
}

// getHost says what the host is, and what it has done.
func (s *Server) getHost(*http.Request) (any, error) {
	c := s.host.Counts()
	p := s.host.Profile()
	return map[string]any{
		"profile": p.Name, "dialect": p.Dialect.Name, "terminals": len(p.Terminals), "currency": p.Dialect.Currency, "decimals": p.Dialect.Exponent,
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

// fault is a way in which the host can be wrong on purpose.
type fault struct {
	Name string `json:"name"`
	Doc  string `json:"doc"`
	On   bool   `json:"on"`
}

func (s *Server) getFaults(*http.Request) (any, error) {
	on := s.host.Misbehaves()
	var all []fault
	for _, m := range host.Misbehaviours() {
		all = append(all, fault{m.Name, m.Doc, slices.Contains(on, m.Name)})
	}
	return all, nil
}

// switchFault turns a fault on or off while the host serves.
func (s *Server) switchFault(r *http.Request) (any, error) {
	var in struct {
		Name string `json:"name"`
		On   *bool  `json:"on"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if in.On == nil {
		return nil, refuse(http.StatusBadRequest, "on: want true or false")
	}
	switch err := s.host.Misbehave(in.Name, *in.On); {
	case errors.Is(err, host.ErrNoFault):
		return nil, refuse(http.StatusNotFound, "there is no fault %q; GET /v1/faults lists them", in.Name)
	case err != nil:
		return nil, refuse(http.StatusConflict, "%v", err)
	}
	return s.getFaults(r)
}

// backup gives a copy of the file in which the host keeps its data.
func (s *Server) backup(*http.Request) (any, error) {
	return stream(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		out := &written{to: w}
		switch err := s.host.Backup(out); {
		case errors.Is(err, host.ErrNoData):
			fail(w, refuse(http.StatusConflict, "%v; start it with --data DIR", err))
		case errors.Is(err, host.ErrCopied):
			fail(w, refuse(http.StatusServiceUnavailable, "%v; ask again when it has been taken", err))
		case err != nil && out.n == 0:
			fail(w, err)
		case err != nil:
			panic(http.ErrAbortHandler) // who takes it sees that it is not whole
		}
	}), nil
}

// written counts what is written, each write within a time of its own.
type written struct {
	to http.ResponseWriter
	n  int
}

func (w *written) Write(b []byte) (int, error) {
	_ = http.NewResponseController(w.to).SetWriteDeadline(time.Now().Add(10 * time.Second))
	n, err := w.to.Write(b)
	w.n += n
	return n, err
}
