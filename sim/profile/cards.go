package profile

import (
	"fmt"
	"regexp"
	"slices"
	"unicode/utf8"

	"github.com/posfleet/posfleet/sim/chip"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/fee"
	"github.com/posfleet/posfleet/sim/strict"
)

// Card is a test card, or a range of alike ones, by role.
type Card struct {
	Role          string // "good", "poor", "expired", "stolen", …
	PAN           string // of the first one; empty when there is only a payment code
	Count         int    // how many, at least 1; the others follow by account number, each with its own check digit
	Expiry        string // YYMM
	Sequence      string // card sequence number, three digits; empty when it has no chip
	Service       string // service code on the stripe, three digits
	Track3        Secret // digits behind the number in a third track; none for a stripe without one
	Discretionary Secret // discretionary digits that end track 2, cut to fit its 37
	PIN           Secret // the account's; empty when it has none
	Typed         Secret // what the cardholder types; the PIN unless the role is to mistype
	Code          string // QR payment code of the first one, 19 digits; empty when it has none
	Limit         int64  // largest single payment in fen; 0 for none, or none that is known
	// Answer is the response code that the host gives for this card: the bundled one
	// whatever is asked. Empty: by the rules there, the usual one of the role elsewhere.
	Answer   string
	Balance  int64    // fen; known to the bundled host only
	Points   int64    // what points of a loyalty account are worth, in fen; known to the bundled host only
	Alliance int64    // the same of points with an alliance of merchants
	Kind     fee.Kind // what its payments cost the merchant; for the bundled host only

	AsksPassword bool // its phone asks for a password before it pays by a code of its own making; for the bundled host only

	PartialApproval bool // its issuer approves a part where there is too little for all and the terminal takes that; for the bundled host only

	ChipFirst bool // its stripe is good only where the chip cannot be read: the bundled host wants the chip

	Cash      int64 // fen of electronic cash on the chip
	CashLimit int64 // the most that it may have; the bundled host loads no more

	chips  *chips // nil for none whose issuer is known
	usual  string // what hosts usually answer, of a role that the dialect knows
	absent bool   // the dialect does not say what is usual, and that was asked for
}

// usualCashLimit is how much electronic cash a chip may have that says nothing else, in fen
// (PBOC 9F77, docs/sources.md).
const usualCashLimit = 1_000_00

// Bounds of cards.
const (
	maxCards      = 100_000 // of one role
	maxCardsInAll = 200_000 // of all
)

var (
	monthShape  = regexp.MustCompile(`^\d\d(0[1-9]|1[0-2])$`)
	answerShape = regexp.MustCompile(`^[0-9A-Z]{1,4}$`)
	pinShape    = regexp.MustCompile(`^\d{4,12}$`)
	panShape    = regexp.MustCompile(`^\d{13,19}$`)
	roleShape   = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)
	threeDigits = regexp.MustCompile(`^\d{3}$`)
	thirdShape  = regexp.MustCompile(`^\d{1,80}$`) // of track 3, behind the number
	extraShape  = regexp.MustCompile(`^\d{1,17}$`) // of a track's discretionary data
	codeShape   = regexp.MustCompile(`^\d{19}$`)
)

// cards reads the test cards and works out their holders.
func (r reader) cards(p *Profile, v strict.Value, ranges []Range, issuers map[string]*chip.Issuer) {
	accepted, total := p.LivePAN, 0
	p.LivePAN = false
	var lines []strict.Value
	r.List(v, func(v strict.Value) {
		c := r.card(v, p.Dialect, issuers)
		if c.absent {
			return
		}
		if total += c.Count; total > maxCardsInAll {
			r.Fail(v, "more than %d cards in all; count fewer", maxCardsInAll)
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
	p.holders, p.numbered = make(map[string][]Holder, len(p.Cards)), nil
	numbered := int32(0)
	owner := map[string]string{}
	met := false // numbers of two roles, perhaps
	for i := range p.Cards {
		c := &p.Cards[i]
		all := holdersOf(c, numbered)
		numbered += int32(len(all))
		for _, others := range p.holders {
			met = met || meet(all, others)
		}
		p.holders[c.Role], p.numbered = all, append(p.numbered, all)
		if c.PAN != "" && !inRange(ranges, all[0].PAN, all[len(all)-1].PAN) {
			if p.LivePAN = true; !accepted {
				r.Fail(lines[i], "card number %s may be a live one: it is outside the named test ranges; use a test card, "+
					"name its range under test-ranges, or say accept-live-pan: true", dialect.MaskPAN(c.PAN))
			}
		}
	}
	if !met { // twenty thousand holders, in thirty ranges
		return
	}
	for i := range p.Cards {
		if complaint := claim(owner, p.holders[p.Cards[i].Role]); complaint != "" {
			r.Fail(lines[i], "%s; give each role its own", complaint)
		}
	}
}

// meet reports whether a number or a code may be of both: those of a card ascend.
func meet(a, b []Holder) bool {
	a0, a1, b0, b1 := &a[0], &a[len(a)-1], &b[0], &b[len(b)-1]
	return a0.PAN != "" && b0.PAN != "" && a0.PAN <= b1.PAN && b0.PAN <= a1.PAN ||
		a0.Code != "" && b0.Code != "" && a0.Code <= b1.Code && b0.Code <= a1.Code
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
				return id.what + dialect.MaskPAN(id.number) + " is also one of role " + other
			}
			owner[id.what+id.number] = h.Card.Role
		}
	}
	return ""
}

// roleInvalid is the role whose number may end in a wrong check digit.
const roleInvalid = "invalid"

// card reads one card or range of cards.
func (r reader) card(v strict.Value, d *dialect.Dialect, issuers map[string]*chip.Issuer) Card {
	c := Card{Count: 1, Service: "101"}
	var answers strict.Value
	var issuer, command, authentication, verification string
	found := r.Map(v, strict.Table{
		"role":             r.Match(&c.Role, roleShape, "small letters, digits and hyphens"),
		"pan":              r.pan(&c.PAN),
		"count":            strict.Int(r.Reader, &c.Count, 1, maxCards),
		"expiry":           r.Match(&c.Expiry, monthShape, "YYMM"),
		"sequence":         r.Match(&c.Sequence, threeDigits, "three digits"),
		"service":          r.Match(&c.Service, threeDigits, "three digits"),
		"track-3":          strict.Secret(r.Reader, &c.Track3, thirdShape, "1 to 80 digits, what follows the card number in track 3"),
		"discretionary":    strict.Secret(r.Reader, &c.Discretionary, extraShape, "1 to 17 digits"),
		"pin":              strict.Secret(r.Reader, &c.PIN, pinShape, "4 to 12 digits"),
		"typed":            strict.Secret(r.Reader, &c.Typed, pinShape, "4 to 12 digits"),
		"code":             r.Match(&c.Code, codeShape, "19 digits"),
		"balance":          r.Yuan(&c.Balance, maxAmount),
		"points":           r.Yuan(&c.Points, maxAmount),
		"alliance-points":  r.Yuan(&c.Alliance, maxAmount),
		"limit":            r.Yuan(&c.Limit, maxAmount),
		"kind":             fee.ReadKind(r.Reader, &c.Kind),
		"issuer":           r.Text(&issuer),
		"command":          r.Text(&command),
		"authentication":   r.Text(&authentication),
		"verification":     r.Text(&verification),
		"chip-first":       r.Bool(&c.ChipFirst),
		"asks-password":    r.Bool(&c.AsksPassword),
		"partial-approval": r.Bool(&c.PartialApproval),
		"cash":             r.Yuan(&c.Cash, 1_000_000_00),
		"cash-limit":       r.Yuan(&c.CashLimit, 1_000_000_00),
		"answers":          strict.Keep(&answers),
		"answer":           strict.Keep(&answers), // its older name
	})
	r.Need(v, found, "role")
	if found["answer"] > 0 && found["answers"] > 0 {
		r.Fail(v, "answer is the older name of answers; leave it away")
	}
	r.answers(&c, d, answers)
	r.chip(&c, v, issuers, issuer, command, authentication, verification)
	if found["cash-limit"] == 0 {
		c.CashLimit = max(usualCashLimit, c.Cash)
	}
	if c.Typed == nil {
		c.Typed = c.PIN
	}
	if c.Discretionary == nil {
		c.Discretionary = Secret("00000000000000000")
	}
	if complaint := c.inconsistency(); complaint != "" && r.OK() {
		r.Fail(v, "%s", complaint)
	}
	return c
}

// usual is the word for the code that the dialect says hosts usually answer.
const usual = "usual"

// answers reads what the host answers for a card.
func (r reader) answers(c *Card, d *dialect.Dialect, v strict.Value) {
	code, known := d.Usual(c.Role)
	if known {
		c.usual = code.String()
	}
	if !v.Given() {
		return
	}
	switch s, ok := r.Scalar(v); {
	case !ok:
	case s != usual:
		r.code(d, &code)(v)
		c.Answer = code.String()
	case !known:
		c.absent = true
	default:
		c.Answer = c.usual
	}
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

// inconsistency says what does not fit together in a card; empty when all does.
func (c *Card) inconsistency() string {
	switch {
	case c.PAN == "" && c.Code == "":
		return "has neither pan nor code; give at least one"
	case c.PAN != "" && c.Expiry == "":
		return "key expiry is missing; add it as YYMM"
	case c.PAN != "" && !Luhn(c.PAN) && c.Role != roleInvalid:
		return fmt.Sprintf("card number %s: its check digit is not %c; mend the number (only role %s may have a wrong one)",
			dialect.MaskPAN(c.PAN), CheckDigit(c.PAN[:len(c.PAN)-1]), roleInvalid)
	case c.Sequence == "" && c.Cash > 0:
		return "cash is in a chip; a card that has one has a sequence"
	case c.AsksPassword && c.Code == "":
		return "asks-password is of a phone that shows a code; add code"
	case c.Cash > c.CashLimit:
		return "cash is more than cash-limit; make one the other"
	case c.PAN != "" && !fitsWidth(c.PAN, c.Count, true), c.Code != "" && !fitsWidth(c.Code, c.Count, false):
		return fmt.Sprintf("%d cards from this number on need a digit more than it has; count fewer", c.Count)
	}
	return ""
}
