package profile

import (
	"fmt"
	"regexp"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/posfleet/posfleet/sim/strict"
)

// Bounds of cards.
const (
	maxCards = 100_000 // of one role
	maxAll   = 200_000 // of all
)

var (
	answerShape = regexp.MustCompile(`^[0-9A-Z]{2}$`)
	pinShape    = regexp.MustCompile(`^\d{4,12}$`)
	panShape    = regexp.MustCompile(`^\d{13,19}$`)
	roleShape   = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)
)

// policy reads the terminals' policy over its defaults.
func (r reader) policy(v strict.Value, p *Policy) {
	r.Map(v, strict.Table{
		"timeout":           r.Duration(&p.Timeout, time.Millisecond, 10*time.Minute),
		"reversal-tries":    strict.Int(r.Reader, &p.ReversalTries, 1, 99),
		"reversal-reason":   r.Match(&p.ReversalReason, regexp.MustCompile(`^(98|06)$`), "98 or 06"),
		"reversal-original": r.Bool(&p.ReversalOriginal),
		"reversal-accepts": func(v strict.Value) {
			p.ReversalAccepts = nil
			r.List(v, func(v strict.Value) {
				var code string
				r.Match(&code, answerShape, "a response code of two digits or capitals")(v)
				p.ReversalAccepts = append(p.ReversalAccepts, code)
			})
			if v.IsList() && !slices.Contains(p.ReversalAccepts, "00") {
				r.Fail(v, "00 is missing, the answer that says the reversal was done; add it")
			}
		},
		"keep-on-mismatch":  r.Bool(&p.KeepOnMismatch),
		"abort-on-reversal": r.Bool(&p.AbortOnReversal),
		"defective-is-good": r.Bool(&p.DefectiveIsGood),
		"supervisor":        r.Bool(&p.Supervisor),
		"auto-sign-off":     r.Bool(&p.AutoSignOff),
		"journal-limit":     strict.Int(r.Reader, &p.JournalLimit, 0, 1_000_000),
		"refund-limit":      r.amount(&p.RefundLimit),
		"encrypt-tracks":    r.Bool(&p.EncryptTracks),
	})
}

// operators reads who may work at the terminals.
func (r reader) operators(p *Profile, v strict.Value) {
	sells := false
	r.List(v, func(v strict.Value) {
		var o Operator
		found := r.Map(v, strict.Table{
			"number":   r.Match(&o.Number, regexp.MustCompile(`^\d\d$`), "two digits: 01 to 98 operators, 00 supervisor, 99 administrator"),
			"password": strict.Secret(r.Reader, &o.Password, regexp.MustCompile(`^\d{4,8}$`), "4 to 8 digits"),
		})
		r.Need(v, found, "number", "password")
		if o.Number != "" && slices.ContainsFunc(p.Operators, func(x Operator) bool { return x.Number == o.Number }) {
			r.Fail(v, "operator %s stands twice; leave one away", o.Number)
		}
		sells = sells || o.Number != "00" && o.Number != "99"
		p.Operators = append(p.Operators, o)
	})
	if !sells {
		r.Fail(v, "nobody who may sell; add an operator from 01 to 98")
	}
	if p.Policy.Supervisor && !slices.ContainsFunc(p.Operators, func(o Operator) bool { return o.Number == "00" }) {
		r.Fail(v, "no supervisor, and voids ask for one; add operator 00 or say supervisor: false under policy")
	}
}

// merchants reads merchants and their fee plans.
func (r reader) merchants(p *Profile, v strict.Value) {
	r.List(v, func(v strict.Value) {
		var m Merchant
		found := r.Map(v, strict.Table{
			"mid":  r.Match(&m.MID, midShape, midWords),
			"name": r.Text(&m.Name),
			"fee": func(v strict.Value) {
				r.Map(v, strict.Table{"basis-points": strict.Int(r.Reader, &m.Fee.BasisPoints, 0, 10_000), "cap": r.amount(&m.Fee.Cap)})
			},
		})
		r.Need(v, found, "mid")
		if utf8.RuneCountInString(m.Name) > 40 {
			r.Fail(v, "name of %d characters, want at most 40", utf8.RuneCountInString(m.Name))
		}
		if m.MID != "" && slices.ContainsFunc(p.Merchants, func(x Merchant) bool { return x.MID == m.MID }) {
			r.Fail(v, "merchant %s stands twice; leave one away", m.MID)
		}
		p.Merchants = append(p.Merchants, m)
	})
	if len(p.Merchants) == 0 {
		r.Fail(v, "is empty; add a merchant")
	}
}

// need complains about keys that an item must have.
func (r reader) need(v strict.Value, found map[string]int, keys ...string) {
	for _, k := range keys {
		if v.IsMap() && found[k] == 0 {
			r.Fail(v, "key %s is missing; add it", k)
		}
	}
}

// ranges gives the test ranges that cards may be in: everybody's and those
// that the file names.
func (r reader) ranges(v strict.Value) []Range {
	all := TestRanges()
	if !v.Given() {
		return all
	}
	r.List(v, func(v strict.Value) {
		var own Range
		found := r.Map(v, strict.Table{
			"name":   r.Text(&own.Name),
			"prefix": r.Match(&own.Prefix, regexp.MustCompile(`^\d{6,19}$`), "the 6 to 19 digits that its card numbers begin with"),
		})
		r.Need(v, found, "name", "prefix")
		if own.Prefix != "" {
			all = append(all, own)
		}
	})
	return all
}

// cards reads the test cards and works out their holders.
func (r reader) cards(p *Profile, v strict.Value, ranges []Range) {
	accepted, total := p.LivePAN, 0
	p.LivePAN = false
	var lines []strict.Value
	r.List(v, func(v strict.Value) {
		c := r.card(v)
		if total += c.Count; total > maxAll {
			r.Fail(v, "more than %d cards in all; count fewer", maxAll)
		}
		if c.Role != "" && slices.ContainsFunc(p.Cards, func(x Card) bool { return x.Role == c.Role }) {
			r.Fail(v, "role %s stands twice; leave one away", c.Role)
		}
		p.Cards = append(p.Cards, c)
		lines = append(lines, v)
	})
	if len(p.Cards) == 0 {
		r.Fail(v, "is empty; add at least a card of role good")
	}
	if !r.OK() {
		return
	}
	p.holders = make(map[string][]Holder, len(p.Cards))
	owner := make(map[string]string, total)
	for i := range p.Cards {
		c := &p.Cards[i]
		all := holdersOf(c)
		p.holders[c.Role] = all
		if c.PAN != "" && !within(ranges, all[0].PAN, all[len(all)-1].PAN) {
			if p.LivePAN = true; !accepted {
				r.Fail(lines[i], "card number %s may be a live one: it is outside the named test ranges; use a test card, "+
					"name its range under test-ranges, or say accept-live-pan: true", Mask(c.PAN))
			}
		}
		if wrong := claim(owner, all); wrong != "" {
			r.Fail(lines[i], "%s; give each role its own", wrong)
		}
	}
}

// claim notes which role the numbers and codes of holders are of. The
// complaint is empty when they were nobody's before.
func claim(owner map[string]string, all []Holder) (complaint string) {
	for i := range all {
		h := &all[i]
		// A code and a card number of 19 digits are not taken for each other.
		for _, id := range [...]struct{ what, number string }{{"card number ", h.PAN}, {"payment code ", h.Code}} {
			if id.number == "" {
				continue
			}
			if other, taken := owner[id.what+id.number]; taken {
				return id.what + Mask(id.number) + " is also one of role " + other
			}
			owner[id.what+id.number] = h.Card.Role
		}
	}
	return ""
}

// invalid is the role whose number may end in a wrong check digit.
const invalid = "invalid"

// card reads one card or range of cards.
func (r reader) card(v strict.Value) Card {
	c := Card{Count: 1, Service: "101"}
	found := r.Map(v, strict.Table{
		"role":          r.Match(&c.Role, roleShape, "small letters, digits and hyphens"),
		"pan":           r.pan(&c.PAN),
		"count":         strict.Int(r.Reader, &c.Count, 1, maxCards),
		"expiry":        r.Match(&c.Expiry, regexp.MustCompile(`^\d\d(0[1-9]|1[0-2])$`), "YYMM"),
		"sequence":      r.Match(&c.Sequence, regexp.MustCompile(`^\d{3}$`), "three digits"),
		"service":       r.Match(&c.Service, regexp.MustCompile(`^\d{3}$`), "three digits"),
		"discretionary": strict.Secret(r.Reader, &c.Extra, regexp.MustCompile(`^\d{1,17}$`), "1 to 17 digits"),
		"pin":           strict.Secret(r.Reader, &c.PIN, pinShape, "4 to 12 digits"),
		"typed":         strict.Secret(r.Reader, &c.Typed, pinShape, "4 to 12 digits"),
		"code":          r.Match(&c.Code, regexp.MustCompile(`^\d{19}$`), "19 digits"),
		"balance":       r.amount(&c.Balance),
		"limit":         r.amount(&c.Limit),
		"answer":        r.Match(&c.Answer, answerShape, "a response code of two digits or capitals"),
	})
	r.Need(v, found, "role")
	if c.Typed == nil {
		c.Typed = c.PIN
	}
	if c.Extra == nil {
		c.Extra = Secret("00000000000000000")
	}
	if wrong := c.wrong(); wrong != "" && r.OK() {
		r.Fail(v, "%s", wrong)
	}
	return c
}

// pan reads a card number; of a wrong one nothing is shown but its length.
func (r reader) pan(to *string) func(strict.Value) {
	return func(v strict.Value) {
		s, ok := r.Scalar(v)
		if ok && !panShape.MatchString(s) {
			r.Fail(v, "a value of %d characters, want a card number of 13 to 19 digits without spaces", utf8.RuneCountInString(s))
			return
		}
		*to = s
	}
}

// wrong says what does not fit together in a card; empty when all does.
func (c *Card) wrong() string {
	switch {
	case c.PAN == "" && c.Code == "":
		return "has neither pan nor code; give at least one"
	case c.PAN != "" && c.Expiry == "":
		return "key expiry is missing; add it as YYMM"
	case c.PAN != "" && !Luhn(c.PAN) && c.Role != invalid:
		return fmt.Sprintf("card number %s: its check digit is not %c; mend the number (only role %s may have a wrong one)",
			Mask(c.PAN), CheckDigit(c.PAN[:len(c.PAN)-1]), invalid)
	case c.PAN != "" && !fits(c.PAN, c.Count, true), c.Code != "" && !fits(c.Code, c.Count, false):
		return fmt.Sprintf("%d cards from this number on need a digit more than it has; count fewer", c.Count)
	}
	return ""
}
