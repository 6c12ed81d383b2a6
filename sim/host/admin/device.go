package admin

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/posfleet/posfleet/sim/host"
)

// ofDevices are the routes about terminals as machines.
func (s *Server) ofDevices() map[string]answers {
	return map[string]answers{
		"GET /v1/terminals/{tid}/status":      s.getStatus,
		"POST /v1/terminals/{tid}/require":    s.require,
		"POST /v1/terminals/{tid}/master-key": s.allowMasterKey,
		"PUT /v1/terminals/{tid}/parameters":  s.setParameter,
		"DELETE /v1/terminals/{tid}/ca-keys":  s.withdrawCAKeys,
	}
}

// require has the host ask a terminal to do something.
func (s *Server) require(r *http.Request) (any, error) {
	var of struct {
		What string `json:"what"`
	}
	if err := read(r, &of); err != nil {
		return nil, err
	}
	switch err := s.host.Require(r.PathValue("tid"), of.What); {
	case errors.Is(err, host.ErrNoTerminal):
		return nil, refuse(http.StatusNotFound, "no terminal %q in the profile", r.PathValue("tid"))
	case err != nil:
		return nil, refuse(http.StatusUnprocessableEntity, "%q: %v; want status, sign-in or a download of the dialect that has a requirement", of.What, err)
	}
	return nil, nil
}

// allowMasterKey lets a terminal download its master key once more.
func (s *Server) allowMasterKey(r *http.Request) (any, error) {
	if err := s.host.AllowMasterKey(r.PathValue("tid")); err != nil {
		return nil, refuse(http.StatusNotFound, "no terminal %q in the profile", r.PathValue("tid"))
	}
	return nil, nil
}

// setParameter has the host tell a terminal a parameter of its own.
func (s *Server) setParameter(r *http.Request) (any, error) {
	var of struct {
		Code  string `json:"code"`
		Value string `json:"value"`
	}
	if err := read(r, &of); err != nil {
		return nil, err
	}
	switch err := s.host.SetParameter(r.PathValue("tid"), of.Code, of.Value); {
	case errors.Is(err, host.ErrNoTerminal):
		return nil, refuse(http.StatusNotFound, "no terminal %q in the profile", r.PathValue("tid"))
	case err != nil:
		return nil, refuse(http.StatusUnprocessableEntity, "%v", err)
	}
	return nil, nil
}

// withdrawCAKeys has the host tell a terminal of no CA key until it has heard so.
func (s *Server) withdrawCAKeys(r *http.Request) (any, error) {
	if err := s.host.WithdrawCAKeys(r.PathValue("tid")); err != nil {
		return nil, refuse(http.StatusNotFound, "no terminal %q in the profile", r.PathValue("tid"))
	}
	return nil, nil
}

// getStatus gives what a terminal last told of its parts.
func (s *Server) getStatus(r *http.Request) (any, error) {
	tid := r.PathValue("tid")
	status, told := s.host.Status(tid)
	if !told {
		return nil, refuse(http.StatusNotFound, "no terminal %q has told its status; it does so in a status upload", tid)
	}
	return map[string]any{
		"tid": tid, "told": names(status.Told.String()), "broken": names(status.Broken.String()),
		"at": status.At.UTC().Format(time.RFC3339), "ticket": status.Ticket,
	}, nil
}

// names is a list of parts as JSON has it.
func names(list string) []string {
	if list == "none" {
		return []string{}
	}
	return strings.Split(list, ", ")
}
