package admin

import (
	"net/http"
	"strings"
	"time"
)

// ofDevices are the routes about terminals as machines.
func (s *Server) ofDevices() map[string]answers {
	return map[string]answers{"GET /v1/terminals/{tid}/status": s.getStatus}
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
