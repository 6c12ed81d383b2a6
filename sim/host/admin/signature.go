package admin

import (
	"errors"
	"math"
	"net/http"
	"time"

	"github.com/posfleet/posfleet/sim/host"
	"github.com/posfleet/posfleet/sim/signature"
)

// ofSignature are the routes about signatures: what is on file of operators, and what
// terminals have sent of cardholders.
func (s *Server) ofSignature() map[string]answers {
	return map[string]answers{
		"PUT /v1/merchants/{mid}/operators/{operator}/signature":         s.putSignature,
		"GET /v1/merchants/{mid}/operators/{operator}/signature":         s.getSignature,
		"DELETE /v1/merchants/{mid}/operators/{operator}/signature":      s.deleteSignature,
		"POST /v1/merchants/{mid}/operators/{operator}/signature/checks": s.checkSignature,
		"GET /v1/terminals/{tid}/signatures":                             s.getSignatures,
	}
}

// enrolment is what is on file of an operator's signature: none of its strokes.
type enrolment struct {
	MID        string    `json:"mid"`
	Operator   string    `json:"operator"`
	References int       `json:"references"`
	At         time.Time `json:"at"`
	Replaced   int       `json:"replaced"`
}

func enrolmentOf(r *http.Request, e host.Enrolment) enrolment {
	return enrolment{r.PathValue("mid"), r.PathValue("operator"), e.References, e.At, e.Replaced}
}

// putSignature enrols an operator, or replaces what is on file.
func (s *Server) putSignature(r *http.Request) (any, error) {
	var body struct {
		Signatures []signature.Signature `json:"signatures"`
	}
	if err := read(r, &body); err != nil {
		return nil, err
	}
	e, err := s.host.Enrol(r.PathValue("mid"), r.PathValue("operator"), body.Signatures)
	switch {
	case errors.Is(err, host.ErrNoMerchant):
		return nil, refuse(http.StatusNotFound, "%v", err)
	case err != nil:
		return nil, refuse(http.StatusUnprocessableEntity, "%v", err)
	}
	return enrolmentOf(r, e), nil
}

func nothingOnFile(r *http.Request) error {
	return refuse(http.StatusNotFound, "no signature of operator %s of merchant %s is on file: enrol one with PUT", r.PathValue("operator"), r.PathValue("mid"))
}

func (s *Server) getSignature(r *http.Request) (any, error) {
	e, ok := s.host.Enrolled(r.PathValue("mid"), r.PathValue("operator"))
	if !ok {
		return nil, nothingOnFile(r)
	}
	return enrolmentOf(r, e), nil
}

// deleteSignature takes what is on file away.
func (s *Server) deleteSignature(r *http.Request) (any, error) {
	s.host.Unenrol(r.PathValue("mid"), r.PathValue("operator"))
	return nil, nil
}

// checkSignature compares one signature with what is on file.
func (s *Server) checkSignature(r *http.Request) (any, error) {
	var body struct {
		Signature signature.Signature `json:"signature"`
	}
	if err := read(r, &body); err != nil {
		return nil, err
	}
	found, ok := s.host.CompareSignature(r.PathValue("mid"), r.PathValue("operator"), body.Signature)
	if !ok {
		return nil, nothingOnFile(r)
	}
	out := map[string]any{"accepted": found.Accepted(), "reason": found.Reason}
	if !math.IsInf(found.Score, 0) { // JSON has no infinity
		out["score"] = found.Score
	}
	return out, nil
}

// slip is a cardholder's signature, without its image.
type slip struct {
	Batch       uint32    `json:"batch"`
	Trace       uint32    `json:"trace"`
	Amount      int64     `json:"amount"`
	Reference   string    `json:"reference"`
	FeatureCode string    `json:"feature_code"`
	At          time.Time `json:"at"`
	Octets      int       `json:"octets"`
	Width       int       `json:"width"`
	Height      int       `json:"height"`
	Black       int       `json:"black"`
	Parts       int       `json:"parts"`
}

// getSignatures lists the latest signatures that a terminal has sent.
func (s *Server) getSignatures(r *http.Request) (any, error) {
	kept, known := s.host.Signatures(r.PathValue("tid"))
	if !known {
		return nil, refuse(http.StatusNotFound, "the host has no terminal %s", r.PathValue("tid"))
	}
	all := []slip{}
	for _, k := range kept {
		all = append(all, slip{k.Batch, k.Trace, k.Amount, k.RRN, k.FeatureCode, k.At, len(k.Image), k.Width, k.Height, k.Black, k.Parts})
	}
	return all, nil
}
