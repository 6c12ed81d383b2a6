package admin

import (
	"errors"
	"net/http"
	"time"

	"github.com/posfleet/posfleet/sim/host/staff"
)

// ofStaff are the routes about operators' passwords and lost terminals.
func (s *Server) ofStaff() map[string]answers {
	return map[string]answers{
		"POST /v1/staff/customers":               s.enrol,
		"POST /v1/staff/members":                 s.hire,
		"POST /v1/app/sessions":                  s.logInToApp,
		"POST /v1/resets":                        s.askReset,
		"POST /v1/resets/{id}/proof":             s.proveReset,
		"POST /v1/losses":                        s.reportLoss,
		"GET /v1/phones/{phone}":                 s.getMessage,
		"GET /v1/audit":                          s.getAudit,
		"POST /v1/staff/terminals/{tid}/sign-in": s.wantSignIn,
		"POST /v1/staff/terminals/{tid}/age":     s.age,
		"POST /v1/staff/terminals/{tid}/clear":   s.clear,
	}
}

// refused gives what the desk does not do its status.
func refused(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, staff.ErrUnknown):
		return refuse(http.StatusNotFound, "%v", err)
	case errors.Is(err, staff.ErrShape), errors.Is(err, staff.ErrChannel):
		return refuse(http.StatusBadRequest, "%v", err)
	case errors.Is(err, staff.ErrTooMany):
		return refuse(http.StatusTooManyRequests, "%v", err)
	}
	return refuse(http.StatusUnprocessableEntity, "%v", err)
}

// papers are what somebody shows at a branch.
type papers struct {
	ID      string `json:"id"`
	Licence string `json:"licence"`
}

// enrol tells the desk whose a terminal is.
func (s *Server) enrol(r *http.Request) (any, error) {
	var in struct {
		TID      string `json:"tid"`
		Customer string `json:"customer"`
		Phone    string `json:"phone"`
		Password string `json:"password"`
		Papers   papers `json:"papers"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	return nil, refused(s.host.Staff().Enrol(in.TID, staff.Customer{Number: in.Customer, Phone: in.Phone, Password: in.Password, Papers: staff.Papers(in.Papers)}))
}

// hire tells the desk who works there.
func (s *Server) hire(r *http.Request) (any, error) {
	var in struct {
		Number string `json:"number"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	return nil, refused(s.host.Staff().Hire(in.Number))
}

// logInToApp is a merchant logging in to the app.
func (s *Server) logInToApp(r *http.Request) (any, error) {
	var in struct {
		Customer string `json:"customer"`
		Password string `json:"password"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	session, err := s.host.Staff().Login(in.Customer, in.Password)
	return map[string]string{"session": session}, refused(err)
}

// askReset is somebody asking for an operator's password to be reset.
func (s *Server) askReset(r *http.Request) (any, error) {
	var in struct {
		Channel  staff.Channel `json:"channel"`
		TID      string        `json:"tid"`
		Operator string        `json:"operator"`
		Session  string        `json:"session"`
		Customer string        `json:"customer"`
		Papers   papers        `json:"papers"`
		Staff    []string      `json:"staff"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	var clerks [2]string
	if copy(clerks[:], in.Staff) < len(in.Staff) {
		return nil, refuse(http.StatusBadRequest, "staff: want the two who saw the papers")
	}
	id, code, err := s.host.Staff().Ask(staff.Ask{Channel: in.Channel, TID: in.TID, Operator: in.Operator, Session: in.Session, Customer: in.Customer,
		Papers: staff.Papers(in.Papers), Staff: clerks})
	if err != nil {
		return nil, refused(err)
	}
	out := map[string]string{"id": id}
	if code != "" {
		out["code"] = code
	}
	return out, nil
}

// proveReset is somebody giving the code that came by SMS.
func (s *Server) proveReset(r *http.Request) (any, error) {
	var in struct {
		Channel staff.Channel `json:"channel"`
		Code    string        `json:"code"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	code, err := s.host.Staff().Prove(r.PathValue("id"), in.Channel, in.Code)
	if err != nil {
		return nil, refused(err)
	}
	return map[string]string{"code": code}, nil
}

// reportLoss stops a terminal.
func (s *Server) reportLoss(r *http.Request) (any, error) {
	var in struct {
		Customer string `json:"customer"`
		TID      string `json:"tid"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	return nil, refused(s.host.Staff().ReportLoss(in.Customer, in.TID))
}

// getMessage is the last message that a phone got.
func (s *Server) getMessage(r *http.Request) (any, error) {
	text := s.host.Staff().Message(r.PathValue("phone"))
	if text == "" {
		return nil, refuse(http.StatusNotFound, "the phone has no message; ask for a reset first")
	}
	return map[string]string{"message": text}, nil
}

// getAudit is the audit log.
func (s *Server) getAudit(r *http.Request) (any, error) {
	return s.host.Staff().Audit(r.URL.Query().Get("tid")), nil
}

// wantSignIn has the host tell a terminal to sign in.
func (s *Server) wantSignIn(r *http.Request) (any, error) {
	return nil, refused(s.host.Staff().WantSignIn(r.PathValue("tid")))
}

// age makes what is about a terminal older, so that a test need not wait.
func (s *Server) age(r *http.Request) (any, error) {
	var in struct {
		Seconds int `json:"seconds"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if in.Seconds < 0 || in.Seconds > 1_000_000_000 {
		return nil, refuse(http.StatusBadRequest, "seconds is %d, want 0 to 1000000000", in.Seconds)
	}
	return nil, refused(s.host.Staff().Age(r.PathValue("tid"), time.Duration(in.Seconds)*time.Second))
}

// clear forgets what is about a terminal, so that a test begins anew.
func (s *Server) clear(r *http.Request) (any, error) {
	return nil, refused(s.host.Staff().Clear(r.PathValue("tid")))
}
