package dialect

import (
	"regexp"
	"slices"
	"strings"

	"github.com/posfleet/posfleet/sim/strict"
	"github.com/posfleet/posfleet/sim/wire"
)

var codeShape = regexp.MustCompile(`^[0-9A-Za-z]{2,3}$`)

// codes reads the response codes.
func (r *reader) codes(v strict.Value) {
	width := 0
	if place := r.d.Place(wire.ResponseCode); place.Field > 0 {
		width = r.d.Spec.Fields[place.Field].Spec().Length
	} else {
		r.Fail(v, "the dialect has no place for a response code; add response-code to elements")
	}
	r.Each(v, func(key string, v strict.Value) {
		c := CodeInfo{Code: key}
		if !codeShape.MatchString(key) || width > 0 && len(key) != width {
			r.Fail(v, "want %d letters or digits, as wide as the field of the response code", width)
			return
		}
		var class string
		r.Map(v, strict.Table{
			"for": r.words(&c.For), "class": r.Match(&class, regexp.MustCompile(`^(approves|defective|declines)$`), "approves, defective or declines"),
			"words": r.Text(&c.Words), "display": r.Text(&c.Display), "profile": r.Text(&c.Keys), "cards": r.words(&c.Cards),
		})
		switch class {
		case "approves":
			c.Class = Approves
		case "defective":
			c.Class = Defective
		}
		r.d.Codes = append(r.d.Codes, c)
	})
}

// words reads a word or a list of some.
func (r *reader) words(to *[]string) func(strict.Value) {
	return func(v strict.Value) {
		if !v.IsList() {
			if s, ok := r.Scalar(v); ok {
				*to = []string{s}
			}
			return
		}
		r.List(v, func(v strict.Value) {
			if s, ok := r.Scalar(v); ok {
				*to = append(*to, s)
			}
		})
	}
}

// reversal reads why reversals are sent and what ends one.
func (r *reader) reversal(v strict.Value) {
	if !v.Given() {
		return
	}
	var reasons, accepts strict.Value
	r.Map(v, strict.Table{"reasons": strict.Keep(&reasons), "accepts": strict.Keep(&accepts)})
	if reasons.Given() {
		r.Each(reasons, func(key string, v strict.Value) {
			w := Reason{Code: key}
			r.Map(v, strict.Table{
				"for":   r.Match(&w.For, regexp.MustCompile(`^(no-answer|other|bad-mac)$`), "no-answer, other or bad-mac"),
				"words": r.Text(&w.Words),
			})
			r.d.Reasons = append(r.d.Reasons, w)
		})
	}
	if accepts.Given() {
		r.List(accepts, func(v strict.Value) {
			s, ok := r.Scalar(v)
			if ok && !slices.ContainsFunc(r.d.Codes, func(c CodeInfo) bool { return c.Code == s }) {
				r.Fail(v, "%s is not among the codes: %s", strict.Quote(s), strings.Join(r.known(), ", "))
			}
			r.d.Accepts = append(r.d.Accepts, s)
		})
	}
}

func (r *reader) known() (codes []string) {
	for _, c := range r.d.Codes {
		codes = append(codes, c.Code)
	}
	return codes
}
