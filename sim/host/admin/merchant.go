package admin

import (
	"errors"
	"net/http"
	"time"

	"github.com/posfleet/posfleet/sim/fee"
	"github.com/posfleet/posfleet/sim/host/merchant"
)

// ofMerchants are the routes about applications, merchants and their terminals.
func (s *Server) ofMerchants() map[string]answers {
	m := s.host.Merchants()
	return map[string]answers{
		"POST /v1/applications": func(r *http.Request) (any, error) {
			var f merchant.Form
			if err := read(r, &f); err != nil {
				return nil, err
			}
			return told(m.Submit(f))
		},
		"GET /v1/applications":          func(*http.Request) (any, error) { return m.Applications(), nil },
		"GET /v1/applications/{number}": func(r *http.Request) (any, error) { return told(m.Application(r.PathValue("number"))) },
		"PUT /v1/applications/{number}": func(r *http.Request) (any, error) {
			var f merchant.Form
			if err := read(r, &f); err != nil {
				return nil, err
			}
			return told(m.Correct(r.PathValue("number"), f))
		},
		"POST /v1/applications/{number}/review": func(r *http.Request) (any, error) {
			var found merchant.Findings
			if err := read(r, &found); err != nil {
				return nil, err
			}
			return told(m.Review(r.PathValue("number"), found))
		},
		"POST /v1/applications/{number}/sign": func(r *http.Request) (any, error) { return told(m.Sign(r.PathValue("number"))) },
		"GET /v1/refusals":                    func(*http.Request) (any, error) { return merchant.Reasons(), nil },
		"PUT /v1/blacklist/{number}":          func(r *http.Request) (any, error) { return nil, faulty(m.Blacklist(r.PathValue("number"))) },

		"GET /v1/merchants":       func(*http.Request) (any, error) { return m.Merchants(), nil },
		"GET /v1/merchants/{mid}": func(r *http.Request) (any, error) { return told(m.Merchant(r.PathValue("mid"))) },
		"POST /v1/merchants/{mid}/suspend": func(r *http.Request) (any, error) {
			why, err := reason(r)
			if err == nil {
				err = faulty(m.Suspend(r.PathValue("mid"), why))
			}
			return nil, err
		},
		"POST /v1/merchants/{mid}/resume": func(r *http.Request) (any, error) { return nil, faulty(m.Resume(r.PathValue("mid"))) },
		"POST /v1/merchants/{mid}/close":  func(r *http.Request) (any, error) { return nil, faulty(m.Close(r.PathValue("mid"))) },
		"POST /v1/merchants/{mid}/terminals": func(r *http.Request) (any, error) {
			var which struct {
				TID string `json:"tid"`
			}
			if err := read(r, &which); err != nil {
				return nil, err
			}
			return machine(m.Issue(r.PathValue("mid"), which.TID))
		},

		"GET /v1/terminals":       func(r *http.Request) (any, error) { return m.Terminals(r.URL.Query().Get("mid")), nil },
		"GET /v1/terminals/{tid}": func(r *http.Request) (any, error) { return told(m.Terminal(r.PathValue("tid"))) },
		"POST /v1/terminals/{tid}/suspend": func(r *http.Request) (any, error) {
			why, err := reason(r)
			if err == nil {
				err = faulty(m.SuspendTerminal(r.PathValue("tid"), why))
			}
			return nil, err
		},
		"POST /v1/terminals/{tid}/resume":   func(r *http.Request) (any, error) { return nil, faulty(m.ResumeTerminal(r.PathValue("tid"))) },
		"POST /v1/terminals/{tid}/unbind":   func(r *http.Request) (any, error) { return nil, faulty(m.TakeBack(r.PathValue("tid"))) },
		"POST /v1/terminals/{tid}/replace":  func(r *http.Request) (any, error) { return machine(m.Replace(r.PathValue("tid"))) },
		"POST /v1/terminals/{tid}/repaired": func(r *http.Request) (any, error) { return nil, faulty(m.Repaired(r.PathValue("tid"))) },
		"POST /v1/terminals/{tid}/activation-code": func(r *http.Request) (any, error) {
			code, err := m.NewCode(r.PathValue("tid"))
			return map[string]string{"activation_code": code}, faulty(err)
		},
		"POST /v1/terminals/{tid}/position": func(r *http.Request) (any, error) {
			var at struct {
				Latitude  *float64 `json:"latitude"`
				Longitude *float64 `json:"longitude"`
			}
			if err := read(r, &at); err != nil {
				return nil, err
			}
			if at.Latitude == nil || at.Longitude == nil { // not 0, which is a place
				return nil, refuse(http.StatusBadRequest, "want latitude and longitude")
			}
			return told(m.Position(r.PathValue("tid"), merchant.Place{Latitude: *at.Latitude, Longitude: *at.Longitude}))
		},

		"GET /v1/clock":       s.getClock,
		"POST /v1/clock":      s.putClock,
		"POST /v1/inspection": s.inspect,
		"GET /v1/events":      s.events,
	}
}

// machine is a terminal with the activation code that is told once.
func machine(t merchant.Terminal, code string, err error) (any, error) {
	return struct {
		merchant.Terminal
		Code string `json:"activation_code"`
	}{t, code}, faulty(err)
}

// inspect does what is done each day, as of a day.
func (s *Server) inspect(r *http.Request) (any, error) {
	var of struct {
		Day         string `json:"day"`
		MID         string `json:"mid"`
		Application string `json:"application"`
	}
	if err := read(r, &of); err != nil {
		return nil, err
	}
	day, err := s.moment("day", of.Day, of.MID, of.Application)
	if err != nil {
		return nil, err
	}
	return told(s.host.Merchants().Inspect(day, of.MID, of.Application))
}

// events gives the audit log of merchants and terminals.
func (s *Server) events(r *http.Request) (any, error) {
	q := r.URL.Query()
	all, dropped := s.host.Merchants().Events(q.Get("mid"), q.Get("tid"), q.Get("subject"), q.Get("alerts") != "")
	return map[string]any{"events": all, "dropped": dropped}, nil
}

// clock is what a clock says.
type clock struct {
	Now time.Time `json:"now"`
}

// getClock says what time it is for a merchant or application; without one, at the host.
func (s *Server) getClock(r *http.Request) (any, error) {
	q := r.URL.Query()
	now, err := s.host.Merchants().Now(q.Get("mid"), q.Get("application"))
	return told(clock{now.In(fee.China)}, err)
}

// aMoment is what a moment is written as.
const aMoment = "2026-11-26T09:00:00+08:00"

// moment is one of a body, as RFC 3339 has it.
type moment struct{ time.Time }

// UnmarshalJSON implements json.Unmarshaler; its error says what is wanted.
func (m *moment) UnmarshalJSON(text []byte) (err error) {
	if m.Time, err = time.Parse(`"`+time.RFC3339+`"`, string(text)); err != nil {
		return refuse(http.StatusBadRequest, "body: %.40s is no moment, with time and zone; want one as %q", text, aMoment)
	}
	return nil
}

// putClock puts the clock of a merchant or application on.
func (s *Server) putClock(r *http.Request) (any, error) {
	var in struct {
		MID         string `json:"mid"`
		Application string `json:"application"`
		Now         moment `json:"now"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if in.Now.IsZero() {
		return nil, refuse(http.StatusBadRequest, "now: want a moment as %s", aMoment)
	}
	now, err := s.host.Merchants().PutClock(in.MID, in.Application, in.Now.Time)
	return told(clock{now.In(fee.China)}, err)
}

// moment is the end of a day in China as 2026-11-26, or a moment as RFC 3339 has it; now, by
// the clock of an application or merchant if one is named, when it is empty. The field gave it.
func (s *Server) moment(field, text, mid, application string) (time.Time, error) {
	if text == "" {
		now, err := s.host.Merchants().Now(mid, application)
		return now, faulty(err)
	}
	if t, err := time.ParseInLocation(time.DateOnly, text, fee.China); err == nil {
		return t.AddDate(0, 0, 1).Add(-time.Second), faulty(s.host.Merchants().Near(field, t))
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, refuse(http.StatusBadRequest, "%s: %q is no day as 2026-11-26, nor a moment as 2026-11-26T09:00:00+08:00", field, text)
	}
	return t, faulty(s.host.Merchants().Near(field, t))
}

// reason reads why something is done.
func reason(r *http.Request) (string, error) {
	var why struct {
		Why string `json:"why"`
	}
	if err := read(r, &why); err != nil {
		return "", err
	}
	if why.Why == "" || len(why.Why) > 200 {
		return "", refuse(http.StatusBadRequest, "why: say in at most 200 octets why")
	}
	return why.Why, nil
}

// told gives what was asked for, or the error with its status.
func told[T any](v T, err error) (any, error) { return v, faulty(err) }

// faulty is an error of the register with the status that it has.
func faulty(err error) error {
	why, is := errors.AsType[*merchant.Error](err)
	if !is {
		return err
	}
	status := map[merchant.Kind]int{merchant.Malformed: http.StatusBadRequest, merchant.NotThere: http.StatusNotFound,
		merchant.WrongState: http.StatusConflict, merchant.Refused: http.StatusUnprocessableEntity}[why.Kind]
	return &Error{status, why.Error()}
}
