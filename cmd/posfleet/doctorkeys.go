package main

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/rules"
)

// signsIn asks for working keys in the way in which the host answers, where the network
// has a logon, then for a balance, and judges what came.
func (d *doctor) signsIn(a *asked) error {
	defer a.tap.Close()
	d.begins("whether the terminal signs on")
	r := &a.result
	if q := a.signOn(); q != nil && a.what != q.what {
		d.says("sends", "%s", q.said)
		a.what = q.what
		q.send()
		if err := d.instead(a, a.what); err != nil {
			return err
		}
		r = &a.player.Last
		d.says("answer", "to the sign-on: %s", d.words(a, r))
		d.falls(a)
	}
	if a.what == a.began.what && a.began.pays() { // a payment was the first message already
		return d.ends(a, d.judges(a, a.began, r), r.Outcome == report.Approved)
	}
	switch {
	case r.Outcome == report.Approved:
	case r.Outcome == report.Declined:
		return d.ill(a.mends(), "the host refuses terminal %s with %s (%s)%s", a.player.T.TID, r.Code, d.meaning(a, r), d.lookAt(a, r))
	case r.Outcome == report.Refused:
		if err := d.unread(a, a.what, r); err != nil {
			return err
		}
		if line, why := d.otherKeys(a); line != "" {
			return d.ill(append(a.mends(), line), "%s", why)
		}
		return d.ill(a.mends(), "the answer to the %s cannot be trusted: %w", a.what, r.Why)
	default:
		if err := d.silentAfter(a, r); err != nil {
			return err
		}
		lines := a.mends()
		if a.profile.SignIn == "" { // no keys are wanted of it
			lines = append(lines, a.profile.Dialect.InFile()+withoutLogon(a.profile.Dialect))
		}
		return d.ill(lines, "the host answers the %s and not the sign-on: %w", a.began.what, r.Reason())
	}
	return d.inquires(a)
}

// withoutLogon is what a dialect file says of a network that knows no sign-on.
func withoutLogon(of *dialect.Dialect) string {
	none := []string{}
	for _, t := range []dialect.Transaction{dialect.SignIn, dialect.SignOff} {
		if of.Form(t) != nil {
			none = append(none, t.String()+": none")
		}
	}
	return "transactions: {" + strings.Join(none, ", ") + "}"
}

// otherKeys gives the line of the profile with which what a sign-on brought would open with
// keys that the profile has, and why it does not now; empty for none.
func (d *doctor) otherKeys(a *asked) (line, why string) {
	if _, err := keys.Unwrap(a.profile.HSM, a.player.T.Master, a.profile.SignIn, a.keys); err == nil {
		return "", "" // they open: something else is wrong with the answer
	}
	for _, kind := range append([]keys.KeyBlock{a.profile.SignIn}, keys.KeyBlocks...) {
		if len(a.keys) == 0 || !kind.Fits(a.keys) {
			continue
		}
		for i := range a.profile.Terminals {
			t := &a.profile.Terminals[i]
			if _, err := keys.Unwrap(a.profile.HSM, t.Master, kind, a.keys); err != nil {
				continue
			}
			d.says("keys", "open with the master key that the profile has for terminal %s, taken as %s", t.TID, kind)
			if i == 0 {
				return fmt.Sprintf("sign-in: %q", kind), fmt.Sprintf("the key block that the sign-on brings is one of sign-in %s, and the profile says %s", kind, cmp.Or(a.profile.SignIn, "none"))
			}
			return fmt.Sprintf("terminals: the master key of %s belongs to %s", t.TID, a.player.T.TID), "the working keys do not open with this terminal's master key"
		}
	}
	return "", ""
}

// inquires asks for a balance and judges what comes.
func (d *doctor) inquires(a *asked) error {
	d.begins("whether MAC and PIN are right")
	q := a.inquiry()
	if q == nil {
		return d.ends(a, nil, false)
	}
	d.says("sends", "%s", q.said)
	if err := q.send(); err != nil {
		d.says("answer", "none: the terminal does not send it: %v", err)
		return d.ends(a, nil, false)
	}
	if b := d.otherGuess(a, q); b != nil {
		defer b.tap.Close()
		b.began = a.began
		a = b
	}
	if err := d.instead(a, q.what); err != nil {
		return d.ends(a, err, false)
	}
	r := &a.player.Last
	d.says("answer", "to the %s: %s", q.what, d.words(a, r))
	d.falls(a)
	return d.ends(a, d.judges(a, q, r), r.Outcome == report.Approved)
}

// ends signs off and gives what is ill, or says that nothing is. Sound is whether an answer
// came that says that MAC and PIN are right.
func (d *doctor) ends(a *asked, ill error, sound bool) error {
	var kept *connections
	if ill == nil {
		d.begins("how the host keeps connections")
		var gone error
		if kept, gone = d.connections(a); gone != nil {
			return gone
		}
	}
	if ill == nil {
		d.begins("the sign-off")
	}
	on := a.tap.conn != nil || a.tap.hungUp || a.tap.each // else doctor has closed the connection itself
	err := d.signsOff(a, ill == nil && kept == nil && on)
	if ill != nil {
		return ill
	}
	if kept != nil {
		e := d.ill(append(a.mends(), kept.line), "%s", kept.is)
		e.hint = kept.mend
		return e
	}
	if err != nil {
		return err
	}
	if len(a.mends()) > 0 {
		return d.ill(a.mends(), "the host speaks another way than the profile says")
	}
	next := "A right MAC is first wanted by a payment"
	if sound || !a.profile.Dialect.MAC {
		next = "A payment is next"
	}
	if d.ctx.Err() != nil {
		return nil
	}
	d.step = ""
	fmt.Fprintf(d.out, "\nnothing to change. %s: posfleet check %s@core-purchase-1\n", next, d.again())
	return nil
}

// signsOff ends a sign-on, and says what is wrong with the answer where that is judged.
func (d *doctor) signsOff(a *asked, judged bool) error {
	if !a.player.T.SignedIn || a.profile.Dialect.Form(dialect.SignOff) == nil {
		if judged && a.tap.stands() && a.tap.standing() != "" {
			return d.ill(nil, "octets that begin with %X came after the last answer and are of no message", a.tap.standing())
		}
		return nil
	}
	d.says("sends", "a sign-off")
	a.player.SignOff()
	if judged {
		if err := d.instead(a, "sign-off"); err != nil {
			return err
		}
	}
	r := &a.player.Last
	d.says("answer", "to the sign-off: %s", d.words(a, r))
	switch {
	case !judged, r.Outcome <= report.Declined:
		d.falls(a)
		return nil
	case r.Outcome == report.Refused:
		if err := d.unread(a, "sign-off", r); err != nil {
			return err
		}
		return d.ill(a.mends(), "the answer to the sign-off is not what the dialect wants: %w", r.Why)
	}
	if err := d.silentAfter(a, r); err != nil {
		return err
	}
	return d.ill(append(a.mends(), a.profile.Dialect.InFile()+fmt.Sprintf("transactions: {%s: none}", dialect.SignOff)), "the host answers the %s and not the sign-off: %w", a.what, r.Reason())
}

// judges says of the answer to a payment whose MAC and PIN keys are not right, and what
// else is not; nil for nothing.
func (d *doctor) judges(a *asked, q *errand, r *sim.Result) error {
	of := a.profile.Dialect
	is := func(role dialect.Role) bool { return of.HasCode(role) && r.Code == of.Code(role) }
	declined := r.Outcome == report.Declined
	switch {
	case r.Outcome == report.Approved:
	case declined && is(dialect.BadMAC):
		return d.badMAC(a, r)
	case declined && q.pin && (is(dialect.BadPINBlock) || is(dialect.WrongPIN)):
		return d.ill(a.mends(), "the host takes the MAC and not the PIN (%s, %s): is it that of the card (cards: role good, pin), in the format of the host (pin: {format: …} in the dialect), under the PIN key that the sign-on brought (sign-in)?",
			r.Code, cmp.Or(of.About(r.Code).Words, "as the dialect has it"))
	case declined && a.began == q && is(dialect.InvalidTransaction):
		return d.ill(append(a.mends(), of.InFile()+fmt.Sprintf("transactions: {%s: none}", q.of)), "the host takes no %s (%s), the first message that this network has", q.what, r.Code)
	case declined && of.About(r.Code).Keys != "":
		return d.ill(a.mends(), "the host refuses the %s with %s (%s)%s", q.what, r.Code, d.meaning(a, r), d.lookAt(a, r))
	case r.Outcome == report.Refused && errors.Is(r.Why, rules.ErrMAC):
		if key := d.keyOf(a); key != "" {
			return d.ill(a.mends(), "the host makes the MAC of its answers with the %s key that the sign-on brought, want the MAC key: the two stand the other way round in its key block", key)
		}
		if is(dialect.BadMAC) {
			if err := d.otherMAC(a); err != nil {
				return err
			}
		}
		return d.ill(a.mends(), "the MAC of the host's answer is not right: %w", r.Why)
	case r.Outcome == report.Refused && echoRule(r.Why) != "":
		if b := d.otherSpare(a, q, mismatched(r.Why)); b != nil {
			b.tap.Close()
			return d.ill(b.mends(), "the host has the spare nibble of an odd number of digits at the other end: %w", r.Why)
		}
		return d.ill(a.mends(), "the host changes what its answer to the %s is to bring back: %w (%s); mend the host, or where its network has it so, %s", q.what, r.Why, echoRule(r.Why), d.notEchoed(a, r))
	case r.Outcome == report.Refused:
		if err := d.unread(a, q.what, r); err != nil {
			return err
		}
		return d.ill(a.mends(), "the answer to the %s is not what the dialect wants: %w; what it must carry stands %sanswer of transactions.%s (posfleet dialect show)", q.what, r.Why, of.InFile(), q.of)
	case !declined:
		if err := d.silentAfter(a, r); err != nil {
			return err
		}
		return d.ill(a.mends(), "the host answers the %s and not the %s: %w", a.what, q.what, r.Reason())
	}
	return nil
}

// echoRule is the rule that an answer breaks which has another value than the request has
// there; empty where it breaks none of these.
func echoRule(why error) string {
	b, broken := errors.AsType[*rules.Broken](why)
	_, differs := errors.AsType[*rules.Mismatch](why)
	if !broken || !differs {
		return ""
	}
	return b.Rule.ID
}

// mismatched is the field of an answer that has another value than the request has there; 0
// for none.
func mismatched(why error) int {
	if m, differs := errors.AsType[*rules.Mismatch](why); differs {
		return m.Field
	}
	return 0
}

// notEchoed is how a dialect says that an answer need not bring a field back.
func (d *doctor) notEchoed(a *asked, r *sim.Result) string {
	return fmt.Sprintf("%srules: {without: [%s]}", a.profile.Dialect.InFile(), echoRule(r.Why))
}

// meaning is what a code says, in words.
func (d *doctor) meaning(a *asked, r *sim.Result) string {
	return cmp.Or(a.profile.Dialect.About(r.Code).Words, "a code that the dialect does not know")
}

// lookAt names the keys of the profile that a code speaks of; empty for none.
func (d *doctor) lookAt(a *asked, r *sim.Result) string {
	if keys := a.profile.Dialect.About(r.Code).Keys; keys != "" {
		return "; look at " + keys + " in the profile"
	}
	return ""
}

// badMAC says why a host refuses the MAC of a payment.
func (d *doctor) badMAC(a *asked, r *sim.Result) error {
	if err := d.otherMAC(a); err != nil {
		return err
	}
	switch {
	case !a.profile.Dialect.MAC:
		return d.ill(a.mends(), "the host refuses the MAC (%s), and in this network terminals send none: say mac in the dialect, and whence its key is (sign-in or keys, docs/dialects.md)", r.Code)
	case a.signOn() == nil:
		return d.ill(a.mends(), "the host refuses the MAC (%s), made by any algorithm: has it another key for terminal %s, or does its MAC cover other fields? look at keys and mac in the dialect (over: …)", r.Code, a.player.T.TID)
	}
	return d.ill(a.mends(), "the host refuses the MAC (%s), made by any algorithm: has it other working keys than the sign-on brought, or does its MAC cover other fields? look at sign-in and the master key of terminal %s in the profile, and at mac in the dialect (over: …)", r.Code, a.player.T.TID)
}

// otherMAC says what is wrong when the host refuses a balance inquiry's MAC, by asking
// again: with the same algorithm after another sign-on, then with others.
func (d *doctor) otherMAC(a *asked) error {
	if a.signOn() != nil && d.taken(a, a.profile.MAC) {
		return d.ill(a.mends(), "the host refused the MAC and takes it after another sign-on: does something else sign on as terminal %s meanwhile? give posfleet terminals of its own", a.player.T.TID)
	}
	if !a.profile.Dialect.MAC {
		return nil
	}
	for _, algorithm := range otherAlgorithms() {
		if algorithm != a.profile.MAC && d.taken(a, algorithm) {
			d.says("MAC", "is taken when made by %s", algorithm)
			return d.ill(append(a.mends(), fmt.Sprintf("mac: %s", algorithm)), "the host takes another MAC than the profile says")
		}
	}
	return nil
}

// otherAlgorithms are those that are tried, the likeliest first.
func otherAlgorithms() (all []keys.Algorithm) {
	for _, name := range []string{"x9.19", "x9.9", "ecb", "cmac", "x9.19 padding-2", "x9.9 padding-2", "x9.19 4", "x9.9 4"} {
		if algorithm, err := keys.ParseAlgorithm(name); err == nil {
			all = append(all, algorithm)
		}
	}
	return all
}

// taken reports whether the host takes the MAC of a balance inquiry that is made by an
// algorithm, on a connection of its own and after another sign-on.
func (d *doctor) taken(a *asked, algorithm keys.Algorithm) bool {
	q := *a.profile
	q.MAC = algorithm
	a.tap.Close() // a host may serve one connection at a time
	b := d.player(way{profile: &q})
	defer b.tap.Close()
	b.player.SignIn()
	inquiry := b.inquiry()
	return inquiry != nil && inquiry.send() == nil && b.tap.read && b.player.Last.Code != a.player.Last.Code
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
