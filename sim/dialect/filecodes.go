package dialect

import (
	"regexp"
	"slices"
	"strings"

	"github.com/posfleet/posfleet/sim/strict"
	"github.com/posfleet/posfleet/sim/wire"
)

var (
	codeShape  = regexp.MustCompile(`^[0-9A-Za-z]{1,4}$`)
	classShape = regexp.MustCompile(`^(approves|defective|declines)$`)
)

// width is how many characters element e has, 0 where the dialect has no place for
// it.
func (r *reader) width(e wire.Element) int {
	place := r.d.Place(e)
	switch {
	case place.Field == 0:
		return 0
	case place.To > 0:
		return place.To - place.From
	}
	return r.d.Spec.Fields[place.Field].Spec().Length
}

// codes reads the response codes.
func (r *reader) codes(v strict.Value) {
	d, width := r.d, r.width(wire.ResponseCode)
	if width == 0 {
		r.Fail(v, "the dialect has no place for a response code; add response-code to elements")
		return
	}
	d.codes = map[Code]int{}
	r.Each(v, func(key string, v strict.Value) {
		c := CodeInfo{Code: CodeOf(key)}
		if !codeShape.MatchString(key) || len(key) != width {
			r.Fail(v, "want %d letters or digits, as wide as the field of the response code", width)
			return
		}
		class := classNames[Declines]
		r.Map(v, strict.Table{
			"for": r.roles(&c), "class": r.Match(&class, classShape, "approves, defective or declines"),
			"words": r.Text(&c.Words), "display": r.Text(&c.Display), "profile": r.Text(&c.Keys), "cards": r.words(&c.Cards), "next": r.next(&c),
		})
		c.Class = Class(max(0, slices.Index(classNames[:], class)))
		for _, role := range c.Roles {
			if (role == Approved || role == Partial) != (c.Class == Approves) {
				r.Fail(v, "for: %s, class: %s: approved and partial approve, no other does", role, class)
			}
		}
		if c.Code == d.roles[Approved] {
			d.approved = len(d.Codes)
		}
		d.codes[c.Code] = len(d.Codes)
		d.Codes = append(d.Codes, c)
	})
	for _, role := range []Role{Approved, Declined} {
		if r.OK() && !d.HasCode(role) {
			r.Fail(v, "no code is for: %s; every network has one", role)
		}
	}
}

var classNames = [...]string{Declines: "declines", Approves: "approves", Defective: "defective"}

// roles reads what a code is for: one role or a list.
func (r *reader) roles(c *CodeInfo) func(strict.Value) {
	return func(v strict.Value) {
		var names []string
		r.words(&names)(v)
		for _, name := range names {
			role, ok := RoleNamed(name)
			switch {
			case !ok:
				r.Fail(v, "%s, want one of %s", strict.Quote(name), strings.Join(roleNames[1:], ", "))
			case r.d.roles[role] != Code{}:
				r.Fail(v, "%s is what %s is for, too; one code has a role", name, r.d.roles[role])
			default:
				r.d.roles[role] = c.Code
				c.Roles = append(c.Roles, role)
			}
		}
	}
}

// next reads what an operator does after an answer with the code.
func (r *reader) next(c *CodeInfo) func(strict.Value) {
	return func(v strict.Value) {
		name, ok := r.Scalar(v)
		if !ok {
			return
		}
		if c.Next, ok = nextStepNamed(name); !ok {
			var names []string
			for _, row := range nextStepTable {
				names = append(names, row.name)
			}
			r.Fail(v, "%s, want one of %s", strict.Quote(name), strings.Join(names, ", "))
		}
	}
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
func (r *reader) reversal(v, transactions strict.Value) {
	d := r.d
	reverses := slices.ContainsFunc(d.Forms, func(f Form) bool { return f.Transaction == Reversal })
	if !v.Given() {
		if at, ok := transactions.Key(Reversal.String()); ok && reverses {
			r.Fail(at, "nothing says why one is sent and which answers end it; add reversal, beside transactions, with reasons and accepts")
		}
		return
	}
	var reasons, accepts strict.Value
	r.Map(v, strict.Table{"reasons": strict.Keep(&reasons), "accepts": strict.Keep(&accepts)})
	if reasons.Given() {
		r.Each(reasons, func(key string, v strict.Value) { r.reason(key, v) })
	}
	if reverses && (!accepts.Given() || d.Has(wire.Reason) && len(d.Reasons) == 0) {
		r.Fail(v, "want reasons, why a reversal is sent, and accepts, the answers that end one; the transactions have a reversal")
	}
	if accepts.Given() {
		r.List(accepts, func(v strict.Value) {
			s, ok := r.Scalar(v)
			if _, known := d.codes[CodeOf(s)]; ok && !known {
				r.Fail(v, "%s is not among the codes", strict.Quote(s))
			}
			d.Accepts = append(d.Accepts, CodeOf(s))
		})
		if done := r.approves(Reversal); reverses && done != (Code{}) && !slices.Contains(d.Accepts, done) {
			r.Fail(accepts, "%s is missing, the answer that says the reversal was done; add it", done)
		}
	}
}

// approves is the code with which a host approves transaction t, before the forms
// are compiled.
func (r *reader) approves(t Transaction) Code {
	for i := range r.d.Forms {
		if f := &r.d.Forms[i]; f.Transaction == t && f.Approval != (Code{}) {
			return f.Approval
		}
	}
	return r.d.roles[Approved]
}

// reason reads one reason of reversals.
func (r *reader) reason(key string, v strict.Value) {
	d := r.d
	w := Reason{Code: CodeOf(key)}
	cause := ""
	r.Map(v, strict.Table{"for": r.Text(&cause), "words": r.Text(&w.Words)})
	if width := r.width(wire.Reason); !codeShape.MatchString(key) || len(key) != width {
		r.Fail(v, "want %d letters or digits, as wide as the field of reversal-reason among the elements", width)
		return
	}
	if cause != "" {
		c, ok := CauseNamed(cause)
		if !ok {
			r.Fail(v, "for: %s, want one of %s", strict.Quote(cause), strings.Join(causeNames[:], ", "))
			return
		}
		d.causes[c] = w.Code
	}
	d.Reasons = append(d.Reasons, w)
}
