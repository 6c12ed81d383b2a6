package scenarios

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/strict"
	"github.com/posfleet/posfleet/sim/wire"
)

// Need is why a scenario does not apply to a network: what its sentences ask for
// and the profile does not have. It is known before anything is played.
type Need struct {
	lacks string
	which string // of several that may be lacking alike, this one; may be empty
}

func (n *Need) Error() string { return strings.TrimSpace(n.lacks + " " + n.which) }

func lack(format string, args ...any) *Need { return &Need{lacks: fmt.Sprintf(format, args...)} }

// lacks is what a network lacks for a sentence alone.
func (b *Bound) lacks(p *profile.Profile) *Need {
	switch {
	case b.Phrase.Admin && b.Args.Admin == nil:
		return lack("the profile names no admin API of the host (key admin)")
	case b.Phrase.Logon && p.Dialect.Form(dialect.SignIn) == nil:
		return lack("dialect %s has no sign-in", p.Dialect.Name)
	case b.Args.Of != dialect.SignIn && p.Dialect.Form(b.Args.Of) == nil:
		return lack("dialect %s has no %s", p.Dialect.Name, b.Args.Of)
	case b.Phrase.Card && !readsCards(p):
		return lack("no terminal of the profile reads cards")
	case b.Role == "wrong-pin" && !p.HasPIN():
		return lack("terminals of dialect %s send no PIN", p.Dialect.Name)
	}
	return nil
}

// bounds finds the first sentence of a scenario that goes beyond what the
// terminals' policy lets them do, or their cards hold; nil when none does. What
// the scenario says that the terminal refuses is within them. Whether it is about a PIN
// (@pin), which its sentences need not say, is second.
func (l *Language) bounds(bound []*Bound, pin bool) *Bound {
	pol := &l.Profile.Policy
	beyond := func(b *Bound, format string, args ...any) *Bound {
		beyond := *b
		beyond.Need = lack(format, args...)
		return &beyond
	}
	booked, withoutPIN := 0, ""
	for i, b := range bound {
		if b.Args.Of == dialect.Settlement {
			booked = 0
		}
		if refused(bound[i+1:]) {
			continue
		}
		if b.Args.Of.Journalled() || b.Args.Of == dialect.CodeScan {
			booked++
		}
		if pol.JournalLimit > 0 && booked > pol.JournalLimit {
			return beyond(b, "policy journal-limit is %d, this is payment %d of the batch", pol.JournalLimit, booked)
		}
		if b.Args.Of == dialect.Refund && b.Args.Has("amount") {
			if v, err := b.Args.Amount(0); err == nil && pol.RefundLimit > 0 && v > pol.RefundLimit {
				return beyond(b, "policy refund-limit is %s", told(l.Profile.Dialect, pol.RefundLimit))
			}
		}
		if hs := l.Profile.Holders(b.Role); b.Phrase.Card && len(hs) > 0 && hs[0].Typed == nil {
			withoutPIN = b.Role
		}
		asks := l.asksPIN(b) || pin && b.Phrase.Card
		if !l.Profile.HasPIN() && asks {
			return beyond(b, "terminals of dialect %s send no PIN", l.Profile.Dialect.Name)
		}
		if withoutPIN != "" && asks {
			return beyond(b, "the card of role %s has no PIN in the profile", withoutPIN)
		}
	}
	return nil
}

// refused reports whether the sentences that follow one say that the terminal
// refuses what it asks, before they ask anything else.
func refused(after []*Bound) bool {
	for _, b := range after {
		if b.Phrase.Refuses || b.Args.Of != dialect.SignIn {
			return b.Phrase.Refuses
		}
	}
	return false
}

// asksPIN reports whether a field table wants a PIN block, or what goes with one.
func (l *Language) asksPIN(b *Bound) bool {
	d := l.Profile.Dialect
	for _, row := range b.Args.Table {
		at, err := placeOf(d, row[0])
		for _, e := range []wire.Element{wire.PINBlock, wire.PINCapture, wire.EntryMode, wire.SecurityControl} {
			if err == nil && at.field > 0 && at.field == d.Place(e).Field && meaning(comparisons, row[1]) != absent {
				return true
			}
		}
	}
	return false
}

// policyKeys are the keys of the profile that the sentence about the policy may
// name, and what they are.
var policyKeys = map[string]func(*profile.Profile) string{
	"reversal-tries":    func(p *profile.Profile) string { return strconv.Itoa(p.Policy.ReversalTries) },
	"reversal-reason":   func(p *profile.Profile) string { return p.Policy.ReversalReason.String() },
	"reversal-original": func(p *profile.Profile) string { return strconv.FormatBool(p.Policy.ReversalOriginal) },
	"keep-on-mismatch":  func(p *profile.Profile) string { return strconv.FormatBool(p.Policy.KeepOnMismatch) },
	"abort-on-reversal": func(p *profile.Profile) string { return strconv.FormatBool(p.Policy.AbortOnReversal) },
	"defective-is-good": func(p *profile.Profile) string { return strconv.FormatBool(p.Policy.DefectiveIsGood) },
	"supervisor":        func(p *profile.Profile) string { return strconv.FormatBool(p.Policy.Supervisor) },
	"auto-sign-off":     func(p *profile.Profile) string { return strconv.FormatBool(p.Policy.AutoSignOff) },
	"keep-old-keys":     func(p *profile.Profile) string { return strconv.FormatBool(p.Policy.KeepOldKeys) },
	"encrypt-tracks":    func(p *profile.Profile) string { return strconv.FormatBool(p.Policy.EncryptTracks) },
	"reversal-accepts": func(p *profile.Profile) string {
		var all []string
		for _, c := range p.Policy.ReversalAccepts {
			all = append(all, c.String())
		}
		return strings.Join(all, " ")
	},
	"tap-pin-above": func(p *profile.Profile) string { return report.FormatAmount(p.Policy.TapPINAbove, p.Dialect.Exponent) },
	"offline-limit": func(p *profile.Profile) string { return report.FormatAmount(p.Policy.OfflineLimit, p.Dialect.Exponent) },
	"cash": func(p *profile.Profile) string {
		if card := p.Card("cash"); card != nil {
			return report.FormatAmount(card.Cash, p.Dialect.Exponent)
		}
		return report.FormatAmount(0, p.Dialect.Exponent)
	},
	"decimals":               func(p *profile.Profile) string { return strconv.Itoa(p.Dialect.Exponent) }, // of the currency's amounts
	"passwords.pause":        func(p *profile.Profile) string { return strconv.Itoa(p.Policy.Passwords.Pause) },
	"passwords.lock":         func(p *profile.Profile) string { return strconv.Itoa(p.Policy.Passwords.Lock) },
	"sign-in":                func(p *profile.Profile) string { return cmp.Or(string(p.SignIn), strict.None) },
	"refund-limit":           func(p *profile.Profile) string { return report.FormatAmount(p.Policy.RefundLimit, p.Dialect.Exponent) },
	"partial-approval":       func(p *profile.Profile) string { return strconv.FormatBool(p.Policy.PartialApproval) },
	"daily-sign-in":          func(p *profile.Profile) string { return strconv.FormatBool(p.Policy.DailySignIn) },
	"passwords.least":        func(p *profile.Profile) string { return strconv.Itoa(p.Policy.Passwords.Least) },
	"passwords.most":         func(p *profile.Profile) string { return strconv.Itoa(p.Policy.Passwords.Longest) },
	"passwords.complex":      func(p *profile.Profile) string { return strconv.FormatBool(p.Policy.Passwords.Complex) },
	"passwords.unlike":       func(p *profile.Profile) string { return strconv.Itoa(p.Policy.Passwords.Unlike) },
	"passwords.tells":        func(p *profile.Profile) string { return strconv.FormatBool(p.Policy.Passwords.Tells) },
	"order-paid":             func(p *profile.Profile) string { return p.Policy.OrderPaid },
	"signature-tries":        func(p *profile.Profile) string { return strconv.Itoa(p.Policy.Signatures.Tries) },
	"signature-upload-tries": func(p *profile.Profile) string { return strconv.Itoa(p.Policy.Signatures.UploadTries) },
	"signature-part":         func(p *profile.Profile) string { return strconv.Itoa(p.Policy.Signatures.Part) },
}

// policySays makes the sentence that a scenario is for terminals of one policy
// only: "sign-in: 004 or 006", "reversal-tries: at least 2", "tap-pin-above: 0.00 or at least 100.00", "reversal-accepts: not A0";
// "签到方式: 004或006", "冲正次数: 至少2", "冲正认可的应答码: 不含A0".
func policySays(a Args) (func(*sim.Player) error, error) {
	key, want, ok := strings.Cut(policyInEnglish.Replace(a.Quoted(0)), ": ")
	key = inEnglish(policiesChinese, key)
	value := policyKeys[key]
	if !ok || value == nil {
		return nil, fmt.Errorf("want a key of the profile and its value, such as \"supervisor: true\"")
	}
	is := value(a.Profile)
	fits := false
	for _, one := range strings.Split(want, " or ") {
		fit, err := fitsPolicy(is, one)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		fits = fits || fit
	}
	switch {
	case !fits && key == "decimals":
		return nil, lack("currency %s has %s decimals (key currency of the dialect)", a.Profile.Dialect.Currency, is)
	case !fits:
		return nil, lack("%s is %s in the profile", key, cmp.Or(is, "not set"))
	}
	return func(*sim.Player) error { return nil }, nil
}

// fitsPolicy reports whether what the profile says is what a sentence wants: "true",
// "at least 2", "at most 20.00", "not A0".
func fitsPolicy(is, want string) (bool, error) {
	if code, isNot := strings.CutPrefix(want, "not "); isNot {
		return !slices.Contains(strings.Fields(is), code), nil
	}
	bound, least := strings.CutPrefix(want, "at least ")
	most := false
	if !least {
		bound, most = strings.CutPrefix(want, "at most ")
	}
	if !least && !most {
		return is == want || strings.Contains(want, ".") && sameAmount(is, want), nil
	}
	n, err := strconv.ParseFloat(bound, 64)
	if err != nil {
		return false, fmt.Errorf("%q is no number", bound)
	}
	has, err := strconv.ParseFloat(is, 64)
	if err != nil {
		return false, errors.New("it is no number")
	}
	return least && has >= n || most && has <= n, nil
}

// sameAmount reports whether two amounts are one, however many decimals their currency has.
func sameAmount(a, b string) bool {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	return errX == nil && errY == nil && x == y
}

// operators makes a Make for sentences in which somebody logs in: with the right
// password or a wrong one.
func operators(who func(*profile.Profile) *profile.Operator, lacking string, right bool) func(Args) (func(*sim.Player) error, error) {
	return func(a Args) (func(*sim.Player) error, error) {
		o := who(a.Profile)
		if o == nil {
			return nil, lack("the profile has no %s", lacking)
		}
		password := string(o.Password)
		if !right {
			password = wrong(password)
		}
		return func(p *sim.Player) error {
			return keepRefusal(p, p.Away(func() error { return p.T.LoginWhole(o.Number, password) }))
		}, nil
	}
}

// wrong is a password of the same length that is not the given one.
func wrong(password string) string {
	b := []byte(password)
	for i := range b {
		b[i] = '0' + (b[i]-'0'+1)%10
	}
	return string(b)
}

// byNumber gives the operator with a number.
func byNumber(number string) func(*profile.Profile) *profile.Operator {
	return func(p *profile.Profile) *profile.Operator { return p.Operator(number) }
}

// colleague is the second operator who sells; nil when there is one only.
func colleague(p *profile.Profile) *profile.Operator {
	first := p.Cashier()
	for i := range p.Operators {
		if o := &p.Operators[i]; o.Sells() && o.Number != first.Number {
			return o
		}
	}
	return nil
}

// stranger is an operator whom the profile does not have.
func stranger(p *profile.Profile) *profile.Operator {
	for n := 98; n > 0; n-- {
		number := fmt.Sprintf("%02d", n)
		if p.Operator(number) == nil {
			return &profile.Operator{Number: number, Password: profile.Secret("0000")}
		}
	}
	return nil
}
