// Package negative plays malformed requests against a host, as conformance: each is
// to be met in a way that its network's dialect allows, and a payment as it should be
// passes beside it.
//
// A [Check] is such a play. What can be malformed is package wire's to say (Defects),
// which reactions are right the dialect's (Reacts); [Case] is one defect with the
// payment that it spoils. A malformed request goes out on a connection of its own, so
// that what it does to the host's end of that touches nobody else; the payments
// beside go the way that a terminal's payments always go.
package negative

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/audit"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

// Check plays malformed requests against a host, one after another.
type Check struct {
	Profile   *profile.Profile
	Dialer    *line.Dialer
	Seed      uint64                                     // of what is drawn where a boundary has many values
	Patience  time.Duration                              // how long silence is listened to, before and after the payment beside it
	Names     []string                                   // names of cases, or parts of some; none for all
	StopEarly bool                                       // nothing is begun after a failure
	Strict    bool                                       // untested is no better than failed
	Books     func(context.Context) (audit.Books, error) // the host's, where they can be seen; nil elsewhere
	Each      func(*verdicts.Verdict)                    // told each verdict as it falls; may be nil

	player *sim.Player
	own    *line.Own
	bases  []base
	served int // payments, each of which is another card's where there are several
}

// Case is one malformed request.
type Case struct {
	wire.Defect
	order sim.Order // that it spoils
}

// base is a payment that is spoilt, with its request as an example.
type base struct {
	order   sim.Order
	request *wire.Message
}

// amount is what each payment is of, in the currency's smallest unit.
const amount = 100

// Cases are the malformed requests that are played. Nothing is sent for it.
func (c *Check) Cases() ([]Case, error) {
	if err := c.begin(context.Background()); err != nil {
		return nil, err
	}
	c.player.T.SignedIn = true // there are no keys yet, and none are needed
	return c.cases()
}

// begin makes the terminal.
func (c *Check) begin(ctx context.Context) error {
	d := c.Profile.Dialect
	cashier := c.Profile.Cashier()
	i := slices.IndexFunc(c.Profile.Terminals, func(t profile.Terminal) bool { return t.Kind.ReadsCards() })
	switch {
	case d.Form(dialect.Purchase) == nil:
		return fmt.Errorf("dialect %s has no purchase, of which malformed requests are made", d.Name)
	case len(c.Profile.Holders("good")) == 0:
		return errors.New("the profile has no card of role good, with which payments pass")
	case i < 0:
		return errors.New("the profile has no terminal that reads cards")
	case cashier == nil:
		return errors.New("the profile has no operator who sells")
	}
	clock := line.NewClock()
	t := sim.NewTerminal(c.Profile, &c.Profile.Terminals[i])
	c.own = line.NewOwn(ctx, c.Dialer, &d.Format, clock)
	t.Link = c.own
	t.PowerOn()
	c.player = sim.NewPlayer(d, clock)
	c.player.T = t
	return t.LoginWhole(cashier.Number, string(cashier.Password))
}

// purchase is an order that passes, of another card than the one before.
func (c *Check) purchase(role string, entry sim.Entry) sim.Order {
	holders := c.Profile.Holders(role)
	c.served++
	return sim.Order{Of: dialect.Purchase, Entry: entry, PIN: true, Amount: amount, Holder: &holders[c.served%len(holders)]}
}

// cases makes the cases: of each payment those defects that are in a field which it
// has, of the first all others.
func (c *Check) cases() ([]Case, error) {
	c.bases = nil
	var why error
	for _, of := range []struct {
		role  string
		entry sim.Entry
	}{{"good", sim.Swipe}, {"chip", sim.Insert}, {"good", sim.Keyed}} {
		if len(c.Profile.Holders(of.role)) == 0 {
			continue
		}
		o := c.purchase(of.role, of.entry)
		request, _, err := c.player.Prepare(&o)
		if err != nil {
			why = cmp.Or(why, err)
			continue
		}
		c.bases = append(c.bases, base{o, request.Clone()})
	}
	if len(c.bases) == 0 {
		return nil, fmt.Errorf("no purchase can be made: %w", why)
	}
	var all []Case
	for i, b := range c.bases {
		for _, d := range b.request.Defects(c.Seed) {
			has := func(b base) bool { return b.request.HasField(d.Field) }
			first := slices.IndexFunc(c.bases, has)
			if i == max(first, 0) && c.selects(d.Name) {
				all = append(all, Case{d, b.order})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Case) int { return int(a.Kind) - int(b.Kind) })
	if len(all) == 0 {
		return nil, fmt.Errorf("--name: no malformed request is named %s; --list names them", strings.Join(c.Names, ", "))
	}
	return all, nil
}

// selects reports whether a case is asked for: by its name, or by part of it.
func (c *Check) selects(name string) bool {
	return len(c.Names) == 0 || slices.ContainsFunc(c.Names, func(part string) bool { return strings.Contains(name, part) })
}

// Run plays the cases and gives a verdict on each, then on whether any has been
// booked. The error is about the check itself.
func (c *Check) Run(ctx context.Context) (*verdicts.Results, error) {
	d := c.Profile.Dialect
	found := &verdicts.Results{Dialect: d.Title, Profile: c.Profile.Name, Strict: c.Strict}
	began := time.Now()
	defer func() { found.Started, found.Took = began, time.Since(began) }()
	if err := c.begin(ctx); err != nil {
		return found, err
	}
	defer c.own.Close()
	if err := c.signIn(); err != nil {
		found.Sent = true
		return found, err
	}
	found.Sent, found.Answered = true, true
	if err := c.pay(); err != nil {
		return found, fmt.Errorf("a payment does not pass before anything malformed is sent, so that nothing can be told of one after it: %w", err)
	}
	cases, err := c.cases()
	if err != nil {
		return found, err
	}
	all := make([]*verdicts.Verdict, len(cases)+1)
	for i := range cases {
		all[i] = c.verdict(&cases[i])
	}
	last := &verdicts.Verdict{ID: "books", Selector: fmt.Sprintf("--seed=%d", c.Seed), Name: "nothing malformed is on the host's books", File: "negative/books"}
	all[len(cases)] = last
	for _, v := range all {
		if n := len(found.Features); n == 0 || found.Features[n-1].Path != v.File {
			found.Features = append(found.Features, verdicts.Feature{Path: v.File, Name: "Requests that are malformed: " + strings.TrimPrefix(v.File, "negative/")})
		}
		f := &found.Features[len(found.Features)-1]
		f.Verdicts = append(f.Verdicts, v)
	}
	for i := range cases {
		if ctx.Err() != nil {
			return found, ctx.Err()
		}
		v := all[i]
		if found.Away == "" {
			c.play(ctx, &cases[i], v)
		} else {
			v.Outcome, v.Reason, v.Unreached = verdicts.Untested, errors.New(found.Away), true
		}
		if ctx.Err() != nil { // it is not the host's doing
			v.Outcome, v.Reason, v.Exchange = verdicts.NotPlayed, nil, ""
			return found, ctx.Err()
		}
		c.tell(v)
		if c.StopEarly && found.Stops(v) {
			return found, nil
		}
		if v.Outcome != verdicts.Failed {
			continue
		}
		if err := c.goOn(); err != nil && found.Away == "" {
			found.Away = fmt.Sprintf("the host has taken no payment since %s: %v", v.ID, err)
		}
	}
	c.books(ctx, last)
	c.tell(last)
	return found, ctx.Err()
}

// tell hands a verdict on.
func (c *Check) tell(v *verdicts.Verdict) {
	if c.Each != nil {
		c.Each(v)
	}
}

// verdict is the verdict on a case before it is played.
func (c *Check) verdict(of *Case) *verdicts.Verdict {
	return &verdicts.Verdict{ID: of.Name, Selector: "--name=" + of.Name, File: "negative/" + of.Kind.String(), Name: of.Doc}
}

// signIn has the terminal sign in.
func (c *Check) signIn() error {
	p := c.player
	if err := p.SignIn(); err != nil {
		return err
	}
	if !p.T.SignedIn {
		return fmt.Errorf("the terminal could not sign in: %w", cmp.Or(p.Last.Reason(), sim.ErrNothingSent))
	}
	return nil
}

// pay has a payment that is as it should be. The error says why it does not pass.
func (c *Check) pay() error {
	p := c.player
	if err := c.makeRoom(); err != nil {
		return err
	}
	o := c.purchase("good", sim.Swipe)
	if err := p.Pay(&o); err != nil {
		return err
	}
	return p.Last.Reason()
}

// journalRoom is how many payments must still go into a batch.
const journalRoom = 5

// makeRoom settles a batch that is nearly full.
func (c *Check) makeRoom() error {
	t := c.player.T
	if limit := t.Profile.Policy.JournalLimit; limit == 0 || len(t.Journal.Records)+journalRoom < limit || t.Profile.Dialect.Form(dialect.Settlement) == nil {
		return nil
	}
	return c.player.Settle()
}

// goOn has the terminal go on after a failure: a payment passes again, perhaps after
// another sign-in.
func (c *Check) goOn() error {
	c.own.Close()
	if err := c.pay(); err == nil {
		return nil
	}
	c.player.T.SignedIn = false
	if err := c.signIn(); err != nil {
		return err
	}
	return c.pay()
}

// books gives the verdict on whether the host has booked what the terminal has not.
func (c *Check) books(ctx context.Context, v *verdicts.Verdict) {
	p, t := c.player, c.player.T
	began := time.Now()
	defer func() { v.Took = time.Since(began) }()
	switch {
	case c.Books != nil:
		books, err := c.Books(ctx)
		money := audit.Compare([]*sim.Terminal{t}, books)
		switch {
		case err != nil:
			v.Outcome, v.Reason = verdicts.Untested, err
		case len(money.Detail) > 0:
			v.Outcome, v.Reason = verdicts.Failed, errors.New(strings.Join(money.Detail, "; "))
		case money.Compared == 0:
			v.Outcome, v.Reason = verdicts.Untested, errors.New("the terminal owes a reversal, so that it does not know what it took")
		default:
			v.Outcome = verdicts.Passed
		}
	case t.Profile.Dialect.Form(dialect.Settlement) == nil:
		v.Outcome, v.Reason = verdicts.Untested, errors.New("the network has no settlement, which would tell what the host has booked")
	default:
		err := p.Settle()
		s := t.Settled()
		switch {
		case s.Counts[sim.Unbalanced] > 0:
			v.Outcome, v.Reason = verdicts.Failed, fmt.Errorf("a settlement does not balance: %w", cmp.Or(s.Why, p.Last.Reason(), errors.New("its totals differ")))
		case err != nil:
			v.Outcome, v.Reason = verdicts.Untested, err
		case s.Counts[sim.Balanced] == 0:
			v.Outcome, v.Reason = verdicts.Untested, errors.New("no settlement told totals that can be compared: the batch may hold payments from before")
		default:
			v.Outcome = verdicts.Passed
		}
	}
}
