package main

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/rules"
)

// signsIn asks for working keys in the way in which the host answers.
func (d *doctor) signsIn(a *asked) error {
	defer a.tap.Close()
	if a.what != "sign-on" && a.profile.Dialect.Form(dialect.SignIn) != nil {
		d.says("sends", "a sign-on (%s), which gives the terminal new working keys", cmp.Or(string(a.profile.SignIn), "without keys"))
		a.what = "sign-on"
		a.player.SignIn()
		if a.tap.unpaired != nil {
			return d.unpaired(a)
		}
		d.says("answer", "to the sign-on: %s", d.words(a, &a.player.Last))
		d.falls(a)
	}
	r := &a.player.Last
	switch {
	case r.Outcome == report.Approved:
	case r.Outcome == report.Declined:
		about := a.profile.Dialect.About(r.Code)
		keysOf := ""
		if about.Keys != "" {
			keysOf = "; look at " + about.Keys + " in the profile"
		}
		return d.ill(a.lines, "the host refuses terminal %s with %s (%s)%s", a.player.T.TID, r.Code, cmp.Or(about.Words, "a code that the dialect does not know"), keysOf)
	case r.Outcome == report.Refused:
		if line := d.otherKeys(a); line != "" {
			return d.ill(append(a.lines, line), "the working keys do not open with this terminal's master key")
		}
		return d.ill(a.lines, "the answer to the sign-on cannot be trusted: %w", r.Why)
	default:
		return d.ill(a.lines, "the host answers the echo test and not the sign-on: %w", r.Reason())
	}
	sound, ill := d.inquires(a)
	if a.player.T.SignedIn && a.profile.Dialect.Form(dialect.SignOff) != nil {
		a.player.SignOff()
		d.says("sends", "a sign-off: %s", d.words(a, &a.player.Last))
	}
	if ill != nil {
		return ill
	}
	if len(a.lines) > 0 {
		return d.ill(a.lines, "the host speaks another way than the profile says")
	}
	fmt.Fprintf(d.out, "\nnothing to change. %s: posfleet check %s@core-purchase-1\n", cmp.Or(map[bool]string{true: "A payment is next"}[sound], "A right MAC is first wanted by a payment"), d.again())
	return nil
}

// otherKeys says which keys that the profile has would open what a sign-on brought;
// empty for none.
func (d *doctor) otherKeys(a *asked) string {
	for _, kind := range []keys.KeyBlock{a.profile.SignIn, keys.Single, keys.Double, keys.Track, keys.SM4, keys.SM4Track} {
		if kind.Len() != len(a.keys) || len(a.keys) == 0 {
			continue
		}
		for i := range a.profile.Terminals {
			t := &a.profile.Terminals[i]
			if _, err := keys.Unwrap(a.profile.HSM, t.Master, kind, a.keys); err != nil {
				continue
			}
			d.says("keys", "open with the master key that the profile has for terminal %s, taken as %s", t.TID, kind)
			if i == 0 {
				return fmt.Sprintf("sign-in: %q", kind)
			}
			return fmt.Sprintf("terminals: the master key of %s belongs to %s", t.TID, a.player.T.TID)
		}
	}
	return ""
}

// inquiry is a balance inquiry with the card of role good, the most harmless request
// that has a MAC and a PIN; nil where network or profile have none.
func (a *asked) inquiry() *sim.Order {
	f, cards := a.profile.Dialect.Form(dialect.Balance), a.profile.Holders("good")
	if f == nil || len(cards) == 0 || cards[0].PAN == "" || !a.player.T.SignedIn {
		return nil
	}
	return &sim.Order{Of: dialect.Balance, Entry: sim.Swipe, PIN: len(cards[0].Typed) > 0, Holder: &cards[0]}
}

// inquires asks for a balance and says whose MAC and PIN keys are not right. Sound is
// whether an answer came that says that they are.
func (d *doctor) inquires(a *asked) (sound bool, err error) {
	o := a.inquiry()
	if o == nil {
		return false, nil
	}
	d.says("sends", "a balance inquiry with the card of role good%s, which moves no money", map[bool]string{true: " and its PIN"}[o.PIN])
	if err := a.player.Pay(o); err != nil {
		d.says("answer", "none: the terminal does not send it: %v", err)
		return false, nil
	}
	r, of := &a.player.Last, a.profile.Dialect
	if a.tap.unpaired != nil {
		return false, d.unpaired(a)
	}
	d.says("answer", "to the balance inquiry: %s", d.words(a, r))
	d.falls(a)
	is := func(role dialect.Role) bool { return of.HasCode(role) && r.Code == of.Code(role) }
	switch {
	case r.Outcome == report.Approved:
		return true, nil
	case r.Outcome == report.Declined && is(dialect.BadMAC):
		if err := d.otherMAC(a); err != nil {
			return false, err
		}
		return false, d.ill(a.lines, "the host refuses the MAC (%s), made by any algorithm: has it other working keys than the sign-on brought, or does its MAC cover other fields? look at sign-in and the master key of terminal %s in the profile, and at mac in the dialect (over: …)", r.Code, a.player.T.TID)
	case r.Outcome == report.Declined && o.PIN && (is(dialect.BadPINBlock) || is(dialect.WrongPIN)):
		return false, d.ill(a.lines, "the host takes the MAC and not the PIN (%s, %s): is it that of the card (cards: role good, pin), in the format of the host (pin: {format: …} in the dialect), under the PIN key that the sign-on brought (sign-in)?",
			r.Code, cmp.Or(of.About(r.Code).Words, "as the dialect has it"))
	case r.Outcome == report.Refused && errors.Is(r.Why, rules.ErrMAC):
		if key := d.keyOf(a); key != "" {
			return false, d.ill(a.lines, "the host makes the MAC of its answers with the %s key that the sign-on brought, want the MAC key: the two stand the other way round in its key block", key)
		}
		if is(dialect.BadMAC) {
			if err := d.otherMAC(a); err != nil {
				return false, err
			}
		}
		return false, d.ill(a.lines, "the MAC of the host's answer is not right: %w", r.Why)
	case r.Outcome == report.Refused:
		return false, d.ill(a.lines, "the answer to the balance inquiry is not what the dialect wants: %w; what it must carry stands %sanswer of transactions.balance (posfleet dialect show)", r.Why, of.InFile())
	case r.Outcome != report.Declined:
		return false, d.ill(a.lines, "the host answers the sign-on and not the balance inquiry: %w", r.Reason())
	}
	return false, nil
}

// otherMAC says what is wrong when the host refuses a balance inquiry's MAC, by asking
// again: with the same algorithm after another sign-on, then with others.
func (d *doctor) otherMAC(a *asked) error {
	if d.taken(a, a.profile.MAC) {
		return d.ill(a.lines, "the host refused the MAC and takes it after another sign-on: does something else sign on as terminal %s meanwhile? give posfleet terminals of its own", a.player.T.TID)
	}
	for _, name := range []string{"x9.19", "x9.9", "ecb", "cmac", "x9.19 padding-2", "x9.9 padding-2", "x9.19 4", "x9.9 4"} {
		if algorithm, err := keys.ParseAlgorithm(name); err == nil && algorithm != a.profile.MAC && d.taken(a, algorithm) {
			d.says("MAC", "is taken when made by %s", name)
			return d.ill(append(a.lines, "mac: "+name), "the host takes another MAC than the profile says")
		}
	}
	return nil
}

// taken reports whether the host takes the MAC of a balance inquiry that is made by an
// algorithm, on a connection of its own and after another sign-on.
func (d *doctor) taken(a *asked, algorithm keys.Algorithm) bool {
	q := *a.profile
	q.MAC = algorithm
	b := d.player(way{profile: &q})
	defer b.tap.Close()
	b.player.SignIn()
	o := b.inquiry()
	return o != nil && b.player.Pay(o) == nil && b.tap.read && b.player.Last.Code != a.player.Last.Code
}

// keyOf names the working key with which the last answer's MAC is right: PIN or track;
// empty for none.
func (d *doctor) keyOf(a *asked) string {
	set, err := keys.Unwrap(a.profile.HSM, a.player.T.Master, a.profile.SignIn, a.keys)
	if err != nil {
		return ""
	}
	for name, key := range map[string]*keys.Key{"PIN": set.PIN, "track": set.Track} {
		if key != nil && a.mac != nil && key.CheckMAC(a.profile.MAC, a.covered, a.mac) {
			return name
		}
	}
	return ""
}
